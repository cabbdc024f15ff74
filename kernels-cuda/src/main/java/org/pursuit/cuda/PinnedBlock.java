package org.pursuit.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/** Host memory that the device can copy from and to by itself, and the event of its last copy. */
final class PinnedBlock implements AutoCloseable {
  private final Driver driver;
  private final Stream stream;
  private final Pointer pointer = new Pointer();
  private final CUevent copied = new CUevent();
  private final MemorySegment segment;
  private boolean busy;
  private boolean unmarked;

  PinnedBlock(Driver driver, Stream stream, long bytes) {
    this.driver = driver;
    this.stream = stream;
    driver.enter();
    driver.leave("cuMemAllocHost", JCudaDriver.cuMemAllocHost(pointer, bytes));
    segment = MemorySegment.ofBuffer(pointer.getByteBuffer());
    driver.enter();
    int result = JCudaDriver.cuEventCreate(copied, CUevent_flags.CU_EVENT_DISABLE_TIMING);
    if (result != 0) {
      JCudaDriver.cuMemFreeHost(pointer);
    }
    driver.leave("cuEventCreate", result);
  }

  Pointer pointer() {
    return pointer;
  }

  /** The same memory as Java sees it. */
  MemorySegment segment() {
    return segment;
  }

  /** Notes that a copy has been queued. */
  void record() {
    unmarked = true;
    driver.enter();
    driver.leave("cuEventRecord", JCudaDriver.cuEventRecord(copied, stream.handle()));
    unmarked = false;
    busy = true;
  }

  /** Waits for the last copy. */
  void await() {
    if (unmarked) {
      // The event could not be recorded, but the copy had been queued.
      stream.await();
      unmarked = false;
      busy = false;
    } else if (busy) {
      driver.enter();
      driver.leave("wait for a copy", JCudaDriver.cuEventSynchronize(copied));
      busy = false;
    }
  }

  @Override
  public void close() {
    Frees.all(
        List.<Runnable>of(
            () -> driver.free("cuEventDestroy", () -> JCudaDriver.cuEventDestroy(copied)),
            () -> driver.free("cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(pointer))),
        Runnable::run);
  }
}
