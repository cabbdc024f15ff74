package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Write;

/** Statistics of rows, of columns, and of codes' columns. */
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
    private String kernel;

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
        int d = left.length;
        double product = Verification.dot(left, 0, right, 0, d);
        double norms = Verification.norm(left, 0, d) * Verification.norm(right, 0, d);
        double squares =
            Verification.dot(left, 0, left, 0, d) + Verification.dot(right, 0, right, 0, d);
        double expected =
            switch (kernel) {
              case "squaredErrors" -> squares - 2 * product;
              case "norms" -> Verification.norm(left, 0, d);
              default -> product / norms;
            };
        double magnitude = kernel.equals("squaredErrors") ? squares : Math.max(1, expected);
        Verification.near(
            expected,
            found[row],
            Verification.roundingBound(d, magnitude),
            kernel + " of row " + row);
      }
    }
  }

  /** A dense matrix, and numbers for its columns. */
  @State(Scope.Benchmark)
  public static class Columns {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Matrix x;
    private Longs fires;
    private Floats maxima;
    private Floats sums;
    private Floats variance;
    private boolean counted;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      long size = (long) sizes[0] * sizes[1];
      this.backend = backend.get();
      x = this.backend.upload(BenchmarkData.normal("x", size), sizes[0], sizes[1]);
      fires = this.backend.longs(sizes[1]);
      maxima = this.backend.floats(sizes[1]);
      sums = this.backend.floats(sizes[1]);
      variance = this.backend.floats(1);
    }

    /** Fails if the last result is wrong. */
    @TearDown
    public void verify() {
      double total = 0;
      for (int j = 0; j < x.columns(); j++) {
        float[] column = x.columns(j, j + 1).download();
        double sum = 0;
        double squares = 0;
        double magnitudes = 0;
        float largest = Float.NEGATIVE_INFINITY;
        long above = 0;
        for (float v : column) {
          sum += v;
          squares += (double) v * v;
          magnitudes += Math.abs(v);
          largest = Math.max(largest, v);
          above += v > 0 ? 1 : 0;
        }
        total += squares - sum * sum / column.length;
        if (counted && j % 64 == 0) {
          Verification.require(
              fires.download()[j] == above && maxima.download()[j] == largest, "column " + j);
          double bound = Verification.roundingBound(column.length, magnitudes);
          Verification.near(sum, sums.download()[j], bound, "sum of column " + j);
        }
      }
      if (!counted) {
        double bound = Verification.roundingBound(x.rows(), total);
        Verification.near(total, variance.download()[0], bound, "total variance");
      }
    }
  }

  /** Codes, and numbers for their atoms. */
  @State(Scope.Benchmark)
  public static class Entries {
    /** Rows x k x atoms. */
    @Param({"8192x64x65536"})
    public String codes;

    private Backend backend;
    private FixedWidthCodes entries;
    private Longs fires;
    private Floats maxima;
    private Floats sums;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(codes, "rowsxkxn");
      this.backend = backend.get();
      entries = this.backend.fixedWidthCodes(sizes[0], sizes[1]);
      BenchmarkData.distinctAtoms(entries, sizes[2]);
      fires = this.backend.longs(sizes[2]);
      maxima = this.backend.floats(sizes[2]);
      sums = this.backend.floats(sizes[2]);
    }

    /** Fails if the last result is wrong. */
    @TearDown
    public void verify() {
      long[] counts = new long[(int) fires.length()];
      double[] expected = new double[counts.length];
      double[] magnitudes = new double[counts.length];
      int[] indices = entries.indices().download();
      float[] values = entries.values().download();
      for (int e = 0; e < indices.length; e++) {
        counts[indices[e]]++;
        expected[indices[e]] += values[e];
        magnitudes[indices[e]] += Math.abs(values[e]);
      }
      long[] found = fires.download();
      float[] foundSums = sums.download();
      for (int j = 0; j < counts.length; j++) {
        Verification.require(found[j] == counts[j], "count of atom " + j);
        double bound = Verification.roundingBound((int) counts[j], magnitudes[j]);
        Verification.near(expected[j], foundSums[j], bound, "sum of atom " + j);
      }
    }
  }

  /** {@link org.pursuit.kernel.Statistics#squaredErrors}. */
  @Benchmark
  public Floats squaredErrors(Operands o) {
    o.kernel = "squaredErrors";
    o.backend.statistics().squaredErrors(o.x, o.y, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link org.pursuit.kernel.Statistics#norms}. */
  @Benchmark
  public Floats norms(Operands o) {
    o.kernel = "norms";
    o.backend.statistics().norms(o.x, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link org.pursuit.kernel.Statistics#cosines}. */
  @Benchmark
  public Floats cosines(Operands o) {
    o.kernel = "cosines";
    o.backend.statistics().cosines(o.x, o.y, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link org.pursuit.kernel.Statistics#totalVariance}. */
  @Benchmark
  public Floats totalVariance(Columns c) {
    c.backend.statistics().totalVariance(c.x, null, c.variance);
    c.backend.synchronize();
    return c.variance;
  }

  /** {@link org.pursuit.kernel.Statistics#columnStatistics} of a matrix. */
  @Benchmark
  public Floats columnStatistics(Columns c) {
    c.counted = true;
    c.backend
        .statistics()
        .columnStatistics(c.x, Fired.above(0), Write.OVERWRITE, c.fires, c.maxima, c.sums);
    c.backend.synchronize();
    return c.sums;
  }

  /** {@link org.pursuit.kernel.Statistics#columnStatistics} of codes. */
  @Benchmark
  public Floats codeStatistics(Entries e) {
    e.backend
        .statistics()
        .columnStatistics(e.entries, Fired.selected(), Write.OVERWRITE, e.fires, e.maxima, e.sums);
    e.backend.synchronize();
    return e.sums;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    if (kernel.equals("codeStatistics")) {
      int[] sizes = Shapes.parse(parameter.apply("codes"), "rowsxkxn");
      long entries = (long) sizes[0] * sizes[1];
      return Work.once(2 * entries + 4L * sizes[2], entries);
    }
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long size = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "squaredErrors" -> Work.once(2 * size + sizes[0], 3 * size);
      case "norms" -> Work.once(size + sizes[0], 2 * size);
      case "cosines" -> Work.once(2 * size + sizes[0], 6 * size);
      case "totalVariance" -> Work.once(size + 1, 4 * size);
      case "columnStatistics" -> Work.once(size + 4L * sizes[1], size);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
