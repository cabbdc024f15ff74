package org.pursuit;

import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.HostMemory;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;

/** A backend that computes on the host, on Java arrays. Its calls return when they are done. */
public abstract class HostBackend extends Backend implements HostMemory {
  /** A backend as {@code info} describes it. */
  protected HostBackend(BackendInfo info, BackendOptions options) {
    super(info, options);
  }

  @Override
  public final Matrix matrix(int rows, int columns, DType dtype) {
    return HostMatrix.allocate(this, rows, columns, dtype);
  }

  @Override
  public final Floats floats(long length) {
    return HostFloats.allocate(this, length);
  }

  @Override
  public final Ints ints(long length) {
    return HostInts.allocate(this, length);
  }

  @Override
  public final Longs longs(long length) {
    return HostLongs.allocate(this, length);
  }

  @Override
  public final Mask mask(int length) {
    return HostMask.allocate(this, length);
  }

  @Override
  public final void synchronize() {}
}
