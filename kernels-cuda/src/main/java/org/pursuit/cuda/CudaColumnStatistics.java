package org.pursuit.cuda;

import java.util.List;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Write;

/** What columns amount to: {@code column_statistics.cu}. */
final class CudaColumnStatistics {
  private static final int WARPS = 8;
  private static final int THREADS = 32 * WARPS;

  /** Rows and columns that a block of {@code column_parts} reads at once. */
  private static final int TILE_ROWS = 4 * WARPS;

  private static final int TILE_COLUMNS = 128;

  /** What {@code column_parts} keeps of a tile in shared memory. */
  private static final int TILE_BYTES = WARPS * TILE_COLUMNS * 3 * Float.BYTES;

  /** Blocks that keep any device busy; more of them only leave more to merge. */
  private static final int BLOCKS = 2048;

  private static final List<String> COUNT = List.of("count_entries");
  private static final List<String> COUNT_AND_SUM = List.of("count_entries", "sum_entries");

  /** Bits that a sum of a column's entries may take. */
  private static final int SUM_BITS = 62;

  private final Kernels kernels;
  private final Workspace workspace;
  private final Stream stream;
  private final Flags flags;

  CudaColumnStatistics(Cuda cuda) {
    this.kernels = cuda.kernels();
    this.workspace = cuda.workspace();
    this.stream = cuda.stream();
    this.flags = cuda.flags();
  }

  void compute(CudaMatrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    int columnBlocks = Math.ceilDiv(x.columns(), TILE_COLUMNS);
    int tiles = Math.ceilDiv(x.rows(), TILE_ROWS);
    int tilesPerBlock = Math.ceilDiv(tiles, Math.ceilDiv(BLOCKS, Math.max(columnBlocks, 1)));
    int rowsPerBlock = TILE_ROWS * Math.max(2, tilesPerBlock);
    int rowBlocks = Math.ceilDiv(x.rows(), rowsPerBlock);
    long words = (long) rowBlocks * x.columns() * Float.BYTES;
    long counts = workspace.address(Slot.STATISTICS, 3 * words);
    kernels
        .kernel("column_parts")
        .arguments()
        .pointer(x.address())
        .pointer(counts)
        .pointer(counts + words)
        .pointer(counts + 2 * words)
        .int64(x.stride())
        .int64(x.rows())
        .int32(x.columns())
        .int32(x.format())
        .int32(rowsPerBlock)
        .float32(fired.low())
        .float32(fired.high())
        .launch((long) rowBlocks * columnBlocks, 1, THREADS, TILE_BYTES);
    kernels
        .kernel("column_merge")
        .arguments()
        .pointer(counts)
        .pointer(counts + words)
        .pointer(counts + 2 * words)
        .pointer(CudaLongs.address(fires))
        .pointer(CudaFloats.address(maxima))
        .pointer(CudaFloats.address(sums))
        .int32(x.columns())
        .int32(rowBlocks)
        .int32(write == Write.ACCUMULATE ? 1 : 0)
        .launch(Math.ceilDiv(x.columns(), THREADS), 1, THREADS, 0);
  }

  void compute(
      SlottedCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    long columns =
        fires != null ? fires.length() : maxima != null ? maxima.length() : sums.length();
    entries(codes.indices(), codes.values(), 0, (int) columns, fired, write, fires, maxima, sums);
  }

  void compute(CsrCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    long end = ((CudaLongs) codes.offsets()).address() + (long) codes.rows() * Long.BYTES;
    entries(
        codes.columns(),
        codes.values(),
        end,
        codes.columnCount(),
        fired,
        write,
        fires,
        maxima,
        sums);
  }

  /**
   * @param end where the number of entries stands on the device, 0 for as many as there are indices
   */
  private void entries(
      Ints indices,
      Floats values,
      long end,
      int columns,
      Fired fired,
      Write write,
      Longs fires,
      Floats maxima,
      Floats sums) {
    long words = (long) columns * Integer.BYTES;
    long units = workspace.address(Slot.STATISTICS, 5 * words);
    long keys = units + 2 * words;
    long magnitudes = keys + words;
    long specials = magnitudes + words;
    stream.zero(units, 5 * words);
    if (fires != null && write == Write.OVERWRITE) {
      stream.zero(CudaLongs.address(fires), 2 * words);
    }
    int bits = SUM_BITS - (Long.SIZE - Long.numberOfLeadingZeros(indices.length()));
    for (String pass : sums == null ? COUNT : COUNT_AND_SUM) {
      kernels
          .kernel(pass)
          .arguments()
          .pointer(((CudaInts) indices).address())
          .pointer(((CudaFloats) values).address())
          .pointer(end)
          .pointer(CudaLongs.address(fires))
          .pointer(maxima == null ? 0 : keys)
          .pointer(sums == null ? 0 : magnitudes)
          .pointer(specials)
          .pointer(units)
          .pointer(flags.address(Flag.INDEX_OUT_OF_RANGE))
          .int64(indices.length())
          .int32(columns)
          .int32(bits)
          .float32(fired.low())
          .float32(fired.high())
          .launch(Math.ceilDiv(indices.length(), THREADS), 1, THREADS, 0);
    }
    kernels
        .kernel("merge_entries")
        .arguments()
        .pointer(keys)
        .pointer(magnitudes)
        .pointer(specials)
        .pointer(units)
        .pointer(CudaFloats.address(maxima))
        .pointer(CudaFloats.address(sums))
        .int32(columns)
        .int32(bits)
        .int32(write == Write.ACCUMULATE ? 1 : 0)
        .launch(Math.ceilDiv(columns, THREADS), 1, THREADS, 0);
  }
}
