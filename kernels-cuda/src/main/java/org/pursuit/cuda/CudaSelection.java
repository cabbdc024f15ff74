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
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;

/** Selections on the device, each by a class of its own. */
final class CudaSelection extends Selection {
  private final CudaRowTopK rowTopK;
  private final CudaThresholdSelect thresholdSelect;
  private final CudaGlobalTopK globalTopK;
  private final CudaColumnTopK columnTopK;
  private final CudaRowPrefix rowPrefix;

  CudaSelection(Memory memory, Cuda cuda) {
    super(memory);
    this.rowTopK = new CudaRowTopK(cuda);
    Marks marks = new Marks(cuda);
    this.thresholdSelect = new CudaThresholdSelect(cuda.stream(), marks);
    this.globalTopK = new CudaGlobalTopK(cuda, marks);
    this.columnTopK = new CudaColumnTopK(cuda, marks);
    this.rowPrefix = new CudaRowPrefix(cuda, rowTopK);
  }

  @Override
  protected void topKKernel(Matrix scores, Matrix values, TopK options, FixedWidthCodes out) {
    rowTopK.select(
        DeviceRows.of(scores),
        scores.rows(),
        (CudaMatrix) values,
        options,
        SelectionKernels.rowK(options, 0),
        out);
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

  @Override
  protected void rowPrefixSelectKernel(
      Matrix scores,
      Floats norms,
      Floats targets,
      RowPrefix options,
      FixedWidthCodes out,
      Ints totals) {
    rowPrefix.select((CudaMatrix) scores, norms, targets, options, out, totals);
  }
}
