package org.pursuit.support;

import static org.assertj.core.api.Assertions.fail;

/** Comparisons of whole arrays that name the first difference. */
public final class Same {
  private Same() {}

  private interface Difference {
    boolean at(int i);
  }

  /** Equal integers. */
  public static void ints(int[] actual, int[] expected, String description) {
    none(
        actual.length,
        expected.length,
        i -> actual[i] != expected[i],
        description,
        i -> actual[i] + ", expected " + expected[i]);
  }

  /** Equal bit for bit; NaN equals NaN whatever its payload. */
  public static void bits(float[] actual, float[] expected, String description) {
    none(
        actual.length,
        expected.length,
        i -> Float.floatToIntBits(actual[i]) != Float.floatToIntBits(expected[i]),
        description,
        i -> actual[i] + ", expected " + expected[i]);
  }

  /** Equal numbers: −0.0 equals +0.0, and NaN equals NaN. */
  public static void numbers(float[] actual, float[] expected, String description) {
    none(
        actual.length,
        expected.length,
        i -> actual[i] != expected[i] && !(Float.isNaN(actual[i]) && Float.isNaN(expected[i])),
        description,
        i -> actual[i] + ", expected " + expected[i]);
  }

  private interface Text {
    String at(int i);
  }

  private static void none(
      int actualLength, int expectedLength, Difference different, String description, Text text) {
    if (actualLength != expectedLength) {
      fail("%s: %d elements, expected %d", description, actualLength, expectedLength);
    }
    for (int i = 0; i < actualLength; i++) {
      if (different.at(i)) {
        fail("%s: element %d is %s", description, i, text.at(i));
      }
    }
  }
}
