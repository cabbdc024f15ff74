package org.pursuit.cuda;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.Precision;

/**
 * Pursuits that move all values of a row's support at every step, on tiles of rows: one product
 * gives the tile's correlations, and one launch takes all steps. What the codes leave of the rows
 * is computed at the end.
 */
final class CudaFittedPursuits {
  /** Factors of a tile of rows that shared memory does not hold. */
  private static final long FACTOR_BYTES = 256L << 20;

  private final Cuda cuda;
  private final PursuitKernels kernels;
  private final ScoreFactors factors;
  private final PursuitCorrelations correlations;

  /** The last options, and what they are for the kernels that other pursuits have too. */
  private Record options;

  private MatchingPursuit matching;

  CudaFittedPursuits(
      Cuda cuda, PursuitKernels kernels, ScoreFactors factors, PursuitCorrelations correlations) {
    this.cuda = cuda;
    this.kernels = kernels;
    this.factors = factors;
    this.correlations = correlations;
  }

  void pursue(
      Matrix x,
      Matrix atoms,
      Gram gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    if (options != this.options) {
      matching =
          MatchingPursuit.steps(options.steps())
              .sign(options.sign())
              .toleranceAbsolute(options.toleranceAbsolute())
              .toleranceRelative(options.toleranceRelative())
              .atomMask(options.atomMask());
      this.options = options;
    }
    boolean shared = PursuitKernels.sharedFactors(cuda.device(), options.steps());
    long factorBytes = shared ? 0 : PursuitKernels.factorBytes(options.steps());
    pursueTiles(x, atoms, gram, codes, residual, factorBytes, options, null);
  }

  void pursue(
      Matrix x,
      Matrix atoms,
      Gram gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    if (options != this.options) {
      matching =
          MatchingPursuit.steps(options.steps())
              .sign(options.sign())
              .scaling(options.scaling())
              .toleranceAbsolute(options.toleranceAbsolute())
              .toleranceRelative(options.toleranceRelative())
              .atomMask(options.atomMask());
      this.options = options;
    }
    pursueTiles(x, atoms, gram, codes, residual, 0, null, options);
  }

  /**
   * Pursues by the rule that is not null.
   *
   * @param factorBytes of a row in global memory
   */
  private void pursueTiles(
      Matrix x,
      Matrix atoms,
      Gram gram,
      FixedWidthCodes codes,
      Matrix residual,
      long factorBytes,
      OrthogonalPursuit orthogonal,
      GradientPursuit gradient) {
    int n = atoms.rows();
    DeviceRows rowsOfX = DeviceRows.of(x);
    DeviceRows dictionary = DeviceRows.of(atoms);
    DeviceRows products = DeviceRows.of(gram.products());
    DeviceRows left = residual == null ? null : DeviceRows.of(residual);
    kernels.measure(dictionary, n, matching, codes);
    if (n == 0 || atoms.columns() == 0) {
      kernels.begin(rowsOfX, 0, x.rows(), left, 0);
      return;
    }
    if (x.rows() == 0) {
      return;
    }
    int most = Math.min(correlations.rows(n), x.rows());
    if (factorBytes > 0) {
      most = Math.clamp(FACTOR_BYTES / factorBytes, 1, most);
    }
    factors.plain(rowsOfX, x.rows(), dictionary, n, Precision.FLOAT32, x.rows() > most);
    for (int row = 0, rows; row < x.rows(); row += rows) {
      rows = Math.min(most, x.rows() - row);
      kernels.begin(rowsOfX, row, rows, null, 0);
      long ofTile = correlations.of(row, rows, n);
      if (orthogonal != null) {
        long factor =
            factorBytes == 0
                ? 0
                : cuda.workspace().address(Slot.PURSUIT_FACTORS, rows * factorBytes);
        kernels.pursueOrthogonally(rowsOfX, products, ofTile, orthogonal.nonNegative(), factor);
      } else {
        kernels.pursueGradient(rowsOfX, products, ofTile, gradient);
      }
      if (left != null) {
        kernels.subtractTape(rowsOfX, left);
      }
    }
  }
}
