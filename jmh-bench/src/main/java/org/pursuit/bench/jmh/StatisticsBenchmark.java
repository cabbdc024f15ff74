package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Write;

/** Statistics of rows, of columns, and of codes. */
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

  /** Codes of documents, and the pairs of a block of columns. */
  @State(Scope.Benchmark)
  public static class Pairs {
    private static final int SEGMENTS = 64;
    private static final int BLOCK = 256;
    private static final int NEIGHBOURS = 8;

    /** Rows x k x atoms. */
    @Param({"8192x64x65536"})
    public String codes;

    private Backend backend;
    private FixedWidthCodes entries;
    private Longs segments;
    private Matrix documents;
    private Longs counts;
    private Longs fires;
    private Matrix associations;
    private ColumnCodes neighbours;
    private boolean reduced;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(codes, "rowsxkxn");
      int n = sizes[2];
      this.backend = backend.get();
      entries = this.backend.fixedWidthCodes(sizes[0], sizes[1]);
      BenchmarkData.distinctAtoms(entries, n);
      long[] bounds = new long[SEGMENTS + 1];
      for (int s = 0; s <= SEGMENTS; s++) {
        bounds[s] = (long) sizes[0] * s / SEGMENTS;
      }
      segments = this.backend.upload(bounds);
      documents = this.backend.matrix(SEGMENTS, n, DType.F32);
      counts = this.backend.longs((long) BLOCK * n);
      fires = this.backend.longs(n);
      associations = this.backend.matrix(BLOCK, n, DType.F32);
      neighbours = this.backend.columnCodes(BLOCK, NEIGHBOURS);
      Fired fired = Fired.selected();
      var statistics = this.backend.statistics();
      statistics.columnStatistics(entries, fired, Write.OVERWRITE, fires, null, null);
      statistics.cooccurrence(entries, entries, fired, 0, BLOCK, Write.OVERWRITE, counts);
    }

    /** Fails if the last result is wrong. */
    @TearDown
    public void verify() {
      int n = (int) fires.length();
      long[] found = fires.download();
      float[] npmi = associations.download();
      long[] pairs = counts.download();
      for (int i = 0; i < BLOCK; i++) {
        Verification.require(pairs[i * n + i] == found[i], "pairs of column " + i);
        float own = npmi[i * n + i];
        Verification.require(own == 0 || Math.abs(own - 1) < 1e-6, "NPMI of column " + i);
      }
      if (reduced) {
        double sum = 0;
        double magnitudes = 0;
        for (float value : entries.values().download()) {
          sum += value;
          magnitudes += Math.abs(value);
        }
        double of = 0;
        for (float value : documents.download()) {
          of += value;
        }
        Verification.near(sum, of, Verification.roundingBound(100, magnitudes), "all documents");
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

  /** {@link org.pursuit.kernel.Statistics#segmentReduce}. */
  @Benchmark
  public Matrix segmentReduce(Pairs p) {
    p.reduced = true;
    p.backend
        .statistics()
        .segmentReduce(p.entries, p.segments, 0, Reduction.sum(), Write.OVERWRITE, p.documents);
    p.backend.synchronize();
    return p.documents;
  }

  /** {@link org.pursuit.kernel.Statistics#cooccurrence}. */
  @Benchmark
  public Longs cooccurrence(Pairs p) {
    p.backend
        .statistics()
        .cooccurrence(
            p.entries, p.entries, Fired.selected(), 0, Pairs.BLOCK, Write.OVERWRITE, p.counts);
    p.backend.synchronize();
    return p.counts;
  }

  /** {@link org.pursuit.kernel.Statistics#neighbours}. */
  @Benchmark
  public ColumnCodes neighbours(Pairs p) {
    p.backend.statistics().neighbours(p.counts, 0, p.neighbours);
    p.backend.synchronize();
    return p.neighbours;
  }

  /** {@link org.pursuit.kernel.Statistics#npmi}. */
  @Benchmark
  public Matrix npmi(Pairs p) {
    p.backend.statistics().npmi(p.counts, 0, p.fires, p.fires, p.entries.rows(), p.associations);
    p.backend.synchronize();
    return p.associations;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    return switch (kernel) {
      case "codeStatistics", "segmentReduce", "cooccurrence", "neighbours", "npmi" -> {
        int[] sizes = Shapes.parse(parameter.apply("codes"), "rowsxkxn");
        yield ofCodes(kernel, (long) sizes[0] * sizes[1], sizes[2]);
      }
      default -> ofMatrix(kernel, parameter);
    };
  }

  private static Work ofMatrix(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long size = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "squaredErrors" -> reading(2 * size, sizes[0], 3 * size);
      case "norms" -> reading(size, sizes[0], 2 * size);
      case "cosines" -> reading(2 * size, sizes[0], 6 * size);
      case "totalVariance" -> reading(size, 1, 4 * size);
      case "columnStatistics" -> reading(size, 4L * sizes[1], size);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** So many elements are read, and so many words are written. */
  private static Work reading(long elements, long words, long flops) {
    long bytes = Work.words(elements + words);
    return new Work(bytes, flops, bytes);
  }

  /** Each entry's index and value are read, and the results are written, or read, once. */
  private static Work ofCodes(String kernel, long entries, long n) {
    long block = Pairs.BLOCK * n;
    return switch (kernel) {
      case "codeStatistics" -> reading(2 * entries, 4 * n, entries);
      case "segmentReduce" -> reading(2 * entries, Pairs.SEGMENTS * n, entries);
      case "cooccurrence" -> reading(2 * entries, 2 * block, 0);
      case "neighbours" -> reading(2 * block, Pairs.BLOCK * (3L * Pairs.NEIGHBOURS + 1), 0);
      default -> reading(2 * block + 2 * n, block, 0);
    };
  }
}
