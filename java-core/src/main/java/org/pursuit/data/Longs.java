package org.pursuit.data;

/** 64-bit integers: row offsets, row ids of a corpus, tokens since a latent fired. */
public abstract class Longs extends Handle {
  private final long length;

  /** Accounts for {@code length} integers. */
  protected Longs(Memory memory, long length) {
    super(memory, describe(length), Vectors.bytes(length, Long.BYTES));
    this.length = length;
  }

  /** Number of elements. */
  public final long length() {
    return length;
  }

  /** Copies {@code length()} elements in. */
  public final void upload(long[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyFrom(values));
  }

  /** A copy of the elements. */
  public final long[] download() {
    long[] values = new long[Vectors.arrayLength(this, length)];
    download(values);
    return values;
  }

  /** Copies the elements out. */
  public final void download(long[] values) {
    Vectors.requireLength(this, length, values.length);
    Vectors.transfer(this, () -> copyTo(values));
  }

  /** Copies in; the length has been checked. */
  protected abstract void copyFrom(long[] values);

  /** Copies out; the length has been checked. */
  protected abstract void copyTo(long[] values);

  @Override
  public final String toString() {
    return describe(length);
  }

  private static String describe(long length) {
    return "longs [" + length + "]";
  }
}
