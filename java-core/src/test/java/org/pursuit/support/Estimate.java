package org.pursuit.support;

import static org.assertj.core.api.Assertions.fail;

import org.pursuit.data.DType;
import org.pursuit.kernel.Precision;

/**
 * Sums in double precision, and the sums of their terms' magnitudes, to which the rounding error of
 * any order of summation in float32 is proportional.
 */
public final class Estimate {
  private final double[] sums;
  private final double[] magnitudes;
  private final int[] terms;
  private Precision precision = Precision.FLOAT32;

  /** Empty sums. */
  public Estimate(int length) {
    this.sums = new double[length];
    this.magnitudes = new double[length];
    this.terms = new int[length];
  }

  /** Adds a term to sum {@code i}. */
  public void add(int i, double term) {
    add(i, term, Math.abs(term));
  }

  /** Adds a term that was itself computed from numbers as large as {@code magnitude}. */
  public void add(int i, double term, double magnitude) {
    sums[i] += term;
    magnitudes[i] += magnitude;
    terms[i]++;
  }

  /** Replaces negative sums by zero. */
  public void relu() {
    for (int i = 0; i < sums.length; i++) {
      sums[i] = Math.max(sums[i], 0);
    }
  }

  /** Lets both factors of every term be rounded to {@code precision} before they are multiplied. */
  public Estimate withFactorsOf(Precision precision) {
    this.precision = precision;
    return this;
  }

  /** A sum. */
  public double sum(int i) {
    return sums[i];
  }

  /**
   * How far a float32 computation may lie from a sum: each of n terms takes part in at most n
   * roundings, besides a few of the operands and those that a lower precision permits.
   */
  public double bound(int i) {
    return Factors.error(precision, terms[i] + 8) * magnitudes[i] + Float.MIN_VALUE;
  }

  /** The sums as {@code dtype} stores them: for data whose sums are exact in float32. */
  public float[] exactly(DType dtype) {
    float[] exact = new float[sums.length];
    for (int i = 0; i < exact.length; i++) {
      exact[i] = Rounding.stored((float) sums[i], dtype);
    }
    return exact;
  }

  /** Every number is within its bound, or is the same NaN or infinity. */
  public void assertMatches(float[] actual, DType dtype, String description) {
    if (actual.length != sums.length) {
      fail("%s: %d elements, expected %d", description, actual.length, sums.length);
    }
    for (int i = 0; i < sums.length; i++) {
      double allowed = bound(i) + storageError(i, dtype);
      if (Double.isFinite(sums[i])
          ? !(Math.abs(actual[i] - sums[i]) <= allowed)
          : Double.compare(actual[i], sums[i]) != 0) {
        fail(
            "%s: element %d is %s, expected %s within %s",
            description, i, actual[i], sums[i], allowed);
      }
    }
  }

  private double storageError(int i, DType dtype) {
    double most = Math.abs(sums[i]) + bound(i);
    return switch (dtype) {
      case F32 -> 0;
      case BF16 -> most * 0x1p-8;
      case F16 -> most * 0x1p-11 + 0x1p-25;
    };
  }
}
