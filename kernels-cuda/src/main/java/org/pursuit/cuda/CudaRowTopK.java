package org.pursuit.cuda;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.kernel.TopK;

/** Row-wise TopK: {@code selection.cu}, in the shape that {@link SelectionShape} says. */
final class CudaRowTopK {
  private final SelectionKernels kernels;
  private final Workspace workspace;

  CudaRowTopK(Cuda cuda) {
    this.kernels = new SelectionKernels(cuda);
    this.workspace = cuda.workspace();
  }

  /**
   * Selects the first k of each row.
   *
   * @param rowK where each row's own k lies; 0 when all rows have the same
   */
  void select(
      DeviceRows scores,
      int rows,
      CudaMatrix values,
      TopK options,
      long rowK,
      FixedWidthCodes out) {
    int columns = scores.columns();
    int wants = SelectionKernels.wants(options, columns);
    long rowBytes = (long) columns * scores.dtype().bytes();
    SelectionShape shape = SelectionShape.of(kernels.device(), rows, rowBytes, wants);
    if (shape != SelectionShape.SPLIT) {
      kernels.select(shape, scores, rows, values, options, rowK, out, 1, 0);
      return;
    }
    int slices = SelectionShape.slices(kernels.device(), rows, rowBytes);
    long listBytes = SelectionKernels.listBytes(rows, slices, wants);
    long lists = workspace.address(Slot.SLICES, listBytes + (long) rows * slices * Integer.BYTES);
    long counts = lists + listBytes;
    kernels.select(shape, scores, rows, values, options, rowK, out, slices, lists);
    kernels.merge(values, options, rowK, out, 0, rows, columns, lists, counts, slices, wants);
  }
}
