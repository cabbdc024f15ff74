package org.pursuit.bench.jmh;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;

/** The dense product, and the selections that are fused with it. */
public class ScoringBenchmark extends KernelBenchmark {
  private static final Score PLAIN = Score.plain();

  /** The operands of a stored product. */
  @State(Scope.Benchmark)
  public static class Dense {
    /** Rows x dimension x atoms. */
    @Param({"1024x768x16384", "64x384x2048"})
    public String shape;

    /** Storage of both factors. */
    @Param("F32")
    public DType dtype;

    /** The least precision of the factors that the caller accepts. */
    @Param("FLOAT32")
    public Precision precision;

    private Backend backend;
    private Factors factors;
    private Matrix out;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxdxn");
      this.backend = backend.get();
      factors = Factors.of(this.backend, sizes[0], sizes[1], sizes[2], dtype);
      out = this.backend.matrix(sizes[0], sizes[2], DType.F32);
    }

    /** Fails if the last product is wrong. */
    @TearDown
    public void verify() {
      for (int row : Verification.rowsOf(out.rows())) {
        double[] exact = factors.scores(row);
        float[] found = out.rows(row, row + 1).download();
        for (int j = 0; j < found.length; j++) {
          Verification.near(
              exact[j], found[j], factors.bound(row, precision), "score " + row + ", " + j);
        }
      }
    }
  }

  /** The operands of a fused selection. */
  @State(Scope.Benchmark)
  public static class Fused {
    /** Rows x dimension x atoms x k. */
    @Param({"1024x768x16384x32", "512x768x65536x64", "64x384x2048x32"})
    public String shape;

    /** Storage of both factors. */
    @Param("F32")
    public DType dtype;

    /** The least precision of the factors that the caller accepts. */
    @Param("FLOAT32")
    public Precision precision;

    private Backend backend;
    private Factors factors;
    private FixedWidthCodes codes;
    private Selector selector;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxdxnxk");
      this.backend = backend.get();
      factors = Factors.of(this.backend, sizes[0], sizes[1], sizes[2], dtype);
      codes = this.backend.fixedWidthCodes(sizes[0], sizes[3]);
      selector = TopK.of(sizes[3]).into(codes);
    }

    /** Fails if an entry of the last selection is not among the first, up to rounding. */
    @TearDown
    public void verify() {
      int[] indices = codes.indices().download();
      float[] values = codes.values().download();
      int k = codes.k();
      for (int row : Verification.rowsOf(codes.rows())) {
        double[] exact = factors.scores(row);
        double bound = factors.bound(row, precision);
        double last = values[row * k + k - 1];
        for (int slot = row * k; slot < (row + 1) * k; slot++) {
          Verification.near(exact[indices[slot]], values[slot], bound, "score in slot " + slot);
          Verification.require(values[slot] >= last, "slot " + slot + " is out of order");
          exact[indices[slot]] = Double.NEGATIVE_INFINITY; // an atom that comes twice is not near
        }
        for (int j = 0; j < exact.length; j++) {
          Verification.require(exact[j] <= last + bound, "row " + row + " lacks atom " + j);
        }
      }
    }
  }

  /** The operands of the selections that are fused together with others. */
  @State(Scope.Benchmark)
  public static class Swept {
    /** Rows x dimension x atoms x k: about rows·k entries are selected, or k of each row. */
    @Param("1024x768x16384x32")
    public String shape;

    /** By a threshold, from all rows, or both with two of rows' first, one of them masked. */
    @Param({"threshold", "global", "all"})
    public String selectors;

    /** Storage of both factors. */
    @Param("F32")
    public DType dtype;

    /** The least precision of the factors that the caller accepts. */
    @Param("FLOAT32")
    public Precision precision;

    private Backend backend;
    private Factors factors;
    private Floats threshold;
    private CsrCodes passing;
    private CsrCodes first;
    private List<Selector> chosen;

    /** Makes the operands, and finds the threshold. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxdxnxk");
      int rows = sizes[0];
      int n = sizes[2];
      int k = sizes[3];
      this.backend = backend.get();
      factors = Factors.of(this.backend, rows, sizes[1], n, dtype);
      threshold = this.backend.floats(1);
      passing = this.backend.csrCodes(rows, n, 2L * rows * k);
      first = this.backend.csrCodes(rows, n, (long) rows * k);
      Selector global = GlobalTopK.of((long) rows * k).into(first, null, null);
      chosen = List.of(GlobalTopK.of((long) rows * k).into(first, threshold, null));
      encode();
      Selector above = ThresholdSelect.atLeast(threshold).into(passing);
      boolean[] half = new boolean[n];
      Arrays.fill(half, 0, n / 2, true);
      chosen =
          switch (selectors) {
            case "threshold" -> List.of(above);
            case "global" -> List.of(global);
            case "all" ->
                List.of(
                    TopK.of(k).into(this.backend.fixedWidthCodes(rows, k)),
                    TopK.of(k)
                        .mask(this.backend.upload(half))
                        .into(this.backend.fixedWidthCodes(rows, k)),
                    above,
                    global);
            default -> throw new IllegalArgumentException("selectors: found " + selectors);
          };
    }

    private void encode() {
      backend.scoring().encode(factors.x, factors.atoms, null, PLAIN.precision(precision), chosen);
      backend.synchronize();
    }

    /** Fails if an entry is held or missing on the wrong side of the threshold, up to rounding. */
    @TearDown
    public void verify() {
      if (!selectors.equals("global")) {
        verify(passing);
      }
      if (!selectors.equals("threshold")) {
        verify(first);
      }
    }

    private void verify(CsrCodes codes) {
      long[] offsets = codes.offsets().download();
      int[] columns = codes.columns().download();
      float[] values = codes.values().download();
      float last = threshold.download()[0];
      for (int row : Verification.rowsOf(codes.rows())) {
        double[] exact = factors.scores(row);
        double bound = factors.bound(row, precision);
        int entry = (int) offsets[row];
        for (int j = 0; j < exact.length; j++) {
          boolean held = entry < offsets[row + 1] && columns[entry] == j;
          Verification.require(
              held ? exact[j] >= last - bound : exact[j] <= last + bound,
              "row " + row + ", atom " + j + (held ? " is held" : " is missing"));
          if (held) {
            Verification.near(exact[j], values[entry++], bound, "score " + row + ", " + j);
          }
        }
        Verification.require(entry == offsets[row + 1], "row " + row + " has other entries");
      }
    }
  }

  /** Rows and atoms, and their exact products. */
  private record Factors(Matrix x, Matrix atoms) {
    static Factors of(Backend backend, int rows, int d, int n, DType dtype) {
      Matrix x = backend.matrix(rows, d, dtype);
      x.upload(BenchmarkData.normal("x", (long) rows * d));
      Matrix atoms = backend.matrix(n, d, dtype);
      atoms.upload(BenchmarkData.atoms(n, d));
      return new Factors(x, atoms);
    }

    double[] scores(int row) {
      float[] x = this.x.rows(row, row + 1).download();
      float[] weights = atoms.download();
      double[] scores = new double[atoms.rows()];
      for (int j = 0; j < scores.length; j++) {
        scores[j] = Verification.dot(x, 0, weights, j * x.length, x.length);
      }
      return scores;
    }

    /** What rounding may do to a row's scores: atoms have unit norm. */
    double bound(int row, Precision precision) {
      float[] x = this.x.rows(row, row + 1).download();
      double norm = Verification.norm(x, 0, x.length);
      return Verification.roundingBound(x.length, norm)
          + Verification.factorBound(precision) * norm;
    }
  }

  /** {@link org.pursuit.kernel.Scoring#score}. */
  @Benchmark
  public Matrix score(Dense o) {
    o.backend
        .scoring()
        .score(o.factors.x, o.factors.atoms, null, PLAIN.precision(o.precision), o.out);
    o.backend.synchronize();
    return o.out;
  }

  /**
   * {@link org.pursuit.kernel.Scoring#encode(Matrix, Matrix, org.pursuit.data.Floats, Score,
   * Selector)}.
   */
  @Benchmark
  public FixedWidthCodes encode(Fused o) {
    o.backend
        .scoring()
        .encode(o.factors.x, o.factors.atoms, null, PLAIN.precision(o.precision), o.selector);
    o.backend.synchronize();
    return o.codes;
  }

  /**
   * {@link org.pursuit.kernel.Scoring#encode(Matrix, Matrix, org.pursuit.data.Floats, Score, List)}
   * with selectors of other kinds.
   */
  @Benchmark
  public CsrCodes encodeSelecting(Swept o) {
    o.encode();
    return o.first;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    String shape = parameter.apply("shape");
    DType dtype = DType.valueOf(parameter.apply("dtype"));
    return switch (kernel) {
      case "score" -> {
        int[] sizes = Shapes.parse(shape, "rowsxdxn");
        yield score(sizes[0], sizes[1], sizes[2], dtype);
      }
      case "encode" -> {
        int[] sizes = Shapes.parse(shape, "rowsxdxnxk");
        yield encode(sizes[0], sizes[1], sizes[2], sizes[3], dtype);
      }
      case "encodeSelecting" -> {
        int[] sizes = Shapes.parse(shape, "rowsxdxnxk");
        Work one = encode(sizes[0], sizes[1], sizes[2], sizes[3], dtype);
        long compressed = Work.words(2L * sizes[0] * sizes[3] + 2 * (sizes[0] + 1L));
        long codes = Work.codes(sizes[0], sizes[3]);
        boolean all = parameter.apply("selectors").equals("all");
        long bytes = one.bytes() - codes + (all ? 2 * (codes + compressed) : compressed);
        yield new Work(bytes, one.flops(), bytes);
      }
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** Both factors are read once, and the product is written. */
  static Work score(long rows, long d, long n, DType dtype) {
    long bytes = dtype.bytes() * (rows + n) * d + Work.words(rows * n);
    return new Work(bytes, 2 * rows * d * n, bytes);
  }

  /** Both factors are read once; of the product only the codes are written. */
  static Work encode(long rows, long d, long n, long k, DType dtype) {
    long bytes = dtype.bytes() * (rows + n) * d + Work.codes(rows, k);
    return new Work(bytes, 2 * rows * d * n, bytes);
  }
}
