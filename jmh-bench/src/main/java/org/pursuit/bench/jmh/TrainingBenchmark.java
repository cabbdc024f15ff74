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
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Adam;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/** Dense steps. */
public class TrainingBenchmark extends KernelBenchmark {
  private static final float ALPHA = 0.9f;
  private static final float BETA = 0.1f;
  private static final Gate GATE = Gate.jumpRelu(0.5f);
  private static final float THRESHOLD = 0.25f;
  private static final Gaussian GAUSSIAN = Gaussian.noise(1, 2);
  private static final Adam ADAM = Adam.learningRate(1e-3f);

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

  /** What a training step works on. */
  @State(Scope.Benchmark)
  public static class Step {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Training training;
    private Matrix x;
    private Matrix out;
    private Matrix m;
    private Matrix v;
    private Floats columns;
    private Floats threshold;
    private Floats gradient;
    private Ints reversed;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      this.backend = backend.get();
      training = this.backend.training();
      x =
          this.backend.upload(
              BenchmarkData.normal("x", (long) sizes[0] * sizes[1]), sizes[0], sizes[1]);
      out = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      m = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      v = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      columns = this.backend.floats(sizes[1]);
      threshold = this.backend.upload(new float[] {THRESHOLD});
      gradient = this.backend.floats(1);
      int[] rows = new int[sizes[0]];
      for (int b = 0; b < rows.length; b++) {
        rows[b] = rows.length - 1 - b;
      }
      reversed = this.backend.upload(rows);
      verify();
    }

    private void verify() {
      double[] sums = new double[x.columns()];
      double[] magnitudes = new double[x.columns()];
      for (int b = 0; b < x.rows(); b++) {
        float[] row = x.rows(b, b + 1).download();
        for (int i = 0; i < row.length; i++) {
          sums[i] += row[i];
          magnitudes[i] += Math.abs(row[i]);
        }
      }
      training.columnSums(x, 1, Write.OVERWRITE, columns);
      float[] found = columns.download();
      for (int i = 0; i < found.length; i++) {
        double bound = Verification.roundingBound(x.rows(), magnitudes[i]);
        Verification.near(sums[i], found[i], bound, "column " + i);
      }
      training.adam(ADAM, 1, x, null, m, v, out);
      training.gatherRows(out, reversed, m);
      for (int row : Verification.rowsOf(x.rows())) {
        float[] gradient = x.rows(row, row + 1).download();
        float[] moved = out.rows(row, row + 1).download();
        for (int i = 0; i < moved.length; i++) {
          // The first step of Adam is the learning rate against the gradient's sign.
          double expected = -ADAM.learningRate() * gradient[i] / (Math.abs(gradient[i]) + 1e-8);
          Verification.near(expected, moved[i], 1e-5 * ADAM.learningRate(), "parameter " + i);
        }
        int last = x.rows() - row;
        float[] gathered = m.rows(last - 1, last).download();
        Verification.require(Arrays.equals(gathered, moved), "row " + row + " gathered");
      }
      training.gate(x, GATE, threshold, out);
      for (int row : Verification.rowsOf(x.rows())) {
        float[] a = x.rows(row, row + 1).download();
        float[] gated = out.rows(row, row + 1).download();
        for (int i = 0; i < a.length; i++) {
          Verification.require(gated[i] == (a[i] > THRESHOLD ? a[i] : 0), "gate of " + a[i]);
        }
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

  /** {@link Training#columnSums}. */
  @Benchmark
  public Floats columnSums(Step o) {
    o.training.columnSums(o.x, 1, Write.OVERWRITE, o.columns);
    o.backend.synchronize();
    return o.columns;
  }

  /** {@link Training#gatherRows}. */
  @Benchmark
  public Matrix gatherRows(Step o) {
    o.training.gatherRows(o.x, o.reversed, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#gate}. */
  @Benchmark
  public Matrix gate(Step o) {
    o.training.gate(o.x, GATE, o.threshold, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#gateBackward}. */
  @Benchmark
  public Matrix gateBackward(Step o) {
    o.training.gateBackward(o.x, GATE, o.threshold, o.m, Write.OVERWRITE, o.out, o.gradient);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#sample}. */
  @Benchmark
  public Matrix sample(Step o) {
    o.training.sample(o.x, o.x, GAUSSIAN, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** {@link Training#adam}. */
  @Benchmark
  public Matrix adam(Step o) {
    o.training.adam(ADAM, 2, o.x, null, o.m, o.v, o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    if (kernel.equals("multiply")) {
      int[] sizes = Shapes.parse(parameter.apply("product"), "mxnxk");
      return multiply(sizes[0], sizes[1], sizes[2]);
    }
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long elements = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "axpby" -> elementwise(elements, 3, 3, 2);
      case "columnSums" -> elementwise(elements, 1, 1, 1);
      case "gatherRows", "gate", "sample" -> elementwise(elements, 2, 0, 2);
      case "gateBackward" -> elementwise(elements, 3, 0, 3);
      case "adam" -> elementwise(elements, 7, 14, 4);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /**
   * The work on matrices of equal size.
   *
   * @param moved how many are read or written
   * @param flops an element
   * @param touched how many there are
   */
  private static Work elementwise(long elements, int moved, int flops, int touched) {
    return new Work(Work.words(moved * elements), flops * elements, Work.words(touched * elements));
  }

  private static Work multiply(long m, long n, long k) {
    long bytes = Work.words(m * k + k * n + m * n);
    return new Work(bytes, 2 * m * n * k, bytes);
  }
}
