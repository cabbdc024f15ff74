package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.kernel.Precision;

/**
 * The steps of a pursuit without a Gram, on tiles of rows: every step multiplies the tile's
 * residuals with all atoms, chunk by chunk, searches each chunk while it lies in L2, and then takes
 * the step to the best atoms found.
 */
final class ResidualSteps {
  /** What a pursuit does with the best atoms found. */
  interface Step {
    /** Takes a step of the tile's rows. */
    void take(int step, int rows);
  }

  private final Cuda cuda;
  private final PursuitKernels kernels;
  private final ScoreFactors factors;
  private final ScoreChunks chunks;
  private final PursuitCorrelations correlations;

  ResidualSteps(
      Cuda cuda,
      PursuitKernels kernels,
      ScoreFactors factors,
      ScoreChunks chunks,
      PursuitCorrelations correlations) {
    this.cuda = cuda;
    this.kernels = kernels;
    this.factors = factors;
    this.chunks = chunks;
    this.correlations = correlations;
  }

  /**
   * Pursues rows whose atoms are measured.
   *
   * @param most rows of a tile
   * @param residual receives what is left; null if not wanted
   */
  void pursue(
      DeviceRows x,
      int allRows,
      DeviceRows atoms,
      int n,
      int steps,
      Precision precision,
      int most,
      DeviceRows residual,
      Step taken) {
    int tile = Math.min(Math.min(chunks.rows(), most), allRows);
    int width = Math.min(chunks.atoms(tile), n);
    long stride = Products.scoresStride(width);
    boolean scratch = residual == null;
    DeviceRows left = scratch ? scratch(tile, x.columns()) : residual;
    factors.plain(left, allRows, atoms, n, precision, true);
    for (int row = 0, rows; row < allRows; row += rows) {
      rows = Math.min(tile, allRows - row);
      int leftRow = scratch ? 0 : row;
      kernels.begin(x, row, rows, left, leftRow);
      for (int step = 0; step < steps; step++) {
        factors.tile(leftRow, rows);
        long products = cuda.products().scores(rows, width);
        for (int atom = 0, some; atom < n; atom += some) {
          some = Math.min(width, n - atom);
          correlations.multiply(rows, atom, some, products, stride);
          kernels.search(products, stride, atom, some);
        }
        taken.take(step, rows);
      }
    }
  }

  /** Residuals of a tile that the caller does not want. */
  DeviceRows scratch(int rows, int d) {
    long bytes = DeviceRows.alignedBytes(rows, d, DType.F32);
    return DeviceRows.aligned(cuda.workspace().address(Slot.RESIDUALS, bytes), d, DType.F32);
  }
}
