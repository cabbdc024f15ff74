package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.Philox;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** Gaussians: the published generator, the same noise forwards and backwards, exact slopes. */
class GaussianContract {
  private static final Gaussian OPTIONS =
      Gaussian.noise(0x0123456789abcdefL, 77).logVariances(-1, 1).maxMean(1.5f);

  /** Elements of a logarithm, an angle and an exponential differ by so much between backends. */
  private static final double CLOSE = 2e-6;

  @Test
  void philoxIsTheOneThatWasPublished() {
    // The known answers of the authors' Random123 library, for 10 rounds.
    int[][] counters = {
      {0, 0, 0, 0}, {-1, -1, -1, -1}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}
    };
    int[][] keys = {{0, 0}, {-1, -1}, {0xa4093822, 0x299f31d0}};
    int[][] expected = {
      {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
      {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
      {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}
    };
    for (int i = 0; i < counters.length; i++) {
      Philox.block(counters[i], keys[i][0], keys[i][1]);
      assertThat(counters[i]).containsExactly(expected[i]);
    }
  }

  private static float[] noise(Gaussian options, int rows, int n) {
    float[] all = new float[rows * n];
    float[] row = new float[n];
    for (int b = 0; b < rows; b++) {
      Philox.normals(options.seed(), options.offset(), b, n, new int[4], row);
      System.arraycopy(row, 0, all, b * n, n);
    }
    return all;
  }

  private static double clamped(double v) {
    return Math.clamp(v, OPTIONS.minLogVariance(), OPTIONS.maxLogVariance());
  }

  @EveryBackend
  void noiseIsNormalAndOfTheSeed(BackendUnderTest backend) {
    int rows = 64;
    int n = 1021;
    try (Lab lab = backend.open()) {
      Matrix zero = lab.matrix(Dense.zeros(rows, n));
      Matrix out = lab.output(rows, n);
      lab.training().sample(zero, null, OPTIONS, out);
      float[] found = out.download();
      float[] expected = noise(OPTIONS, rows, n);
      double mean = 0;
      double square = 0;
      double fourth = 0;
      for (int i = 0; i < found.length; i++) {
        assertThat(Math.abs(found[i] - expected[i])).isLessThan((float) (CLOSE * 6));
        mean += found[i] / (double) found.length;
        square += found[i] * (double) found[i] / found.length;
        fourth += Math.pow(found[i], 4) / found.length;
      }
      // Five standard errors of 65,344 numbers.
      assertThat(mean).isCloseTo(0, within(0.02));
      assertThat(square).isCloseTo(1, within(0.028));
      assertThat(fourth).isCloseTo(3, within(0.2));
      Matrix other = lab.output(rows, n);
      lab.training().sample(zero, null, Gaussian.noise(OPTIONS.seed(), 78), other);
      double product = 0;
      float[] others = other.download();
      for (int i = 0; i < found.length; i++) {
        product += found[i] * (double) others[i] / found.length;
      }
      assertThat(product).as("noise of another offset").isCloseTo(0, within(0.02));
    }
  }

  @EveryBackend
  void samplesAndTheirSlopes(BackendUnderTest backend) {
    Random random = Seed.random(280);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 37}) {
        for (int n : new int[] {1, 3, 4, 5, 131}) {
          Dense mean = Inputs.normal(rows, n, random);
          Dense variance = Inputs.normal(rows, n, random);
          Dense g = Inputs.normal(rows, n, random);
          float[] noise = noise(OPTIONS, rows, n);
          Estimate sample = new Estimate(rows * n);
          Estimate slope = new Estimate(rows * n);
          for (int i = 0; i < rows * n; i++) {
            double v = variance.values()[i];
            double deviation = Math.exp(0.5 * clamped(v));
            sample.add(i, mean.values()[i]);
            sample.add(i, noise[i] * deviation, 20);
            // The derivative of the clamp by central difference: 1 inside, 0 outside.
            double inside = (clamped(v + 1e-6) - clamped(v - 1e-6)) / 2e-6;
            slope.add(i, 0.5 * g.values()[i] * noise[i] * deviation * inside, 20);
          }
          String what = "[" + rows + ", " + n + "]";
          Matrix out = lab.output(rows, n);
          lab.training().sample(lab.matrix(mean), lab.matrix(variance), OPTIONS, out);
          sample.assertMatches(out.download(), DType.F32, what);
          lab.training()
              .sampleBackward(lab.matrix(variance), OPTIONS, lab.matrix(g), Write.OVERWRITE, out);
          slope.assertMatches(out.download(), DType.F32, what + ", backward");
        }
      }
    }
  }

  @EveryBackend
  void divergencesAndTheirSlopes(BackendUnderTest backend) {
    Random random = Seed.random(281);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 37}) {
        for (int n : new int[] {1, 5, 131, 1100}) {
          Dense mean = Inputs.normal(rows, n, random);
          Dense variance = Inputs.normal(rows, n, random);
          Estimate divergence = new Estimate(rows);
          Estimate fixed = new Estimate(rows);
          Estimate ofMean = new Estimate(rows * n);
          Estimate ofVariance = new Estimate(rows * n);
          for (int i = 0; i < rows * n; i++) {
            double m = Math.clamp((double) mean.values()[i], -1.5, 1.5);
            double v = clamped(variance.values()[i]);
            divergence.add(i / n, 0.5 * (m * m + Math.exp(v) - 1 - v), 4);
            fixed.add(i / n, 0.5 * m * m);
            boolean outside = Math.abs(mean.values()[i]) > 1.5;
            ofMean.add(i, outside ? 0 : 3 * m);
            boolean clamped = v != variance.values()[i];
            ofVariance.add(i, clamped ? 0 : 1.5 * (Math.exp(v) - 1), 4);
          }
          String what = "[" + rows + ", " + n + "]";
          Floats out = lab.floatsOutput(rows);
          lab.training().divergence(lab.matrix(mean), lab.matrix(variance), OPTIONS, out);
          divergence.assertMatches(out.download(), DType.F32, what);
          lab.training().divergence(lab.matrix(mean), null, OPTIONS, out);
          fixed.assertMatches(out.download(), DType.F32, what + ", fixed variance");
          Matrix gMean = lab.output(rows, n);
          Matrix gVariance = lab.output(rows, n);
          lab.training()
              .divergenceBackward(
                  lab.matrix(mean),
                  lab.matrix(variance),
                  OPTIONS,
                  3,
                  Write.OVERWRITE,
                  gMean,
                  gVariance);
          ofMean.assertMatches(gMean.download(), DType.F32, what + ", mean");
          ofVariance.assertMatches(gVariance.download(), DType.F32, what + ", variance");
        }
      }
    }
  }

  @EveryBackend
  void everyFormatAnywhereAndAccumulated(BackendUnderTest backend) {
    Random random = Seed.random(282);
    float[] noise = noise(OPTIONS, 5, 77);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType dtype : DType.values()) {
          Dense mean = Inputs.normal(5, 77, random).stored(dtype);
          Dense variance = Inputs.normal(5, 77, random).map(v -> v / 3).stored(dtype);
          Dense before = Inputs.normal(5, 77, random).stored(dtype);
          Estimate sample = new Estimate(5 * 77);
          Estimate slope = new Estimate(5 * 77);
          Estimate ofMean = new Estimate(5 * 77);
          for (int i = 0; i < 5 * 77; i++) {
            double deviation = Math.exp(0.5 * clamped(variance.values()[i]));
            boolean moves = clamped(variance.values()[i]) == variance.values()[i];
            sample.add(i, mean.values()[i]);
            sample.add(i, noise[i] * deviation, 20);
            slope.add(i, before.values()[i]);
            slope.add(i, moves ? 0.5 * mean.values()[i] * noise[i] * deviation : 0, 20);
            ofMean.add(i, before.values()[i]);
            ofMean.add(i, Math.abs(mean.values()[i]) > 1.5 ? 0 : 2 * mean.values()[i]);
          }
          String what = placement + ", " + dtype;
          Matrix on = lab.matrix(mean, dtype, placement);
          Matrix variances = lab.matrix(variance, dtype, placement);
          Matrix out = lab.output(5, 77, dtype);
          lab.training().sample(on, variances, OPTIONS, out);
          sample.assertMatches(out.download(), dtype, what);
          out.upload(before.values());
          lab.training().sampleBackward(variances, OPTIONS, on, Write.ACCUMULATE, out);
          slope.assertMatches(out.download(), dtype, what + ", backward");
          out.upload(before.values());
          lab.training().divergenceBackward(on, variances, OPTIONS, 2, Write.ACCUMULATE, out, null);
          ofMean.assertMatches(out.download(), dtype, what + ", divergence");
        }
      }
    }
  }

  @EveryBackend
  void theSameNoiseAgainAndOnTwoThreads(BackendUnderTest backend) {
    Dense mean = Inputs.normal(130, 63, Seed.random(283));
    float[] first = null;
    for (int threads = 1; threads <= 2; threads++) {
      try (Lab lab = backend.open(threads)) {
        Matrix out = lab.output(130, 63);
        for (int run = 0; run < 3; run++) {
          lab.training().sample(lab.matrix(mean), null, OPTIONS, out);
          first = first == null ? out.download() : first;
          Same.bits(out.download(), first, threads + " threads");
        }
      }
    }
  }
}
