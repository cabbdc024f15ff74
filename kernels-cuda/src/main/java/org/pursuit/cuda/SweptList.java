package org.pursuit.cuda;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.Floats;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;

/**
 * What a fused encode keeps in a list until it becomes row-compressed codes: what passes
 * thresholds, or what may belong to the first of all rows. {@code encode_select.cu} tells how.
 */
final class SweptList extends Swept {
  private static final int DROPPED = 8;

  /** Chunks that fit beside what a cut may leave, so that not every one is followed by a cut. */
  private static final int CHUNKS_AT_ONCE = 4;

  /** Bits of a key or a place that are counted at a time, and how often that is for a key. */
  private static final int LEVEL_BITS = 11;

  private static final int KEY_LEVELS = 3;
  private static final int BINS = 1 << LEVEL_BITS;
  private static final int STATE_BYTES = (BINS + 4) * Long.BYTES + 4 * Integer.BYTES;

  /** A row, a column and a value. */
  private static final int ENTRY_BYTES = 12;

  private static final int SUMS_BYTES = SweptChunk.WARPS * Long.BYTES;
  private static final int BLOCKS_A_MULTIPROCESSOR = 4;

  /** Entries of the list that make a block worth its while. */
  private static final int BLOCK_ENTRIES = 2048;

  private final Cuda cuda;
  private final SweptChunk chunk;
  private final Marks marks;
  private final int mostBlocks;

  /** Of these two one is given. */
  private ThresholdSelect thresholds;

  private GlobalTopK first;
  private CsrCodes out;
  private Floats threshold;
  private Floats minPositive;

  private int blocks;
  private long k;
  private long capacity;

  /** Entries that surely fit into the list. */
  private long room;

  private long state;
  private long parts;
  private long runs;
  private long starts;
  private long tiles;
  private long cells;
  private long entries;
  private long kept;

  SweptList(Cuda cuda, SweptChunk chunk, Marks marks) {
    this.cuda = cuda;
    this.chunk = chunk;
    this.marks = marks;
    this.mostBlocks = BLOCKS_A_MULTIPROCESSOR * cuda.device().multiprocessors();
  }

  SweptList of(Selector.Threshold selector) {
    thresholds = selector.options();
    first = null;
    out = selector.out();
    threshold = null;
    minPositive = null;
    k = 0;
    share(Math.min(out.capacity(), chunk.size()));
    return this;
  }

  SweptList of(Selector.Global selector) {
    thresholds = null;
    first = selector.options();
    out = selector.out();
    threshold = selector.threshold();
    minPositive = selector.minPositive();
    k = Math.min(first.k(), chunk.size());
    share(Math.min(chunk.size(), 2 * k + CHUNKS_AT_ONCE * chunk.mostScores()));
    return this;
  }

  private void share(long listed) {
    capacity = listed;
    blocks = (int) Math.clamp(Math.ceilDiv(listed, BLOCK_ENTRIES), 1L, (long) mostBlocks);
  }

  @Override
  long layOut(long address) {
    long rows = chunk.allRows();
    long cellCount = rows * chunk.chunks();
    state = address;
    parts = state + STATE_BYTES;
    runs = parts + (blocks + 1L) * Long.BYTES;
    starts = runs + cellCount * Long.BYTES;
    tiles = starts + rows * Long.BYTES;
    cells = tiles + (Marks.tiles(chunk.allRows()) + 1L) * Long.BYTES;
    entries = cells + cellCount * Integer.BYTES;
    kept = entries + capacity * ENTRY_BYTES;
    return aligned(kept + k * ENTRY_BYTES - address);
  }

  @Override
  void begin() {
    cuda.stream().zero(state, STATE_BYTES);
    cuda.stream().zero(cells, (long) chunk.allRows() * chunk.chunks() * Integer.BYTES);
    room = capacity;
  }

  @Override
  void consume() {
    if (first != null && room < chunk.scores()) {
      cut(2 * k, 0);
      room = capacity - 2 * k;
    }
    room -= chunk.scores();
    read(first == null ? "sweep_count_above" : "sweep_count_first", chunk.blocks(), 0);
    read("sweep_place", 1, SUMS_BYTES);
    read(first == null ? "sweep_append_above" : "sweep_append_first", chunk.blocks(), 0);
  }

  private void read(String name, long readBlocks, int sharedBytes) {
    Floats bars = thresholds == null ? null : thresholds.thresholds();
    Kernel kernel =
        chunk
            .begin(name)
            .pointer(SelectionKernels.address(first == null ? thresholds.mask() : first.mask()))
            .pointer(CudaFloats.address(bars))
            .pointer(state)
            .pointer(entries)
            .pointer(entries + capacity * Integer.BYTES)
            .pointer(entries + 2 * capacity * Integer.BYTES)
            .pointer(0)
            .pointer(0)
            .int64(capacity);
    chunk
        .shape(kernel)
        .int32(bars == null ? 0 : stride(bars))
        .int32((first == null ? flags(thresholds) : flags(first.key())) | chunk.option())
        .int32(0)
        .launch(readBlocks, 1, SweptChunk.THREADS, sharedBytes);
  }

  /**
   * Cuts the list to its first k, if it holds more than {@code limit} entries.
   *
   * @param dropped {@link #DROPPED} if of these only what is above 0, or NaN, is to stay
   */
  private void cut(long limit, int dropped) {
    int placeBits = Long.SIZE - Long.numberOfLeadingZeros(chunk.size() - 1);
    int levels = KEY_LEVELS + Math.ceilDiv(placeBits, LEVEL_BITS);
    for (int level = 0; level < levels; level++) {
      launch("sweep_histogram", blocks, BINS * Integer.BYTES, limit, dropped, level, levels);
      launch("sweep_choose", 1, SUMS_BYTES, limit, dropped, level, levels);
    }
    launch("sweep_keep_count", blocks, SUMS_BYTES, limit, dropped, 0, levels);
    marks.sum(parts, blocks, Long.MAX_VALUE);
    launch("sweep_keep", blocks, SUMS_BYTES, limit, dropped, 0, levels);
    launch("sweep_back", blocks, 0, limit, dropped, 0, levels);
  }

  @Override
  void finish() {
    if (first != null) {
      cut(0, first.relu() ? DROPPED : 0);
    }
    launch("sweep_cells", blocks, 0, 0, 0, 0, 0);
    marks.placeRows(cells, starts, tiles, 0, chunk.allRows(), chunk.chunks());
    marks.sum(tiles, Marks.tiles(chunk.allRows()), Long.MAX_VALUE);
    launch("sweep_write", blocks, 0, 0, 0, 0, 0);
  }

  private void launch(
      String name,
      int gridBlocks,
      int sharedBytes,
      long limit,
      int dropped,
      int level,
      int levels) {
    cuda.kernels()
        .kernel(name)
        .arguments()
        .pointer(state)
        .pointer(entries)
        .pointer(entries + capacity * Integer.BYTES)
        .pointer(entries + 2 * capacity * Integer.BYTES)
        .pointer(kept)
        .pointer(kept + k * Integer.BYTES)
        .pointer(kept + 2 * k * Integer.BYTES)
        .pointer(parts)
        .pointer(cells)
        .pointer(runs)
        .pointer(starts)
        .pointer(tiles)
        .pointer(((CudaLongs) out.offsets()).address())
        .pointer(((CudaInts) out.columns()).address())
        .pointer(((CudaFloats) out.values()).address())
        .pointer(CudaFloats.address(threshold))
        .pointer(CudaFloats.address(minPositive))
        .pointer(cuda.flags().address(Flag.CAPACITY_EXCEEDED))
        .int64(k)
        .int64(limit)
        .int64(capacity)
        .int64(chunk.size() - 1)
        .int32(chunk.allRows())
        .int32(chunk.allColumns())
        .int32(chunk.chunks())
        .int32(chunk.width())
        .int32(chunk.lastTileRow())
        .int32(chunk.lastWidth())
        .int32((first == null ? 0 : flags(first.key())) | dropped)
        .int32(level)
        .int32(levels)
        .int32(0)
        .launch(gridBlocks, 1, SweptChunk.THREADS, sharedBytes);
  }
}
