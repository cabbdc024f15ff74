package org.pursuit.cuda;

import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Statistics;

/** Statistics on the device: {@code statistics.cu}. */
final class CudaStatistics extends Statistics {
  private static final int WARPS = 8;
  private static final int THREADS = 32 * WARPS;

  /** Columns from which on a whole block adds up a row. */
  private static final int LONG_ROW = 2048;

  private final Kernels kernels;

  CudaStatistics(Memory memory, Cuda cuda) {
    super(memory);
    this.kernels = cuda.kernels();
  }

  @Override
  protected void squaredErrorsKernel(Matrix x, Matrix y, Floats out) {
    CudaMatrix left = (CudaMatrix) x;
    CudaMatrix right = (CudaMatrix) y;
    int warpsPerRow = left.columns() < LONG_ROW ? 1 : WARPS;
    kernels
        .kernel("squared_errors")
        .arguments()
        .pointer(left.address())
        .pointer(right.address())
        .pointer(((CudaFloats) out).address())
        .int64(left.stride())
        .int64(right.stride())
        .int64(left.rows())
        .int32(left.columns())
        .int32(left.format())
        .int32(right.format())
        .int32(warpsPerRow)
        .launch(
            Math.ceilDiv((long) left.rows() * warpsPerRow, WARPS), 1, THREADS, WARPS * Float.BYTES);
  }
}
