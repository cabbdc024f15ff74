package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.Precision;

/**
 * Pursuits that move all values of a row's support at every step, on tiles of rows. With a Gram one
 * product gives the tile's correlations, and one launch takes all steps; without one they are
 * {@link ResidualSteps}.
 */
final class CudaFittedPursuits {
  /** What a tile of rows keeps in global memory. */
  private static final long KEPT_BYTES = 256L << 20;

  private final Cuda cuda;
  private final PursuitKernels kernels;
  private final ScoreFactors factors;
  private final PursuitCorrelations correlations;

  /** The last options, and what they are for the kernels that other pursuits have too. */
  private Record options;

  private MatchingPursuit matching;
  private final ResidualSteps residuals;
  private final ResidualSteps.Step orthogonalStep = this::stepOrthogonally;
  private final ResidualSteps.Step gradientStep = this::stepGradient;

  /** The rule of a call, of which the other is null, and its rows. */
  private OrthogonalPursuit orthogonal;

  private GradientPursuit gradient;
  private DeviceRows rowsOfX;

  CudaFittedPursuits(
      Cuda cuda,
      PursuitKernels kernels,
      ScoreFactors factors,
      PursuitCorrelations correlations,
      ResidualSteps residuals) {
    this.cuda = cuda;
    this.kernels = kernels;
    this.factors = factors;
    this.correlations = correlations;
    this.residuals = residuals;
  }

  /**
   * Pursues orthogonally.
   *
   * @param gram null for residual products
   */
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
              .reselection(Reselection.FORBID)
              .toleranceAbsolute(options.toleranceAbsolute())
              .toleranceRelative(options.toleranceRelative())
              .atomMask(options.atomMask());
      this.options = options;
    }
    orthogonal = options;
    gradient = null;
    pursue(x, atoms, gram, codes, residual);
  }

  /**
   * Pursues along gradients.
   *
   * @param gram null for residual products
   */
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
    orthogonal = null;
    gradient = options;
    pursue(x, atoms, gram, codes, residual);
  }

  private void pursue(Matrix x, Matrix atoms, Gram gram, FixedWidthCodes codes, Matrix residual) {
    int n = atoms.rows();
    rowsOfX = DeviceRows.of(x);
    DeviceRows dictionary = DeviceRows.of(atoms);
    DeviceRows left = residual == null ? null : DeviceRows.of(residual);
    kernels.measure(dictionary, n, matching, codes);
    if (n == 0 || atoms.columns() == 0) {
      kernels.begin(rowsOfX, 0, x.rows(), left, 0);
    } else if (x.rows() == 0) {
      return;
    } else if (gram == null) {
      pursueBySteps(x.rows(), dictionary, n, left);
    } else {
      pursueTiles(x.rows(), dictionary, n, DeviceRows.of(gram.products()), left);
    }
  }

  private void pursueBySteps(int rows, DeviceRows dictionary, int n, DeviceRows left) {
    int most = (int) Math.clamp(KEPT_BYTES / keptBytes(), 1L, rows);
    residuals.pursue(
        rowsOfX,
        rows,
        dictionary,
        n,
        matching.steps(),
        Precision.FLOAT32,
        most,
        left,
        orthogonal != null ? orthogonalStep : gradientStep);
  }

  private long keptBytes() {
    return orthogonal != null
        ? PursuitKernels.orthogonalKeptBytes(matching.steps())
        : PursuitKernels.gradientKeptBytes(matching.steps());
  }

  private void stepOrthogonally(int step, int rows) {
    boolean last = step + 1 == matching.steps();
    kernels.stepOrthogonally(rowsOfX, orthogonal.nonNegative(), kept(rows, keptBytes()), last);
  }

  private void stepGradient(int step, int rows) {
    kernels.stepGradient(rowsOfX, gradient, kept(rows, keptBytes()), step);
  }

  private long kept(int rows, long bytes) {
    return cuda.workspace().address(Slot.PURSUIT_FACTORS, rows * bytes);
  }

  private void pursueTiles(
      int allRows, DeviceRows dictionary, int n, DeviceRows products, DeviceRows left) {
    int steps = matching.steps();
    int most = Math.min(correlations.rows(n), allRows);
    boolean keepFactors = orthogonal != null && !PursuitKernels.sharedFactors(cuda.device(), steps);
    if (keepFactors) {
      most = (int) Math.clamp(KEPT_BYTES / PursuitKernels.factorBytes(steps), 1L, most);
    }
    // Values that are not fitted by the Gram's elements move along the residual's gradient.
    boolean byResidual = gradient != null && products.dtype() != DType.F32;
    boolean scratch = byResidual && left == null;
    DeviceRows kept = scratch ? residuals.scratch(most, rowsOfX.columns()) : left;
    factors.plain(rowsOfX, allRows, dictionary, n, Precision.FLOAT32, allRows > most);
    for (int row = 0, rows; row < allRows; row += rows) {
      rows = Math.min(most, allRows - row);
      kernels.begin(rowsOfX, row, rows, byResidual ? kept : null, scratch ? 0 : row);
      long ofTile = correlations.of(row, rows, n);
      if (orthogonal != null) {
        long factor = keepFactors ? kept(rows, PursuitKernels.factorBytes(steps)) : 0;
        kernels.pursueOrthogonally(rowsOfX, products, ofTile, orthogonal.nonNegative(), factor);
      } else {
        kernels.pursueGradient(rowsOfX, products, ofTile, gradient);
      }
      if (left != null && !byResidual) {
        kernels.subtractTape(rowsOfX, left);
      }
    }
  }
}
