package org.pursuit.cuda;

/** Products of a tile's rows with all atoms, as pursuits with a Gram begin with them. */
final class PursuitCorrelations {
  /** Atoms of one product. */
  private static final int PRODUCT_ATOMS = 1 << 14;

  /** So that blocks, a few of them a row, can be counted. */
  private static final int MOST_ROWS = 1 << 24;

  private final Cuda cuda;
  private final ScoreFactors factors;
  private final long bytes;

  /**
   * Of factors that a call says.
   *
   * @param bytes of a tile's correlations
   */
  PursuitCorrelations(Cuda cuda, ScoreFactors factors, long bytes) {
    this.cuda = cuda;
    this.factors = factors;
    this.bytes = bytes;
  }

  /** Rows of a tile with n atoms. */
  int rows(int n) {
    return Math.clamp(bytes / ((long) PursuitKernels.padded(n) * Float.BYTES), 1, MOST_ROWS);
  }

  /** Computes those of {@code rows} of the factors' rows from {@code row} on; where they are. */
  long of(int row, int rows, int n) {
    long stride = PursuitKernels.padded(n);
    long address = cuda.workspace().address(Slot.CORRELATIONS, rows * stride * Float.BYTES);
    factors.tile(row, rows);
    for (int atom = 0, some; atom < n; atom += some) {
      some = Math.min(PRODUCT_ATOMS, n - atom);
      multiply(rows, atom, some, address + (long) atom * Float.BYTES, stride);
    }
    return address;
  }

  /** The factors' tile times {@code some} atoms from {@code atom} on. */
  void multiply(int rows, int atom, int some, long out, long stride) {
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
