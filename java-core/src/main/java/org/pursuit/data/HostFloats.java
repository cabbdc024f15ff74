package org.pursuit.data;

/** Floats in a Java array, for backends that compute on the host. */
public final class HostFloats extends Floats {
  private float[] array;

  private HostFloats(Memory memory, int length) {
    super(memory, length);
  }

  /** Zeroed elements owned by {@code memory}. */
  public static HostFloats allocate(Memory memory, long length) {
    HostFloats made = new HostFloats(memory, HostArrays.length("length", length));
    HostArrays.allocating(made, () -> made.array = new float[(int) made.length()]);
    return made;
  }

  /** The storage itself. */
  public float[] array() {
    return array;
  }

  @Override
  protected Matrix row() {
    return HostMatrix.over(this);
  }

  @Override
  protected void copyFrom(float[] values) {
    System.arraycopy(values, 0, array, 0, values.length);
  }

  @Override
  protected void copyTo(float[] values) {
    System.arraycopy(array, 0, values, 0, values.length);
  }

  @Override
  protected void free() {
    array = null;
  }
}
