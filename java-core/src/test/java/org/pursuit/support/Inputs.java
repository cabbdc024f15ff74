package org.pursuit.support;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Input generators. */
public final class Inputs {
  private Inputs() {}

  /** One row of every {@link RowKind}, in their order. */
  public static Dense everyKind(int n, Random random) {
    return rows(List.of(RowKind.values()), n, random);
  }

  /** One row of each of the given kinds. */
  public static Dense rows(List<RowKind> kinds, int n, Random random) {
    return Dense.ofRows(kinds.stream().map(kind -> kind.row(n, random)).toArray(float[][]::new));
  }

  /** Standard normal numbers. */
  public static Dense normal(int rows, int columns, Random random) {
    return Dense.zeros(rows, columns).map(zero -> random.nextGaussian());
  }

  /** Integers of {@code −bound … bound}: sums of their products are exact in float32. */
  public static Dense integers(int rows, int columns, int bound, Random random) {
    return Dense.zeros(rows, columns).map(zero -> integer(bound, random));
  }

  /** A vector of integers of {@code −bound … bound}. */
  public static float[] integers(int length, int bound, Random random) {
    return integers(1, length, bound, random).values();
  }

  /** A vector of standard normal numbers. */
  public static float[] normal(int length, Random random) {
    return normal(1, length, random).values();
  }

  /** Normal numbers whose size and centre differ from row to row. */
  public static Dense offCentre(int rows, int columns, Random random) {
    Dense made = normal(rows, columns, random);
    for (int i = 0; i < made.values().length; i++) {
      int row = i / columns;
      made.values()[i] = made.values()[i] * (row + 0.1f) + 3 * (row % 4);
    }
    return made;
  }

  /** Rows of unit norm, up to rounding. */
  public static Dense unitRows(int rows, int columns, Random random) {
    Dense made = normal(rows, columns, random);
    for (int row = 0; row < rows; row++) {
      double norm = 0;
      for (int i = 0; i < columns; i++) {
        norm += (double) made.at(row, i) * made.at(row, i);
      }
      for (int i = row * columns; i < (row + 1) * columns; i++) {
        made.values()[i] /= (float) Math.sqrt(norm);
      }
    }
    return made;
  }

  /** Flags of which about {@code share} are set. */
  public static boolean[] flags(int length, double share, Random random) {
    boolean[] flags = new boolean[length];
    for (int i = 0; i < length; i++) {
      flags[i] = random.nextDouble() < share;
    }
    return flags;
  }

  /** {@code count} distinct numbers below {@code bound}, in random order. */
  public static int[] distinct(int count, int bound, Random random) {
    int[] all = new int[bound];
    for (int i = 0; i < bound; i++) {
      int j = random.nextInt(i + 1);
      all[i] = all[j];
      all[j] = i;
    }
    return Arrays.copyOf(all, count);
  }

  private static int integer(int bound, Random random) {
    return random.nextInt(2 * bound + 1) - bound;
  }
}
