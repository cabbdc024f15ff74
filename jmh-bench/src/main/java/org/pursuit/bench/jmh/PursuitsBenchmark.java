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
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Write;

/** Matching pursuit by residual products and with a Gram, its gradients, and the Gram itself. */
public class PursuitsBenchmark extends KernelBenchmark {
  /** Rows and a dictionary. */
  @State(Scope.Benchmark)
  public static class Operands {
    /** Rows x dimension x atoms. */
    @Param({"64x384x4096", "256x768x16384"})
    public String shape;

    /** Steps of each row; none ends early. */
    @Param({"8", "32"})
    public int steps;

    /** The least precision of the factors of dense products that the caller accepts. */
    @Param("FLOAT32")
    public Precision precision;

    private Backend backend;
    private Matrix x;
    private Matrix atoms;
    private double gramRoundoff;

    /** Makes the operands. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxdxn");
      int rows = sizes[0];
      int d = sizes[1];
      int n = sizes[2];
      this.backend = backend.get();
      x = this.backend.upload(BenchmarkData.normal("x", (long) rows * d), rows, d);
      atoms = this.backend.upload(BenchmarkData.atoms(n, d), n, d);
    }
  }

  /** What a matching pursuit writes. */
  @State(Scope.Benchmark)
  public static class Pursued {
    private Operands operands;
    private MatchingPursuit options;
    private PursuitTape tape;
    private Matrix residual;

    /** Makes the outputs. */
    @Setup
    public void make(Operands o) {
      operands = o;
      options = MatchingPursuit.steps(o.steps).precision(o.precision);
      tape = o.backend.pursuitTape(o.x.rows(), o.steps);
      residual = o.backend.matrix(o.x.rows(), o.x.columns(), DType.F32);
    }

    /**
     * Fails if a step of the last pursuit was not the best up to rounding, or is not subtracted.
     */
    @TearDown
    public void verify() {
      int[] picks = tape.indices().download();
      float[] coefficients = tape.values().download();
      int[] counts = tape.counts().download();
      float[] dictionary = operands.atoms.download();
      for (int row : Verification.rowsOf(tape.rows())) {
        Verification.near(options.steps(), counts[row], 0, "steps of row " + row);
        verifyRow(row, picks, coefficients, dictionary);
      }
    }

    private void verifyRow(int row, int[] picks, float[] coefficients, float[] dictionary) {
      float[] rest = operands.x.rows(row, row + 1).download();
      int steps = options.steps();
      int d = rest.length;
      // A Gram's row is rounded in every product, and subtracted in every step.
      double norm = Verification.norm(rest, 0, d);
      double rounding = Verification.roundingBound(d, (steps + 1) * norm);
      double bound = rounding + Verification.factorBound(operands.precision) * norm;
      for (int slot = row * steps; slot < (row + 1) * steps; slot++) {
        double best = 0;
        for (int j = 0; j < operands.atoms.rows(); j++) {
          best = Math.max(best, Math.abs(Verification.dot(rest, 0, dictionary, j * d, d)));
        }
        int at = picks[slot] * d;
        double product = Verification.dot(rest, 0, dictionary, at, d);
        Verification.near(best, Math.abs(product), 2 * bound, "correlation of slot " + slot);
        Verification.near(product, coefficients[slot], 2 * bound, "coefficient of slot " + slot);
        for (int i = 0; i < d; i++) {
          rest[i] -= coefficients[slot] * dictionary[at + i];
        }
        bound += operands.gramRoundoff * Math.abs(coefficients[slot]);
      }
      float[] found = residual.rows(row, row + 1).download();
      for (int i = 0; i < d; i++) {
        Verification.near(rest[i], found[i], rounding, "residual " + row + ", " + i);
      }
    }
  }

  /** The Gram of the operands' dictionary. */
  @State(Scope.Benchmark)
  public static class Products {
    /** Format of the products. */
    @Param("F32")
    public DType format;

    private Gram gram;

    /** Computes the products. */
    @Setup
    public void compute(Operands operands) {
      gram = operands.backend.gram(operands.atoms.rows(), format);
      operands.gramRoundoff = Verification.storageBound(format);
      operands.backend.pursuits().gram(operands.atoms, gram);
    }
  }

  /** What an orthogonal pursuit writes. */
  @State(Scope.Benchmark)
  public static class Fitted {
    private Operands operands;
    private OrthogonalPursuit options;
    private FixedWidthCodes codes;
    private Matrix residual;

    /** Makes the outputs. */
    @Setup
    public void make(Operands o) {
      operands = o;
      options = OrthogonalPursuit.steps(o.steps);
      codes = o.backend.fixedWidthCodes(o.x.rows(), o.steps);
      residual = o.backend.matrix(o.x.rows(), o.x.columns(), DType.F32);
    }

    /** Fails unless the residual is what the codes leave, orthogonal to every atom of a row. */
    @TearDown
    public void verify() {
      int[] picks = codes.indices().download();
      float[] values = codes.values().download();
      float[] dictionary = operands.atoms.download();
      int d = operands.x.columns();
      for (int row : Verification.rowsOf(codes.rows())) {
        float[] whole = operands.x.rows(row, row + 1).download();
        float[] left = residual.rows(row, row + 1).download();
        double norm = Verification.norm(whole, 0, d);
        double bound = 10 * Verification.roundingBound(d, options.steps() * norm);
        float[] rest = whole.clone();
        for (int slot = row * options.steps(); slot < (row + 1) * options.steps(); slot++) {
          for (int i = 0; i < d; i++) {
            rest[i] -= values[slot] * dictionary[picks[slot] * d + i];
          }
          double along = Verification.dot(left, 0, dictionary, picks[slot] * d, d);
          Verification.near(0, along, bound, "residual along slot " + slot);
        }
        for (int i = 0; i < d; i++) {
          Verification.near(rest[i], left[i], bound, "residual " + row + ", " + i);
        }
        double share = Verification.norm(left, 0, d) / norm;
        Verification.require(share < 1, "row " + row + " is left as it was");
      }
    }
  }

  /** What a gradient pursuit writes. */
  @State(Scope.Benchmark)
  public static class Moved {
    private Operands operands;
    private GradientPursuit options;
    private FixedWidthCodes codes;
    private Matrix residual;

    /** Makes the outputs. */
    @Setup
    public void make(Operands o) {
      operands = o;
      options = GradientPursuit.steps(o.steps);
      codes = o.backend.fixedWidthCodes(o.x.rows(), o.steps);
      residual = o.backend.matrix(o.x.rows(), o.x.columns(), DType.F32);
    }

    /** Fails unless the residual is what the codes leave, and less than the row. */
    @TearDown
    public void verify() {
      int[] picks = codes.indices().download();
      float[] values = codes.values().download();
      int[] counts = codes.counts().download();
      float[] dictionary = operands.atoms.download();
      int d = operands.x.columns();
      for (int row : Verification.rowsOf(codes.rows())) {
        float[] rest = operands.x.rows(row, row + 1).download();
        float[] left = residual.rows(row, row + 1).download();
        double norm = Verification.norm(rest, 0, d);
        double bound = Verification.roundingBound(d, options.steps() * norm);
        int base = row * options.steps();
        for (int slot = base; slot < base + counts[row]; slot++) {
          for (int i = 0; i < d; i++) {
            rest[i] -= values[slot] * dictionary[picks[slot] * d + i];
          }
        }
        for (int i = 0; i < d; i++) {
          Verification.near(rest[i], left[i], bound, "residual " + row + ", " + i);
        }
        // The first step alone takes the part along the best atom.
        Verification.require(
            Verification.norm(left, 0, d) < norm, "row " + row + " is left as it was");
      }
    }
  }

  /** Gradients of the operands' pursuit. */
  @State(Scope.Benchmark)
  public static class Gradients {
    private Pursued pursued;
    private Matrix gResidual;
    private PursuitGradients out;

    /** Takes the pursuit. */
    @Setup
    public void pursue(Operands o, Pursued p) {
      int rows = o.x.rows();
      int d = o.x.columns();
      pursued = p;
      o.backend.pursuits().matchingPursuit(o.x, o.atoms, p.options, p.tape, p.residual);
      gResidual = o.backend.upload(BenchmarkData.normal("g", (long) rows * d), rows, d);
      out =
          PursuitGradients.ofAtoms(o.backend.matrix(o.atoms.rows(), d, DType.F32))
              .x(o.backend.matrix(rows, d, DType.F32), Write.OVERWRITE);
    }

    /** Fails if the rows' gradients are wrong, or the sum over all elements of the atoms'. */
    @TearDown
    public void verify() {
      int d = gResidual.columns();
      int steps = pursued.options.steps();
      int[] picks = pursued.tape.indices().download();
      float[] coefficients = pursued.tape.values().download();
      float[] dictionary = pursued.operands.atoms.download();
      float[] left = pursued.residual.download();
      float[] given = gResidual.download();
      float[] ofX = out.x().download();
      double sum = 0;
      double magnitude = 0;
      double[] r = new double[d];
      double[] g = new double[d];
      for (int row = 0; row < gResidual.rows(); row++) {
        for (int i = 0; i < d; i++) {
          r[i] = left[row * d + i];
          g[i] = given[row * d + i];
        }
        for (int slot = (row + 1) * steps - 1; slot >= row * steps; slot--) {
          int atom = picks[slot] * d;
          double c = coefficients[slot];
          double product = 0;
          for (int i = 0; i < d; i++) {
            product += g[i] * dictionary[atom + i];
          }
          double s = -product / Verification.dot(dictionary, atom, dictionary, atom, d);
          for (int i = 0; i < d; i++) {
            double added = s * (r[i] - c * dictionary[atom + i]) - c * g[i];
            sum += added;
            magnitude += Math.abs(added);
            r[i] += c * dictionary[atom + i];
            g[i] += s * dictionary[atom + i];
          }
        }
        double bound = 2e-5 * Verification.norm(given, row * d, d);
        for (int i = 0; i < d; i++) {
          Verification.near(g[i], ofX[row * d + i], bound, "gradient of row " + row + ", " + i);
        }
      }
      double found = 0;
      for (float element : out.atoms().download()) {
        found += element;
      }
      Verification.near(sum, found, 2e-5 * magnitude, "sum of the atoms' gradients");
    }
  }

  /** Matching pursuit that multiplies the residuals with all atoms at each step. */
  @Benchmark
  public PursuitTape matchingPursuit(Operands o, Pursued p) {
    o.backend.pursuits().matchingPursuit(o.x, o.atoms, p.options, p.tape, p.residual);
    o.backend.synchronize();
    return p.tape;
  }

  /** Matching pursuit that updates the correlations with a row of the Gram at each step. */
  @Benchmark
  public PursuitTape matchingPursuitGram(Operands o, Products g, Pursued p) {
    o.backend.pursuits().matchingPursuit(o.x, o.atoms, g.gram, p.options, p.tape, p.residual);
    o.backend.synchronize();
    return p.tape;
  }

  /** {@link org.pursuit.kernel.Pursuits#orthogonalMatchingPursuit}. */
  @Benchmark
  public FixedWidthCodes orthogonalMatchingPursuit(Operands o, Products p, Fitted f) {
    o.backend
        .pursuits()
        .orthogonalMatchingPursuit(o.x, o.atoms, p.gram, f.options, f.codes, f.residual);
    o.backend.synchronize();
    return f.codes;
  }

  /** Orthogonal matching pursuit that multiplies the residuals with all atoms at each step. */
  @Benchmark
  public FixedWidthCodes orthogonalMatchingPursuitByProducts(Operands o, Fitted f) {
    o.backend.pursuits().orthogonalMatchingPursuit(o.x, o.atoms, f.options, f.codes, f.residual);
    o.backend.synchronize();
    return f.codes;
  }

  /** Gradient pursuit that multiplies the residuals with all atoms at each step. */
  @Benchmark
  public FixedWidthCodes gradientPursuitByProducts(Operands o, Moved m) {
    o.backend.pursuits().gradientPursuit(o.x, o.atoms, m.options, m.codes, m.residual);
    o.backend.synchronize();
    return m.codes;
  }

  /** {@link org.pursuit.kernel.Pursuits#gradientPursuit}. */
  @Benchmark
  public FixedWidthCodes gradientPursuit(Operands o, Products p, Moved m) {
    o.backend.pursuits().gradientPursuit(o.x, o.atoms, p.gram, m.options, m.codes, m.residual);
    o.backend.synchronize();
    return m.codes;
  }

  /** {@link org.pursuit.kernel.Pursuits#matchingPursuitBackward}. */
  @Benchmark
  public Matrix matchingPursuitBackward(Operands o, Pursued p, Gradients g) {
    o.backend
        .pursuits()
        .matchingPursuitBackward(p.tape, p.residual, o.atoms, p.options, g.gResidual, null, g.out);
    o.backend.synchronize();
    return g.out.atoms();
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    String shape = parameter.apply("shape");
    int[] sizes = Shapes.parse(shape, "rowsxdxn");
    int steps = Integer.parseInt(parameter.apply("steps"));
    return switch (kernel) {
      case "matchingPursuit" -> matchingPursuit(sizes[0], sizes[1], sizes[2], steps);
      case "matchingPursuitGram" ->
          matchingPursuitGram(
              sizes[0], sizes[1], sizes[2], steps, DType.valueOf(parameter.apply("format")));
      case "orthogonalMatchingPursuit", "gradientPursuit" ->
          fittedPursuit(sizes[0], sizes[1], sizes[2], steps);
      case "orthogonalMatchingPursuitByProducts", "gradientPursuitByProducts" ->
          fittedPursuitByProducts(sizes[0], sizes[1], sizes[2], steps);
      case "matchingPursuitBackward" ->
          matchingPursuitBackward(sizes[0], sizes[1], sizes[2], steps);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /**
   * Each step reads all atoms once, whatever the number of rows, multiplies them with the
   * residuals, and updates those.
   */
  static Work matchingPursuit(long rows, long d, long n, long steps) {
    long operands = operands(rows, d, n, steps);
    return new Work(
        operands + (steps - 1) * Work.words(n * d),
        steps * (2 * rows * d * n + 2 * rows * d),
        operands);
  }

  /**
   * One product of all rows with all atoms; each later step of a row reads one row of the Gram,
   * subtracts it from the correlations, which stay in cache, and weighs them.
   */
  static Work matchingPursuitGram(long rows, long d, long n, long steps, DType format) {
    long operands = operands(rows, d, n, steps);
    return new Work(
        operands + rows * (steps - 1) * n * format.bytes(),
        2 * rows * d * n + steps * 2 * rows * d + rows * ((steps - 1) * 3 * n + n),
        operands + n * n * format.bytes());
  }

  /**
   * One product of all rows with all atoms; step t of a row reads t rows of the Gram and weighs
   * what they leave of the correlations.
   */
  static Work fittedPursuit(long rows, long d, long n, long steps) {
    long operands = operands(rows, d, n, steps);
    long sums = rows * (steps * (steps - 1) / 2) * n;
    return new Work(
        operands + Work.words(sums),
        2 * rows * d * n + 2 * sums + rows * steps * n + 2 * rows * steps * d,
        operands + Work.words(n * n));
  }

  /**
   * Each step reads all atoms once, whatever the number of rows, and multiplies them with the
   * residuals; step t of a row multiplies t atoms with one more row, and subtracts them.
   */
  static Work fittedPursuitByProducts(long rows, long d, long n, long steps) {
    long operands = operands(rows, d, n, steps);
    return new Work(
        operands + (steps - 1) * Work.words(n * d),
        steps * 2 * rows * d * n + 4 * rows * d * (steps * (steps + 1) / 2),
        operands);
  }

  /**
   * Every step reads its atom; rows of residuals and gradients are read and written once, and so is
   * every atom's gradient, picked or not. A step takes two products with its atom, four fused steps
   * and a product to its contribution and to the next step, and a sum.
   */
  static Work matchingPursuitBackward(long rows, long d, long n, long steps) {
    long codes = Work.codes(rows, steps);
    long once = codes + Work.words(3 * rows * d + n * d);
    return new Work(
        once + Work.words(rows * steps * d), 14 * rows * steps * d, once + Work.words(n * d));
  }

  /** Rows, atoms, residuals and tape. */
  private static long operands(long rows, long d, long n, long steps) {
    return Work.words(2 * rows * d + n * d) + Work.codes(rows, steps);
  }
}
