package org.pursuit.data;

/** Longs in a Java array, for backends that compute on the host. */
public final class HostLongs extends Longs {
  private long[] array;

  private HostLongs(Memory memory, int length) {
    super(memory, length);
  }

  /** Zeroed elements owned by {@code memory}. */
  public static HostLongs allocate(Memory memory, long length) {
    HostLongs made = new HostLongs(memory, HostArrays.length("length", length));
    HostArrays.allocating(made, () -> made.array = new long[(int) made.length()]);
    return made;
  }

  /** The storage itself. */
  public long[] array() {
    return array;
  }

  @Override
  protected void copyFrom(long[] values) {
    System.arraycopy(values, 0, array, 0, values.length);
  }

  @Override
  protected void copyTo(long[] values) {
    System.arraycopy(array, 0, values, 0, values.length);
  }

  @Override
  protected void free() {
    array = null;
  }
}
