package org.pursuit.kernel;

/**
 * Options of a dense product {@code C = α·op(A)·op(B) + β·C}.
 *
 * @param transposeA whether op(A) = Aᵀ; default false
 * @param transposeB whether op(B) = Bᵀ; default false
 * @param alpha default 1
 * @param beta default 0: C is not read
 * @param precision to which the factors may be rounded; default {@link Precision#FLOAT32}
 */
public record Multiply(
    boolean transposeA, boolean transposeB, float alpha, float beta, Precision precision) {
  public Multiply {
    Check.required(precision, "precision");
  }

  /** A·B. */
  public static Multiply plain() {
    return new Multiply(false, false, 1, 0, Precision.FLOAT32);
  }

  /** With Aᵀ for A. */
  public Multiply withTransposedA() {
    return new Multiply(true, transposeB, alpha, beta, precision);
  }

  /** With Bᵀ for B. */
  public Multiply withTransposedB() {
    return new Multiply(transposeA, true, alpha, beta, precision);
  }

  /** With the product multiplied by α. */
  public Multiply alpha(float alpha) {
    return new Multiply(transposeA, transposeB, alpha, beta, precision);
  }

  /** Added to β times what C held. */
  public Multiply beta(float beta) {
    return new Multiply(transposeA, transposeB, alpha, beta, precision);
  }

  /** With factors rounded to no less than {@code precision}. */
  public Multiply precision(Precision precision) {
    return new Multiply(transposeA, transposeB, alpha, beta, precision);
  }
}
