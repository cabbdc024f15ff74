package org.pursuit.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.JCudaDriver;

/**
 * One kernel and the block of its arguments, which is written anew for every launch:
 *
 * <pre>
 *   kernel.arguments().pointer(scores).pointer(out).int64(stride).int32(k).launch(rows, 1, 128, 0);
 * </pre>
 *
 * The arguments stand in the order of the C++ struct, 8-byte ones first. A launch allocates
 * nothing.
 */
final class Kernel {
  /** Shared memory that a block gets without asking. */
  private static final int SHARED_BYTES = 48 << 10;

  private static final int MAX_GRID_Y = 65535;

  private final Manifest.Entry entry;
  private final CUfunction function;
  private final Driver driver;
  private final Stream stream;
  private final Device device;
  private final ByteBuffer block;
  private final Pointer parameters;
  private int sharedBytesAllowed = SHARED_BYTES;

  Kernel(Manifest.Entry entry, CUfunction function, Driver driver, Stream stream, Device device) {
    this.entry = entry;
    this.function = function;
    this.driver = driver;
    this.stream = stream;
    this.device = device;
    this.block = ByteBuffer.allocateDirect(entry.argumentBytes()).order(ByteOrder.nativeOrder());
    this.parameters = Pointer.to(Pointer.to(block));
  }

  /** Threads a block that this was compiled for. */
  int threads() {
    return entry.threads();
  }

  /** Begins to write the arguments. */
  Kernel arguments() {
    block.clear();
    return this;
  }

  /** A device address, 0 for null. */
  Kernel pointer(long address) {
    return int64(address);
  }

  Kernel int64(long value) {
    align(Long.BYTES);
    block.putLong(value);
    return this;
  }

  Kernel int32(int value) {
    block.putInt(value);
    return this;
  }

  Kernel float32(float value) {
    block.putFloat(value);
    return this;
  }

  /**
   * Queues the kernel. A grid without blocks launches nothing.
   *
   * @param gridX blocks along x; a multiple of the cluster
   * @param gridY blocks along y
   * @param threads threads a block, at most those that it was compiled for
   * @param sharedBytes dynamic shared memory a block
   */
  void launch(long gridX, int gridY, int threads, int sharedBytes) {
    require(filled(), "arguments of ", entry.argumentBytes(), block.position());
    if (gridX == 0 || gridY == 0) {
      return;
    }
    require(
        gridX > 0 && gridX <= Integer.MAX_VALUE, "blocks along x up to ", Integer.MAX_VALUE, gridX);
    require(gridX % entry.cluster() == 0, "blocks in clusters of ", entry.cluster(), gridX);
    require(gridY > 0 && gridY <= MAX_GRID_Y, "blocks along y up to ", MAX_GRID_Y, gridY);
    require(threads > 0 && threads <= entry.threads(), "threads up to ", entry.threads(), threads);
    if (sharedBytes > sharedBytesAllowed) {
      allow(sharedBytes);
    }
    stream.launch(entry.name(), function, (int) gridX, gridY, threads, sharedBytes, parameters);
  }

  /** Whether all arguments are written; the struct may end with padding. */
  private boolean filled() {
    align(entry.argumentBytes() % Long.BYTES == 0 ? Long.BYTES : Integer.BYTES);
    return block.position() == entry.argumentBytes();
  }

  private void align(int bytes) {
    block.position((block.position() + bytes - 1) & -bytes);
  }

  /** Permits more shared memory: no work for the stream, so that a capture does not mind it. */
  private void allow(int sharedBytes) {
    int most = device.sharedBytesPerBlock();
    require(sharedBytes <= most, "shared bytes up to ", most, sharedBytes);
    driver.enter();
    driver.leave(
        "cuFuncSetAttribute of " + entry.name(),
        JCudaDriver.cuFuncSetAttribute(
            function,
            CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
            sharedBytes));
    sharedBytesAllowed = sharedBytes;
  }

  private void require(boolean condition, String what, long expected, long found) {
    if (!condition) {
      throw new IllegalStateException(
          "kernel " + entry.name() + ": expected " + what + expected + ", found " + found);
    }
  }
}
