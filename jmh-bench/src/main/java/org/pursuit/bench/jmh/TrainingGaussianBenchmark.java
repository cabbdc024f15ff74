package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/** Samples of Gaussians, their divergence, and the gradients of both. */
public class TrainingGaussianBenchmark extends KernelBenchmark {
  private static final Gaussian GAUSSIAN = Gaussian.noise(1, 2);
  private static final float FACTOR = 0.5f;

  /** The Gaussians of a batch's latents, and what is derived from them. */
  @State(Scope.Benchmark)
  public static class Latents {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Training training;
    private Matrix mean;
    private Matrix logVariance;
    private Matrix g;
    private Matrix out;
    private Matrix other;
    private Floats divergences;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      long size = (long) sizes[0] * sizes[1];
      this.backend = backend.get();
      training = this.backend.training();
      mean = this.backend.upload(BenchmarkData.normal("mean", size), sizes[0], sizes[1]);
      // One in forty lies above the clamp.
      logVariance = this.backend.upload(BenchmarkData.normal("ell", size), sizes[0], sizes[1]);
      g = this.backend.upload(BenchmarkData.normal("g", size), sizes[0], sizes[1]);
      out = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      other = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      divergences = this.backend.floats(sizes[0]);
      training.sample(mean, logVariance, GAUSSIAN, out);
      training.sampleBackward(logVariance, GAUSSIAN, g, Write.OVERWRITE, other);
      verifySamples();
      training.divergence(mean, logVariance, GAUSSIAN, divergences);
      training.divergenceBackward(mean, logVariance, GAUSSIAN, FACTOR, Write.OVERWRITE, out, other);
      verifyDivergences();
    }

    /** Noise that explains sample and gradient alike, with the moments of N(0, 1). */
    private void verifySamples() {
      for (int row : Verification.rowsOf(mean.rows())) {
        float[] mu = mean.rows(row, row + 1).download();
        float[] ell = logVariance.rows(row, row + 1).download();
        float[] slopes = g.rows(row, row + 1).download();
        float[] drawn = out.rows(row, row + 1).download();
        float[] gradient = other.rows(row, row + 1).download();
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < mu.length; i++) {
          double moved = (double) drawn[i] - mu[i];
          double noise = moved / Math.exp(0.5 * clamp(ell[i]));
          sum += noise;
          squares += noise * noise;
          double expected = free(ell[i]) ? 0.5 * slopes[i] * moved : 0;
          double size = Math.abs(slopes[i]) * (Math.abs(moved) + Math.abs(mu[i]));
          Verification.near(expected, gradient[i], 1e-6 * size, "gradient of a sample, " + i);
        }
        double deviation = 6 / Math.sqrt(mu.length);
        Verification.near(0, sum / mu.length, deviation, "mean of the noise of row " + row);
        Verification.near(1, squares / mu.length, 2 * deviation, "its variance");
      }
    }

    private void verifyDivergences() {
      float[] found = divergences.download();
      for (int row : Verification.rowsOf(mean.rows())) {
        float[] mu = mean.rows(row, row + 1).download();
        float[] ell = logVariance.rows(row, row + 1).download();
        float[] ofMean = out.rows(row, row + 1).download();
        float[] ofLogVariance = other.rows(row, row + 1).download();
        double sum = 0;
        double magnitudes = 0;
        for (int i = 0; i < mu.length; i++) {
          double variance = Math.exp(clamp(ell[i]));
          sum += 0.5 * ((double) mu[i] * mu[i] + variance - 1 - clamp(ell[i]));
          magnitudes += 0.5 * ((double) mu[i] * mu[i] + variance + 1 + Math.abs(clamp(ell[i])));
          Verification.near(FACTOR * mu[i], ofMean[i], 1e-6, "gradient of mean " + i);
          double expected = free(ell[i]) ? FACTOR * 0.5 * (variance - 1) : 0;
          double bound = 1e-6 * (variance + 1);
          Verification.near(expected, ofLogVariance[i], bound, "gradient of logVariance " + i);
        }
        double bound = Verification.roundingBound(mu.length, magnitudes);
        Verification.near(sum, found[row], bound, "divergence of row " + row);
      }
    }

    private static double clamp(float ell) {
      return Math.clamp(ell, GAUSSIAN.minLogVariance(), GAUSSIAN.maxLogVariance());
    }

    private static boolean free(float ell) {
      return clamp(ell) == ell;
    }
  }

  /** {@link Training#sample}. */
  @Benchmark
  public Matrix sample(Latents o) {
    o.training.sample(o.mean, o.logVariance, GAUSSIAN, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#sampleBackward}. */
  @Benchmark
  public Matrix sampleBackward(Latents o) {
    o.training.sampleBackward(o.logVariance, GAUSSIAN, o.g, Write.OVERWRITE, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#divergence}. */
  @Benchmark
  public Floats divergence(Latents o) {
    o.training.divergence(o.mean, o.logVariance, GAUSSIAN, o.divergences);
    o.backend.synchronize();
    return o.divergences;
  }

  /** {@link Training#divergenceBackward}. */
  @Benchmark
  public Matrix divergenceBackward(Latents o) {
    o.training.divergenceBackward(
        o.mean, o.logVariance, GAUSSIAN, FACTOR, Write.OVERWRITE, o.out, o.other);
    o.backend.synchronize();
    return o.out;
  }

  /** The work of one call with the given parameters; to draw the noise does not count. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long elements = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "sample" -> Work.once(3 * elements, 2 * elements);
      case "sampleBackward" -> Work.once(3 * elements, 3 * elements);
      case "divergence" -> Work.once(2 * elements + sizes[0], 5 * elements);
      case "divergenceBackward" -> Work.once(4 * elements, 3 * elements);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
