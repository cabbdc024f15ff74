package org.pursuit.bench.jmh;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;

/** Selections from stored scores, and a plain heap as a baseline. */
public class SelectionBenchmark extends KernelBenchmark {
  /** What is selected from. */
  @State(Scope.Benchmark)
  public static class Scores {
    /** Rows x columns. */
    @Param({"256x65536", "256x16384", "1024x2048"})
    public String shape;

    /** Entries that a row keeps. */
    @Param("64")
    public int k;

    /** Storage of the scores. */
    @Param("F32")
    public DType dtype;

    /** What is ranked. */
    @Param({"signed", "magnitude"})
    public String key;

    /** N(0, 1), real pre-activations, or the worst order for a scan that keeps a running best. */
    @Param({"normal", "real", "ascending"})
    public String data;

    private int rows;
    private int columns;
    private boolean magnitude;
    private float[] values;

    /** Makes the scores. */
    @Setup
    public void make() {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      rows = sizes[0];
      columns = sizes[1];
      magnitude =
          switch (key) {
            case "signed" -> false;
            case "magnitude" -> true;
            default -> throw new IllegalArgumentException("key: found " + key);
          };
      values =
          switch (data) {
            case "normal" -> BenchmarkData.normal("scores", (long) rows * columns);
            case "real" -> RealScores.matrix(rows, columns);
            case "ascending" -> BenchmarkData.ascending(rows, columns);
            default -> throw new IllegalArgumentException("data: found " + data);
          };
      BenchmarkData.round(values, dtype);
    }

    /** What is compared, score after score. */
    private float[] ranked() {
      float[] ranked = values.clone();
      for (int i = 0; magnitude && i < ranked.length; i++) {
        ranked[i] = Math.abs(ranked[i]);
      }
      return ranked;
    }

    private void verify(int[] indices, float[] selected) {
      for (int row : Verification.rowsOf(rows)) {
        Verification.topK(values, row * columns, columns, magnitude, indices, selected, row * k, k);
      }
    }
  }

  /** The kernel's operands. */
  @State(Scope.Benchmark)
  public static class Operands {
    private Backend backend;
    private Scores scores;
    private Matrix matrix;
    private TopK options;
    private FixedWidthCodes codes;

    /** Uploads the scores. */
    @Setup
    public void upload(BenchmarkBackend backend, Scores scores) {
      this.backend = backend.get();
      this.scores = scores;
      matrix = this.backend.matrix(scores.rows, scores.columns, scores.dtype);
      matrix.upload(scores.values);
      options = scores.magnitude ? TopK.of(scores.k).byMagnitude() : TopK.of(scores.k);
      codes = this.backend.fixedWidthCodes(scores.rows, scores.k);
    }

    /** Fails if the last selection is wrong. */
    @TearDown
    public void verify() {
      scores.verify(codes.indices().download(), codes.values().download());
    }
  }

  /**
   * The operands of selections into row-compressed codes: of all rows together as many entries as
   * TopK would keep, or all scores that are not below the last of them.
   */
  @State(Scope.Benchmark)
  public static class Sparse {
    private Backend backend;
    private Scores scores;
    private Matrix matrix;
    private float threshold;
    private ThresholdSelect thresholds;
    private GlobalTopK cold;
    private GlobalTopK warm;
    private CsrCodes codes;

    /** Uploads the scores and finds the threshold. */
    @Setup
    public void upload(BenchmarkBackend backend, Scores scores) {
      this.backend = backend.get();
      this.scores = scores;
      matrix = this.backend.matrix(scores.rows, scores.columns, scores.dtype);
      matrix.upload(scores.values);
      SelectionKey key = scores.magnitude ? SelectionKey.MAGNITUDE : SelectionKey.SIGNED;
      float[] sorted = scores.ranked();
      Arrays.sort(sorted);
      int k = scores.rows * scores.k;
      threshold = sorted[sorted.length - k];
      int reaching = sorted.length;
      while (reaching > 0 && sorted[sorted.length - reaching] < threshold) {
        reaching--;
      }
      codes = this.backend.csrCodes(scores.rows, scores.columns, reaching);
      thresholds = ThresholdSelect.atLeast(this.backend.upload(new float[] {threshold})).key(key);
      cold = GlobalTopK.of(k).key(key);
      warm = cold.start(this.backend.upload(new float[] {0.99f * threshold}));
    }

    /**
     * Fails if the last selection is wrong: it holds all scores above the threshold and some at it.
     */
    @TearDown
    public void verify() {
      long[] offsets = codes.offsets().download();
      int[] columns = codes.columns().download();
      float[] values = codes.values().download();
      float[] ranked = scores.ranked();
      for (int row : Verification.rowsOf(scores.rows)) {
        int entry = (int) offsets[row];
        for (int i = 0; i < scores.columns; i++) {
          int at = row * scores.columns + i;
          boolean held = entry < offsets[row + 1] && columns[entry] == i;
          Verification.require(
              held ? ranked[at] >= threshold : ranked[at] <= threshold,
              "row " + row + ", column " + i + (held ? " is held" : " is missing"));
          Verification.require(
              !held || values[entry] == scores.values[at], "another value in entry " + entry);
          entry += held ? 1 : 0;
        }
        Verification.require(entry == offsets[row + 1], "row " + row + " has other entries");
      }
    }
  }

  /** The operands of selections from columns. */
  @State(Scope.Benchmark)
  public static class Columns {
    /** Rows that a column keeps. */
    @Param("4")
    public int m;

    private Backend backend;
    private Scores scores;
    private Matrix matrix;
    private ColumnTopK options;
    private ColumnCodes codes;

    /** Uploads the scores. */
    @Setup
    public void upload(BenchmarkBackend backend, Scores scores) {
      this.backend = backend.get();
      this.scores = scores;
      matrix = this.backend.matrix(scores.rows, scores.columns, scores.dtype);
      matrix.upload(scores.values);
      options = scores.magnitude ? ColumnTopK.plain().byMagnitude() : ColumnTopK.plain();
      codes = this.backend.columnCodes(scores.columns, m);
    }

    /** Fails if the last selection is wrong. */
    @TearDown
    public void verify() {
      long[] ids = codes.rowIds().download();
      float[] values = codes.values().download();
      float[] column = new float[scores.rows];
      int[] rows = new int[m];
      for (int i : Verification.rowsOf(scores.columns)) {
        for (int b = 0; b < scores.rows; b++) {
          column[b] = scores.values[b * scores.columns + i];
        }
        for (int slot = 0; slot < m; slot++) {
          rows[slot] = (int) ids[i * m + slot];
        }
        float[] selected = Arrays.copyOfRange(values, i * m, (i + 1) * m);
        Verification.topK(column, 0, scores.rows, scores.magnitude, rows, selected, 0, m);
      }
    }
  }

  /** The operands of selections of the prefix that comes closest to most of a row's norm. */
  @State(Scope.Benchmark)
  public static class Prefixes {
    private static final double SHARE = 0.9;

    private Backend backend;
    private Scores scores;
    private Matrix matrix;
    private float[] targetNorms;
    private Floats targets;
    private FixedWidthCodes codes;
    private Ints totals;

    /** Uploads the scores and the targets. */
    @Setup
    public void upload(BenchmarkBackend backend, Scores scores) {
      this.backend = backend.get();
      this.scores = scores;
      matrix = this.backend.matrix(scores.rows, scores.columns, scores.dtype);
      matrix.upload(scores.values);
      targetNorms = new float[scores.rows];
      for (int b = 0; b < scores.rows; b++) {
        targetNorms[b] =
            (float) (SHARE * Verification.norm(scores.values, b * scores.columns, scores.columns));
      }
      targets = this.backend.upload(targetNorms);
      codes = this.backend.fixedWidthCodes(scores.rows, scores.k);
      totals = this.backend.ints(scores.rows);
    }

    /** Fails if the last selection is wrong. */
    @TearDown
    public void verify() {
      int[] kept = totals.download();
      int[] indices = codes.indices().download();
      float[] values = codes.values().download();
      int n = scores.columns;
      for (int b : Verification.rowsOf(scores.rows)) {
        float[] row = Arrays.copyOfRange(scores.values, b * n, (b + 1) * n);
        int most = Math.min(kept[b], scores.k);
        Verification.topK(row, 0, n, true, indices, values, b * scores.k, most);
        float[] sorted = row.clone();
        for (int i = 0; i < n; i++) {
          sorted[i] = Math.abs(sorted[i]);
        }
        Arrays.sort(sorted);
        double sum = 0;
        double chosen = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int j = 1; j <= n; j++) {
          sum += (double) sorted[n - j] * sorted[n - j];
          double distance = Math.abs(Math.sqrt(sum) - targetNorms[b]);
          chosen = j == kept[b] ? distance : chosen;
          least = Math.min(least, distance);
        }
        double bound = Verification.roundingBound(1, targetNorms[b]);
        Verification.near(least, chosen, bound, "distance of row " + b);
      }
    }
  }

  /** Whether a selection is given a guess of its threshold, a little below it. */
  @State(Scope.Benchmark)
  public static class Start {
    /** Whether it is. */
    @Param({"false", "true"})
    public boolean warm;
  }

  /** The baseline's operands. */
  @State(Scope.Benchmark)
  public static class Heap {
    private Scores scores;
    private HeapTopK heap;
    private int[] indices;
    private float[] values;

    /** Allocates the heap. */
    @Setup
    public void allocate(Scores scores) {
      this.scores = scores;
      heap = new HeapTopK(scores.k, scores.magnitude);
      indices = new int[scores.rows * scores.k];
      values = new float[scores.rows * scores.k];
    }

    /** Fails if the last selection is wrong. */
    @TearDown
    public void verify() {
      scores.verify(indices, values);
    }
  }

  /** {@link org.pursuit.kernel.Selection#topK(Matrix, TopK, FixedWidthCodes)}. */
  @Benchmark
  public FixedWidthCodes topK(Operands o) {
    o.backend.selection().topK(o.matrix, o.options, o.codes);
    o.backend.synchronize();
    return o.codes;
  }

  /** {@link org.pursuit.kernel.Selection#thresholdSelect(Matrix, ThresholdSelect, CsrCodes)}. */
  @Benchmark
  public CsrCodes thresholdSelect(Sparse o) {
    o.backend.selection().thresholdSelect(o.matrix, o.thresholds, o.codes);
    o.backend.synchronize();
    return o.codes;
  }

  /** {@link org.pursuit.kernel.Selection#globalTopK}. */
  @Benchmark
  public CsrCodes globalTopK(Sparse o, Start start) {
    o.backend.selection().globalTopK(o.matrix, start.warm ? o.warm : o.cold, o.codes, null, null);
    o.backend.synchronize();
    return o.codes;
  }

  /** {@link org.pursuit.kernel.Selection#columnTopK(Matrix, ColumnTopK, ColumnCodes)}. */
  @Benchmark
  public ColumnCodes columnTopK(Columns o) {
    o.backend.selection().columnTopK(o.matrix, o.options, o.codes);
    o.backend.synchronize();
    return o.codes;
  }

  /** {@link org.pursuit.kernel.Selection#rowPrefixSelect}. */
  @Benchmark
  public FixedWidthCodes rowPrefixSelect(Prefixes o) {
    o.backend
        .selection()
        .rowPrefixSelect(o.matrix, null, o.targets, RowPrefix.plain(), o.codes, o.totals);
    o.backend.synchronize();
    return o.codes;
  }

  /** {@link #topK} by {@link HeapTopK}, on one thread. */
  @Benchmark
  public int[] heap(Heap h) {
    Scores scores = h.scores;
    for (int row = 0; row < scores.rows; row++) {
      h.heap.select(
          scores.values, row * scores.columns, scores.columns, h.indices, h.values, row * scores.k);
    }
    return h.indices;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    DType dtype = DType.valueOf(parameter.apply("dtype"));
    if (kernel.equals("columnTopK")) {
      return columnTopK(sizes[0], sizes[1], Integer.parseInt(parameter.apply("m")), dtype);
    }
    int k = Integer.parseInt(parameter.apply("k"));
    return switch (kernel) {
      case "topK", "heap" -> topK(sizes[0], sizes[1], k, dtype);
      case "rowPrefixSelect" -> rowPrefix(sizes[0], sizes[1], k, dtype);
      case "thresholdSelect", "globalTopK" -> sparse(sizes[0], sizes[1], k, dtype);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** Every score is read once, and the codes are written. */
  static Work topK(long rows, long columns, long k, DType dtype) {
    long bytes = dtype.bytes() * rows * columns + Work.codes(rows, k);
    return new Work(bytes, 0, bytes);
  }

  /** Every score is read once, and offsets, columns and values are written. */
  static Work sparse(long rows, long columns, long k, DType dtype) {
    long bytes = dtype.bytes() * rows * columns + Work.words(2 * rows * k + 2 * (rows + 1));
    return new Work(bytes, 0, bytes);
  }

  /** Every score is read once, and row ids of 64 bits, values and counts are written. */
  static Work columnTopK(long rows, long columns, long m, DType dtype) {
    long bytes = dtype.bytes() * rows * columns + Work.words(3 * columns * m + columns);
    return new Work(bytes, 0, bytes);
  }

  /** Every score and target is read once, and the codes and totals are written. */
  static Work rowPrefix(long rows, long columns, long k, DType dtype) {
    long bytes = dtype.bytes() * rows * columns + Work.codes(rows, k) + Work.words(2 * rows);
    return new Work(bytes, 2 * rows * columns, bytes);
  }
}
