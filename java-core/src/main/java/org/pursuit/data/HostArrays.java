package org.pursuit.data;

/** Allocation of the Java arrays behind host handles. */
final class HostArrays {
  private HostArrays() {}

  /**
   * Runs an allocation; when the heap is exhausted the handle is given back and the memory says so.
   */
  static void allocating(Handle handle, Runnable allocation) {
    try {
      allocation.run();
    } catch (OutOfMemoryError e) {
      throw handle.abandon(e);
    }
  }

  /** The length as an array length. */
  static int length(String what, long length) {
    if (length < 0 || length > HostMatrix.MAX_BLOCK) {
      throw new IllegalArgumentException(
          what
              + ": expected a length of 0 to "
              + HostMatrix.MAX_BLOCK
              + " on the host, found "
              + length);
    }
    return (int) length;
  }
}
