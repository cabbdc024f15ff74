package org.pursuit.cuda;

/**
 * How {@code decode} cuts atoms: into slices of neighbouring columns, of which one is worked off
 * for all rows before the next. An atom is used by many rows; device memory gives a slice of it
 * once if the slices of all atoms in use stay in L2 meanwhile.
 *
 * <p>They get a third of L2: when one slice is finished the next has already begun, so two are
 * there, and the rest is for what the codes and the output bring along. A slice is whole lines of
 * 128 bytes, for L2 keeps no less of an atom. Where not even such slices of all atoms fit, or are
 * too few to pay, rows are decoded whole: device memory reads long pieces faster than short ones.
 * No result depends on the cut.
 */
final class AtomSlices {
  /** Bytes that a thread reads of an atom at once. */
  private static final int VECTOR = 16;

  private static final int LINE_VECTORS = 128 / VECTOR;
  private static final int SHARE_OF_L2 = 3;

  /** What the kernel's 32-bit arithmetic allows, by far. */
  private static final int MOST = 1 << 16;

  private AtomSlices() {}

  /** Vectors of 16 bytes that an atom of {@code atomBytes} bytes has, the last one perhaps less. */
  static int vectors(long atomBytes) {
    return Math.toIntExact(Math.ceilDiv(atomBytes, VECTOR));
  }

  /**
   * Vectors of 16 bytes that make a slice.
   *
   * @param atoms atoms in use, at most
   * @param vectors of an atom
   */
  static int width(long atoms, int vectors, long l2Bytes) {
    long most = l2Bytes / SHARE_OF_L2 / (Math.max(1, atoms) * LINE_VECTORS * VECTOR) * LINE_VECTORS;
    if (most == 0 || most >= vectors) {
      return Math.min(vectors, MOST);
    }
    int slices = Math.toIntExact(Math.ceilDiv(vectors, most));
    return Math.min(Math.ceilDiv(Math.ceilDiv(vectors, slices), LINE_VECTORS) * LINE_VECTORS, MOST);
  }
}
