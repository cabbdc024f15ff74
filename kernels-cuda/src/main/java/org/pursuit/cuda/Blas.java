package org.pursuit.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUresult;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.pursuit.KernelException;
import org.pursuit.data.DType;
import org.pursuit.kernel.Precision;

/**
 * Dense products by cuBLAS, of row-major factors of one format, summed in float32.
 *
 * <p>cuBLAS reads columns: what it takes for a column-major matrix is the transpose of the
 * row-major one. So it is asked for {@code outᵀ = op(b)ᵀ·op(a)ᵀ}: the factors change places, and a
 * factor that we want transposed is to be transposed by it, too.
 *
 * <p>Two products of the same shape give the same bits: there is one stream, and scratch of a fixed
 * size that belongs to it. The latter also lets graphs record products.
 */
final class Blas implements AutoCloseable {
  /** What NVIDIA recommends from Hopper on, and before. */
  private static final long SCRATCH_BYTES = 32 << 20;

  private static final long SCRATCH_BYTES_BEFORE_HOPPER = 8 << 20;
  private static final int HOPPER = 90;

  private final Cublas.Finding finding;
  private final Driver driver;
  private final Stream stream;
  private final Workspace workspace;
  private final long scratchBytes;
  private final ByteBuffer alpha = number();
  private final ByteBuffer beta = number();
  private final Pointer alphaPointer = Pointer.to(alpha);
  private final Pointer betaPointer = Pointer.to(beta);
  private cublasHandle handle;
  private long scratch;

  Blas(Cublas.Finding finding, Driver driver, Stream stream, Workspace workspace, Device device) {
    this.finding = finding;
    this.driver = driver;
    this.stream = stream;
    this.workspace = workspace;
    this.scratchBytes = device.capability() >= HOPPER ? SCRATCH_BYTES : SCRATCH_BYTES_BEFORE_HOPPER;
  }

  /** Whether there is no cuBLAS; the finding says why. */
  boolean absent() {
    return finding.found() == Cublas.ABSENT;
  }

  /** Whether it takes a product: one format, sizes that fit its integers, something to sum. */
  static boolean takes(DeviceRows a, DeviceRows b, long outStride) {
    long largest = Math.max(outStride, Math.max(a.stride(), b.stride()));
    return a.dtype() == b.dtype() && a.columns() > 0 && largest <= Integer.MAX_VALUE;
  }

  /**
   * {@code out[r, j] = Σ a[aRow + r, i]·b[bRow + j, i]} in float32. 16-bit factors are multiplied
   * exactly, float32 ones too unless TF32 or less will do.
   *
   * @param a rows [·, d]
   * @param b rows [·, d] of the same format
   */
  void multiply(
      DeviceRows a,
      int aRow,
      int rows,
      DeviceRows b,
      int bRow,
      int columns,
      Precision precision,
      long out,
      long outStride) {
    multiply(
        a.at(aRow, 0),
        a.stride(),
        false,
        b.at(bRow, 0),
        b.stride(),
        true,
        a.dtype(),
        rows,
        columns,
        a.columns(),
        precision,
        1,
        0,
        out,
        outStride);
  }

  /**
   * {@code out = α·op(a)·op(b) + β·out} in float32, where op may transpose.
   *
   * @param a address of [m, k], or of [k, m] to be transposed
   * @param b address of [k, n], or of [n, k] to be transposed
   * @param type of both
   */
  void multiply(
      long a,
      long aStride,
      boolean transposeA,
      long b,
      long bStride,
      boolean transposeB,
      DType type,
      int m,
      int n,
      int k,
      Precision precision,
      float alpha,
      float beta,
      long out,
      long outStride) {
    if (m == 0 || n == 0) {
      return;
    }
    prepare();
    this.alpha.putFloat(0, alpha);
    this.beta.putFloat(0, beta);
    int operationA = transposeA ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    int operationB = transposeB ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    driver.enter();
    boolean rounded = precision == Precision.TF32 || precision == Precision.BF16;
    if (type == DType.F32 && !rounded) {
      leave(
          "cublasSgemm",
          JCublas2.cublasSgemm(
              handle,
              operationB,
              operationA,
              n,
              m,
              k,
              alphaPointer,
              stream.pointer(b),
              (int) bStride,
              stream.pointer(a),
              (int) aStride,
              betaPointer,
              stream.pointer(out),
              (int) outStride));
      return;
    }
    leave(
        "cublasGemmEx",
        JCublas2.cublasGemmEx_new(
            handle,
            operationB,
            operationA,
            n,
            m,
            k,
            alphaPointer,
            stream.pointer(b),
            dataType(type),
            (int) bStride,
            stream.pointer(a),
            dataType(type),
            (int) aStride,
            betaPointer,
            stream.pointer(out),
            cudaDataType.CUDA_R_32F,
            (int) outStride,
            type == DType.F32
                ? cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32
                : cublasComputeType.CUBLAS_COMPUTE_32F,
            cublasGemmAlgo.CUBLAS_GEMM_DEFAULT));
  }

  /** Makes the handle at the first product, and gives it the scratch anew when that has moved. */
  private void prepare() {
    if (handle == null) {
      stream.requireNoCapture("initialising cuBLAS");
      cublasHandle made = new cublasHandle();
      driver.enter();
      leave("cublasCreate", JCublas2.cublasCreate(made));
      driver.enter();
      int status = JCublas2.cublasSetStream(made, new cudaStream_t(stream.handle()));
      if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
        JCublas2.cublasDestroy(made);
      }
      leave("cublasSetStream", status);
      handle = made;
    }
    long address = workspace.address(Slot.CUBLAS, scratchBytes);
    if (address != scratch) {
      driver.enter();
      leave(
          "cublasSetWorkspace",
          JCublas2.cublasSetWorkspace(handle, stream.pointer(address), scratchBytes));
      scratch = address;
    }
  }

  private void leave(String operation, int status) {
    if (status == cublasStatus.CUBLAS_STATUS_SUCCESS) {
      stream.leave(operation, CUresult.CUDA_SUCCESS);
      return;
    }
    driver.leave(operation, CUresult.CUDA_SUCCESS);
    throw failure(operation, status);
  }

  private static KernelException failure(String operation, int status) {
    return new KernelException(
        operation, CudaProvider.NAME, status, cublasStatus.stringFor(status));
  }

  private static int dataType(DType type) {
    return switch (type) {
      case F32 -> cudaDataType.CUDA_R_32F;
      case BF16 -> cudaDataType.CUDA_R_16BF;
      case F16 -> cudaDataType.CUDA_R_16F;
    };
  }

  private static ByteBuffer number() {
    return ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder());
  }

  @Override
  public void close() {
    if (handle != null) {
      cublasHandle closing = handle;
      handle = null;
      int[] status = new int[1];
      driver.free(
          "cublasDestroy",
          () -> {
            status[0] = JCublas2.cublasDestroy(closing);
            return CUresult.CUDA_SUCCESS;
          });
      if (status[0] != cublasStatus.CUBLAS_STATUS_SUCCESS && !driver.isBroken()) {
        throw failure("cublasDestroy", status[0]);
      }
    }
  }
}
