package org.pursuit.cuda;

import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * The order of a backend's work: what is queued here runs in this order, and calls return at once.
 * Nothing is allocated by a call at addresses that were used lately.
 */
final class Stream implements AutoCloseable {
  private static final int POINTER_BITS = 6;

  /** 2⁶⁴ divided by the golden ratio: tells addresses apart whatever power of two they share. */
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  private final Driver driver;
  private boolean capturing;
  private final CUstream handle = new CUstream();
  private final DevicePointer[] pointers = new DevicePointer[1 << POINTER_BITS];

  Stream(Driver driver) {
    this.driver = driver;
    driver.enter();
    driver.leave(
        "cuStreamCreate",
        JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING));
  }

  /** For libraries that queue work of their own. */
  CUstream handle() {
    return handle;
  }

  /** Sets {@code bytes} bytes at a device address to 0. */
  void zero(long address, long bytes) {
    fill(address, (byte) 0, bytes);
  }

  /** Sets {@code bytes} bytes at a device address to {@code value}. */
  void fill(long address, byte value, long bytes) {
    if (bytes == 0) {
      return;
    }
    driver.enter();
    leave("memset", JCudaDriver.cuMemsetD8Async(pointer(address), value, bytes, handle));
  }

  /** Sets {@code count} aligned 32-bit words at a device address to {@code value}. */
  void fill(long address, int value, long count) {
    if (count == 0) {
      return;
    }
    driver.enter();
    leave("memset", JCudaDriver.cuMemsetD32Async(pointer(address), value, count, handle));
  }

  /** Copies {@code bytes} bytes from one device address to another, apart from each other. */
  void copy(long to, long from, long bytes) {
    if (bytes == 0) {
      return;
    }
    driver.enter();
    leave("copy", JCudaDriver.cuMemcpyDtoDAsync(pointer(to), pointer(from), bytes, handle));
  }

  /** Queues a kernel; {@link Kernel} has checked what can be checked. */
  void launch(
      String name,
      CUfunction function,
      int gridX,
      int gridY,
      int threads,
      int sharedBytes,
      Pointer arguments) {
    driver.enter();
    leave(
        name,
        JCudaDriver.cuLaunchKernel(
            function, gridX, gridY, 1, threads, 1, 1, sharedBytes, handle, arguments, null));
  }

  /** Copies from pinned memory. */
  void upload(long to, Pointer pinned, long bytes) {
    driver.enter();
    leave("upload", JCudaDriver.cuMemcpyHtoDAsync(pointer(to), pinned, bytes, handle));
  }

  /** Copies rows from pinned memory, where they are packed. */
  void uploadRows(long to, long pitch, Pointer pinned, long rowBytes, long rows) {
    CUDA_MEMCPY2D copy = rows(rowBytes, rows);
    copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
    copy.srcHost = pinned;
    copy.srcPitch = rowBytes;
    copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = pointer(to);
    copy.dstPitch = pitch;
    driver.enter();
    leave("upload", JCudaDriver.cuMemcpy2DAsync(copy, handle));
  }

  /** Copies to pinned memory. */
  void download(Pointer pinned, long from, long bytes) {
    driver.enter();
    leave("download", JCudaDriver.cuMemcpyDtoHAsync(pinned, pointer(from), bytes, handle));
  }

  /** Copies rows to pinned memory, where they are packed. */
  void downloadRows(Pointer pinned, long rowBytes, long from, long pitch, long rows) {
    CUDA_MEMCPY2D copy = rows(rowBytes, rows);
    copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
    copy.srcDevice = pointer(from);
    copy.srcPitch = pitch;
    copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
    copy.dstHost = pinned;
    copy.dstPitch = rowBytes;
    driver.enter();
    leave("download", JCudaDriver.cuMemcpy2DAsync(copy, handle));
  }

  private static CUDA_MEMCPY2D rows(long rowBytes, long rows) {
    CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
    copy.WidthInBytes = rowBytes;
    copy.Height = rows;
    return copy;
  }

  /**
   * @throws IllegalStateException while a graph is captured, which {@code doing} does not allow
   */
  void requireNoCapture(String doing) {
    if (capturing) {
      throw new IllegalStateException(
          doing + " is not possible while a graph is captured; make the same calls once before");
    }
  }

  /** Waits until everything queued has run. */
  void await() {
    requireNoCapture("waiting");
    driver.enter();
    driver.leave("wait", JCudaDriver.cuStreamSynchronize(handle));
    driver.succeeded();
  }

  /** Notes whether the calling thread's calls, the only ones now, are recorded instead of run. */
  void capturing(boolean capturing) {
    this.capturing = capturing;
    driver.capturing(capturing ? Thread.currentThread() : null);
  }

  /** Whether calls are being recorded instead of run. */
  boolean isCapturing() {
    return capturing;
  }

  /** What is queued from now on runs after what another stream holds now. */
  void runAfter(CUstream other) {
    order(other, handle);
  }

  /** What another stream gets from now on runs after what is queued here. */
  void runBefore(CUstream other) {
    order(handle, other);
  }

  private void order(CUstream first, CUstream second) {
    requireNoCapture("ordering streams");
    CUevent event = new CUevent();
    driver.enter();
    int result = JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING);
    if (result == CUresult.CUDA_SUCCESS) {
      result = JCudaDriver.cuEventRecord(event, first);
      if (result == CUresult.CUDA_SUCCESS) {
        result = JCudaDriver.cuStreamWaitEvent(second, event, 0);
      }
      // Its storage stays until the wait is over.
      int destroyed = JCudaDriver.cuEventDestroy(event);
      result = result == CUresult.CUDA_SUCCESS ? destroyed : result;
    }
    driver.leave("ordering streams", result);
  }

  /** Ends the frame around a queued call. */
  void leave(String operation, int result) {
    driver.queued(operation);
    driver.leave(operation, result);
    if (driver.debug() && !capturing) {
      await();
    }
  }

  /** A pointer for a library's call; the same object for an address that was used lately. */
  DevicePointer pointer(long address) {
    int at = (int) ((address * SPREAD) >>> (Long.SIZE - POINTER_BITS));
    DevicePointer found = pointers[at];
    if (found == null || found.address() != address) {
      found = new DevicePointer(address);
      pointers[at] = found;
    }
    return found;
  }

  @Override
  public void close() {
    driver.free("cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(handle));
  }
}
