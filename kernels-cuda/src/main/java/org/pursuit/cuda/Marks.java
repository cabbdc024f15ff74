package org.pursuit.cuda;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Mask;
import org.pursuit.kernel.Comparison;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.ThresholdSelect;

/**
 * Which scores of a matrix are selected, a bit a score, and the codes made of them: the launches of
 * {@code sparsify.cu}. The bits lie in scratch and last until the next {@link #begin}.
 */
final class Marks {
  private static final int BY_MAGNITUDE = 1;
  private static final int OR_EQUAL = 2;

  private static final String[] MARK = {"mark_f32", "mark_bf16", "mark_f16"};
  private static final String[] WRITE_CSR = {"write_csr_f32", "write_csr_bf16", "write_csr_f16"};
  private static final String[] WRITE_SLOTS = {
    "write_slots_f32", "write_slots_bf16", "write_slots_f16"
  };

  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;

  /** Blocks of a segment, which a warp writes. */
  private static final int SEGMENT_BLOCKS = 32;

  /** Columns of a row that a warp marks. */
  private static final int PIECE = 512;

  /** Rows whose scores a warp marks, and rows of a tile of places. */
  private static final int MARK_ROWS = 8;

  private static final int TILE_ROWS = 32;

  private static final int PLACE_ROWS_BYTES = TILE_ROWS * Integer.BYTES;
  private static final int PLACE_TILES_BYTES = WARPS * Long.BYTES;

  private final Cuda cuda;
  private final Kernels kernels;

  private CudaMatrix scores;
  private int blocks;
  private int segments;
  private long bits;
  private long counts;
  private long starts;
  private long tiles;
  private long totals;

  Marks(Cuda cuda) {
    this.cuda = cuda;
    this.kernels = cuda.kernels();
  }

  /** Makes room for marks of scores, which have a row and a column at least, and none yet. */
  void begin(CudaMatrix scores) {
    this.scores = scores;
    long rows = scores.rows();
    int lanes = 16 / scores.dtype().bytes();
    blocks = Math.ceilDiv(scores.columns(), 32 * lanes);
    segments = Math.ceilDiv(blocks, SEGMENT_BLOCKS);
    long bitBytes = rows * blocks * lanes * Integer.BYTES;
    long startBytes = rows * Long.BYTES;
    long tileBytes = (tiles(scores.rows()) + 1L) * Long.BYTES;
    long countBytes = rows * segments * Integer.BYTES;
    long totalBytes = rows * Integer.BYTES;
    bits =
        cuda.workspace()
            .address(Slot.MARKS, bitBytes + startBytes + tileBytes + countBytes + totalBytes);
    starts = bits + bitBytes;
    tiles = starts + startBytes;
    counts = tiles + tileBytes;
    totals = counts + countBytes;
    cuda.stream().zero(counts, countBytes);
  }

  /** Marks the scores that pass. */
  void mark(ThresholdSelect options) {
    Floats thresholds = options.thresholds();
    int stride = thresholds.length() == 1 ? 0 : 1;
    boolean orEqual = options.comparison() == Comparison.GREATER_OR_EQUAL;
    int flags = flags(options.key()) | (orEqual ? OR_EQUAL : 0);
    mark(CudaFloats.address(thresholds), stride, options.mask(), flags, counts, 0);
  }

  /**
   * Marks the scores that reach a threshold, without counting them.
   *
   * @param threshold where it lies
   * @param when where an integer lies that is 0 if nothing is to be done; or 0
   */
  void markReaching(long threshold, SelectionKey key, Mask mask, long when) {
    mark(threshold, 0, mask, flags(key) | OR_EQUAL, 0, when);
  }

  private void mark(
      long thresholds, int thresholdStride, Mask mask, int flags, long counted, long when) {
    long warps =
        Math.ceilDiv((long) scores.rows(), MARK_ROWS) * Math.ceilDiv(scores.columns(), PIECE);
    kernels
        .kernel(MARK[scores.format()])
        .arguments()
        .pointer(scores.address())
        .pointer(thresholds)
        .pointer(SelectionKernels.address(mask))
        .pointer(bits)
        .pointer(counted)
        .pointer(when)
        .int64(scores.stride())
        .int32(scores.rows())
        .int32(scores.columns())
        .int32(thresholdStride)
        .int32(flags)
        .launch(Math.ceilDiv(warps, WARPS), 1, THREADS, 0);
  }

  private static int flags(SelectionKey key) {
    return key == SelectionKey.MAGNITUDE ? BY_MAGNITUDE : 0;
  }

  /** Writes what is marked; flags it, and writes nothing, if it does not fit. */
  void write(CsrCodes out) {
    place(out.capacity());
    begin(WRITE_CSR)
        .pointer(starts)
        .pointer(tiles)
        .pointer(0)
        .pointer(((CudaLongs) out.offsets()).address())
        .pointer(((CudaInts) out.columns()).address())
        .pointer(((CudaFloats) out.values()).address())
        .pointer(0);
    launch(WRITE_CSR, out.capacity(), 0);
  }

  /**
   * Writes the first of what is marked in each row.
   *
   * @param rowTotals how much is marked in each row; or null
   */
  void write(FixedWidthCodes out, Ints rowTotals) {
    long counted = rowTotals == null ? totals : ((CudaInts) rowTotals).address();
    placeRows(0, counted);
    begin(WRITE_SLOTS)
        .pointer(0)
        .pointer(0)
        .pointer(counted)
        .pointer(0)
        .pointer(((CudaInts) out.indices()).address())
        .pointer(((CudaFloats) out.values()).address())
        .pointer(((CudaInts) out.counts()).address());
    launch(WRITE_SLOTS, 0, out.k());
  }

  /** Turns the segments' counts into places; flags a sum above {@code capacity}. */
  void place(long capacity) {
    placeRows(starts, 0);
    sum(tiles, tiles(scores.rows()), capacity);
  }

  /**
   * Turns {@code count} 64-bit numbers into the sums of those before each, followed by the sum of
   * all; flags one above {@code capacity}.
   */
  void sum(long numbers, int count, long capacity) {
    kernels
        .kernel("place_tiles")
        .arguments()
        .pointer(numbers)
        .pointer(cuda.flags().address(Flag.CAPACITY_EXCEEDED))
        .int64(capacity)
        .int32(count)
        .int32(0)
        .launch(1, 1, THREADS, PLACE_TILES_BYTES);
  }

  /** Where the marks lie, how many there are in each segment, and the places of rows and tiles. */
  long bits() {
    return bits;
  }

  long counts() {
    return counts;
  }

  long starts() {
    return starts;
  }

  long tiles() {
    return tiles;
  }

  /** Segments of all rows, each a warp's work. */
  long segments() {
    return (long) scores.rows() * segments;
  }

  private void placeRows(long rowStarts, long rowTotals) {
    placeRows(counts, rowStarts, tiles, rowTotals, scores.rows(), segments);
  }

  /**
   * Turns counts [rows, segments] of entries into how many entries of their row lie before; adds up
   * rows' before each within its tile, and tiles' entries. {@code rowStarts} or {@code rowTotals}
   * may be 0.
   */
  void placeRows(
      long counted, long rowStarts, long rowTiles, long rowTotals, int rows, int rowSegments) {
    kernels
        .kernel("place_rows")
        .arguments()
        .pointer(counted)
        .pointer(rowStarts)
        .pointer(rowTiles)
        .pointer(rowTotals)
        .int32(rows)
        .int32(rowSegments)
        .launch(tiles(rows), 1, THREADS, PLACE_ROWS_BYTES);
  }

  /** Tiles of rows whose places are known together. */
  static int tiles(int rows) {
    return Math.ceilDiv(rows, TILE_ROWS);
  }

  private Kernel begin(String[] write) {
    return kernels
        .kernel(write[scores.format()])
        .arguments()
        .pointer(scores.address())
        .pointer(bits)
        .pointer(counts);
  }

  private void launch(String[] write, long capacity, int k) {
    kernels
        .kernel(write[scores.format()])
        .int64(scores.stride())
        .int64(capacity)
        .int32(scores.rows())
        .int32(scores.columns())
        .int32(k)
        .int32(0)
        .launch(Math.ceilDiv(segments(), WARPS), 1, THREADS, 0);
  }
}
