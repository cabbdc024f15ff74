package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleSupplier;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.Slots;

/** What tests of gradients have in common. */
final class Slopes {
  private static final double STEP = 0x1p-10;

  private Slopes() {}

  /**
   * Each found slope against the central difference of {@code loss} over its parameter, which
   * {@code loss} reads in double.
   */
  static void assertNear(float[] found, double[] parameters, DoubleSupplier loss, String name) {
    assertThat(found).hasSameSizeAs(parameters);
    for (int i = 0; i < parameters.length; i++) {
      double at = parameters[i];
      parameters[i] = at + STEP;
      double above = loss.getAsDouble();
      parameters[i] = at - STEP;
      double slope = (above - loss.getAsDouble()) / (2 * STEP);
      parameters[i] = at;
      assertThat((double) found[i])
          .as("slope of " + name + " " + i)
          .isCloseTo(slope, within(2e-5 * (1 + Math.abs(slope))));
    }
  }

  /** Σ value·rows_b + old over the entries of each of n indices, in double. */
  static Estimate outer(Slots slots, Dense rows, int n, Dense old) {
    int d = rows.columns();
    Estimate sums = new Estimate(n * d);
    for (int i = 0; i < n * d && old != null; i++) {
      sums.add(i, old.values()[i]);
    }
    for (int row = 0; row < slots.rows(); row++) {
      for (int slot = 0; slot < slots.counts()[row]; slot++) {
        for (int i = 0; i < d; i++) {
          sums.add(
              slots.index(row, slot) * d + i, (double) slots.value(row, slot) * rows.at(row, i));
        }
      }
    }
    return sums;
  }

  /** The indices that an entry has, ascending. */
  static int[] named(Slots slots) {
    return Arrays.stream(slots.indices()).filter(index -> index >= 0).distinct().sorted().toArray();
  }

  static double[] doubles(float[] values) {
    double[] made = new double[values.length];
    for (int i = 0; i < made.length; i++) {
      made[i] = values[i];
    }
    return made;
  }

  static float[] floats(double[] values) {
    float[] made = new float[values.length];
    for (int i = 0; i < made.length; i++) {
      made[i] = (float) values[i];
    }
    return made;
  }

  static float[] joined(float[]... arrays) {
    float[] made = new float[Arrays.stream(arrays).mapToInt(array -> array.length).sum()];
    int at = 0;
    for (float[] array : arrays) {
      System.arraycopy(array, 0, made, at, array.length);
      at += array.length;
    }
    return made;
  }
}
