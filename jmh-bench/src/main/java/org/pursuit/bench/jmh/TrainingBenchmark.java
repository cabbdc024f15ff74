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
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/** Dense steps: sums, products, systems and gates. */
public class TrainingBenchmark extends KernelBenchmark {
  private static final float ALPHA = 0.9f;
  private static final float BETA = 0.1f;
  private static final Gate GATE = Gate.jumpRelu(0.5f);
  private static final float THRESHOLD = 0.25f;

  /** Dense matrices. */
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

  /** Pre-activations, a threshold, and their gradients. */
  @State(Scope.Benchmark)
  public static class Gated {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Training training;
    private Matrix x;
    private Matrix g;
    private Matrix out;
    private Floats columns;
    private Floats threshold;
    private Floats gradient;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      long size = (long) sizes[0] * sizes[1];
      this.backend = backend.get();
      training = this.backend.training();
      x = this.backend.upload(BenchmarkData.normal("x", size), sizes[0], sizes[1]);
      g = this.backend.upload(BenchmarkData.normal("g", size), sizes[0], sizes[1]);
      out = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      columns = this.backend.floats(sizes[1]);
      threshold = this.backend.upload(new float[] {THRESHOLD});
      gradient = this.backend.floats(1);
      training.columnSums(x, 1, Write.OVERWRITE, columns);
      training.gateBackward(x, GATE, threshold, g, Write.OVERWRITE, out, gradient);
      verifySums();
      verifyRows(g, "gradient");
      training.gate(x, GATE, threshold, out);
      verifyRows(x, "gate");
    }

    private void verifySums() {
      double[] sums = new double[x.columns()];
      double[] magnitudes = new double[x.columns()];
      double slope = 0;
      double size = 0;
      for (int b = 0; b < x.rows(); b++) {
        float[] row = x.rows(b, b + 1).download();
        float[] slopes = g.rows(b, b + 1).download();
        for (int i = 0; i < row.length; i++) {
          sums[i] += row[i];
          magnitudes[i] += Math.abs(row[i]);
          if (Math.abs(row[i] - THRESHOLD) < GATE.bandwidth() / 2) {
            slope -= slopes[i] * THRESHOLD / GATE.bandwidth();
            size += Math.abs(slopes[i]) * THRESHOLD / GATE.bandwidth();
          }
        }
      }
      float[] found = columns.download();
      for (int i = 0; i < found.length; i++) {
        double bound = Verification.roundingBound(x.rows(), magnitudes[i]);
        Verification.near(sums[i], found[i], bound, "column " + i);
      }
      Verification.near(slope, gradient.download()[0], 1e-5 * size, "gradient of the threshold");
    }

    /** The output holds what is given where x lies above the threshold, and zeros elsewhere. */
    private void verifyRows(Matrix given, String what) {
      for (int row : Verification.rowsOf(x.rows())) {
        float[] a = x.rows(row, row + 1).download();
        float[] passing = given.rows(row, row + 1).download();
        float[] found = out.rows(row, row + 1).download();
        for (int i = 0; i < a.length; i++) {
          float expected = a[i] > THRESHOLD ? passing[i] : 0;
          Verification.require(found[i] == expected, what + " of " + a[i]);
        }
      }
    }
  }

  /** The logarithms of all latents' thresholds. */
  @State(Scope.Benchmark)
  public static class Logarithms {
    /** How many there are. */
    @Param("65536")
    public int latents;

    private Backend backend;
    private Floats logarithms;
    private Floats thresholds;

    /** Makes the operands, and fails if a result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      this.backend = backend.get();
      float[] x = BenchmarkData.normal("x", latents);
      logarithms = this.backend.upload(x);
      thresholds = this.backend.floats(latents);
      this.backend.training().exponentials(logarithms, thresholds);
      float[] found = thresholds.download();
      for (int i = 0; i < latents; i++) {
        double expected = Math.exp(x[i]);
        Verification.near(expected, found[i], 1e-6 * expected, "exponential of " + x[i]);
      }
    }
  }

  /** Factors of a dense product. */
  @State(Scope.Benchmark)
  public static class Factors {
    /** Rows of the product x its columns x the depth. */
    @Param({"2048x2048x1024"})
    public String product;

    private Backend backend;
    private Matrix a;
    private Matrix b;
    private Matrix c;

    /** Makes the operands: the left factor is taken transposed, as for a gradient of weights. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(product, "mxnxk");
      this.backend = backend.get();
      a =
          this.backend.upload(
              BenchmarkData.normal("a", (long) sizes[2] * sizes[0]), sizes[2], sizes[0]);
      b =
          this.backend.upload(
              BenchmarkData.normal("b", (long) sizes[2] * sizes[1]), sizes[2], sizes[1]);
      c = this.backend.matrix(sizes[0], sizes[1], DType.F32);
    }

    /** Fails if an element is wrong. */
    @TearDown
    public void verify() {
      int depth = a.rows();
      for (int row : Verification.rowsOf(c.rows())) {
        float[] left = a.columns(row, row + 1).download();
        float[] found = c.rows(row, row + 1).download();
        for (int column : Verification.rowsOf(c.columns())) {
          float[] right = b.columns(column, column + 1).download();
          double expected = Verification.dot(left, 0, right, 0, depth);
          double size = Verification.norm(left, 0, depth) * Verification.norm(right, 0, depth);
          Verification.near(
              expected,
              found[column],
              Verification.roundingBound(depth, size),
              "element " + row + ", " + column);
        }
      }
    }
  }

  /** The normal equations of linear probes. */
  @State(Scope.Benchmark)
  public static class Probes {
    private static final float RIDGE = 1;

    /** Dimension x probes. */
    @Param({"1024x32"})
    public String system;

    private Backend backend;
    private Matrix a;
    private Matrix b;
    private Matrix x;

    /** Makes the operands: the products of twice as many rows as there are columns. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(system, "nxm");
      int n = sizes[0];
      this.backend = backend.get();
      a = this.backend.matrix(n, n, DType.F32);
      try (Matrix rows = this.backend.upload(BenchmarkData.normal("x", 2L * n * n), 2 * n, n)) {
        this.backend.training().multiply(rows, rows, Multiply.plain().withTransposedA(), a);
      }
      b = this.backend.upload(BenchmarkData.normal("b", (long) n * sizes[1]), n, sizes[1]);
      x = this.backend.matrix(n, sizes[1], DType.F32);
      this.backend.training().solve(a, RIDGE, b, x);
      verify();
    }

    private void verify() {
      int n = a.rows();
      float[] products = a.download();
      float[] sought = b.download();
      float[] found = x.download();
      for (int row : Verification.rowsOf(n)) {
        for (int probe = 0; probe < b.columns(); probe++) {
          double sum = 0;
          double magnitude = 0;
          for (int j = 0; j < n; j++) {
            double element = products[Math.max(row, j) * n + Math.min(row, j)];
            double term = (element + (row == j ? RIDGE : 0)) * found[j * b.columns() + probe];
            sum += term;
            magnitude += Math.abs(term);
          }
          double bound = Verification.roundingBound(1, magnitude);
          double expected = sought[row * b.columns() + probe];
          Verification.near(expected, sum, bound, "equation " + row + " of probe " + probe);
        }
      }
    }
  }

  /** {@link Training#axpby}. */
  @Benchmark
  public Matrix axpby(Operands o) {
    o.backend.training().axpby(ALPHA, o.x, BETA, o.y);
    o.backend.synchronize();
    return o.y;
  }

  /** {@link Training#multiply}. */
  @Benchmark
  public Matrix multiply(Factors o) {
    o.backend.training().multiply(o.a, o.b, Multiply.plain().withTransposedA(), o.c);
    o.backend.synchronize();
    return o.c;
  }

  /** {@link Training#solve}. */
  @Benchmark
  public Matrix solve(Probes o) {
    o.backend.training().solve(o.a, Probes.RIDGE, o.b, o.x);
    o.backend.synchronize();
    return o.x;
  }

  /** {@link Training#columnSums}. */
  @Benchmark
  public Floats columnSums(Gated o) {
    o.training.columnSums(o.x, 1, Write.OVERWRITE, o.columns);
    o.backend.synchronize();
    return o.columns;
  }

  /** {@link Training#gate}. */
  @Benchmark
  public Matrix gate(Gated o) {
    o.training.gate(o.x, GATE, o.threshold, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#gateBackward}. */
  @Benchmark
  public Matrix gateBackward(Gated o) {
    o.training.gateBackward(o.x, GATE, o.threshold, o.g, Write.OVERWRITE, o.out, o.gradient);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#exponentials}. */
  @Benchmark
  public Floats exponentials(Logarithms o) {
    o.backend.training().exponentials(o.logarithms, o.thresholds);
    o.backend.synchronize();
    return o.thresholds;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    return switch (kernel) {
      case "multiply" -> {
        int[] sizes = Shapes.parse(parameter.apply("product"), "mxnxk");
        yield multiply(sizes[0], sizes[1], sizes[2]);
      }
      case "solve" -> {
        int[] sizes = Shapes.parse(parameter.apply("system"), "nxm");
        yield solve(sizes[0], sizes[1]);
      }
      case "exponentials" -> Work.once(2 * Long.parseLong(parameter.apply("latents")), 0);
      default -> ofMatrices(kernel, parameter);
    };
  }

  private static Work ofMatrices(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long elements = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "axpby" -> Work.elementwise(elements, 3, 2, 3);
      case "columnSums" -> Work.elementwise(elements, 1, 1, 1);
      case "gate" -> Work.elementwise(elements, 2, 2, 0);
      case "gateBackward" -> Work.elementwise(elements, 3, 3, 0);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  private static Work multiply(long m, long n, long k) {
    return Work.once(m * k + k * n + m * n, 2 * m * n * k);
  }

  /** The lower triangle is factorised; right sides are read, and solutions written. */
  private static Work solve(long n, long m) {
    return Work.once(n * (n + 1) / 2 + 2 * n * m, n * n * n / 3 + 2 * n * n * m);
  }
}
