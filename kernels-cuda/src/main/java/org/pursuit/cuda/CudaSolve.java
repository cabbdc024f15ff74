package org.pursuit.cuda;

/** The launches of {@code solve.cu}. */
final class CudaSolve {
  private static final int THREADS = 256;
  private static final int COLUMNS = 32;

  private final Cuda cuda;

  CudaSolve(Cuda cuda) {
    this.cuda = cuda;
  }

  void solve(CudaMatrix a, float ridge, CudaMatrix b, CudaMatrix x) {
    long n = a.rows();
    if (n == 0 || b.columns() == 0) {
      return;
    }
    // The factor, the pivots' reciprocals, the right sides, and whether all is well.
    long numbers = n * n + n + n * b.columns();
    long factor = cuda.workspace().address(Slot.FACTOR, numbers * Double.BYTES + Integer.BYTES);
    long reciprocals = factor + n * n * Double.BYTES;
    long sides = reciprocals + n * Double.BYTES;
    long failed = factor + numbers * Double.BYTES;
    cuda.kernels()
        .kernel("factorise")
        .arguments()
        .pointer(a.address())
        .pointer(factor)
        .pointer(reciprocals)
        .pointer(failed)
        .pointer(cuda.flags().address(Flag.NOT_POSITIVE_DEFINITE))
        .int64(a.stride())
        .int32(a.rows())
        .int32(a.format())
        .float32(ridge)
        .int32(0)
        .launch(1, 1, THREADS, 0);
    cuda.kernels()
        .kernel("substitute")
        .arguments()
        .pointer(factor)
        .pointer(reciprocals)
        .pointer(failed)
        .pointer(b.address())
        .pointer(x.address())
        .pointer(sides)
        .int64(b.stride())
        .int64(x.stride())
        .int32(a.rows())
        .int32(b.columns())
        .int32(b.format())
        .int32(x.format())
        .launch(Math.ceilDiv(b.columns(), COLUMNS), 1, THREADS, 0);
  }
}
