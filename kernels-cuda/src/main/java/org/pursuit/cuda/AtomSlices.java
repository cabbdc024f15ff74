package org.pursuit.cuda;

/**
 * How {@code decode} cuts atoms: into slices of neighbouring columns, of which one is worked off
 * for all rows before the next. An atom is used by many rows; device memory gives a slice of it
 * once if the slices of all atoms in use stay in L2 meanwhile.
 *
 * <p>They get a third of L2: while one slice is finished the next has begun, so that two are there,
 * and the rest is for what the codes and the output bring along. A slice is whole lines of 128
 * bytes, for L2 keeps no less of an atom. Where not even such slices of all atoms fit, rows are
 * decoded whole, for device memory reads long pieces faster than short ones. No result depends on
 * the cut.
 *
 * @param bytes that the slices of all atoms in use may take
 */
record AtomSlices(long bytes) {
  private static final int SHARE_OF_L2 = 3;

  /** Bytes that a thread reads of an atom at once. */
  private static final int VECTOR = 16;

  private static final int LINE = 128;

  /** What the kernel's 32-bit arithmetic allows, by far. */
  private static final int MOST_VECTORS = 1 << 16;

  /** The cut for a device. */
  static AtomSlices of(Device device) {
    return new AtomSlices(device.l2Bytes() / SHARE_OF_L2);
  }

  /** Vectors that an atom of {@code atomBytes} bytes has, the last one perhaps less. */
  static int vectors(long atomBytes) {
    return Math.toIntExact(Math.ceilDiv(atomBytes, VECTOR));
  }

  /**
   * Vectors that make a slice.
   *
   * @param atoms in use, at most
   * @param vectors of an atom, at least 1
   */
  int width(long atoms, int vectors) {
    int lineVectors = LINE / VECTOR;
    long most = bytes / LINE / Math.max(1, atoms) * lineVectors;
    if (most == 0 || most >= vectors) {
      return Math.min(vectors, MOST_VECTORS);
    }
    int slices = (int) Math.ceilDiv(vectors, most);
    int even = Math.ceilDiv(vectors, slices);
    return Math.min(Math.ceilDiv(even, lineVectors) * lineVectors, MOST_VECTORS);
  }
}
