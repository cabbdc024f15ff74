package org.pursuit.kernel;

/**
 * The least precision of the factors in a dense product that the caller accepts. Sums are float32
 * in every case. It is a permission: a backend may compute with more, and the host backends always
 * compute {@link #FLOAT32}.
 */
public enum Precision {
  /** Factors as float32 holds them; every 16-bit format is exact in it. */
  FLOAT32,
  /**
   * Each factor may be split into two bfloat16 parts, {@code a ≈ high + low}, and the product taken
   * as the sum of three: {@code high·high + high·low + low·high}. A term {@code a·b} is then off by
   * at most 3.1·2⁻¹⁶·|a·b|, nearly as good as float32 and several times as fast on tensor cores.
   * Infinite factors may give NaN.
   */
  BF16X3,
  /** Factors may be rounded to the 11 significant bits of TF32. */
  TF32,
  /** Factors may be rounded to the 8 significant bits of bfloat16. */
  BF16
}
