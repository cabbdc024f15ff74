package org.pursuit.bench.jmh;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/** Rows that are fetched from all over a matrix, and brought back. */
public class TrainingRowsBenchmark extends KernelBenchmark {
  /** A matrix, and all of its rows in another order: a buffer of activations that is shuffled. */
  @State(Scope.Benchmark)
  public static class Shuffled {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Training training;
    private Matrix x;
    private Matrix out;
    private Ints rows;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      long size = (long) sizes[0] * sizes[1];
      this.backend = backend.get();
      training = this.backend.training();
      x = this.backend.upload(BenchmarkData.normal("x", size), sizes[0], sizes[1]);
      out = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      int[] order = BenchmarkData.permutation(sizes[0]);
      rows = this.backend.upload(order);
      training.gatherRows(x, rows, out);
      for (int row : Verification.rowsOf(order.length)) {
        verify(order[row], 1, row, "gathered");
      }
      training.scatterRows(x, rows, Write.OVERWRITE, out);
      for (int row : Verification.rowsOf(order.length)) {
        verify(row, 1, order[row], "scattered");
      }
      training.scatterRows(x, rows, Write.ACCUMULATE, out);
      for (int row : Verification.rowsOf(order.length)) {
        verify(row, 2, order[row], "added");
      }
    }

    private void verify(int from, int times, int to, String what) {
      float[] expected = x.rows(from, from + 1).download();
      for (int i = 0; i < expected.length; i++) {
        expected[i] *= times;
      }
      float[] found = out.rows(to, to + 1).download();
      Verification.require(Arrays.equals(expected, found), "row " + from + " " + what);
    }
  }

  /** Whether scattered rows are added. */
  @State(Scope.Benchmark)
  public static class Written {
    /** How they are written. */
    @Param({"OVERWRITE", "ACCUMULATE"})
    public Write write;
  }

  /** {@link Training#gatherRows}. */
  @Benchmark
  public Matrix gatherRows(Shuffled o) {
    o.training.gatherRows(o.x, o.rows, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#scatterRows}. */
  @Benchmark
  public Matrix scatterRows(Shuffled o, Written written) {
    o.training.scatterRows(o.x, o.rows, written.write, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** The work of one call with the given parameters: rows' numbers, and rows to and fro. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long elements = (long) sizes[0] * sizes[1];
    Work moved = Work.once(2 * elements + sizes[0], 0);
    return switch (kernel) {
      case "gatherRows" -> moved;
      case "scatterRows" ->
          Write.valueOf(parameter.apply("write")) == Write.OVERWRITE
              ? moved
              : new Work(moved.bytes() + Work.words(elements), elements, moved.footprint());
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
