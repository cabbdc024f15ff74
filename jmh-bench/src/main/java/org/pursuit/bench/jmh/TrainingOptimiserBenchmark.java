package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Adam;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/** What an optimiser does with a gradient. */
public class TrainingOptimiserBenchmark extends KernelBenchmark {
  private static final Adam ADAM = Adam.learningRate(1e-3f);
  private static final float MAX_NORM = 1;

  /** Every so manyeth row of the gradient is active: atoms that a batch makes use of. */
  private static final int ACTIVE = 4;

  /** A dictionary's parameters, their moments and gradient. */
  @State(Scope.Benchmark)
  public static class Step {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Training training;
    private Matrix gradient;
    private RowSparseMatrix active;
    private Matrix m;
    private Matrix v;
    private Matrix parameters;
    private Floats sumOfSquares;
    private Floats factor;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      long size = (long) sizes[0] * sizes[1];
      this.backend = backend.get();
      training = this.backend.training();
      gradient = this.backend.upload(BenchmarkData.normal("g", size), sizes[0], sizes[1]);
      active = BenchmarkData.activeRows(this.backend, gradient, ACTIVE);
      m = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      v = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      parameters = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      sumOfSquares = this.backend.floats(1);
      factor = this.backend.floats(1);
      verifyClip();
      training.adam(ADAM, 1, active, null, m, v, parameters);
      verifyFirstStep(ACTIVE);
      for (Matrix moved : new Matrix[] {m, v, parameters}) {
        training.axpby(0, gradient, 0, moved);
      }
      training.adam(ADAM, 1, gradient, null, m, v, parameters);
      verifyFirstStep(1);
    }

    private void verifyClip() {
      training.sumOfSquares(gradient, Write.OVERWRITE, sumOfSquares);
      training.clipFactor(sumOfSquares, MAX_NORM, null, factor);
      training.scale(factor, gradient, parameters);
      double sum = 0;
      for (int b = 0; b < gradient.rows(); b++) {
        float[] row = gradient.rows(b, b + 1).download();
        sum += Verification.dot(row, 0, row, 0, row.length);
      }
      Verification.near(sum, sumOfSquares.download()[0], 1e-5 * sum, "sum of squares");
      double clip = Math.min(1, MAX_NORM / (Math.sqrt(sum) + 1e-6));
      Verification.near(clip, factor.download()[0], 1e-5 * clip, "factor");
      for (int row : Verification.rowsOf(gradient.rows())) {
        float[] whole = gradient.rows(row, row + 1).download();
        float[] scaled = parameters.rows(row, row + 1).download();
        for (int i = 0; i < whole.length; i++) {
          double expected = clip * whole[i];
          Verification.near(expected, scaled[i], 2e-5 * Math.abs(expected), "scaled " + i);
        }
      }
      training.axpby(0, gradient, 0, parameters);
    }

    /** The first step of Adam is the learning rate against the gradient's sign. */
    private void verifyFirstStep(int every) {
      for (int row : Verification.rowsOf(gradient.rows())) {
        float[] slope = gradient.rows(row, row + 1).download();
        float[] moved = parameters.rows(row, row + 1).download();
        for (int i = 0; i < moved.length; i++) {
          double full = -ADAM.learningRate() * slope[i] / (Math.abs(slope[i]) + 1e-8);
          double expected = row % every == 0 ? full : 0;
          Verification.near(expected, moved[i], 1e-5 * ADAM.learningRate(), "parameter " + i);
        }
      }
    }
  }

  /** {@link Training#sumOfSquares(Matrix, Write, Floats)}. */
  @Benchmark
  public Floats sumOfSquares(Step o) {
    o.training.sumOfSquares(o.gradient, Write.OVERWRITE, o.sumOfSquares);
    o.backend.synchronize();
    return o.sumOfSquares;
  }

  /** {@link Training#clipFactor} of one gradient's sum of squares, which is taken first. */
  @Benchmark
  public Floats clipFactor(Step o) {
    o.training.sumOfSquares(o.gradient, Write.OVERWRITE, o.sumOfSquares);
    o.training.clipFactor(o.sumOfSquares, MAX_NORM, null, o.factor);
    o.backend.synchronize();
    return o.factor;
  }

  /** {@link Training#scale}. */
  @Benchmark
  public Matrix scale(Step o) {
    o.training.scale(o.factor, o.gradient, o.parameters);
    o.backend.synchronize();
    return o.parameters;
  }

  /** {@link Training#adam(Adam, long, Matrix, Floats, Matrix, Matrix, Matrix)}. */
  @Benchmark
  public Matrix adam(Step o) {
    o.training.adam(ADAM, 2, o.gradient, null, o.m, o.v, o.parameters);
    o.backend.synchronize();
    return o.parameters;
  }

  /** {@link Training#adam(Adam, long, RowSparseMatrix, Floats, Matrix, Matrix, Matrix)}. */
  @Benchmark
  public Matrix adamOfActiveRows(Step o) {
    o.training.adam(ADAM, 2, o.active, null, o.m, o.v, o.parameters);
    o.backend.synchronize();
    return o.parameters;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long elements = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "sumOfSquares" -> Work.once(elements + 1, 2 * elements);
      case "clipFactor" -> Work.once(elements + 2, 2 * elements);
      case "scale" -> Work.elementwise(elements, 2, 2, 1);
      case "adam" -> adam(elements);
      case "adamOfActiveRows" -> {
        long active = BenchmarkData.activeRows(sizes[0], ACTIVE);
        Work rows = adam(active * sizes[1]);
        long ids = Work.words(active + 1);
        yield new Work(rows.bytes() + ids, rows.flops(), rows.footprint() + ids);
      }
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** The gradient is read; both moments and the parameters are read and written. */
  private static Work adam(long elements) {
    return Work.elementwise(elements, 7, 4, 14);
  }
}
