package org.pursuit.bench.jmh;

import org.pursuit.data.DType;
import org.pursuit.kernel.Precision;

/**
 * Simple checks of a benchmark's last result, in double precision and independent of the library. A
 * check that fails throws, which fails the benchmark.
 */
final class Verification {
  /** Unit roundoff of float32. */
  private static final double ROUNDOFF = 0x1p-24;

  private static final int ROWS = 3;

  private Verification() {}

  static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalStateException("wrong result: " + message);
    }
  }

  /** Requires a result within a bound of what was expected. */
  static void near(double expected, double found, double bound, String what) {
    require(
        Math.abs(found - expected) <= bound,
        what + ": expected " + expected + " up to " + bound + ", found " + found);
  }

  /** Some rows of many: first, last, and between. */
  static int[] rowsOf(int rows) {
    int[] chosen = new int[Math.min(rows, ROWS)];
    for (int i = 1; i < chosen.length; i++) {
      chosen[i] = (int) ((long) i * (rows - 1) / (chosen.length - 1));
    }
    return chosen;
  }

  static double dot(float[] a, int aAt, float[] b, int bAt, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += (double) a[aAt + i] * b[bAt + i];
    }
    return sum;
  }

  static double norm(float[] a, int at, int d) {
    return Math.sqrt(dot(a, at, a, at, d));
  }

  /**
   * What rounding may do to a sum of {@code terms} products whose magnitudes add up to {@code sum}.
   */
  static double roundingBound(int terms, double sum) {
    return 2 * (terms + 2) * ROUNDOFF * sum;
  }

  /** What storing a number of at most 1 may change. */
  static double storageBound(DType format) {
    return switch (format) {
      case F32 -> 0;
      case BF16 -> 0x1p-8;
      case F16 -> 0x1p-11;
    };
  }

  /**
   * What the least precision of its factors may do to a product of vectors, as a fraction of the
   * product of their norms.
   */
  static double factorBound(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> 0;
      case BF16X3 -> 0x1p-14;
      case TF32 -> 0x1p-10;
      case BF16 -> 0x1p-7;
    };
  }

  /**
   * Requires k entries to be exactly the k first of a row without NaN: each holds its score, they
   * come in strict order, and no more than k scores come up to the last.
   */
  static void topK(
      float[] scores,
      int at,
      int columns,
      boolean magnitude,
      int[] indices,
      float[] values,
      int from,
      int k) {
    for (int slot = from; slot < from + k; slot++) {
      require(
          indices[slot] >= 0 && values[slot] == scores[at + indices[slot]],
          "slot " + slot + " holds " + values[slot] + ", not the score of " + indices[slot]);
      require(
          slot == from || before(scores, at, indices[slot - 1], indices[slot], magnitude),
          "slot " + slot + " is out of order");
    }
    int last = indices[from + k - 1];
    int notAfter = 0;
    for (int i = 0; i < columns; i++) {
      notAfter += i == last || before(scores, at, i, last, magnitude) ? 1 : 0;
    }
    require(notAfter == k, notAfter + " scores come up to the last of " + k);
  }

  private static boolean before(float[] scores, int at, int i, int j, boolean magnitude) {
    float a = magnitude ? Math.abs(scores[at + i]) : scores[at + i];
    float b = magnitude ? Math.abs(scores[at + j]) : scores[at + j];
    return a > b || (a == b && i < j);
  }
}
