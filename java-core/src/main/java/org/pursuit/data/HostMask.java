package org.pursuit.data;

/** Mask in a Java array, for backends that compute on the host. */
public final class HostMask extends Mask {
  private boolean[] array;

  private HostMask(Memory memory, int length) {
    super(memory, length);
  }

  /** Zeroed elements owned by {@code memory}. */
  public static HostMask allocate(Memory memory, int length) {
    HostMask made = new HostMask(memory, length);
    HostArrays.allocating(made, () -> made.array = new boolean[made.length()]);
    return made;
  }

  /** The storage itself. */
  public boolean[] array() {
    return array;
  }

  @Override
  protected void copyFrom(boolean[] values) {
    System.arraycopy(values, 0, array, 0, values.length);
  }

  @Override
  protected void copyTo(boolean[] values) {
    System.arraycopy(array, 0, values, 0, values.length);
  }

  @Override
  protected void free() {
    array = null;
  }
}
