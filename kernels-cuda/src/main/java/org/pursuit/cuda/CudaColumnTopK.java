package org.pursuit.cuda;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.Write;

/** Selections from columns on the device: {@code column_topk.cu}. */
final class CudaColumnTopK {
  private static final int BY_MAGNITUDE = 1;
  private static final int RELU = 2;

  private static final String[] SCAN = {
    "column_topk_scan_f32", "column_topk_scan_bf16", "column_topk_scan_f16"
  };

  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;
  private static final int STRIP = 32;

  /** Shared memory of a scan without its lists. */
  private static final int SCAN_BYTES = 1152;

  /** Blocks that should fit on a multiprocessor, and that it should have to choose from. */
  private static final int BLOCKS_AT_ONCE = 2;

  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  /** Rows of a part for each warp: several times as many as it loads at once. */
  private static final int LEAST_ROWS = 64;

  /** Bytes of lists that more than one part may have. */
  private static final long LIST_BYTES = 256L << 20;

  private final Cuda cuda;
  private final Kernels kernels;
  private final Marks marks;

  private ColumnTopK options;
  private ColumnCodes out;
  private int rows;

  /** Ranges of rows, and warps that share a strip of columns. */
  private int parts;

  private int warpsPerStrip;
  private long lists;
  private long listCounts;
  private long heldIds;

  /** Entries of codes by column: where each column's begin, and they themselves. */
  private long firsts;

  private long entries;

  CudaColumnTopK(Cuda cuda, Marks marks) {
    this.cuda = cuda;
    this.kernels = cuda.kernels();
    this.marks = marks;
  }

  void select(CudaMatrix scores, ColumnTopK options, ColumnCodes out) {
    if (begin(options, out, scores.rows())) {
      Kernel scan = kernels.kernel(SCAN[scores.format()]).arguments();
      scan(scan.pointer(scores.address()).pointer(0).pointer(0), scores.stride());
    }
  }

  void select(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
    if (begin(options, out, codes.rows())) {
      long length = codes.values().length();
      long indices = ((CudaInts) codes.indices()).address();
      long values = CudaFloats.address(codes.values());
      sort(indices, values, ((CudaInts) codes.counts()).address(), 0, length, codes.k());
      scanEntries();
    }
  }

  void select(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
    if (begin(options, out, codes.rows())) {
      long indices = ((CudaInts) codes.columns()).address();
      long values = CudaFloats.address(codes.values());
      sort(indices, values, 0, ((CudaLongs) codes.offsets()).address(), codes.capacity(), 0);
      scanEntries();
    }
  }

  /** Makes room for lists; false if no column has a slot, and all is done. */
  private boolean begin(ColumnTopK options, ColumnCodes out, int rows) {
    this.options = options;
    this.out = out;
    this.rows = rows;
    int columns = out.columns();
    int m = out.m();
    if (columns == 0 || m == 0) {
      cuda.stream().zero(((CudaInts) out.counts()).address(), (long) columns * Integer.BYTES);
      return false;
    }
    Device device = cuda.device();
    boolean shared = SCAN_BYTES + heapBytes(m) <= device.sharedBytesPerBlock(BLOCKS_AT_ONCE);
    warpsPerStrip = shared ? WARPS : 1;
    long strips = Math.ceilDiv(columns, STRIP);
    long slots = strips * m * STRIP;
    long wanted =
        Math.ceilDiv((long) BLOCKS_PER_MULTIPROCESSOR * device.multiprocessors(), blocks());
    long most = Math.min(rows / (LEAST_ROWS * warpsPerStrip), LIST_BYTES / Long.BYTES / slots);
    parts = (int) Math.clamp(wanted, 1, Math.max(1, most));
    long listBytes = parts * slots * Long.BYTES;
    long heldBytes = options.write() == Write.ACCUMULATE ? (long) columns * m * Long.BYTES : 0;
    long countBytes = parts * strips * STRIP * Integer.BYTES;
    lists = cuda.workspace().address(Slot.COLUMNS, listBytes + heldBytes + countBytes);
    heldIds = heldBytes == 0 ? 0 : lists + listBytes;
    listCounts = lists + listBytes + heldBytes;
    if (heldIds != 0) {
      cuda.stream().copy(heldIds, ((CudaLongs) out.rowIds()).address(), heldBytes);
    }
    return true;
  }

  /** Blocks of a part. */
  private long blocks() {
    return Math.ceilDiv(Math.ceilDiv((long) out.columns(), STRIP), WARPS / warpsPerStrip);
  }

  private static long heapBytes(int m) {
    return (long) WARPS * STRIP * m * Long.BYTES;
  }

  /** Sorts the entries of codes by column, in any order within one. */
  private void sort(long indices, long values, long counts, long offsets, long length, int k) {
    int columns = out.columns();
    long firstBytes = (columns + 1L) * Long.BYTES;
    long cursorBytes = (long) columns * Integer.BYTES;
    entries =
        cuda.workspace().address(Slot.ENTRIES, length * Long.BYTES + firstBytes + cursorBytes);
    firsts = entries + length * Long.BYTES;
    cuda.stream().zero(firsts, firstBytes + cursorBytes);
    entryKernel("column_topk_count", indices, values, counts, offsets, k);
    marks.sum(firsts, columns, Long.MAX_VALUE);
    entryKernel("column_topk_scatter", indices, values, counts, offsets, k);
  }

  private void entryKernel(
      String name, long indices, long values, long counts, long offsets, int k) {
    kernels
        .kernel(name)
        .arguments()
        .pointer(indices)
        .pointer(values)
        .pointer(counts)
        .pointer(offsets)
        .pointer(firsts)
        .pointer(firsts + (out.columns() + 1L) * Long.BYTES)
        .pointer(entries)
        .pointer(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE))
        .int32(rows)
        .int32(out.columns())
        .int32(k)
        .int32(0)
        .launch(Math.ceilDiv(rows, WARPS), 1, THREADS, 0);
  }

  private void scanEntries() {
    Kernel scan = kernels.kernel("column_topk_scan_entries").arguments();
    scan(scan.pointer(0).pointer(entries).pointer(firsts), 0);
  }

  /** Launches a kernel that knows the source already, then the merge of its lists. */
  private void scan(Kernel kernel, long stride) {
    long sharedBytes = SCAN_BYTES + (warpsPerStrip == 1 ? 0 : heapBytes(out.m()));
    long blocks = parts * blocks();
    finish(kernel, stride).launch(blocks, 1, THREADS, (int) sharedBytes);
    Kernel merge = kernels.kernel("column_topk_merge").arguments().pointer(0).pointer(0).pointer(0);
    finish(merge, 0).launch(Math.ceilDiv(Math.ceilDiv(out.columns(), STRIP), WARPS), 1, THREADS, 0);
  }

  private Kernel finish(Kernel kernel, long stride) {
    int flags =
        (options.key() == SelectionKey.MAGNITUDE ? BY_MAGNITUDE : 0) | (options.relu() ? RELU : 0);
    return kernel
        .pointer(options.rowIds() == null ? 0 : ((CudaLongs) options.rowIds()).address())
        .pointer(options.columnM() == null ? 0 : ((CudaInts) options.columnM()).address())
        .pointer(lists)
        .pointer(listCounts)
        .pointer(heldIds)
        .pointer(((CudaLongs) out.rowIds()).address())
        .pointer(CudaFloats.address(out.values()))
        .pointer(((CudaInts) out.counts()).address())
        .int64(stride)
        .int64(options.firstRow())
        .int32(rows)
        .int32(out.columns())
        .int32(out.m())
        .int32(flags)
        .int32(parts)
        .int32(warpsPerStrip);
  }
}
