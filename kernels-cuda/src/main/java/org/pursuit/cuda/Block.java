package org.pursuit.cuda;

/** A piece of device memory of the {@link Allocator}'s. */
final class Block {
  /** What an empty handle holds. */
  static final Block EMPTY = new Block(new DevicePointer(0), 0);

  private final DevicePointer pointer;
  private final long bytes;

  Block(DevicePointer pointer, long bytes) {
    this.pointer = pointer;
    this.bytes = bytes;
  }

  DevicePointer pointer() {
    return pointer;
  }

  long address() {
    return pointer.address();
  }

  /** Its size, exactly what was asked for. */
  long bytes() {
    return bytes;
  }
}
