package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Pursuits;

/**
 * Pursuits on tiles of rows. With a Gram one product gives the tile's first correlations, and one
 * launch takes all steps. Without one, or with one whose atoms are too many for the device's
 * blocks, every step multiplies the residuals with all atoms, chunk by chunk, and searches each
 * chunk while it lies in L2. The host never waits: rows that have stopped are skipped on the
 * device.
 */
final class CudaPursuits extends Pursuits {
  /** Correlations of a tile of rows; enough rows to keep every multiprocessor busy to the end. */
  private static final long CORRELATION_BYTES = 512L << 20;

  /** The share of the device's memory that correlations take at most. */
  private static final int CORRELATION_SHARE = 16;

  /** Atoms of one product where all correlations are kept. */
  private static final int PRODUCT_ATOMS = 1 << 14;

  /** Factors of a tile of rows that shared memory does not hold. */
  private static final long FACTOR_BYTES = 256L << 20;

  /** Rows of a Gram that are computed at once: as many as fit, in whole tiles of a product. */
  private static final long GRAM_BYTES = 128L << 20;

  private static final int GRAM_ROW_UNIT = 128;

  /** So that blocks, a few of them a row, can be counted. */
  private static final int MOST_ROWS = 1 << 24;

  private final Cuda cuda;
  private final PursuitKernels kernels;
  private final CudaPursuitGradients gradients;
  private final ScoreFactors factors;
  private final ScoreChunks chunks;
  private final long correlationBytes;

  /** The last options of an orthogonal pursuit, and what they are for the other kernels. */
  private OrthogonalPursuit orthogonal;

  private MatchingPursuit matching;

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
    this.chunks = chunks;
    this.correlationBytes = correlationBytes;
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
      byProducts(rows, x.rows(), dictionary, n, options, left);
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
    int most = Math.min(correlationRows(n), allRows);
    boolean scratch = tolerant && residual == null;
    DeviceRows left = scratch ? residuals(most, x.columns()) : residual;
    factors.plain(x, allRows, atoms, n, options.precision(), allRows > most);
    for (int row = 0, rows; row < allRows; row += rows) {
      rows = Math.min(most, allRows - row);
      kernels.begin(x, row, rows, tolerant ? left : null, scratch ? 0 : row);
      kernels.pursue(shape, gram, correlations(row, rows, n));
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
    int n = atoms.rows();
    int allRows = x.rows();
    DeviceRows rowsOfX = DeviceRows.of(x);
    DeviceRows dictionary = DeviceRows.of(atoms);
    DeviceRows left = residual == null ? null : DeviceRows.of(residual);
    kernels.measure(dictionary, n, matching(options), codes);
    if (n == 0 || atoms.columns() == 0) {
      kernels.begin(rowsOfX, 0, allRows, left, 0);
      return;
    }
    if (allRows == 0) {
      return;
    }
    boolean shared = PursuitKernels.sharedFactors(cuda.device(), options.steps());
    long factorBytes = shared ? 0 : PursuitKernels.factorBytes(options.steps());
    int most = Math.min(correlationRows(n), allRows);
    if (!shared) {
      most = Math.clamp(FACTOR_BYTES / factorBytes, 1, most);
    }
    factors.plain(rowsOfX, allRows, dictionary, n, Precision.FLOAT32, allRows > most);
    for (int row = 0, rows; row < allRows; row += rows) {
      rows = Math.min(most, allRows - row);
      kernels.begin(rowsOfX, row, rows, null, 0);
      long correlations = correlations(row, rows, n);
      long factor = shared ? 0 : cuda.workspace().address(Slot.PURSUIT_FACTORS, rows * factorBytes);
      kernels.pursueOrthogonally(
          rowsOfX, DeviceRows.of(gram.products()), correlations, options.nonNegative(), factor);
      if (left != null) {
        kernels.subtractTape(rowsOfX, left);
      }
    }
  }

  /** The matching pursuit with the same rows' beginnings; made once for the same options. */
  private MatchingPursuit matching(OrthogonalPursuit options) {
    if (options != orthogonal) {
      matching =
          MatchingPursuit.steps(options.steps())
              .sign(options.sign())
              .toleranceAbsolute(options.toleranceAbsolute())
              .toleranceRelative(options.toleranceRelative())
              .atomMask(options.atomMask());
      orthogonal = options;
    }
    return matching;
  }

  private int correlationRows(int n) {
    long rows = correlationBytes / ((long) PursuitKernels.padded(n) * Float.BYTES);
    return Math.clamp(rows, 1, MOST_ROWS);
  }

  /** Products of a tile's rows with all atoms; where they are. */
  private long correlations(int row, int rows, int n) {
    long stride = PursuitKernels.padded(n);
    long address = cuda.workspace().address(Slot.CORRELATIONS, rows * stride * Float.BYTES);
    factors.tile(row, rows);
    for (int atom = 0, some; atom < n; atom += some) {
      some = Math.min(PRODUCT_ATOMS, n - atom);
      multiply(rows, atom, some, address + (long) atom * Float.BYTES, stride);
    }
    return address;
  }

  private void byProducts(
      DeviceRows x,
      int allRows,
      DeviceRows atoms,
      int n,
      MatchingPursuit options,
      DeviceRows residual) {
    int most = Math.min(chunks.rows(), allRows);
    int width = Math.min(chunks.atoms(most), n);
    long stride = Products.scoresStride(width);
    boolean scratch = residual == null;
    DeviceRows left = scratch ? residuals(most, x.columns()) : residual;
    factors.plain(left, allRows, atoms, n, options.precision(), true);
    for (int row = 0, rows; row < allRows; row += rows) {
      rows = Math.min(most, allRows - row);
      int leftRow = scratch ? 0 : row;
      kernels.begin(x, row, rows, left, leftRow);
      for (int step = 0; step < options.steps(); step++) {
        factors.tile(leftRow, rows);
        long products = cuda.products().scores(rows, width);
        for (int atom = 0, some; atom < n; atom += some) {
          some = Math.min(width, n - atom);
          multiply(rows, atom, some, products, stride);
          kernels.search(products, stride, atom, some);
        }
        kernels.step();
      }
    }
  }

  private DeviceRows residuals(int rows, int d) {
    long bytes = DeviceRows.alignedBytes(rows, d, DType.F32);
    return DeviceRows.aligned(cuda.workspace().address(Slot.RESIDUALS, bytes), d, DType.F32);
  }

  /** The factors' tile times {@code some} atoms from {@code atom} on. */
  private void multiply(int rows, int atom, int some, long out, long stride) {
    factors.chunk(atom, some);
    cuda.products()
        .multiply(
            factors.rows(),
            factors.firstRow(),
            rows,
            factors.weights(),
            factors.firstAtom(),
            some,
            factors.precision(),
            out,
            stride);
  }
}
