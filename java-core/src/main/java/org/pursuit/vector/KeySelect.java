package org.pursuit.vector;

import java.util.Arrays;

/**
 * The key of the k-th first of many entries, by counting: the leading bits of keys are counted in
 * bins, then the next bits of those in the bin where the k-th lies, and once more.
 */
final class KeySelect {
  private static final int BITS = 11;
  private static final int[] SHIFTS = {21, 10, 0};

  private final int[] bins = new int[1 << BITS];
  private int key;
  private long ties;

  /**
   * Finds the k-th first of the entries of several lists together, of which there are k.
   *
   * @param k 1 or more
   */
  void select(Survivors[] lists, int count, long k, boolean magnitude) {
    long wanted = k;
    int found = 0;
    int known = 0;
    for (int shift : SHIFTS) {
      Arrays.fill(bins, 0);
      for (int list = 0; list < count; list++) {
        count(lists[list], found, known, shift, magnitude);
      }
      int bin = bins.length - 1;
      while (bins[bin] < wanted) {
        wanted -= bins[bin--];
      }
      found |= bin << shift;
      known = -1 << shift;
    }
    key = found ^ Integer.MIN_VALUE;
    ties = wanted;
  }

  /** Its key. */
  int key() {
    return key;
  }

  /** How many of those with this key are among the k first. */
  long ties() {
    return ties;
  }

  private void count(Survivors list, int found, int known, int shift, boolean magnitude) {
    for (int i = 0; i < list.size(); i++) {
      int ordered = list.key(i, magnitude) ^ Integer.MIN_VALUE;
      if ((ordered & known) == found) {
        bins[(ordered >>> shift) & (bins.length - 1)]++;
      }
    }
  }
}
