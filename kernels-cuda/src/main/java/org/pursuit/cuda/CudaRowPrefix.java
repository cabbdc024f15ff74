package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.TopK;

/**
 * Selections of the prefix that comes closest to a target, on the device: {@code row_prefix.cu}
 * tells how long it is, and a row-wise TopK of the energies gives it.
 */
final class CudaRowPrefix {
  private static final String[] COUNT = {"row_prefix_f32", "row_prefix_bf16", "row_prefix_f16"};
  private static final int THREADS = 256;
  private static final int SHARED_BYTES = 24688;

  private final Cuda cuda;
  private final CudaRowTopK rowTopK;
  private TopK topK = TopK.of(0);

  CudaRowPrefix(Cuda cuda, CudaRowTopK rowTopK) {
    this.cuda = cuda;
    this.rowTopK = rowTopK;
  }

  void select(
      CudaMatrix scores,
      Floats norms,
      Floats targets,
      RowPrefix options,
      FixedWidthCodes out,
      Ints totals) {
    int rows = scores.rows();
    int columns = scores.columns();
    topK = topK.k() == out.k() ? topK : TopK.of(out.k());
    long energyBytes = DeviceRows.alignedBytes(rows, columns, DType.F32);
    long scratch =
        cuda.workspace().address(Slot.ENERGIES, energyBytes + (long) rows * Integer.BYTES);
    long counted = totals == null ? scratch + energyBytes : ((CudaInts) totals).address();
    if (columns == 0) {
      cuda.stream().zero(counted, (long) rows * Integer.BYTES);
    } else {
      cuda.kernels()
          .kernel(COUNT[scores.format()])
          .arguments()
          .pointer(scores.address())
          .pointer(CudaFloats.address(norms))
          .pointer(CudaFloats.address(targets))
          .pointer(scratch)
          .pointer(counted)
          .int64(scores.stride())
          .int64(DeviceRows.alignedStride(columns, DType.F32))
          .int32(rows)
          .int32(columns)
          .int32(options.endSentinel() ? 1 : 0)
          .int32(0)
          .launch(rows, 1, THREADS, SHARED_BYTES);
    }
    DeviceRows energies = DeviceRows.aligned(scratch, columns, DType.F32);
    rowTopK.select(energies, rows, scores, topK, counted, out);
  }
}
