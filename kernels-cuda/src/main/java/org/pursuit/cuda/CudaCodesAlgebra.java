package org.pursuit.cuda;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.data.SlottedCodes;

/** The algebra of codes on the device: {@code codes.cu}. */
final class CudaCodesAlgebra {
  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;

  /** Slots up to which a warp merges a row. */
  private static final int WARP_SLOTS = 256;

  /** Shared memory in which the warps of a block tell each other numbers. */
  private static final int TEAM_BYTES = 128;

  /** Rows of a block that places entries, and its shared memory. */
  private static final int TILE = 256;

  private static final int TILE_BYTES = 192;

  private final Cuda cuda;
  private final Kernels kernels;
  private final EntrySort entries;

  CudaCodesAlgebra(Cuda cuda, EntrySort entries) {
    this.cuda = cuda;
    this.kernels = cuda.kernels();
    this.entries = entries;
  }

  /** Codes with slots on the device, wherever they lie. */
  private record Slotted(long indices, long values, long counts, int k) {
    static final Slotted NONE = new Slotted(0, 0, 0, 0);

    static Slotted of(SlottedCodes codes) {
      return new Slotted(
          ((CudaInts) codes.indices()).address(),
          ((CudaFloats) codes.values()).address(),
          ((CudaInts) codes.counts()).address(),
          codes.k());
    }

    Kernel write(Kernel kernel) {
      return kernel.pointer(indices).pointer(values).pointer(counts);
    }
  }

  void coalesce(SlottedCodes codes, FixedWidthCodes out) {
    merge(codes.rows(), 1, Slotted.of(codes), 0, Slotted.NONE, false, Slotted.of(out));
  }

  void axpby(float alpha, SlottedCodes a, float beta, SlottedCodes b, FixedWidthCodes out) {
    merge(a.rows(), alpha, Slotted.of(a), beta, Slotted.of(b), false, Slotted.of(out));
  }

  void intersect(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    merge(a.rows(), 1, Slotted.of(a), 0, Slotted.of(b), true, Slotted.of(out));
  }

  /** {@code out = α·a + β·b} by index, or what a has at the indices of both. */
  private void merge(
      int rows, float alpha, Slotted a, float beta, Slotted b, boolean both, Slotted out) {
    int slots = Math.addExact(a.k, b.k);
    int size = Math.multiplyExact(Integer.highestOneBit(Math.max(2, slots) - 1), 2);
    long keyBytes = (long) size * Long.BYTES;
    boolean inShared = TEAM_BYTES + keyBytes <= cuda.device().sharedBytesPerBlock();
    String shape = slots <= WARP_SLOTS ? "merge_warp" : inShared ? "merge_block" : "merge_memory";
    int blocks = Math.min(rows, 2 * cuda.device().multiprocessors());
    boolean inMemory = slots > WARP_SLOTS && !inShared;
    long keys = inMemory ? cuda.workspace().address(Slot.KEYS, blocks * keyBytes) : 0;
    Kernel kernel = b.write(a.write(kernels.kernel(shape).arguments()));
    out.write(kernel)
        .pointer(keys)
        .int32(rows)
        .int32(a.k)
        .int32(b.k)
        .int32(out.k)
        .int32(size)
        .int32(both ? 1 : 0)
        .float32(alpha)
        .float32(beta);
    if (slots <= WARP_SLOTS) {
      kernel.launch(Math.ceilDiv(rows, WARPS), 1, THREADS, WARPS * (int) keyBytes);
    } else if (inShared) {
      kernel.launch(rows, 1, THREADS, TEAM_BYTES + (int) keyBytes);
    } else {
      kernel.launch(blocks, 1, THREADS, TEAM_BYTES);
    }
  }

  void concat(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    copyRows(DeviceCodes.of(a), 0, out, null);
    copyRows(DeviceCodes.of(b), a.rows(), out, null);
  }

  void toFixedWidth(CsrCodes codes, FixedWidthCodes out, Ints totals) {
    copyRows(DeviceCodes.of(codes), 0, out, totals);
  }

  /** Copies rows of codes to those of others from a row on. */
  private void copyRows(DeviceCodes codes, int toRow, FixedWidthCodes out, Ints totals) {
    Slotted to = Slotted.of(out);
    long slot = (long) toRow * out.k() * Integer.BYTES;
    codes
        .begin(kernels.kernel("copy_rows"))
        .pointer(to.indices + slot)
        .pointer(to.values + slot)
        .pointer(to.counts + (long) toRow * Integer.BYTES)
        .pointer(totals == null ? 0 : ((CudaInts) totals).address())
        .int32(out.k())
        .int32(0)
        .launch(Math.ceilDiv((long) codes.rows() * Math.max(1, out.k()), THREADS), 1, THREADS, 0);
  }

  void toCsr(SlottedCodes codes, CsrCodes out) {
    int rows = codes.rows();
    int k = codes.k();
    int tiles = Math.max(1, Math.ceilDiv(rows, TILE));
    long slots = codes.indices().length();
    long bytes = 2 * slots * Integer.BYTES + (long) rows * Integer.BYTES;
    long aligned = Math.ceilDiv(bytes, Long.BYTES) * Long.BYTES;
    long tileEntries =
        cuda.workspace().address(Slot.MERGED_CODES, (long) tiles * Long.BYTES + aligned);
    long indices = tileEntries + (long) tiles * Long.BYTES;
    long values = indices + slots * Integer.BYTES;
    Slotted merged = new Slotted(indices, values, values + slots * Float.BYTES, k);
    merge(rows, 1, Slotted.of(codes), 0, Slotted.NONE, false, merged);
    compressing("count_filled", merged, tileEntries, rows, tiles, out)
        .launch(tiles, 1, THREADS, TILE_BYTES);
    compressing("place_filled", merged, tileEntries, rows, tiles, out)
        .launch(tiles, 1, THREADS, TILE_BYTES);
    compressing("store_filled", merged, tileEntries, rows, tiles, out)
        .launch(Math.ceilDiv(rows, WARPS), 1, THREADS, 0);
  }

  private Kernel compressing(
      String name, Slotted codes, long tileEntries, int rows, int tiles, CsrCodes out) {
    return codes
        .write(kernels.kernel(name).arguments())
        .pointer(tileEntries)
        .pointer(((CudaLongs) out.offsets()).address())
        .pointer(((CudaInts) out.columns()).address())
        .pointer(((CudaFloats) out.values()).address())
        .pointer(cuda.flags().address(Flag.CAPACITY_EXCEEDED))
        .pointer(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE))
        .int64(out.capacity())
        .int32(rows)
        .int32(codes.k)
        .int32(out.columnCount())
        .int32(tiles);
  }

  void transpose(CsrCodes codes, CsrCodes out) {
    entries.sort(DeviceCodes.of(codes), out.rows());
    kernels
        .kernel("store_sorted")
        .arguments()
        .pointer(entries.indices())
        .pointer(entries.rows())
        .pointer(entries.values())
        .pointer(entries.count())
        .pointer(((CudaLongs) out.offsets()).address())
        .pointer(((CudaInts) out.columns()).address())
        .pointer(((CudaFloats) out.values()).address())
        .pointer(cuda.flags().address(Flag.CAPACITY_EXCEEDED))
        .int64(out.capacity())
        .int32(out.rows())
        .int32(0)
        .launch(Math.ceilDiv(Math.max(out.rows() + 1L, codes.capacity()), THREADS), 1, THREADS, 0);
  }
}
