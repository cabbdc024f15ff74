package org.pursuit.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.pursuit.BackendMemoryException;

/**
 * Device memory. Freed blocks are kept for the next allocation of about their size: work on one
 * stream runs in order, so that a block may serve again at once.
 *
 * <p>While a graph exists, blocks that are freed are withheld: the graph may still write to them.
 */
final class Allocator implements AutoCloseable {
  private static final long SMALL_STEP = 512;
  private static final long LARGE = 1 << 20;

  private final Driver driver;
  private final Stream stream;
  private final long limitBytes;
  private final Set<Block> live = Collections.newSetFromMap(new IdentityHashMap<>());
  private final TreeMap<Long, ArrayDeque<Block>> idle = new TreeMap<>();
  private final List<Block> withheld = new ArrayList<>();
  private long totalBytes;
  private int holders;

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
    live.add(block);
    return block;
  }

  /** Takes a block back; what is queued may still use it. Does nothing after {@link #close}. */
  void free(Block block) {
    if (!live.remove(block)) {
      return;
    }
    if (holders > 0) {
      withheld.add(block);
    } else {
      keep(block);
    }
  }

  /** Withholds the blocks that are freed from now on until {@link #release}. */
  void hold() {
    holders++;
  }

  /** Ends one {@link #hold}. */
  void release() {
    holders--;
    if (holders == 0) {
      withheld.forEach(this::keep);
      withheld.clear();
    }
  }

  /** Number of blocks in use. */
  int liveBlocks() {
    return live.size();
  }

  /** Bytes had from the device, in use or not. */
  long totalBytes() {
    return totalBytes;
  }

  /** Gives idle blocks back to the device. */
  void trim() {
    while (!idle.isEmpty()) {
      giveBack(taken(idle.lastEntry()));
    }
  }

  private void keep(Block block) {
    idle.computeIfAbsent(block.bytes(), size -> new ArrayDeque<>()).push(block);
  }

  private Block reused(long size) {
    Map.Entry<Long, ArrayDeque<Block>> found = idle.ceilingEntry(size);
    return found == null || found.getKey() - size > size / 8 ? null : taken(found);
  }

  private Block taken(Map.Entry<Long, ArrayDeque<Block>> entry) {
    Block block = entry.getValue().pop();
    if (entry.getValue().isEmpty()) {
      idle.remove(entry.getKey());
    }
    return block;
  }

  private Block made(String what, long size) {
    if (size > limitBytes - totalBytes) {
      trim();
    }
    DevicePointer pointer = new DevicePointer();
    boolean made = tryAllocate(pointer, size);
    if (!made && !idle.isEmpty()) {
      trim();
      made = tryAllocate(pointer, size);
    }
    if (!made) {
      throw new BackendMemoryException(CudaProvider.NAME, what, size, freeBytes());
    }
    totalBytes += size;
    return new Block(pointer, size);
  }

  private boolean tryAllocate(DevicePointer pointer, long size) {
    driver.enter();
    int result = JCudaDriver.cuMemAlloc(pointer, size);
    boolean outOfMemory = result == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    driver.leave("cuMemAlloc", outOfMemory ? CUresult.CUDA_SUCCESS : result);
    return !outOfMemory;
  }

  private void giveBack(Block block) {
    driver.enter();
    driver.leave("cuMemFree", JCudaDriver.cuMemFree(block.pointer()));
    totalBytes -= block.bytes();
  }

  private long freeBytes() {
    long[] free = new long[1];
    driver.enter();
    driver.leave("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, new long[1]));
    return free[0];
  }

  private static long roundedUp(long bytes) {
    long step = bytes < LARGE ? SMALL_STEP : LARGE;
    return bytes > Long.MAX_VALUE - step ? bytes : (bytes + step - 1) / step * step;
  }

  /** Gives all blocks back, those of handles that are still open too. */
  @Override
  public void close() {
    holders = 0;
    live.forEach(this::keep);
    live.clear();
    withheld.forEach(this::keep);
    withheld.clear();
    trim();
  }
}
