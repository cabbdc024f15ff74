package org.pursuit.cuda;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Scratch on the device, one buffer a {@link Slot}. It grows as calls need it and stays until
 * {@link #trim}.
 */
final class Workspace {
  private final Allocator allocator;
  private final Map<Slot, Block> blocks = new EnumMap<>(Slot.class);

  Workspace(Allocator allocator) {
    this.allocator = allocator;
  }

  /**
   * Where at least {@code bytes} bytes of unknown contents lie, until the slot is asked for more.
   */
  long address(Slot slot, long bytes) {
    Block block = blocks.get(slot);
    if (block == null || block.bytes() < bytes) {
      block = replaced(slot, block, bytes);
    }
    return block.address();
  }

  private Block replaced(Slot slot, Block old, long bytes) {
    // Given back first, so that its memory may become part of the larger one.
    if (old != null) {
      blocks.remove(slot);
      allocator.free(old);
    }
    Block larger = allocator.allocate("scratch for " + slot, bytes);
    blocks.put(slot, larger);
    return larger;
  }

  /** Frees all scratch. */
  void trim() {
    List<Block> freed = List.copyOf(blocks.values());
    blocks.clear();
    Frees.all(freed, allocator::free);
  }
}
