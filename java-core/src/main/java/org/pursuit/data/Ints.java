package org.pursuit.data;

/** 32-bit integers: counts, column indices, a k for each row. */
public abstract class Ints extends Handle {
  private final long length;

  /** Accounts for {@code length} integers. */
  protected Ints(Memory memory, long length) {
    super(memory, describe(length), Vectors.bytes(length, Integer.BYTES));
    this.length = length;
  }

  /** Number of elements. */
  public final long length() {
    return length;
  }

  /** Copies {@code length()} elements in. */
  public final void upload(int[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyFrom(values));
  }

  /** A copy of the elements. */
  public final int[] download() {
    int[] values = new int[Vectors.arrayLength(this, length)];
    download(values);
    return values;
  }

  /** Copies the elements out. */
  public final void download(int[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyTo(values));
  }

  /** Copies in; the length has been checked. */
  protected abstract void copyFrom(int[] values);

  /** Copies out; the length has been checked. */
  protected abstract void copyTo(int[] values);

  @Override
  public final String toString() {
    return describe(length);
  }

  private static String describe(long length) {
    return "ints [" + length + "]";
  }
}
