package org.pursuit.cuda;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.data.Mask;
import org.pursuit.kernel.OutputOrder;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;

/**
 * The launches of {@code selection.cu}: grids, shared memory and the order of the arguments, as
 * {@code selection.h} has them.
 */
final class SelectionKernels {
  private static final int BY_MAGNITUDE = 1;
  private static final int BY_INDEX = 2;
  private static final int DROP_TIES = 4;
  private static final int RELU = 8;

  private static final int MERGE_THREADS = 256;

  private final Kernels kernels;
  private final Device device;

  SelectionKernels(Cuda cuda) {
    this.kernels = cuda.kernels();
    this.device = cuda.device();
  }

  Device device() {
    return device;
  }

  /** The kernel that takes a chunk, for {@link CudaRunningTopK} to write its arguments. */
  Kernel running() {
    return kernels.kernel("running_consume");
  }

  /** The most that a row of {@code columns} scores keeps. */
  static int keeps(TopK options, int columns) {
    return Math.min(options.k(), columns);
  }

  /** The ranks that tell which those are: with ties dropped, the next one too. */
  static int wants(TopK options, int columns) {
    int keeps = keeps(options, columns);
    return options.tieRule() == TieRule.DROP && keeps > 0 ? keeps + 1 : keeps;
  }

  /**
   * The first k of each row, or with {@link SelectionShape#SPLIT} of each slice.
   *
   * @param rows how many
   * @param rowK where each row's own k lies; 0 when all rows have the same
   * @param lists where slices leave their ranks [rows, slices, wants]; their counts [rows, slices]
   *     follow
   */
  void select(
      SelectionShape shape,
      DeviceRows scores,
      int rows,
      CudaMatrix values,
      TopK options,
      long rowK,
      FixedWidthCodes out,
      int slices,
      long lists) {
    int wants = wants(options, scores.columns());
    CandidateRoom room = shape.room(wants, device);
    Kernel kernel = kernels.kernel(shape.kernel(scores.dtype())).arguments();
    kernel.pointer(scores.address()).pointer(values.address()).pointer(address(options.mask()));
    outputs(kernel, rowK, out, 0)
        .pointer(lists)
        .pointer(lists + listBytes(rows, slices, wants))
        .int64(scores.stride())
        .int64(values.stride())
        .int32(rows)
        .int32(scores.columns())
        .int32(out.k())
        .int32(keeps(options, scores.columns()))
        .int32(room.capacity())
        .int32(room.stash())
        .int32(flags(options))
        .int32(values.format())
        .int32(slices)
        .int32(wants)
        .launch(shape.grid(rows, slices), 1, shape.threads(), room.sharedBytes());
  }

  /**
   * Makes codes of lists of ranks.
   *
   * @param values what the codes hold, or null for the scores as the ranks remember them
   * @param rowK where the own k of the row that row 0 of the lists is lies; 0 when all rows have
   *     the same
   * @param firstRow row of the codes that row 0 of the lists is
   * @param columns columns of all scores
   * @param lists ranks [rows, slices, listCapacity]; their counts [rows, slices] at {@code counts}
   */
  void merge(
      CudaMatrix values,
      TopK options,
      long rowK,
      FixedWidthCodes out,
      int firstRow,
      int rows,
      int columns,
      long lists,
      long counts,
      int slices,
      int listCapacity) {
    CandidateRoom room = CandidateRoom.ofRanks(MERGE_THREADS, wants(options, columns), device);
    Kernel kernel = kernels.kernel("topk_merge").arguments();
    kernel.pointer(0).pointer(values == null ? 0 : values.address()).pointer(0);
    outputs(kernel, rowK, out, firstRow)
        .pointer(lists)
        .pointer(counts)
        .int64(0)
        .int64(values == null ? 0 : values.stride())
        .int32(rows)
        .int32(columns)
        .int32(out.k())
        .int32(keeps(options, columns))
        .int32(room.capacity())
        .int32(room.stash())
        .int32(flags(options))
        .int32(values == null ? 0 : values.format())
        .int32(slices)
        .int32(listCapacity)
        .launch(rows, 1, MERGE_THREADS, room.sharedBytes());
  }

  /** Bytes of lists of {@code listCapacity} ranks, without their counts. */
  static long listBytes(int rows, int slices, int listCapacity) {
    return (long) rows * slices * listCapacity * Long.BYTES;
  }

  private static Kernel outputs(Kernel kernel, long rowK, FixedWidthCodes out, int firstRow) {
    long slot = (long) firstRow * out.k();
    return kernel
        .pointer(rowK)
        .pointer(((CudaInts) out.indices()).address() + slot * Integer.BYTES)
        .pointer(((CudaFloats) out.values()).address() + slot * Float.BYTES)
        .pointer(((CudaInts) out.counts()).address() + (long) firstRow * Integer.BYTES);
  }

  /** Where a row's own k lies; 0 when all rows have the same. */
  static long rowK(TopK options, int firstRow) {
    Ints rowK = options.rowK();
    return rowK == null ? 0 : ((CudaInts) rowK).address() + (long) firstRow * Integer.BYTES;
  }

  static long address(Mask mask) {
    return mask == null ? 0 : ((CudaMask) mask).address();
  }

  static int flags(TopK options) {
    return (options.key() == SelectionKey.MAGNITUDE ? BY_MAGNITUDE : 0)
        | (options.order() == OutputOrder.BY_INDEX ? BY_INDEX : 0)
        | (options.tieRule() == TieRule.DROP ? DROP_TIES : 0)
        | (options.relu() ? RELU : 0);
  }
}
