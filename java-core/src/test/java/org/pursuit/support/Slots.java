package org.pursuit.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.pursuit.data.SlottedCodes;

/** Fixed-width codes or a tape in the test's own hands: indices and values [rows, k], counts. */
@SuppressWarnings("ArrayRecordComponent") // compared by assertSame
public record Slots(int rows, int k, int[] indices, float[] values, int[] counts) {
  /** Empty slots: index −1, value 0. */
  public static Slots empty(int rows, int k) {
    int[] indices = new int[rows * k];
    Arrays.fill(indices, -1);
    return new Slots(rows, k, indices, new float[rows * k], new int[rows]);
  }

  /** What codes hold. */
  public static Slots of(SlottedCodes codes) {
    return new Slots(
        codes.rows(),
        codes.k(),
        codes.indices().download(),
        codes.values().download(),
        codes.counts().download());
  }

  /** Rows of up to k distinct indices below n, the first row empty and the second one full. */
  public static Slots random(int rows, int k, int n, Random random) {
    Slots made = empty(rows, k);
    for (int row = 0; row < rows; row++) {
      int count = row == 0 ? 0 : row == 1 ? Math.min(k, n) : random.nextInt(Math.min(k, n) + 1);
      for (int index : Inputs.distinct(count, n, random)) {
        made.add(row, index, (float) random.nextGaussian());
      }
    }
    return made;
  }

  /** Rows of up to k indices below n that repeat often, as a pursuit's do. */
  public static Slots randomTape(int rows, int k, int n, Random random) {
    Slots made = empty(rows, k);
    for (int row = 0; row < rows; row++) {
      int count = row == 0 || n == 0 ? 0 : row == 1 ? k : random.nextInt(k + 1);
      for (int slot = 0; slot < count; slot++) {
        made.add(row, random.nextInt(Math.min(n, k / 2 + 1)), (float) random.nextGaussian());
      }
    }
    return made;
  }

  /** The same with small integers as values. */
  public Slots withIntegerValues(int bound, Random random) {
    Slots made = new Slots(rows, k, indices, new float[values.length], counts);
    for (int row = 0; row < rows; row++) {
      for (int slot = 0; slot < counts[row]; slot++) {
        made.values[row * k + slot] = random.nextInt(2 * bound + 1) - bound;
      }
    }
    return made;
  }

  /** Fills the next slot of a row. */
  public void add(int row, int index, float value) {
    int at = row * k + counts[row]++;
    indices[at] = index;
    values[at] = value;
  }

  /** The index in a slot. */
  public int index(int row, int slot) {
    return indices[row * k + slot];
  }

  /** The value in a slot. */
  public float value(int row, int slot) {
    return values[row * k + slot];
  }

  /** The first {@code slots} slots of every row. */
  public Slots prefix(int slots) {
    Slots made = empty(rows, slots);
    for (int row = 0; row < rows; row++) {
      for (int slot = 0; slot < Math.min(slots, counts[row]); slot++) {
        made.add(row, index(row, slot), value(row, slot));
      }
    }
    return made;
  }

  /** A copy of rows {@code from} (inclusive) to {@code to} (exclusive). */
  public Slots rows(int from, int to) {
    return new Slots(
        to - from,
        k,
        Arrays.copyOfRange(indices, from * k, to * k),
        Arrays.copyOfRange(values, from * k, to * k),
        Arrays.copyOfRange(counts, from, to));
  }

  /** Copies these into codes of the same shape. */
  public void upload(SlottedCodes codes) {
    codes.upload(indices, values, counts);
  }

  /** The same entries, the values bit for bit but for the payloads of NaN. */
  public void assertSame(Slots expected, String description) {
    assertThat(rows).as(description).isEqualTo(expected.rows);
    assertThat(k).as(description).isEqualTo(expected.k);
    Same.ints(counts, expected.counts, description + ": counts");
    Same.ints(indices, expected.indices, description + ": indices");
    Same.bits(values, expected.values, description + ": values");
  }

  /** Empty slots hold −1 and 0, and counts are within range. */
  public void assertWellFormed(String description) {
    for (int row = 0; row < rows; row++) {
      assertThat(counts[row]).as(description + ": count of row " + row).isBetween(0, k);
      for (int slot = counts[row]; slot < k; slot++) {
        String place = description + ": empty slot " + slot + " of row " + row;
        assertThat(index(row, slot)).as(place).isEqualTo(-1);
        assertThat(Float.floatToRawIntBits(value(row, slot))).as(place).isZero();
      }
    }
  }
}
