package org.pursuit.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.TreeMap;
import org.pursuit.data.CsrCodes;

/** Row-compressed entries in the test's own hands. */
@SuppressWarnings("ArrayRecordComponent") // never compared as a record
public record CsrEntries(long[] offsets, int[] columns, float[] values) {
  /** The entries of slots with distinct indices, ascending in each row. */
  public static CsrEntries of(Slots slots) {
    int entries = 0;
    for (int count : slots.counts()) {
      entries += count;
    }
    CsrEntries made =
        new CsrEntries(new long[slots.rows() + 1], new int[entries], new float[entries]);
    int at = 0;
    for (int row = 0; row < slots.rows(); row++) {
      TreeMap<Integer, Float> sorted = new TreeMap<>();
      for (int slot = 0; slot < slots.counts()[row]; slot++) {
        sorted.put(slots.index(row, slot), slots.value(row, slot));
      }
      for (var entry : sorted.entrySet()) {
        made.columns[at] = entry.getKey();
        made.values[at++] = entry.getValue();
      }
      made.offsets[row + 1] = at;
    }
    return made;
  }

  /** What codes hold. */
  public static CsrEntries of(CsrCodes codes) {
    long[] offsets = codes.offsets().download();
    int entries = (int) offsets[codes.rows()];
    return new CsrEntries(
        offsets,
        Arrays.copyOf(codes.columns().download(), entries),
        Arrays.copyOf(codes.values().download(), entries));
  }

  /** The same entries, the values bit for bit but for the payloads of NaN. */
  public void assertSame(CsrEntries expected, String description) {
    assertThat(offsets).as(description + ": offsets").isEqualTo(expected.offsets);
    Same.ints(columns, expected.columns, description + ": columns");
    Same.bits(values, expected.values, description + ": values");
  }
}
