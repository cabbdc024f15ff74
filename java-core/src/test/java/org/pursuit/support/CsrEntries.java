package org.pursuit.support;

import java.util.TreeMap;

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
}
