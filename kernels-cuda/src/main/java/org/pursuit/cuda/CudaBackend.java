package org.pursuit.cuda;

import java.util.List;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import org.pursuit.Backend;
import org.pursuit.BackendInfo;
import org.pursuit.BackendOptions;
import org.pursuit.Families;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;

/**
 * Hand-written kernels on an NVIDIA GPU. {@code Backends.open("cuda")} returns one.
 *
 * <p>Kernel calls and uploads are queued on one stream and return at once. A download, {@code
 * nnz()} and {@link #synchronize} wait for what was queued before, and throw what the device has
 * found wrong meanwhile: {@link org.pursuit.KernelException} names the calls that may have failed.
 * {@code -Dpursuit.cuda.debug=true} waits after every call and so names the one that did.
 *
 * <p>Some errors, such as a wild memory access, break the device's context for this process, other
 * libraries included. From then on every call throws {@link IllegalStateException}; close the
 * backend and start the program again.
 *
 * <p>The memory limit of the options bounds what handles occupy. Scratch does not count, so that a
 * call which has run once does not fail because handles were added. Freed memory is given back
 * rather than let an allocation exceed the limit with it. Both are kept for later calls until
 * {@link #trim}. Scores whose weights must be converted take up to a quarter of the limit, or of
 * the device's memory, for them, and do with less, more slowly, where that is not free.
 */
public final class CudaBackend extends Backend {
  private final Cuda cuda;
  private final Families families;

  private CudaBackend(Cuda cuda, BackendOptions options) {
    super(
        new BackendInfo(CudaProvider.NAME, cuda.device() + ", " + Cublas.finding().found(), 1),
        options);
    this.cuda = cuda;
    CudaSelection selection = new CudaSelection(this, cuda);
    this.families =
        new Families(
            new CudaScoring(this, selection, new CudaRunningTopK(cuda), cuda),
            selection,
            new CudaSparseAlgebra(this, cuda),
            new CudaPursuits(this, cuda),
            new CudaTraining(this, cuda),
            new CudaStatistics(this, cuda));
  }

  static CudaBackend open(BackendOptions options) {
    Device device = Device.read(options.device());
    Cuda cuda = Cuda.open(device, Images.chosen(), options.memoryLimitBytes());
    try {
      return new CudaBackend(cuda, options);
    } catch (RuntimeException | Error e) {
      try {
        cuda.close();
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /**
   * A matrix on device memory of another library, without a copy: row-major, {@code stride}
   * elements from row to row. The owner keeps the memory until the matrix is closed, and as long as
   * graphs run that know the matrix.
   *
   * <p>What is queued on {@code stream} before this call runs before what this backend is asked to
   * do afterwards; what is queued there after the matrix is closed runs after what this backend was
   * asked to do before. In between, {@link #runAfter} and {@link #runBefore} order the two.
   *
   * @param devicePointer address of the first element, a multiple of the element's size; memory of
   *     the device that this backend runs on
   * @param stride at least {@code columns}
   * @param stream the owner's {@code CUstream} or {@code cudaStream_t}; 0 for the default stream
   */
  public Matrix wrap(
      long devicePointer, DType dtype, int rows, int columns, long stride, long stream) {
    if (devicePointer == 0 || devicePointer % dtype.bytes() != 0) {
      throw new IllegalArgumentException(
          "devicePointer: expected an address that is a multiple of "
              + dtype.bytes()
              + ", found 0x"
              + Long.toHexString(devicePointer));
    }
    if (stride < columns) {
      throw new IllegalArgumentException(
          "stride: expected at least " + columns + " elements, found " + stride);
    }
    return CudaMatrix.over(
        this, cuda, devicePointer, rows, columns, dtype, stride, ForeignStream.of(stream));
  }

  /**
   * What this backend is asked to do from now on runs after what another library's stream holds
   * now.
   *
   * @param stream a {@code CUstream} or {@code cudaStream_t}; 0 for the default stream
   */
  public void runAfter(long stream) {
    CUstream other = ForeignStream.of(stream);
    call(() -> cuda.stream().runAfter(other));
  }

  /**
   * What another library's stream gets from now on runs after what this backend was asked to do.
   *
   * @param stream a {@code CUstream} or {@code cudaStream_t}; 0 for the default stream
   */
  public void runBefore(long stream) {
    CUstream other = ForeignStream.of(stream);
    call(() -> cuda.stream().runBefore(other));
  }

  /**
   * Records the kernel calls that {@code calls} makes on this backend instead of running them. Make
   * the same calls once before: allocations, uploads, downloads and the loading of kernels are
   * errors while a graph is captured, and so are kernel calls from another thread, which throw
   * {@link IllegalStateException} there.
   *
   * @throws IllegalStateException if {@code calls} does what cannot be recorded; the backend goes
   *     on
   */
  public CudaGraph capture(Runnable calls) {
    CUgraphExec graph;
    long hold = beginCapture();
    try {
      calls.run();
    } catch (RuntimeException | Error e) {
      if (!isClosed()) {
        call(() -> abandonCapture(hold, e));
      }
      throw e;
    }
    enter();
    try {
      graph = cuda.graphs().end();
    } catch (RuntimeException e) {
      cuda.allocator().release(hold);
      throw e;
    } finally {
      exit();
    }
    return new CudaGraph(this, cuda, graph, hold);
  }

  private long beginCapture() {
    enter();
    try {
      cuda.graphs().begin();
      return cuda.allocator().hold();
    } finally {
      exit();
    }
  }

  private void abandonCapture(long hold, Throwable cause) {
    try {
      cuda.graphs().abandon();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
    cuda.allocator().release(hold);
  }

  @Override
  protected Families families() {
    return families;
  }

  @Override
  public Matrix matrix(int rows, int columns, DType dtype) {
    return CudaMatrix.allocate(this, cuda, rows, columns, dtype);
  }

  @Override
  public Floats floats(long length) {
    return CudaFloats.allocate(this, cuda, length);
  }

  @Override
  public Ints ints(long length) {
    return CudaInts.allocate(this, cuda, length);
  }

  @Override
  public Longs longs(long length) {
    return CudaLongs.allocate(this, cuda, length);
  }

  @Override
  public Mask mask(int length) {
    return CudaMask.allocate(this, cuda, length);
  }

  @Override
  public void synchronize() {
    call(cuda.flags()::await);
  }

  /** What the families share, for tests. */
  Cuda cuda() {
    return cuda;
  }

  private void call(Runnable work) {
    enter();
    try {
      work.run();
    } finally {
      exit();
    }
  }

  @Override
  protected void freeScratch() {
    cuda.stream().await();
    Frees.all(
        List.<Runnable>of(
            cuda.workspace()::trim,
            cuda.flags()::trim,
            cuda.staging()::trim,
            cuda.allocator()::trim),
        Runnable::run);
  }

  @Override
  protected void release() {
    cuda.close();
  }
}
