package org.pursuit.data;

/** What the one-dimensional handles have in common. */
final class Vectors {
  private Vectors() {}

  static long bytes(long length, int elementBytes) {
    if (length < 0) {
      throw new IllegalArgumentException("length: expected 0 or more, found " + length);
    }
    return length <= Long.MAX_VALUE / elementBytes ? length * elementBytes : Long.MAX_VALUE;
  }

  static void requireLength(Handle handle, long expected, int found) {
    if (expected != found) {
      throw new IllegalArgumentException(
          "values: expected " + expected + " elements for " + handle + ", found " + found);
    }
  }

  static int arrayLength(Handle handle, long length) {
    if (length > HostMatrix.MAX_BLOCK) {
      throw new IllegalArgumentException(handle + " does not fit into one array");
    }
    return (int) length;
  }

  static void transfer(Handle handle, Runnable copy) {
    handle.requireOpen();
    handle.memory().enter();
    try {
      copy.run();
    } finally {
      handle.memory().exit();
    }
  }
}
