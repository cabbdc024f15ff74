package org.pursuit.cuda;

/**
 * The scores of a fused encode as they pass by: how all of them are cut, the chunk that is there
 * now, and its part of the arguments of {@code encode_select.cu}.
 */
final class SweptChunk {
  static final int THREADS = 256;
  static final int WARPS = THREADS / 32;

  private static final int ACTIVATED = 4;

  /** Columns that a warp reads of a row. */
  private static final int SEGMENT = 1024;

  private final Kernels kernels;
  private int allRows;
  private int allColumns;
  private int tileRows;
  private int width;
  private int lastWidth;
  private long counts;
  private long scores;
  private long stride;
  private int firstRow;
  private int rows;
  private int firstColumn;
  private int columns;
  private long bias;
  private boolean relu;

  SweptChunk(Kernels kernels) {
    this.kernels = kernels;
  }

  /** Tells how [rows, columns] scores, of which there is one at least, are cut. */
  void cut(int scoreRows, int scoreColumns, ScoreChunks chunks) {
    allRows = scoreRows;
    allColumns = scoreColumns;
    tileRows = Math.min(chunks.rows(), scoreRows);
    width = Math.min(chunks.atoms(tileRows), scoreColumns);
    int last = lastTileRows();
    lastWidth = last == 0 ? width : Math.min(chunks.atoms(last), scoreColumns);
  }

  int allRows() {
    return allRows;
  }

  int allColumns() {
    return allColumns;
  }

  /** Scores of all chunks. */
  long size() {
    return (long) allRows * allColumns;
  }

  /** The most scores that a chunk has. */
  long mostScores() {
    return Math.max((long) tileRows * width, (long) lastTileRows() * lastWidth);
  }

  /** The most chunks that a row has. */
  int chunks() {
    return Math.ceilDiv(allColumns, Math.min(width, lastWidth));
  }

  /** Columns of a chunk, in rows below {@link #lastTileRow}. */
  int width() {
    return width;
  }

  /** Columns of a chunk, in rows from {@link #lastTileRow} on. */
  int lastWidth() {
    return lastWidth;
  }

  /** Where a last tile of fewer rows begins. */
  int lastTileRow() {
    return allRows - lastTileRows();
  }

  private int lastTileRows() {
    return allRows % tileRows;
  }

  /** Bytes of the counts of any chunk. */
  long countBytes() {
    long most = (long) tileRows * Math.ceilDiv(width, SEGMENT);
    long inLast = (long) lastTileRows() * Math.ceilDiv(lastWidth, SEGMENT);
    return Math.max(most, inLast) * Integer.BYTES;
  }

  /** Tells where {@link #countBytes} are. */
  void countsAt(long address) {
    counts = address;
  }

  /** Shows the next chunk; the parameters are those of {@link CudaRunningTopK#consume}. */
  void show(
      long chunkScores,
      long chunkStride,
      int row,
      int chunkRows,
      int column,
      int chunkColumns,
      long columnBias,
      boolean activated) {
    scores = chunkScores;
    stride = chunkStride;
    firstRow = row;
    rows = chunkRows;
    firstColumn = column;
    columns = chunkColumns;
    bias = columnBias;
    relu = activated;
  }

  /** Shows no chunk but all rows, as what is left to do at the end is about them. */
  void showEnd() {
    show(0, 0, 0, allRows, 0, 1, 0, false);
  }

  /** Scores of the chunk. */
  long scores() {
    return (long) rows * columns;
  }

  int rows() {
    return rows;
  }

  /** Blocks in which each warp has a segment. */
  long blocks() {
    return (long) Math.ceilDiv(rows, WARPS) * Math.ceilDiv(columns, SEGMENT);
  }

  /** Begins a kernel's arguments; what is selected and where it goes comes next. */
  Kernel begin(String name) {
    return kernels.kernel(name).arguments().pointer(scores).pointer(bias).pointer(counts);
  }

  /** Goes on with a kernel's arguments; thresholds' stride, options and k come next. */
  Kernel shape(Kernel kernel) {
    return kernel
        .int64(stride)
        .int64(size() - 1)
        .int32(rows)
        .int32(columns)
        .int32(firstRow)
        .int32(firstColumn)
        .int32(allColumns);
  }

  /** The option that says how the chunk's scores are activated. */
  int option() {
    return relu ? ACTIVATED : 0;
  }
}
