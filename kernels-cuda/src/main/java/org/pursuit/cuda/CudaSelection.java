package org.pursuit.cuda;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;

/**
 * Selections on the device. Row-wise TopK: {@code selection.cu}, in the shape that {@link
 * SelectionShape} says.
 */
final class CudaSelection extends Selection {
  private final SelectionKernels kernels;
  private final Workspace workspace;
  private final CudaThresholdSelect thresholdSelect;
  private final CudaGlobalTopK globalTopK;
  private final CudaColumnTopK columnTopK;

  CudaSelection(Memory memory, Cuda cuda) {
    super(memory);
    this.kernels = new SelectionKernels(cuda);
    this.workspace = cuda.workspace();
    Marks marks = new Marks(cuda);
    this.thresholdSelect = new CudaThresholdSelect(cuda.stream(), marks);
    this.globalTopK = new CudaGlobalTopK(cuda, marks);
    this.columnTopK = new CudaColumnTopK(cuda, marks);
  }

  @Override
  protected void topKKernel(Matrix scores, Matrix values, TopK options, FixedWidthCodes out) {
    CudaMatrix ranked = (CudaMatrix) scores;
    CudaMatrix stored = (CudaMatrix) values;
    int rows = scores.rows();
    int columns = scores.columns();
    int wants = SelectionKernels.wants(options, columns);
    long rowBytes = (long) columns * scores.dtype().bytes();
    SelectionShape shape = SelectionShape.of(kernels.device(), rows, rowBytes, wants);
    if (shape != SelectionShape.SPLIT) {
      kernels.select(shape, ranked, stored, options, out, 1, 0);
      return;
    }
    int slices = SelectionShape.slices(kernels.device(), rows, rowBytes);
    long listBytes = SelectionKernels.listBytes(rows, slices, wants);
    long lists = workspace.address(Slot.SLICES, listBytes + (long) rows * slices * Integer.BYTES);
    kernels.select(shape, ranked, stored, options, out, slices, lists);
    kernels.merge(stored, options, out, 0, rows, columns, lists, lists + listBytes, slices, wants);
  }

  @Override
  protected void thresholdSelectKernel(Matrix scores, ThresholdSelect options, CsrCodes out) {
    thresholdSelect.select(scores, options, out);
  }

  @Override
  protected void thresholdSelectKernel(
      Matrix scores, ThresholdSelect options, FixedWidthCodes out, Ints totals) {
    thresholdSelect.select(scores, options, out, totals);
  }

  @Override
  protected void globalTopKKernel(
      Matrix scores, GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive) {
    globalTopK.select(scores, options, out, threshold, minPositive);
  }

  @Override
  protected void columnTopKKernel(Matrix scores, ColumnTopK options, ColumnCodes out) {
    columnTopK.select((CudaMatrix) scores, options, out);
  }

  @Override
  protected void columnTopKKernel(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
    columnTopK.select(codes, options, out);
  }

  @Override
  protected void columnTopKKernel(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
    columnTopK.select(codes, options, out);
  }
}
