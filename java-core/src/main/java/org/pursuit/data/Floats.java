package org.pursuit.data;

/** float32 numbers: a bias, thresholds, the values of a code; with one element, a step scalar. */
public abstract class Floats extends Handle {
  private final long length;

  /** Accounts for {@code length} numbers. */
  protected Floats(Memory memory, long length) {
    super(memory, describe(length), Vectors.bytes(length, Float.BYTES));
    this.length = length;
  }

  /** Number of elements. */
  public final long length() {
    return length;
  }

  /**
   * A view of these numbers as a float32 matrix [1, length], for the kernels that work on matrices.
   *
   * @throws IllegalArgumentException if there are more than 2³¹ − 1
   */
  public final Matrix asRow() {
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(this + " does not fit into one row");
    }
    return row();
  }

  /** {@link #asRow()}; the length has been checked. */
  protected abstract Matrix row();

  /** Copies {@code length()} elements in. */
  public final void upload(float[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyFrom(values));
  }

  /** A copy of the elements. */
  public final float[] download() {
    float[] values = new float[Vectors.arrayLength(this, length)];
    download(values);
    return values;
  }

  /** Copies the elements out. */
  public final void download(float[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyTo(values));
  }

  /** Copies in; the length has been checked. */
  protected abstract void copyFrom(float[] values);

  /** Copies out; the length has been checked. */
  protected abstract void copyTo(float[] values);

  @Override
  public final String toString() {
    return describe(length);
  }

  private static String describe(long length) {
    return "floats [" + length + "]";
  }
}
