package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.TopK;

/** Row-wise TopK of stored scores, and a plain heap as its baseline. */
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

  /** The same by {@link HeapTopK}, on one thread. */
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
    return topK(sizes[0], sizes[1], Integer.parseInt(parameter.apply("k")), dtype);
  }

  /** Every score is read once, and the codes are written. */
  static Work topK(long rows, long columns, long k, DType dtype) {
    long bytes = dtype.bytes() * rows * columns + Work.codes(rows, k);
    return new Work(bytes, 0, bytes);
  }
}
