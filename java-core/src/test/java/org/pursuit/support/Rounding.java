package org.pursuit.support;

import org.pursuit.data.DType;

/** 16-bit formats by their definition, independent of the code under test. */
public final class Rounding {
  private Rounding() {}

  /** The number that a pattern of a 16-bit format stands for. */
  public static float widened(short bits, DType dtype) {
    return switch (dtype) {
      case BF16 -> Float.intBitsToFloat(bits << 16);
      case F16 -> Float.float16ToFloat(bits);
      case F32 -> throw new IllegalArgumentException("F32 has no 16-bit patterns");
    };
  }

  /** The pattern of the nearest number of a 16-bit format, of two the one with an even pattern. */
  public static short narrowed(float value, DType dtype) {
    return switch (dtype) {
      case BF16 -> bf16(value);
      case F16 -> Float.floatToFloat16(value);
      case F32 -> throw new IllegalArgumentException("F32 has no 16-bit patterns");
    };
  }

  /** {@code value} as it is stored in {@code dtype}. */
  public static float stored(float value, DType dtype) {
    return dtype == DType.F32 ? value : widened(narrowed(value, dtype), dtype);
  }

  /** {@code values} as they are stored in {@code dtype}. */
  public static float[] stored(float[] values, DType dtype) {
    float[] stored = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      stored[i] = stored(values[i], dtype);
    }
    return stored;
  }

  private static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int below = bits >>> 16;
    if (Float.isNaN(value)) {
      return (short) (below | 0x40);
    }
    int remainder = bits & 0xffff;
    boolean up = remainder > 0x8000 || (remainder == 0x8000 && (below & 1) == 1);
    return (short) (up ? below + 1 : below);
  }
}
