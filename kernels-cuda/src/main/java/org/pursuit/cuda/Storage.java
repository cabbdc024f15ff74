package org.pursuit.cuda;

import org.pursuit.data.Handle;

/** How handles get their device memory. */
final class Storage {
  private Storage() {}

  /** Runs the allocation of a new handle; a handle whose storage cannot be had is closed again. */
  static void fill(Handle handle, Runnable allocation) {
    try {
      handle.memory().enter();
      try {
        allocation.run();
      } finally {
        handle.memory().exit();
      }
    } catch (RuntimeException | Error e) {
      try {
        handle.close();
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** Zeroed bytes for a handle. */
  static Block zeroed(Cuda cuda, Handle handle, long bytes) {
    Block block = cuda.allocator().allocate(handle.toString(), bytes);
    try {
      cuda.stream().zero(block.address(), bytes);
      return block;
    } catch (RuntimeException | Error e) {
      cuda.allocator().free(block);
      throw e;
    }
  }
}
