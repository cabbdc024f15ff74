package org.pursuit.cuda;

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
 * Hand-written kernels on an NVIDIA GPU.
 *
 * <p>Calls are queued on one stream and return at once; a download, {@link #synchronize} and the
 * like wait, and throw what the device has found wrong meanwhile.
 */
public final class CudaBackend extends Backend {
  private final Cuda cuda;
  private final Families families;

  CudaBackend(Cuda cuda, BackendOptions options) {
    super(new BackendInfo(CudaProvider.NAME, cuda.device().toString(), 1), options);
    this.cuda = cuda;
    this.families = new Families(null, null, null, null, null, null);
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
    enter();
    try {
      cuda.flags().await();
    } finally {
      exit();
    }
  }

  @Override
  protected void freeScratch() {
    cuda.stream().await();
    cuda.workspace().trim();
    cuda.flags().trim();
    cuda.staging().trim();
    cuda.allocator().trim();
  }

  @Override
  protected void release() {
    cuda.close();
  }
}
