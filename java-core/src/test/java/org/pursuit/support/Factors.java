package org.pursuit.support;

import org.pursuit.kernel.Precision;

/** What a {@link Precision} permits. */
public final class Factors {
  private static final double FLOAT32_ROUNDOFF = 0x1p-24;

  /** TF32 may cut off what BF16 rounds to nearest. */
  private static final double TF32_ROUNDOFF = 0x1p-10;

  private static final double BF16_ROUNDOFF = 0x1p-8;

  private Factors() {}

  /**
   * How far a sum of products may be off, as a fraction of the sum of their magnitudes.
   *
   * <p>With both factors rounded by a fraction u, each product is off by u·(2 + u). Split into two
   * parts, factors lack a fraction u² of themselves, so that all four products of parts are off by
   * u²·(2 + u²), and the product of the low parts, which are a fraction u·(1 + u), is left out.
   *
   * @param roundings that a product takes part in while float32 products are summed
   */
  public static double error(Precision precision, int roundings) {
    double u = BF16_ROUNDOFF;
    return switch (precision) {
      case FLOAT32 -> roundings * FLOAT32_ROUNDOFF;
      case TF32 -> roundings * FLOAT32_ROUNDOFF + TF32_ROUNDOFF * (2 + TF32_ROUNDOFF);
      case BF16 -> roundings * FLOAT32_ROUNDOFF + u * (2 + u);
      case BF16X3 ->
          3 * roundings * FLOAT32_ROUNDOFF + u * u * (2 + u * u) + u * u * (1 + u) * (1 + u);
    };
  }
}
