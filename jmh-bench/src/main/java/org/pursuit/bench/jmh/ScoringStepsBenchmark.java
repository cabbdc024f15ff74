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
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Write;

/** The steps before the product and after it. */
public class ScoringStepsBenchmark extends KernelBenchmark {
  private static final RowNormalisation UNIT = RowNormalisation.UNIT;

  /** Cosines of rows with atoms, something to weigh them by, and a row to be taken off others. */
  @State(Scope.Benchmark)
  public static class Operands {
    /** Rows x columns. */
    @Param({"4096x4096"})
    public String matrix;

    private Backend backend;
    private Scoring scoring;
    private Matrix x;
    private Matrix g;
    private Matrix out;
    private Floats preBias;
    private Floats scale;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(matrix, "rowsxcolumns");
      this.backend = backend.get();
      scoring = this.backend.scoring();
      float[] cosines = BenchmarkData.normal("x", (long) sizes[0] * sizes[1]);
      for (int i = 0; i < cosines.length; i++) {
        cosines[i] = (float) Math.sin(cosines[i]);
      }
      x = this.backend.upload(cosines, sizes[0], sizes[1]);
      float[] normal = BenchmarkData.normal("g", cosines.length);
      g = this.backend.upload(normal, sizes[0], sizes[1]);
      out = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      preBias = this.backend.upload(BenchmarkData.normal("preBias", sizes[1]));
      scale = this.backend.floats(sizes[0]);
      verify();
    }

    private void verify() {
      int[] chosen = Verification.rowsOf(x.rows());
      scoring.normalise(x, UNIT, preBias, out, null, scale);
      float[][] unit = BenchmarkData.rows(out, chosen);
      scoring.normaliseBackward(x, UNIT, g, Write.OVERWRITE, out);
      float[][] slope = BenchmarkData.rows(out, chosen);
      scoring.weigh(x, null, g, 1, out);
      float[][] weighed = BenchmarkData.rows(out, chosen);
      scoring.closeness(x, out);
      float[][] close = BenchmarkData.rows(out, chosen);
      scoring.closenessBackward(x, g, Write.OVERWRITE, out);
      float[][] steep = BenchmarkData.rows(out, chosen);
      float[][] cosines = BenchmarkData.rows(x, chosen);
      float[][] slopes = BenchmarkData.rows(g, chosen);
      float[] bias = preBias.download();
      float[] norms = scale.download();
      for (int r = 0; r < chosen.length; r++) {
        int n = bias.length;
        double norm = Verification.norm(cosines[r], 0, n);
        double tilt = Verification.dot(cosines[r], 0, slopes[r], 0, n) / norm / norm;
        Verification.near(norm, norms[chosen[r]], 1e-5 * norm, "norm of row " + chosen[r]);
        for (int j = 0; j < n; j++) {
          double c = cosines[r][j];
          double q = slopes[r][j];
          Verification.near(c / norm - bias[j], unit[r][j], 1e-6, "unit row, " + j);
          Verification.near((q - c * tilt) / norm, slope[r][j], 1e-5, "slope " + j);
          Verification.near(c * (1 + Math.abs(q)), weighed[r][j], 1e-5, "weighed " + j);
          double distance = Math.sqrt(Math.max(2 - 2 * c, 0));
          Verification.near(2 - distance, close[r][j], 1e-5, "closeness " + j);
          double expected = c < 1 ? q / distance : 0;
          Verification.near(expected, steep[r][j], 1e-6 * Math.abs(expected), "gradient " + j);
        }
      }
    }
  }

  /** {@link Scoring#normalise}. */
  @Benchmark
  public Matrix normalise(Operands o) {
    o.scoring.normalise(o.x, UNIT, o.preBias, o.out, null, o.scale);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Scoring#normaliseBackward}. */
  @Benchmark
  public Matrix normaliseBackward(Operands o) {
    o.scoring.normaliseBackward(o.x, UNIT, o.g, Write.OVERWRITE, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Scoring#weigh}. */
  @Benchmark
  public Matrix weigh(Operands o) {
    o.scoring.weigh(o.x, null, o.g, 1, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Scoring#closeness}. */
  @Benchmark
  public Matrix closeness(Operands o) {
    o.scoring.closeness(o.x, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Scoring#closenessBackward}. */
  @Benchmark
  public Matrix closenessBackward(Operands o) {
    o.scoring.closenessBackward(o.x, o.g, Write.OVERWRITE, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /**
   * The work of one call with the given parameters. Flops by hand: a norm, a quotient and a
   * difference; two sums of products and the slope; a weight; a root's neighbours.
   */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("matrix"), "rowsxcolumns");
    long elements = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "normalise" -> Work.once(2 * elements + sizes[0] + sizes[1], 4 * elements);
      case "normaliseBackward" -> Work.once(3 * elements, 8 * elements);
      case "weigh", "closenessBackward" -> Work.once(3 * elements, 3 * elements);
      case "closeness" -> Work.once(2 * elements, 3 * elements);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
