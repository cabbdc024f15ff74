package org.pursuit.kernel;

/**
 * The least precision of the factors in a dense product that the caller accepts. Sums are float32
 * in every case. It is a permission: a backend may compute with more, and the host backends always
 * compute {@link #FLOAT32}.
 */
public enum Precision {
  /** Factors as float32 holds them; every 16-bit format is exact in it. */
  FLOAT32,
  /** Factors may be rounded to the 11 significant bits of TF32. */
  TF32,
  /** Factors may be rounded to the 8 significant bits of bfloat16. */
  BF16
}
