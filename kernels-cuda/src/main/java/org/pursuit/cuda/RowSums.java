package org.pursuit.cuda;

/** The launch of kernels that sum over rows: what {@code row_sums.cuh} does of a matrix. */
final class RowSums {
  static final int WARPS = 8;
  static final int THREADS = 32 * WARPS;

  /** Room for three sums of every warp. */
  static final int SHARED_BYTES = 3 * WARPS * Float.BYTES;

  /** Columns from which on a whole block adds up a row. */
  private static final int LONG_ROW = 2048;

  private RowSums() {}

  /** Warps that share a row of so many columns. */
  static int warpsPerRow(int columns) {
    return columns < LONG_ROW ? 1 : WARPS;
  }

  /** Blocks for so many rows. */
  static long blocks(int rows, int warpsPerRow) {
    return Math.ceilDiv((long) rows * warpsPerRow, WARPS);
  }
}
