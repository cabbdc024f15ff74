package org.pursuit.cuda;

/**
 * The launch of element-wise kernels: what {@code RowTile} in {@code quads.cuh} does of a matrix.
 */
final class RowTiles {
  static final int THREADS = 256;

  private static final int ROWS = 32;
  private static final int COLUMNS = 128;

  private RowTiles() {}

  /** Blocks for a matrix of this shape. */
  static long blocks(int rows, int columns) {
    return (long) Math.ceilDiv(rows, ROWS) * Math.ceilDiv(columns, COLUMNS);
  }
}
