package org.pursuit.cuda;

import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Training;

/** Dense steps on the device: {@code training.cu}. */
final class CudaTraining extends Training {
  private final Kernels kernels;

  CudaTraining(Memory memory, Cuda cuda) {
    super(memory);
    this.kernels = cuda.kernels();
  }

  @Override
  protected void axpbyKernel(float alpha, Matrix x, float beta, Matrix y) {
    CudaMatrix from = (CudaMatrix) x;
    CudaMatrix to = (CudaMatrix) y;
    kernels
        .kernel("axpby")
        .arguments()
        .pointer(from.address())
        .pointer(to.address())
        .int64(from.stride())
        .int64(to.stride())
        .int64(to.rows())
        .int32(to.columns())
        .int32(from.format())
        .int32(to.format())
        .float32(alpha)
        .float32(beta)
        .launch(RowTiles.blocks(to.rows(), to.columns()), 1, RowTiles.THREADS, 0);
  }
}
