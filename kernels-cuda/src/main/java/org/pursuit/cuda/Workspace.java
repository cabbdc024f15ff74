package org.pursuit.cuda;

/**
 * Scratch on the device, one buffer a {@link Slot}. It grows as calls need it and stays until
 * {@link #trim}.
 */
final class Workspace {
  private final Allocator allocator;
  private final Block[] blocks = new Block[Slot.values().length];

  Workspace(Allocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Where at least {@code bytes} bytes of unknown contents lie; good until the slot is next asked
   * for more.
   */
  long address(Slot slot, long bytes) {
    Block block = blocks[slot.ordinal()];
    if (block == null || block.bytes() < bytes) {
      Block larger = allocator.allocate("scratch " + slot, bytes);
      if (block != null) {
        allocator.free(block);
      }
      blocks[slot.ordinal()] = larger;
      block = larger;
    }
    return block.address();
  }

  /** Frees all scratch. */
  void trim() {
    for (int i = 0; i < blocks.length; i++) {
      if (blocks[i] != null) {
        allocator.free(blocks[i]);
        blocks[i] = null;
      }
    }
  }
}
