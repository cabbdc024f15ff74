package org.pursuit.bench.jmh;

import java.util.Map;
import java.util.TreeMap;
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
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.Write;

/** Products of codes with a dictionary, and the merging of a tape's repeated atoms. */
public class SparseAlgebraBenchmark extends KernelBenchmark {
  /** Codes, a dictionary, and dense rows. */
  @State(Scope.Benchmark)
  public static class Operands {
    /** Rows x k x atoms x dimension: a dictionary in memory, and one in cache. */
    @Param({"1024x64x65536x2048", "1024x32x2048x384"})
    public String shape;

    /** Storage of the dictionary. */
    @Param("F32")
    public DType dtype;

    private Backend backend;
    private FixedWidthCodes codes;
    private Matrix atoms;
    private Matrix rows;
    private Floats dots;
    private boolean decoded;
    private boolean dotted;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxkxnxd");
      int n = sizes[2];
      int d = sizes[3];
      this.backend = backend.get();
      codes = this.backend.fixedWidthCodes(sizes[0], sizes[1]);
      BenchmarkData.distinctAtoms(codes, n);
      atoms = this.backend.matrix(n, d, dtype);
      atoms.upload(BenchmarkData.atoms(n, d));
      rows = this.backend.matrix(sizes[0], d, DType.F32);
      rows.upload(BenchmarkData.normal("x", (long) sizes[0] * d));
      dots = this.backend.floats((long) sizes[0] * sizes[1]);
    }

    /** Fails if the last result is wrong. */
    @TearDown
    public void verify() {
      int[] indices = codes.indices().download();
      for (int row : Verification.rowsOf(codes.rows())) {
        if (decoded) {
          verifyDecode(row, indices, codes.values().download());
        }
        if (dotted) {
          verifyDots(row, indices, dots.download());
        }
      }
    }

    private float[] atom(int j) {
      return atoms.rows(j, j + 1).download();
    }

    private void verifyDecode(int row, int[] indices, float[] values) {
      double[] sums = new double[atoms.columns()];
      double[] magnitudes = new double[atoms.columns()];
      for (int slot = row * codes.k(); slot < (row + 1) * codes.k(); slot++) {
        float[] atom = atom(indices[slot]);
        for (int i = 0; i < sums.length; i++) {
          double term = (double) values[slot] * atom[i];
          sums[i] += term;
          magnitudes[i] += Math.abs(term);
        }
      }
      float[] found = rows.rows(row, row + 1).download();
      for (int i = 0; i < sums.length; i++) {
        double bound = Verification.roundingBound(codes.k(), magnitudes[i]);
        Verification.near(sums[i], found[i], bound, "element " + row + ", " + i);
      }
    }

    private void verifyDots(int row, int[] indices, float[] found) {
      float[] g = rows.rows(row, row + 1).download();
      double bound = Verification.roundingBound(g.length, Verification.norm(g, 0, g.length));
      for (int slot = row * codes.k(); slot < (row + 1) * codes.k(); slot++) {
        double exact = Verification.dot(g, 0, atom(indices[slot]), 0, g.length);
        Verification.near(exact, found[slot], bound, "product in slot " + slot);
      }
    }
  }

  /** Codes, a dictionary, the gradient of decoded rows, and what is derived from it. */
  @State(Scope.Benchmark)
  public static class Backward {
    /** Rows x k x atoms x dimension: a dictionary in memory, and one in cache. */
    @Param({"1024x64x65536x2048", "1024x32x2048x384"})
    public String shape;

    /** Storage of the dictionary and of its gradient. */
    @Param("F32")
    public DType dtype;

    private Backend backend;
    private FixedWidthCodes codes;
    private Matrix atoms;
    private Matrix g;
    private DecodeGradients gradients;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxkxnxd");
      int n = sizes[2];
      int d = sizes[3];
      this.backend = backend.get();
      codes = this.backend.fixedWidthCodes(sizes[0], sizes[1]);
      BenchmarkData.distinctAtoms(codes, n);
      atoms = this.backend.matrix(n, d, dtype);
      atoms.upload(BenchmarkData.atoms(n, d));
      g = this.backend.matrix(sizes[0], d, DType.F32);
      g.upload(BenchmarkData.normal("g", (long) sizes[0] * d));
      gradients =
          new DecodeGradients(
              this.backend.floats((long) sizes[0] * sizes[1]),
              this.backend.matrix(n, d, dtype),
              null,
              this.backend.floats(d));
    }

    /** Fails if the last result is wrong: the gradients that a few rows' atoms and values got. */
    @TearDown
    public void verify() {
      int[] indices = codes.indices().download();
      float[] values = codes.values().download();
      float[] dots = gradients.values().download();
      for (int row : Verification.rowsOf(codes.rows())) {
        float[] own = g.rows(row, row + 1).download();
        double bound =
            Verification.roundingBound(own.length, Verification.norm(own, 0, own.length));
        for (int slot = row * codes.k(); slot < (row + 1) * codes.k(); slot++) {
          float[] atom = atoms.rows(indices[slot], indices[slot] + 1).download();
          double exact = Verification.dot(own, 0, atom, 0, own.length);
          Verification.near(exact, dots[slot], bound, "gradient of value " + slot);
        }
        verifyAtom(indices[row * codes.k()], indices, values);
      }
    }

    private void verifyAtom(int atom, int[] indices, float[] values) {
      double[] sums = new double[g.columns()];
      double[] magnitudes = new double[g.columns()];
      for (int slot = 0; slot < indices.length; slot++) {
        if (indices[slot] == atom) {
          int row = slot / codes.k();
          float[] own = g.rows(row, row + 1).download();
          for (int i = 0; i < sums.length; i++) {
            double term = (double) values[slot] * own[i];
            sums[i] += term;
            magnitudes[i] += Math.abs(term);
          }
        }
      }
      float[] found = gradients.atoms().rows(atom, atom + 1).download();
      for (int i = 0; i < sums.length; i++) {
        double stored = dtype == DType.F32 ? 0 : Math.abs(sums[i]) * 0x1p-8;
        double bound = Verification.roundingBound(codes.rows(), magnitudes[i]) + stored;
        Verification.near(sums[i], found[i], bound, "gradient of atom " + atom + ", " + i);
      }
    }
  }

  /** Codes, their gradient, rows, weights, and what is derived from them. */
  @State(Scope.Benchmark)
  public static class EncoderBackward {
    /** Rows x k x atoms x dimension: weights in memory, and some in cache. */
    @Param({"1024x64x65536x2048", "1024x32x2048x384"})
    public String shape;

    /** Storage of the weights and of their gradient. */
    @Param("F32")
    public DType dtype;

    private Backend backend;
    private FixedWidthCodes codes;
    private Floats slopes;
    private Matrix x;
    private Matrix weights;
    private EncodeGradients gradients;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxkxnxd");
      int n = sizes[2];
      int d = sizes[3];
      this.backend = backend.get();
      codes = this.backend.fixedWidthCodes(sizes[0], sizes[1]);
      BenchmarkData.distinctAtoms(codes, n);
      slopes = this.backend.floats((long) sizes[0] * sizes[1]);
      slopes.upload(BenchmarkData.normal("g", (long) sizes[0] * sizes[1]));
      x = this.backend.matrix(sizes[0], d, DType.F32);
      x.upload(BenchmarkData.normal("x", (long) sizes[0] * d));
      weights = this.backend.matrix(n, d, dtype);
      weights.upload(BenchmarkData.atoms(n, d));
      gradients =
          EncodeGradients.none()
              .weights(this.backend.matrix(n, d, dtype))
              .bias(this.backend.floats(n))
              .x(this.backend.matrix(sizes[0], d, DType.F32));
    }

    /** Fails if the last result is wrong: the gradients of a few rows. */
    @TearDown
    public void verify() {
      int[] indices = codes.indices().download();
      float[] all = slopes.download();
      for (int row : Verification.rowsOf(codes.rows())) {
        double[] sums = new double[x.columns()];
        double[] magnitudes = new double[x.columns()];
        for (int slot = row * codes.k(); slot < (row + 1) * codes.k(); slot++) {
          float[] atom = weights.rows(indices[slot], indices[slot] + 1).download();
          for (int i = 0; i < sums.length; i++) {
            double term = (double) all[slot] * atom[i];
            sums[i] += term;
            magnitudes[i] += Math.abs(term);
          }
        }
        float[] found = gradients.x().rows(row, row + 1).download();
        for (int i = 0; i < sums.length; i++) {
          double bound = Verification.roundingBound(codes.k(), magnitudes[i]);
          Verification.near(sums[i], found[i], bound, "gradient of row " + row + ", " + i);
        }
      }
      double sum = 0;
      double magnitude = 0;
      for (int slot = 0; slot < all.length; slot++) {
        sum += indices[slot] == indices[0] ? all[slot] : 0;
        magnitude += indices[slot] == indices[0] ? Math.abs(all[slot]) : 0;
      }
      double bound = Verification.roundingBound(codes.rows(), magnitude);
      float found = gradients.bias().download()[indices[0]];
      Verification.near(sum, found, bound, "gradient of bias " + indices[0]);
    }
  }

  /** A tape in which about every second atom comes again. */
  @State(Scope.Benchmark)
  public static class Tape {
    /** Rows x steps. */
    @Param("4096x32")
    public String shape;

    private Backend backend;
    private PursuitTape tape;
    private FixedWidthCodes merged;

    /** Makes the tape. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxsteps");
      this.backend = backend.get();
      tape = this.backend.pursuitTape(sizes[0], sizes[1]);
      BenchmarkData.repeatedAtoms(tape, sizes[1]);
      merged = this.backend.fixedWidthCodes(sizes[0], sizes[1]);
    }

    /** Fails if the last result is wrong. */
    @TearDown
    public void verify() {
      int[] indices = tape.indices().download();
      float[] values = tape.values().download();
      int[] foundIndices = merged.indices().download();
      float[] foundValues = merged.values().download();
      int[] counts = merged.counts().download();
      for (int row : Verification.rowsOf(tape.rows())) {
        Map<Integer, Double> sums = new TreeMap<>();
        double magnitude = 0;
        for (int slot = row * tape.k(); slot < (row + 1) * tape.k(); slot++) {
          sums.merge(indices[slot], (double) values[slot], Double::sum);
          magnitude += Math.abs(values[slot]);
        }
        Verification.near(sums.size(), counts[row], 0, "atoms of row " + row);
        double bound = Verification.roundingBound(tape.k(), magnitude);
        int slot = row * tape.k();
        for (Map.Entry<Integer, Double> entry : sums.entrySet()) {
          Verification.near(entry.getKey(), foundIndices[slot], 0, "atom in slot " + slot);
          Verification.near(entry.getValue(), foundValues[slot], bound, "value in slot " + slot);
          slot++;
        }
      }
    }
  }

  /**
   * {@link org.pursuit.kernel.SparseAlgebra#decode(org.pursuit.data.SlottedCodes, Matrix, Floats,
   * Matrix)}.
   */
  @Benchmark
  public Matrix decode(Operands o) {
    o.backend.sparseAlgebra().decode(o.codes, o.atoms, null, o.rows);
    o.backend.synchronize();
    o.decoded = true;
    return o.rows;
  }

  /**
   * {@link org.pursuit.kernel.SparseAlgebra#sampledDot(Matrix, Matrix,
   * org.pursuit.data.SlottedCodes, Floats)}.
   */
  @Benchmark
  public Floats sampledDot(Operands o) {
    o.backend.sparseAlgebra().sampledDot(o.rows, o.atoms, o.codes, o.dots);
    o.backend.synchronize();
    o.dotted = true;
    return o.dots;
  }

  /**
   * {@link org.pursuit.kernel.SparseAlgebra#decodeBackward(org.pursuit.data.SlottedCodes, Matrix,
   * Matrix, Write, DecodeGradients)}: the gradients of values, of all atoms and of the bias.
   */
  @Benchmark
  public DecodeGradients decodeBackward(Backward o) {
    o.backend.sparseAlgebra().decodeBackward(o.codes, o.atoms, o.g, Write.OVERWRITE, o.gradients);
    o.backend.synchronize();
    return o.gradients;
  }

  /**
   * {@link org.pursuit.kernel.SparseAlgebra#encodeBackward(org.pursuit.data.SlottedCodes, Floats,
   * Matrix, Matrix, Write, EncodeGradients)}: the gradients of all weights, of bias and rows.
   */
  @Benchmark
  public EncodeGradients encodeBackward(EncoderBackward o) {
    o.backend
        .sparseAlgebra()
        .encodeBackward(o.codes, o.slopes, o.x, o.weights, Write.OVERWRITE, o.gradients);
    o.backend.synchronize();
    return o.gradients;
  }

  /** {@link org.pursuit.kernel.SparseAlgebra#coalesce}. */
  @Benchmark
  public FixedWidthCodes coalesce(Tape o) {
    o.backend.sparseAlgebra().coalesce(o.tape, o.merged);
    o.backend.synchronize();
    return o.merged;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    String shape = parameter.apply("shape");
    if (kernel.equals("coalesce")) {
      int[] sizes = Shapes.parse(shape, "rowsxsteps");
      return coalesce(sizes[0], sizes[1]);
    }
    int[] sizes = Shapes.parse(shape, "rowsxkxnxd");
    DType dtype = DType.valueOf(parameter.apply("dtype"));
    return switch (kernel) {
      case "decode" -> decode(sizes[0], sizes[1], sizes[2], sizes[3], dtype);
      case "sampledDot" -> sampledDot(sizes[0], sizes[1], sizes[2], sizes[3], dtype);
      case "decodeBackward" -> decodeBackward(sizes[0], sizes[1], sizes[2], sizes[3], dtype);
      case "encodeBackward" -> encodeBackward(sizes[0], sizes[1], sizes[2], sizes[3], dtype);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** Codes and an atom for each entry are read, and the rows are written. */
  static Work decode(long rows, long k, long n, long d, DType dtype) {
    long bytes = Work.codes(rows, k) + dtype.bytes() * rows * k * d + Work.words(rows * d);
    return new Work(bytes, 2 * rows * k * d, footprint(rows, k, n, d, dtype));
  }

  /**
   * Indices, counts, the rows and an atom for each entry are read, and the products are written.
   */
  static Work sampledDot(long rows, long k, long n, long d, DType dtype) {
    return decode(rows, k, n, d, dtype); // as many bytes, in the other direction
  }

  /**
   * Codes, a row of the gradient for each entry and each atom in use are read; the products and all
   * atoms' gradients are written. Each entry takes part in two products and the rows in a sum.
   */
  static Work decodeBackward(long rows, long k, long n, long d, DType dtype) {
    long atoms = dtype.bytes() * Math.min(n, rows * k) * d;
    long gradient = dtype.bytes() * n * d;
    long fixed = Work.codes(rows, k) + Work.words(rows * k + d) + atoms + gradient;
    long bytes = fixed + Work.words(rows * k * d + rows * d);
    return new Work(bytes, 4 * rows * k * d + rows * d, fixed + Work.words(rows * d));
  }

  /**
   * Codes' indices with their gradients, and for each entry its row and its weights are read; the
   * gradients of all weights, of bias and rows are written.
   */
  static Work encodeBackward(long rows, long k, long n, long d, DType dtype) {
    long fixed = Work.codes(rows, k) + Work.words(n + rows * d) + dtype.bytes() * n * d;
    long bytes = fixed + (dtype.bytes() + Float.BYTES) * rows * k * d;
    long weights = dtype.bytes() * Math.min(n, rows * k) * d;
    return new Work(bytes, 4 * rows * k * d + rows * k, fixed + Work.words(rows * d) + weights);
  }

  private static long footprint(long rows, long k, long n, long d, DType dtype) {
    long atoms = dtype.bytes() * Math.min(n, rows * k) * d;
    return Work.codes(rows, k) + atoms + Work.words(rows * d);
  }

  /** The tape is read and the code is written; each value is added once. */
  static Work coalesce(long rows, long steps) {
    long bytes = 2 * Work.codes(rows, steps);
    return new Work(bytes, rows * steps, bytes);
  }
}
