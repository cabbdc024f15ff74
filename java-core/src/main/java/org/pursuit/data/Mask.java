package org.pursuit.data;

/** One flag a column: a clear position takes no part in a selection. */
public abstract class Mask extends Handle {
  private final int length;

  /** Accounts for {@code length} flags. */
  protected Mask(Memory memory, int length) {
    super(memory, describe(length), Vectors.bytes(length, 1));
    this.length = length;
  }

  /** Number of elements. */
  public final int length() {
    return length;
  }

  /** Copies {@code length()} elements in. */
  public final void upload(boolean[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyFrom(values));
  }

  /** A copy of the elements. */
  public final boolean[] download() {
    boolean[] values = new boolean[Vectors.arrayLength(this, length)];
    download(values);
    return values;
  }

  /** Copies the elements out. */
  public final void download(boolean[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyTo(values));
  }

  /** Copies in; the length has been checked. */
  protected abstract void copyFrom(boolean[] values);

  /** Copies out; the length has been checked. */
  protected abstract void copyTo(boolean[] values);

  @Override
  public final String toString() {
    return describe(length);
  }

  private static String describe(long length) {
    return "mask [" + length + "]";
  }
}
