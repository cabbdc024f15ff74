package org.pursuit.cuda;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.pursuit.BackendMemoryException;

/**
 * Device memory. Freed blocks are kept for the next allocation of about their size: work on one
 * stream runs in order, so that a block may serve again at once.
 */
final class Allocator implements AutoCloseable {
  private static final long SMALL_STEP = 512;
  private static final long LARGE = 1 << 20;
  private static final long LARGE_STEP = LARGE;

  private final Driver driver;
  private final Stream stream;
  private final long limitBytes;
  private final TreeMap<Long, ArrayDeque<Block>> idle = new TreeMap<>();
  private long idleBytes;
  private long liveBytes;
  private int liveBlocks;
  private boolean closed;

  /**
   * @param limitBytes idle blocks are given back rather than let all blocks exceed this
   */
  Allocator(Driver driver, Stream stream, long limitBytes) {
    this.driver = driver;
    this.stream = stream;
    this.limitBytes = limitBytes;
  }

  /**
   * At least {@code bytes} bytes of unknown contents.
   *
   * @param what the thing they are for, with its shape
   * @throws BackendMemoryException if they cannot be had; everything else is as it was
   */
  Block allocate(String what, long bytes) {
    if (bytes == 0) {
      return Block.EMPTY;
    }
    stream.requireNoCapture("allocating " + what);
    long size = roundedUp(bytes);
    Block block = reused(size);
    if (block == null) {
      block = made(what, size);
    }
    liveBytes += block.bytes();
    liveBlocks++;
    return block;
  }

  /** Takes a block back; what is queued may still use it. */
  void free(Block block) {
    if (block == Block.EMPTY || closed) {
      return;
    }
    liveBytes -= block.bytes();
    liveBlocks--;
    idleBytes += block.bytes();
    idle.computeIfAbsent(block.bytes(), size -> new ArrayDeque<>()).push(block);
  }

  /** Number of blocks in use. */
  int liveBlocks() {
    return liveBlocks;
  }

  /** Bytes that are kept for later allocations. */
  long idleBytes() {
    return idleBytes;
  }

  /** Gives idle blocks back to the device. */
  void trim() {
    if (driver.isBroken()) {
      return;
    }
    while (!idle.isEmpty()) {
      Block block = taken(idle.lastEntry());
      driver.enter();
      driver.leave("cuMemFree", JCudaDriver.cuMemFree(block.pointer()));
    }
  }

  private Block reused(long size) {
    Map.Entry<Long, ArrayDeque<Block>> found = idle.ceilingEntry(size);
    return found == null || found.getKey() > size + size / 8 ? null : taken(found);
  }

  private Block taken(Map.Entry<Long, ArrayDeque<Block>> entry) {
    Block block = entry.getValue().pop();
    if (entry.getValue().isEmpty()) {
      idle.remove(entry.getKey());
    }
    idleBytes -= block.bytes();
    return block;
  }

  private Block made(String what, long size) {
    if (size > limitBytes - liveBytes - idleBytes) {
      trim();
    }
    DevicePointer pointer = new DevicePointer();
    int result = allocated(pointer, size);
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY && idleBytes > 0) {
      trim();
      result = allocated(pointer, size);
    }
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw new BackendMemoryException(CudaProvider.NAME, what, size, freeBytes());
    }
    Driver.check("cuMemAlloc for " + what, result);
    return new Block(pointer, size);
  }

  private int allocated(DevicePointer pointer, long size) {
    driver.enter();
    int result = JCudaDriver.cuMemAlloc(pointer, size);
    driver.leave("cuMemAlloc", result == CUresult.CUDA_ERROR_OUT_OF_MEMORY ? 0 : result);
    return result;
  }

  private long freeBytes() {
    long[] free = new long[1];
    driver.enter();
    driver.leave("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, new long[1]));
    return free[0];
  }

  private static long roundedUp(long bytes) {
    long step = bytes < LARGE ? SMALL_STEP : LARGE_STEP;
    return bytes > Long.MAX_VALUE - step ? bytes : (bytes + step - 1) / step * step;
  }

  /** Gives idle blocks back; live ones go with the context's owner. */
  @Override
  public void close() {
    trim();
    closed = true;
  }
}
