package org.pursuit.cuda;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Pursuits;

/**
 * Pursuits on tiles of rows. With a Gram one product gives the tile's first correlations, and one
 * launch takes all steps. Without one, or with one whose atoms are too many for the device's
 * blocks, they are {@link ResidualSteps}. The host never waits: rows that have stopped are skipped
 * on the device.
 */
final class CudaPursuits extends Pursuits {
  /** Correlations of a tile of rows; enough rows to keep every multiprocessor busy to the end. */
  private static final long CORRELATION_BYTES = 512L << 20;

  /** The share of the device's memory that correlations take at most. */
  private static final int CORRELATION_SHARE = 16;

  /** Rows of a Gram that are computed at once: as many as fit, in whole tiles of a product. */
  private static final long GRAM_BYTES = 128L << 20;

  private static final int GRAM_ROW_UNIT = 128;

  private final Cuda cuda;
  private final PursuitKernels kernels;
  private final CudaPursuitGradients gradients;
  private final ScoreFactors factors;
  private final PursuitCorrelations correlations;
  private final ResidualSteps residuals;
  private final ResidualSteps.Step step;
  private final CudaFittedPursuits fitted;

  CudaPursuits(Memory memory, Cuda cuda) {
    this(
        memory,
        cuda,
        ScoreChunks.of(cuda.device()),
        Math.min(CORRELATION_BYTES, cuda.device().memoryBytes() / CORRELATION_SHARE));
  }

  CudaPursuits(Memory memory, Cuda cuda, ScoreChunks chunks, long correlationBytes) {
    super(memory);
    this.cuda = cuda;
    this.kernels = new PursuitKernels(cuda.kernels(), cuda.workspace());
    this.gradients = new CudaPursuitGradients(cuda);
    this.factors = new ScoreFactors(cuda, cuda.products(), cuda.products().kernels());
    this.correlations = new PursuitCorrelations(cuda, factors, correlationBytes);
    this.residuals = new ResidualSteps(cuda, kernels, factors, chunks, correlations);
    this.step = (step, rows) -> kernels.step();
    this.fitted = new CudaFittedPursuits(cuda, kernels, factors, correlations, residuals);
  }

  @Override
  protected void gramKernel(Matrix atoms, int from, Gram gram) {
    DeviceRows dictionary = DeviceRows.of(atoms);
    DeviceRows products = DeviceRows.of(gram.products());
    long stride = Products.scoresStride(atoms.rows());
    int most = gramRows(stride);
    for (int row = from, rows; row < atoms.rows(); row += rows) {
      rows = Math.min(most, atoms.rows() - row);
      long panel = cuda.products().scores(rows, atoms.rows());
      cuda.products()
          .multiply(
              dictionary, row, rows, dictionary, 0, row + rows, Precision.FLOAT32, panel, stride);
      kernels.storeGram(panel, stride, products, row, rows);
    }
  }

  private static int gramRows(long stride) {
    long units = GRAM_BYTES / (Math.max(1, stride) * Float.BYTES * GRAM_ROW_UNIT);
    return Math.clamp(units, 1, Integer.MAX_VALUE / GRAM_ROW_UNIT) * GRAM_ROW_UNIT;
  }

  @Override
  protected void matchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      MatchingPursuit options,
      PursuitTape tape,
      Matrix residual) {
    int n = atoms.rows();
    DeviceRows rows = DeviceRows.of(x);
    DeviceRows dictionary = DeviceRows.of(atoms);
    DeviceRows left = residual == null ? null : DeviceRows.of(residual);
    kernels.measure(dictionary, n, options, tape);
    if (n == 0 || atoms.columns() == 0) {
      kernels.begin(rows, 0, x.rows(), left, 0);
      return;
    }
    if (x.rows() == 0) {
      return;
    }
    DeviceRows products = gram == null ? null : DeviceRows.of(gram.products());
    PursuitShape shape =
        gram == null
            ? null
            : PursuitShape.of(
                cuda.device(), n, products.dtype(), PursuitKernels.picksKept(options));
    if (shape == null) {
      residuals.pursue(
          rows,
          x.rows(),
          dictionary,
          n,
          options.steps(),
          options.precision(),
          x.rows(),
          left,
          step);
    } else {
      byGram(rows, x.rows(), dictionary, n, products, shape, options, left);
    }
  }

  @Override
  protected void matchingPursuitBackwardKernel(
      PursuitTape tape,
      Matrix residual,
      Matrix atoms,
      MatchingPursuit options,
      Matrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    this.gradients.compute(tape, residual, atoms, options.scaling(), gResidual, gValues, gradients);
  }

  /** Only tolerances need the residual at every step. */
  private void byGram(
      DeviceRows x,
      int allRows,
      DeviceRows atoms,
      int n,
      DeviceRows gram,
      PursuitShape shape,
      MatchingPursuit options,
      DeviceRows residual) {
    boolean tolerant = options.toleranceAbsolute() > 0 || options.toleranceRelative() > 0;
    int most = Math.min(correlations.rows(n), allRows);
    boolean scratch = tolerant && residual == null;
    DeviceRows left = scratch ? residuals.scratch(most, x.columns()) : residual;
    factors.plain(x, allRows, atoms, n, options.precision(), allRows > most);
    for (int row = 0, rows; row < allRows; row += rows) {
      rows = Math.min(most, allRows - row);
      kernels.begin(x, row, rows, tolerant ? left : null, scratch ? 0 : row);
      kernels.pursue(shape, gram, correlations.of(row, rows, n));
      if (residual != null && !tolerant) {
        kernels.subtractTape(x, residual);
      }
    }
  }

  @Override
  protected void orthogonalMatchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    fitted.pursue(x, atoms, gram, options, codes, residual);
  }

  @Override
  protected void gradientPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    fitted.pursue(x, atoms, gram, options, codes, residual);
  }
}
