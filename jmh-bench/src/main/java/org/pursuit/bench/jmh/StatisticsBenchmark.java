package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;

/** Statistics of rows. */
public class StatisticsBenchmark extends KernelBenchmark {
  /** Two dense matrices, and a number for each row. */
  @State(Scope.Benchmark)
  public static class Operands {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Matrix x;
    private Matrix y;
    private Floats out;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      long size = (long) sizes[0] * sizes[1];
      this.backend = backend.get();
      x = this.backend.upload(BenchmarkData.normal("x", size), sizes[0], sizes[1]);
      y = this.backend.upload(BenchmarkData.normal("y", size), sizes[0], sizes[1]);
      out = this.backend.floats(sizes[0]);
    }

    /** Fails if the last result is wrong. */
    @TearDown
    public void verify() {
      float[] found = out.download();
      for (int row : Verification.rowsOf(x.rows())) {
        float[] left = x.rows(row, row + 1).download();
        float[] right = y.rows(row, row + 1).download();
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
          double error = (double) left[i] - right[i];
          sum += error * error;
        }
        double bound = Verification.roundingBound(left.length, sum);
        Verification.near(sum, found[row], bound, "error of row " + row);
      }
    }
  }

  /** {@link org.pursuit.kernel.Statistics#squaredErrors}. */
  @Benchmark
  public Floats squaredErrors(Operands o) {
    o.backend.statistics().squaredErrors(o.x, o.y, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    return switch (kernel) {
      case "squaredErrors" -> squaredErrors(sizes[0], sizes[1]);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** Both matrices are read, and a number a row is written. */
  static Work squaredErrors(long rows, long columns) {
    long bytes = Work.words(2 * rows * columns + rows);
    return new Work(bytes, 3 * rows * columns, bytes);
  }
}
