package org.pursuit.cuda;

/**
 * How a sweep over the scores of all rows and atoms is cut: into tiles of rows, and each tile into
 * chunks of atoms, whose float32 scores are consumed while they lie in L2.
 *
 * <p>A product of cuBLAS is fastest when its blocks of 128 × 256 scores fill the multiprocessors
 * evenly, so a chunk is a whole number of such rounds, as many as half of L2 holds; the other half
 * is for the factors. Eight blocks of rows a tile keep the selection's rows long, and read the
 * atoms once for 1024 rows: far more than what makes a product memory-bound. The cut depends on the
 * sizes and the device alone, and so do the bits of a score.
 *
 * @param rows of a tile
 * @param scores that a chunk may have
 */
record ScoreChunks(int rows, int scores) {
  private static final int BLOCK_ROWS = 128;
  private static final int BLOCK_ATOMS = 256;
  private static final int TILE_BLOCKS = 8;

  /** Blocks of a chunk on small devices, whose L2 would make it narrow. */
  private static final int LEAST_BLOCKS = 64;

  /** The cut for a device. */
  static ScoreChunks of(Device device) {
    int round = device.multiprocessors();
    long roundBytes = (long) round * BLOCK_ROWS * BLOCK_ATOMS * Float.BYTES;
    int least = Math.ceilDiv(LEAST_BLOCKS, round);
    int rounds = (int) Math.max(least, device.l2Bytes() / 2 / roundBytes);
    return new ScoreChunks(TILE_BLOCKS * BLOCK_ROWS, rounds * round * BLOCK_ROWS * BLOCK_ATOMS);
  }

  /** Atoms of a chunk in a tile of {@code tileRows} rows. */
  int atoms(int tileRows) {
    int filled = tileRows < BLOCK_ROWS ? tileRows : Math.ceilDiv(tileRows, BLOCK_ROWS) * BLOCK_ROWS;
    return Math.max(1, scores / filled / BLOCK_ATOMS) * BLOCK_ATOMS;
  }
}
