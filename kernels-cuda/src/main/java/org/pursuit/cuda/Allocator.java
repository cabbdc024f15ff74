package org.pursuit.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.pursuit.BackendMemoryException;

/**
 * Device memory. Freed blocks are kept for the next allocation of their size: work on one stream
 * runs in order, so that a block may serve again at once. A block that is freed brings what is kept
 * down to what is in use, beyond a few bytes.
 *
 * <p>A graph may go on writing to the blocks that were in use when it was captured. One of them
 * that is freed is withheld until no graph is left that knows it. Blocks that come into use later,
 * no graph can know, for nothing is allocated during a capture.
 */
final class Allocator implements AutoCloseable {
  /** What may be kept however little is in use. */
  private static final long KEPT_BYTES = 256L << 20;

  private final Driver driver;
  private final Stream stream;
  private final long limitBytes;

  /** The blocks in use, and since when. */
  private final IdentityHashMap<Block, Long> live = new IdentityHashMap<>();

  private final Deque<Block> idle = new ArrayDeque<>();
  private final List<Withheld> withheld = new ArrayList<>();

  /** When the open graphs were captured. */
  private final TreeSet<Long> holds = new TreeSet<>();

  private long liveBytes;
  private long idleBytes;

  /** Counts allocations, frees and holds, to tell which came first. */
  private long time;

  /** A block that was in use from one time to another. */
  private record Withheld(Block block, long from, long to) {}

  /**
   * @param limitBytes idle blocks are given back rather than let all blocks exceed this
   */
  Allocator(Driver driver, Stream stream, long limitBytes) {
    this.driver = driver;
    this.stream = stream;
    this.limitBytes = limitBytes;
  }

  /**
   * {@code bytes} bytes of unknown contents.
   *
   * @param what the thing they are for, with its shape
   * @throws BackendMemoryException if they cannot be had; everything else is as it was
   */
  Block allocate(String what, long bytes) {
    if (bytes == 0) {
      return Block.EMPTY;
    }
    stream.requireNoCapture("allocating " + what);
    Block block = reused(bytes);
    if (block == null) {
      block = made(what, bytes);
    }
    live.put(block, ++time);
    liveBytes += bytes;
    return block;
  }

  /** Takes a block back; what is queued may still use it. Does nothing after {@link #close}. */
  void free(Block block) {
    Long from = live.remove(block);
    if (from == null) {
      return;
    }
    liveBytes -= block.bytes();
    Withheld used = new Withheld(block, from, ++time);
    if (isHeld(used)) {
      withheld.add(used);
    } else {
      keep(block);
      giveBackDownTo(Math.max(liveBytes, KEPT_BYTES));
    }
  }

  /**
   * Withholds the blocks that are in use now, once they are freed.
   *
   * @return what ends this, by {@link #release}
   */
  long hold() {
    holds.add(++time);
    return time;
  }

  /** Whether there is a {@link #hold}. */
  boolean holds() {
    return !holds.isEmpty();
  }

  /** Ends one {@link #hold}. */
  void release(long hold) {
    holds.remove(hold);
    for (Iterator<Withheld> blocks = withheld.iterator(); blocks.hasNext(); ) {
      Withheld used = blocks.next();
      if (!isHeld(used)) {
        blocks.remove();
        keep(used.block());
      }
    }
  }

  /** Whether a hold began while the block was in use. */
  private boolean isHeld(Withheld used) {
    Long last = holds.lower(used.to());
    return last != null && last > used.from();
  }

  /** What handles may occupy; scratch does not count, but is sized with regard to it. */
  long limitBytes() {
    return limitBytes;
  }

  /** Number of blocks in use. */
  int liveBlocks() {
    return live.size();
  }

  /** Bytes kept for later allocations. */
  long idleBytes() {
    return idleBytes;
  }

  /** Gives idle blocks back to the device. */
  void trim() {
    giveBackDownTo(0);
  }

  private void keep(Block block) {
    idle.addLast(block);
    idleBytes += block.bytes();
  }

  /** The block of that size which was freed last. */
  private Block reused(long bytes) {
    for (Iterator<Block> blocks = idle.descendingIterator(); blocks.hasNext(); ) {
      Block block = blocks.next();
      if (block.bytes() == bytes) {
        blocks.remove();
        idleBytes -= bytes;
        return block;
      }
    }
    return null;
  }

  private Block made(String what, long bytes) {
    if (bytes > limitBytes - liveBytes - idleBytes) {
      trim();
    }
    DevicePointer pointer = new DevicePointer();
    boolean made = tryAllocate(pointer, bytes);
    if (!made && !idle.isEmpty()) {
      trim();
      made = tryAllocate(pointer, bytes);
    }
    if (!made) {
      throw new BackendMemoryException(CudaProvider.NAME, what, bytes, freeBytes());
    }
    return new Block(pointer, bytes);
  }

  private boolean tryAllocate(DevicePointer pointer, long bytes) {
    driver.enter();
    int result = JCudaDriver.cuMemAlloc(pointer, bytes);
    boolean outOfMemory = result == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    driver.leave("cuMemAlloc", outOfMemory ? CUresult.CUDA_SUCCESS : result);
    return !outOfMemory;
  }

  /** Gives back what was freed first. */
  private void giveBackDownTo(long kept) {
    if (idleBytes <= kept) {
      return;
    }
    List<Block> freed = new ArrayList<>();
    while (idleBytes > kept) {
      Block block = idle.removeFirst();
      idleBytes -= block.bytes();
      freed.add(block);
    }
    Frees.all(
        freed, block -> driver.free("cuMemFree", () -> JCudaDriver.cuMemFree(block.pointer())));
  }

  private long freeBytes() {
    long[] free = new long[1];
    driver.enter();
    driver.leave("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, new long[1]));
    return free[0];
  }

  /** Gives all blocks back, those of handles that are still open too. */
  @Override
  public void close() {
    live.keySet().forEach(this::keep);
    live.clear();
    withheld.forEach(used -> keep(used.block()));
    withheld.clear();
    trim();
  }
}
