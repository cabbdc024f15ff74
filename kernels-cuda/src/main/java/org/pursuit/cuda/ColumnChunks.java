package org.pursuit.cuda;

/**
 * The launch of kernels that add up rows: what {@code ColumnChunk} in {@code columns.cuh} does of a
 * matrix. How its rows are cut depends on their number alone.
 *
 * @param chunks how many
 * @param chunkRows rows of each
 */
record ColumnChunks(int chunks, int chunkRows) {
  static final int THREADS = 256;

  /** Shared memory of a block: a number of each warp and column. */
  static final int SHARED_BYTES = 4096;

  private static final int COLUMNS = 128;
  private static final int MIN_ROWS = 64;
  private static final int MOST_CHUNKS = 256;

  static ColumnChunks of(int rows) {
    int chunkRows = Math.max(MIN_ROWS, Math.ceilDiv(rows, MOST_CHUNKS));
    return new ColumnChunks(Math.max(1, Math.ceilDiv(rows, chunkRows)), chunkRows);
  }

  long blocks(int columns) {
    return (long) chunks * Math.ceilDiv(columns, COLUMNS);
  }

  /** Bytes of the chunks' sums. */
  long bytes(int columns) {
    return (long) chunks * columns * Float.BYTES;
  }
}
