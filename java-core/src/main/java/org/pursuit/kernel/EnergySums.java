package org.pursuit.kernel;

/**
 * The arithmetic of {@link RowPrefix}, in which all backends agree on any input: energies in
 * float32, and sums of them in integers, which come out the same in any order.
 *
 * <p>A sum counts units of 2^−shift. The shift is as large as the sum of n energies up to the
 * largest one allows, so that an energy loses less than 2^−(61 − ⌈log₂ n⌉) of the largest one by
 * being rounded down: nothing at all if it is an integer and the largest one below 2^(61 − ⌈log₂
 * n⌉).
 */
public final class EnergySums {
  private static final int BITS = 61;
  private static final int MANTISSA_BITS = 23;
  private static final int LEAST_EXPONENT = -149;

  private EnergySums() {}

  /** {@code (score·norm)²}. */
  public static float energy(float score, float norm) {
    float length = score * norm;
    return length * length;
  }

  /**
   * The shift for sums of n energies, 1 or more.
   *
   * @param largest the largest one, above 0 and finite
   */
  public static int shift(float largest, int n) {
    int bits = Float.floatToRawIntBits(largest);
    int exponent =
        bits >>> MANTISSA_BITS == 0
            ? Integer.SIZE - 1 - Integer.numberOfLeadingZeros(bits) + LEAST_EXPONENT
            : Math.getExponent(largest);
    int terms = Integer.SIZE - Integer.numberOfLeadingZeros(n - 1); // 2^terms is at least n
    return BITS - terms - exponent;
  }

  /** A finite energy in units of 2^−shift, rounded down. */
  public static long units(float energy, int shift) {
    int bits = Float.floatToRawIntBits(energy);
    int exponent = bits >>> MANTISSA_BITS;
    long mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    if (exponent > 0) {
      mantissa |= 1 << MANTISSA_BITS;
      exponent--;
    }
    int by = exponent + LEAST_EXPONENT + shift;
    return by >= 0 ? mantissa << by : mantissa >> Math.min(-by, Long.SIZE - 1);
  }

  /** The root of a sum in units of 2^−shift. */
  public static double root(long sum, int shift) {
    return Math.sqrt(Math.scalb((double) sum, -shift));
  }
}
