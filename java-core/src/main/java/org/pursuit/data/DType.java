package org.pursuit.data;

/**
 * Storage formats of matrix elements. Arithmetic is always float32; a 16-bit element is widened
 * when it is read and rounded to nearest even when it is written.
 */
public enum DType {
  /** IEEE 754 binary32. */
  F32(4),
  /** bfloat16: the upper half of a binary32. */
  BF16(2),
  /** IEEE 754 binary16. */
  F16(2);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /**
   * Widens {@code count} stored 16-bit elements to float32.
   *
   * @throws IllegalStateException for {@link #F32}, which is not stored as 16-bit patterns
   */
  public void widen(short[] source, int sourceAt, float[] target, int targetAt, int count) {
    switch (this) {
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          target[targetAt + i] = Float.intBitsToFloat(source[sourceAt + i] << 16);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          target[targetAt + i] = Float.float16ToFloat(source[sourceAt + i]);
        }
      }
      case F32 -> throw not16Bit();
    }
  }

  /**
   * Rounds {@code count} float32 elements to nearest even in this 16-bit format; NaN stays NaN.
   *
   * @throws IllegalStateException for {@link #F32}, which is not stored as 16-bit patterns
   */
  public void narrow(float[] source, int sourceAt, short[] target, int targetAt, int count) {
    switch (this) {
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          target[targetAt + i] = toBf16(source[sourceAt + i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          target[targetAt + i] = Float.floatToFloat16(source[sourceAt + i]);
        }
      }
      case F32 -> throw not16Bit();
    }
  }

  private static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static IllegalStateException not16Bit() {
    return new IllegalStateException("F32 elements are not stored as 16-bit patterns");
  }
}
