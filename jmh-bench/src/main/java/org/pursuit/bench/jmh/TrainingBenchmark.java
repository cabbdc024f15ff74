package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.Matrix;

/** Dense steps. */
public class TrainingBenchmark extends KernelBenchmark {
  private static final float ALPHA = 0.9f;
  private static final float BETA = 0.1f;

  /** Two dense matrices. */
  @State(Scope.Benchmark)
  public static class Operands {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Matrix x;
    private Matrix y;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      this.backend = backend.get();
      x = this.backend.upload(BenchmarkData.ascending(sizes[0], sizes[1]), sizes[0], sizes[1]);
      y = this.backend.upload(BenchmarkData.ascending(sizes[0], sizes[1]), sizes[0], sizes[1]);
    }

    /** Fails if y, which tends to x for these factors, has left it. */
    @TearDown
    public void verify() {
      for (int row : Verification.rowsOf(y.rows())) {
        float[] expected = x.rows(row, row + 1).download();
        float[] found = y.rows(row, row + 1).download();
        for (int i = 0; i < found.length; i++) {
          double bound = Verification.roundingBound(20, expected[i]);
          Verification.near(expected[i], found[i], bound, "element " + row + ", " + i);
        }
      }
    }
  }

  /** {@link org.pursuit.kernel.Training#axpby}. */
  @Benchmark
  public Matrix axpby(Operands o) {
    o.backend.training().axpby(ALPHA, o.x, BETA, o.y);
    o.backend.synchronize();
    return o.y;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    return switch (kernel) {
      case "axpby" -> axpby(sizes[0], sizes[1]);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** Both matrices are read, and one is written. */
  static Work axpby(long rows, long columns) {
    long elements = rows * columns;
    return new Work(Work.words(3 * elements), 3 * elements, Work.words(2 * elements));
  }
}
