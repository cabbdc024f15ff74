package org.pursuit.data;

/** Ints in a Java array, for backends that compute on the host. */
public final class HostInts extends Ints {
  private int[] array;

  private HostInts(Memory memory, int length) {
    super(memory, length);
  }

  /** Zeroed elements owned by {@code memory}. */
  public static HostInts allocate(Memory memory, long length) {
    HostInts made = new HostInts(memory, HostArrays.length("length", length));
    HostArrays.allocating(made, () -> made.array = new int[(int) made.length()]);
    return made;
  }

  /** The storage itself. */
  public int[] array() {
    return array;
  }

  @Override
  protected void copyFrom(int[] values) {
    System.arraycopy(values, 0, array, 0, values.length);
  }

  @Override
  protected void copyTo(int[] values) {
    System.arraycopy(array, 0, values, 0, values.length);
  }

  @Override
  protected void free() {
    array = null;
  }
}
