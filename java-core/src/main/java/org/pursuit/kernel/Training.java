package org.pursuit.kernel;

import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.RowSparseMatrix;

/**
 * The dense steps around a training step's sparse ones. A vector, such as a bias, takes part as the
 * row of a matrix: {@link Floats#asRow()}.
 */
public abstract class Training extends KernelFamily {
  private final Check check;

  protected Training(Memory memory) {
    super(memory, "Training");
    this.check = new Check(memory);
  }

  /**
   * {@code y = α·x + β·y}, element by element, rounded to the format of y: with α = 1 and β = 0 a
   * copy between formats, with β = −1 an error to be decoded.
   *
   * @param x [rows, d]
   * @param beta 0 if y is not to be read: what it held, NaN included, is lost
   * @param y [rows, d]; may be x itself
   */
  public final void axpby(float alpha, Matrix x, float beta, Matrix y) {
    check.handle(x, "x");
    check.matrix(y, x.rows(), x.columns(), "y");
    Check.sameOrApart(y, "y", x, "x");
    KernelEvent event = begin();
    try {
      y.touch();
      axpbyKernel(alpha, x, beta, y);
    } finally {
      end(event, "axpby", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code y = factor·x}, element by element, with the factor on the device: what a {@link
   * #clipFactor} does to a gradient.
   *
   * @param factor [1]
   * @param x [rows, d]
   * @param y [rows, d]; may be x itself
   */
  public final void scale(Floats factor, Matrix x, Matrix y) {
    scalar(factor, "factor");
    check.handle(x, "x");
    check.matrix(y, x.rows(), x.columns(), "y");
    Check.sameOrApart(y, "y", x, "x");
    KernelEvent event = begin();
    try {
      y.touch();
      scaleKernel(factor, x, y);
    } finally {
      end(event, "scale", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out_i = exp(x_i)}, within a few units in the last place: thresholds of a {@link Gate}
   * whose logarithms are trained, as {@link Gate#withLogThreshold} gives the gradient of.
   *
   * @param x [n]
   * @param out [n]; may be x itself
   */
  public final void exponentials(Floats x, Floats out) {
    check.handle(x, "x");
    check.vector(out, x.length(), "out");
    KernelEvent event = begin();
    try {
      exponentialsKernel(x, out);
    } finally {
      end(event, "exponentials", 1, (int) Math.min(x.length(), Integer.MAX_VALUE), 0);
    }
  }

  /**
   * {@code C = α·op(A)·op(B) + β·C}, summed in float32.
   *
   * @param a [m, k], or [k, m] where it is taken transposed
   * @param b [k, n], or [n, k] where it is taken transposed
   * @param c [m, n]
   */
  public final void multiply(Matrix a, Matrix b, Multiply options, Matrix c) {
    check.handle(a, "a");
    check.handle(b, "b");
    Check.required(options, "options");
    int m = options.transposeA() ? a.columns() : a.rows();
    int depth = options.transposeA() ? a.rows() : a.columns();
    int n = options.transposeB() ? b.rows() : b.columns();
    int rows = options.transposeB() ? n : depth;
    check.matrix(b, rows, options.transposeB() ? depth : n, "b");
    check.matrix(c, m, n, "c");
    Check.apart(c, "c", a, "a");
    Check.apart(c, "c", b, "b");
    KernelEvent event = begin();
    try {
      c.touch();
      multiplyKernel(a, b, options, c);
    } finally {
      end(event, "multiply", m, n, depth);
    }
  }

  /**
   * Solves {@code (A + ridge·I)·X = B} for a symmetric positive definite matrix, by its factors
   * {@code L·D·Lᵀ} in double precision: the normal equations of a linear probe. For small n; the
   * work is {@code n³/3 + 2·n²·m} flops on few of a device's multiprocessors.
   *
   * <p>If a pivot is not above 0, {@link ArithmeticException} says so, at the next wait on a
   * device, and X is NaN.
   *
   * @param a [n, n], of which the lower triangle is read
   * @param ridge added to the diagonal, 0 or more
   * @param b [n, m]
   * @param x [n, m]; may be b itself
   */
  public final void solve(Matrix a, float ridge, Matrix b, Matrix x) {
    check.handle(a, "a");
    check.matrix(a, a.rows(), a.rows(), "a");
    if (!(ridge >= 0 && ridge < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "ridge: expected a finite number of 0 or more, found " + ridge);
    }
    check.handle(b, "b");
    check.matrix(b, a.rows(), b.columns(), "b");
    check.matrix(x, b.rows(), b.columns(), "x");
    Check.sameOrApart(x, "x", b, "b");
    Check.apart(x, "x", a, "a");
    KernelEvent event = begin();
    try {
      x.touch();
      solveKernel(a, ridge, b, x);
    } finally {
      end(event, "solve", a.rows(), b.columns(), 0);
    }
  }

  /** What {@link #solve} throws. */
  public static ArithmeticException notPositiveDefinite(int pivot) {
    return new ArithmeticException(
        "solve: a + ridge·I is not positive definite: pivot "
            + pivot
            + " is not above 0; a larger ridge makes it so");
  }

  /**
   * {@code out_i = factor·Σ_b x[b, i]}: the gradient of a bias, or with factor 1/rows a mean.
   *
   * @param x [rows, d]
   * @param out [d]
   */
  public final void columnSums(Matrix x, float factor, Write write, Floats out) {
    check.handle(x, "x");
    Check.required(write, "write");
    check.handle(out, "out");
    check.length(out.length(), x.columns(), "out");
    KernelEvent event = begin();
    try {
      columnSumsKernel(x, factor, write, out);
    } finally {
      end(event, "columnSums", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out_b = x[rows_b]}, rounded to the format of out. A row that x does not have throws
   * {@link IndexOutOfBoundsException}, at once on the host and at the next wait on a device; what
   * out then holds is undefined.
   *
   * @param x [n, d]
   * @param rows [count]
   * @param out [count, d]
   */
  public final void gatherRows(Matrix x, Ints rows, Matrix out) {
    check.handle(x, "x");
    check.handle(rows, "rows");
    check.handle(out, "out");
    check.matrix(out, out.rows(), x.columns(), "out");
    check.length(rows.length(), out.rows(), "rows");
    Check.apart(out, "out", x, "x");
    KernelEvent event = begin();
    try {
      out.touch();
      gatherRowsKernel(x, rows, out);
    } finally {
      end(event, "gatherRows", out.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out[rows_b] = x_b}, or {@code += x_b}. Of equal rows the last one is written, or all are
   * added in their order. A row that out does not have throws {@link IndexOutOfBoundsException}, at
   * once on the host and at the next wait on a device; what out then holds is undefined.
   *
   * @param x [count, d]
   * @param rows [count]
   * @param out [n, d]; other rows stay as they are
   */
  public final void scatterRows(Matrix x, Ints rows, Write write, Matrix out) {
    check.handle(x, "x");
    check.handle(rows, "rows");
    Check.required(write, "write");
    check.handle(out, "out");
    check.matrix(x, x.rows(), out.columns(), "x");
    check.length(rows.length(), x.rows(), "rows");
    Check.apart(out, "out", x, "x");
    KernelEvent event = begin();
    try {
      out.touch();
      scatterRowsKernel(x, rows, write, out);
    } finally {
      end(event, "scatterRows", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out = gate(a)}, see {@link Gate}.
   *
   * @param a pre-activations [rows, n]
   * @param threshold θ, [n] or [1]; null for {@link Gate.Kind#RELU}
   * @param out [rows, n]; may be a itself
   */
  public final void gate(Matrix a, Gate gate, Floats threshold, Matrix out) {
    check.handle(a, "a");
    thresholds(gate, threshold, a.columns());
    check.matrix(out, a.rows(), a.columns(), "out");
    Check.sameOrApart(out, "out", a, "a");
    KernelEvent event = begin();
    try {
      out.touch();
      gateKernel(a, gate, threshold, out);
    } finally {
      end(event, "gate", a.rows(), a.columns(), 0);
    }
  }

  /**
   * The gradients of {@link #gate}, by the straight-through estimators that {@link Gate} states.
   *
   * @param a pre-activations [rows, n]
   * @param threshold θ, [n] or [1]; null for {@link Gate.Kind#RELU}
   * @param g the gradient of the gate's output [rows, n]
   * @param gradientA [rows, n], or null; may be g itself where it is overwritten
   * @param gradientThreshold as many as there are thresholds, or null
   */
  public final void gateBackward(
      Matrix a,
      Gate gate,
      Floats threshold,
      Matrix g,
      Write write,
      Matrix gradientA,
      Floats gradientThreshold) {
    check.handle(a, "a");
    thresholds(gate, threshold, a.columns());
    check.matrix(g, a.rows(), a.columns(), "g");
    Check.required(write, "write");
    if (gradientA != null) {
      check.matrix(gradientA, a.rows(), a.columns(), "gradientA");
      Check.apart(gradientA, "gradientA", a, "a");
      gradientOf(g, write, gradientA, "gradientA");
    }
    if (threshold == null && gradientThreshold != null) {
      throw new IllegalArgumentException("gradientThreshold: expected null for RELU");
    }
    check.optional(
        gradientThreshold, threshold == null ? 0 : threshold.length(), "gradientThreshold");
    KernelEvent event = begin();
    try {
      if (gradientA != null) {
        gradientA.touch();
      }
      gateBackwardKernel(a, gate, threshold, g, write, gradientA, gradientThreshold);
    } finally {
      end(event, "gateBackward", a.rows(), a.columns(), 0);
    }
  }

  /**
   * {@code out = Σ x²}, over all elements: a gradient's part of the global norm.
   *
   * @param x [rows, d]
   * @param out [1]
   */
  public final void sumOfSquares(Matrix x, Write write, Floats out) {
    check.handle(x, "x");
    Check.required(write, "write");
    scalar(out, "out");
    KernelEvent event = begin();
    try {
      sumOfSquaresKernel(x, null, write, out);
    } finally {
      end(event, "sumOfSquares", x.rows(), x.columns(), 0);
    }
  }

  /** {@link #sumOfSquares(Matrix, Write, Floats)} over the active rows. */
  public final void sumOfSquares(RowSparseMatrix x, Write write, Floats out) {
    rowSparse(x, "x");
    Check.required(write, "write");
    scalar(out, "out");
    KernelEvent event = begin();
    try {
      sumOfSquaresKernel(x.elements(), x.count(), write, out);
    } finally {
      end(event, "sumOfSquares", x.elements().rows(), x.elements().columns(), 0);
    }
  }

  /**
   * What gradients are multiplied with so that their norm stays within a bound (torch's {@code
   * clip_grad_norm_}), without the host's knowing the norm:
   *
   * <pre>
   *   norm = √sumOfSquares      factor = min(1, maxNorm / (norm + 10⁻⁶))
   * </pre>
   *
   * A norm of NaN gives a factor of NaN.
   *
   * @param sumOfSquares of all gradients [1]
   * @param maxNorm above 0
   * @param norm [1], or null
   * @param factor [1], for {@link #adam} or {@link #scale}
   */
  public final void clipFactor(Floats sumOfSquares, float maxNorm, Floats norm, Floats factor) {
    scalar(sumOfSquares, "sumOfSquares");
    if (!(maxNorm > 0)) {
      throw new IllegalArgumentException("maxNorm: expected more than 0, found " + maxNorm);
    }
    check.optional(norm, 1, "norm");
    scalar(factor, "factor");
    KernelEvent event = begin();
    try {
      clipFactorKernel(sumOfSquares, maxNorm, norm, factor);
    } finally {
      end(event, "clipFactor", 1, 1, 0);
    }
  }

  /**
   * One step of {@link Adam}.
   *
   * @param step number of this step, from 1 on
   * @param gradient [rows, d]
   * @param factor what the gradient is multiplied with first [1], or null for 1
   * @param m first moment [rows, d], zero before the first step
   * @param v second moment [rows, d], zero before the first step
   * @param parameters [rows, d]
   */
  public final void adam(
      Adam options,
      long step,
      Matrix gradient,
      Floats factor,
      Matrix m,
      Matrix v,
      Matrix parameters) {
    check.handle(gradient, "gradient");
    check.handle(parameters, "parameters");
    check.matrix(gradient, parameters.rows(), parameters.columns(), "gradient");
    checkAdam(options, step, factor, m, v, parameters);
    Check.apart(parameters, "parameters", gradient, "gradient");
    KernelEvent event = begin();
    try {
      touch(m, v, parameters);
      adamKernel(options, step, gradient, null, null, factor, m, v, parameters);
    } finally {
      end(event, "adam", parameters.rows(), parameters.columns(), 0);
    }
  }

  /**
   * One step of {@link Adam} on the active rows of a gradient; moments and parameters of the others
   * stay as they are (torch's {@code SparseAdam}).
   *
   * @param step number of this step, from 1 on
   * @param gradient [rows, d]
   * @param factor what the gradient is multiplied with first [1], or null for 1
   * @param m first moment [rows, d], zero before the first step
   * @param v second moment [rows, d], zero before the first step
   * @param parameters [rows, d]
   */
  public final void adam(
      Adam options,
      long step,
      RowSparseMatrix gradient,
      Floats factor,
      Matrix m,
      Matrix v,
      Matrix parameters) {
    rowSparse(gradient, "gradient");
    check.handle(parameters, "parameters");
    check.shape(
        gradient.rows(),
        gradient.elements().columns(),
        parameters.rows(),
        parameters.columns(),
        "gradient");
    checkAdam(options, step, factor, m, v, parameters);
    Check.apart(parameters, "parameters", gradient.elements(), "gradient");
    KernelEvent event = begin();
    try {
      touch(m, v, parameters);
      adamKernel(
          options,
          step,
          gradient.elements(),
          gradient.rowIds(),
          gradient.count(),
          factor,
          m,
          v,
          parameters);
    } finally {
      end(event, "adam", gradient.elements().rows(), parameters.columns(), 0);
    }
  }

  /**
   * Draws {@code out = μ + ε·σ}: the reparameterised sample of {@link Gaussian}. The gradient of μ
   * is that of out.
   *
   * @param mean μ [rows, n]
   * @param logVariance [rows, n], or null for a variance of 1
   * @param out [rows, n]; may be the mean itself
   */
  public final void sample(Matrix mean, Matrix logVariance, Gaussian options, Matrix out) {
    checkGaussian(mean, logVariance, options);
    check.matrix(out, mean.rows(), mean.columns(), "out");
    Check.sameOrApart(out, "out", mean, "mean");
    if (logVariance != null) {
      Check.apart(out, "out", logVariance, "logVariance");
    }
    KernelEvent event = begin();
    try {
      out.touch();
      sampleKernel(mean, logVariance, options, out);
    } finally {
      end(event, "sample", mean.rows(), mean.columns(), 0);
    }
  }

  /**
   * The gradient of {@link #sample} in the logarithm of the variance, with the same noise: {@code
   * ½·g·ε·σ}, and 0 outside the clamp.
   *
   * @param logVariance [rows, n]
   * @param g the gradient of the sample [rows, n]
   * @param out [rows, n]; may be g itself where it is overwritten
   */
  public final void sampleBackward(
      Matrix logVariance, Gaussian options, Matrix g, Write write, Matrix out) {
    check.handle(logVariance, "logVariance");
    Check.required(options, "options");
    check.matrix(g, logVariance.rows(), logVariance.columns(), "g");
    Check.required(write, "write");
    check.matrix(out, logVariance.rows(), logVariance.columns(), "out");
    Check.apart(out, "out", logVariance, "logVariance");
    gradientOf(g, write, out, "out");
    KernelEvent event = begin();
    try {
      out.touch();
      sampleBackwardKernel(logVariance, options, g, write, out);
    } finally {
      end(event, "sampleBackward", g.rows(), g.columns(), 0);
    }
  }

  /**
   * {@code out_b = KL_b}, the divergence of each row's Gaussian from N(0, 1): see {@link Gaussian}.
   *
   * @param mean μ [rows, n]
   * @param logVariance [rows, n], or null for a variance of 1
   * @param out [rows]
   */
  public final void divergence(Matrix mean, Matrix logVariance, Gaussian options, Floats out) {
    checkGaussian(mean, logVariance, options);
    check.handle(out, "out");
    check.length(out.length(), mean.rows(), "out");
    KernelEvent event = begin();
    try {
      divergenceKernel(mean, logVariance, options, out);
    } finally {
      end(event, "divergence", mean.rows(), mean.columns(), 0);
    }
  }

  /**
   * The gradient of {@code factor·Σ_b KL_b}: {@code factor·μ} and {@code factor·½·(exp(ℓ) − 1)},
   * each 0 outside its clamp.
   *
   * @param mean μ [rows, n]
   * @param logVariance [rows, n], or null for a variance of 1
   * @param gradientMean [rows, n], or null
   * @param gradientLogVariance [rows, n], or null
   */
  public final void divergenceBackward(
      Matrix mean,
      Matrix logVariance,
      Gaussian options,
      float factor,
      Write write,
      Matrix gradientMean,
      Matrix gradientLogVariance) {
    checkGaussian(mean, logVariance, options);
    Check.required(write, "write");
    checkDivergenceGradient(gradientMean, "gradientMean", mean, logVariance);
    if (gradientLogVariance != null && logVariance == null) {
      throw new IllegalArgumentException("gradientLogVariance: expected null without logVariance");
    }
    checkDivergenceGradient(gradientLogVariance, "gradientLogVariance", mean, logVariance);
    if (gradientMean != null && gradientLogVariance != null) {
      Check.apart(gradientMean, "gradientMean", gradientLogVariance, "gradientLogVariance");
    }
    KernelEvent event = begin();
    try {
      if (gradientMean != null) {
        gradientMean.touch();
      }
      if (gradientLogVariance != null) {
        gradientLogVariance.touch();
      }
      divergenceBackwardKernel(
          mean, logVariance, options, factor, write, gradientMean, gradientLogVariance);
    } finally {
      end(event, "divergenceBackward", mean.rows(), mean.columns(), 0);
    }
  }

  /** What is overwritten may be g itself. */
  private static void gradientOf(Matrix g, Write write, Matrix out, String name) {
    if (write == Write.OVERWRITE) {
      Check.sameOrApart(out, name, g, "g");
    } else {
      Check.apart(out, name, g, "g");
    }
  }

  private void checkDivergenceGradient(
      Matrix gradient, String name, Matrix mean, Matrix logVariance) {
    if (gradient != null) {
      check.matrix(gradient, mean.rows(), mean.columns(), name);
      Check.apart(gradient, name, mean, "mean");
      if (logVariance != null) {
        Check.apart(gradient, name, logVariance, "logVariance");
      }
    }
  }

  private void checkGaussian(Matrix mean, Matrix logVariance, Gaussian options) {
    check.handle(mean, "mean");
    if (logVariance != null) {
      check.matrix(logVariance, mean.rows(), mean.columns(), "logVariance");
    }
    Check.required(options, "options");
  }

  private void checkAdam(
      Adam options, long step, Floats factor, Matrix m, Matrix v, Matrix parameters) {
    Check.required(options, "options");
    if (step < 1) {
      throw new IllegalArgumentException("step: expected 1 or more, found " + step);
    }
    check.optional(factor, 1, "factor");
    check.matrix(m, parameters.rows(), parameters.columns(), "m");
    check.matrix(v, parameters.rows(), parameters.columns(), "v");
    Check.apart(m, "m", parameters, "parameters");
    Check.apart(v, "v", parameters, "parameters");
    Check.apart(m, "m", v, "v");
  }

  private static void touch(Matrix... written) {
    for (Matrix matrix : written) {
      matrix.touch();
    }
  }

  private void rowSparse(RowSparseMatrix matrix, String name) {
    Check.required(matrix, name);
    check.handle(matrix.rowIds(), name);
    check.handle(matrix.elements(), name);
    check.handle(matrix.count(), name);
  }

  private void scalar(Floats floats, String name) {
    check.handle(floats, name);
    check.length(floats.length(), 1, name);
  }

  private void thresholds(Gate gate, Floats threshold, int columns) {
    Check.required(gate, "gate");
    if (gate.kind() == Gate.Kind.RELU) {
      if (threshold != null) {
        throw new IllegalArgumentException("threshold: expected null for RELU");
      }
      return;
    }
    check.handle(threshold, "threshold");
    if (threshold.length() != 1) {
      check.length(threshold.length(), columns, "threshold");
    }
  }

  /** Computes {@link #axpby}; the arguments have been checked. */
  protected abstract void axpbyKernel(float alpha, Matrix x, float beta, Matrix y);

  /** Computes {@link #scale}. */
  protected abstract void scaleKernel(Floats factor, Matrix x, Matrix y);

  /** Computes {@link #exponentials}. */
  protected abstract void exponentialsKernel(Floats x, Floats out);

  /** Computes {@link #multiply}. */
  protected abstract void multiplyKernel(Matrix a, Matrix b, Multiply options, Matrix c);

  /** Computes {@link #solve}. */
  protected abstract void solveKernel(Matrix a, float ridge, Matrix b, Matrix x);

  /** Computes {@link #columnSums}. */
  protected abstract void columnSumsKernel(Matrix x, float factor, Write write, Floats out);

  /** Computes {@link #gatherRows}. */
  protected abstract void gatherRowsKernel(Matrix x, Ints rows, Matrix out);

  /** Computes {@link #scatterRows}. */
  protected abstract void scatterRowsKernel(Matrix x, Ints rows, Write write, Matrix out);

  /** Computes {@link #gate}. */
  protected abstract void gateKernel(Matrix a, Gate gate, Floats threshold, Matrix out);

  /** Computes {@link #gateBackward}. */
  protected abstract void gateBackwardKernel(
      Matrix a,
      Gate gate,
      Floats threshold,
      Matrix g,
      Write write,
      Matrix gradientA,
      Floats gradientThreshold);

  /**
   * Computes {@link #sumOfSquares} of the first {@code count} rows of x, or of all where it is
   * null.
   */
  protected abstract void sumOfSquaresKernel(Matrix x, Ints count, Write write, Floats out);

  /** Computes {@link #clipFactor}. */
  protected abstract void clipFactorKernel(
      Floats sumOfSquares, float maxNorm, Floats norm, Floats factor);

  /**
   * Computes {@link #adam} of every row of the gradient, or of the first {@code count}, which
   * belong to the rows {@code rowIds} of the parameters, where these are not null.
   */
  protected abstract void adamKernel(
      Adam options,
      long step,
      Matrix gradient,
      Ints rowIds,
      Ints count,
      Floats factor,
      Matrix m,
      Matrix v,
      Matrix parameters);

  /** Computes {@link #sample}. */
  protected abstract void sampleKernel(
      Matrix mean, Matrix logVariance, Gaussian options, Matrix out);

  /** Computes {@link #sampleBackward}. */
  protected abstract void sampleBackwardKernel(
      Matrix logVariance, Gaussian options, Matrix g, Write write, Matrix out);

  /** Computes {@link #divergence}. */
  protected abstract void divergenceKernel(
      Matrix mean, Matrix logVariance, Gaussian options, Floats out);

  /** Computes {@link #divergenceBackward}. */
  protected abstract void divergenceBackwardKernel(
      Matrix mean,
      Matrix logVariance,
      Gaussian options,
      float factor,
      Write write,
      Matrix gradientMean,
      Matrix gradientLogVariance);
}
