package org.pursuit.cuda;

import jcuda.driver.CUdeviceptr;

/** A device pointer whose address can be read and set. */
final class DevicePointer extends CUdeviceptr {
  private static final CUdeviceptr NULL = new CUdeviceptr();

  /** To be set by an allocation. */
  DevicePointer() {}

  /** JCuda adds a pointer's byte offset to its base, which is 0 here. */
  DevicePointer(long address) {
    super(NULL, address);
  }

  long address() {
    return getNativePointer() + getByteOffset();
  }
}
