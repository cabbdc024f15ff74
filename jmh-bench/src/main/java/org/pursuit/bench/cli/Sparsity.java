package org.pursuit.bench.cli;

import java.util.Arrays;

/** Counts how many atoms codes really use: distinct ones whose values do not add up to zero. */
final class Sparsity {
  private long rows;
  private long atoms;

  /** Adds the rows of a batch. */
  void add(HostCodes codes) {
    long[] slots = new long[codes.k()];
    for (int row = 0; row < codes.rows(); row++) {
      atoms += atoms(codes, row, slots);
    }
    rows += codes.rows();
  }

  /** Slots sorted by atom; an atom's slots follow each other in their old order. */
  private static int atoms(HostCodes codes, int row, long[] slots) {
    int count = codes.count(row);
    for (int slot = 0; slot < count; slot++) {
      slots[slot] = (long) codes.index(row, slot) << 32 | slot;
    }
    Arrays.sort(slots, 0, count);
    int found = 0;
    float sum = 0;
    for (int i = 0; i < count; i++) {
      sum += codes.value(row, (int) slots[i]);
      boolean last = i + 1 == count || slots[i + 1] >> 32 != slots[i] >> 32;
      if (last) {
        found += sum != 0 ? 1 : 0;
        sum = 0;
      }
    }
    return found;
  }

  /** Mean number of atoms of a row; 0 without rows. */
  double meanL0() {
    return rows == 0 ? 0 : (double) atoms / rows;
  }
}
