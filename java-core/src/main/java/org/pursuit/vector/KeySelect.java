package org.pursuit.vector;

import java.util.Arrays;

/**
 * The key of the k-th first of many entries, by counting: the leading bits in which keys differ are
 * counted in bins, then the next bits of those in the bin where the k-th lies, and so on.
 */
final class KeySelect {
  private static final int BITS = 11;

  private final Workers workers;
  private final Workers.Task ranging = this::range;
  private final Workers.Task counting = this::count;

  /** Counts of each list. */
  private int[][] bins = {};

  /** The smallest key of each list, and the largest; ordered as unsigned numbers. */
  private int[] smallest = {};

  private int[] largest = {};
  private Survivors[] lists;
  private boolean magnitude;
  private int shift;

  /** The bits of the key that are known, and which these are. */
  private int found;

  private int known;
  private long ties;

  /** Counts on the caller's thread. */
  KeySelect() {
    this(null);
  }

  /** Counts each list on one of the workers. */
  KeySelect(Workers workers) {
    this.workers = workers;
  }

  /**
   * Finds the k-th first of the entries of several lists together, of which there are k.
   *
   * @param k 1 or more
   */
  void select(Survivors[] lists, int count, long k, boolean magnitude) {
    this.lists = lists;
    this.magnitude = magnitude;
    if (bins.length < count) {
      bins = new int[count][1 << BITS];
      smallest = new int[count];
      largest = new int[count];
    }
    ties = k;
    int bits = differing(count);
    do {
      shift = Math.max(0, bits - BITS);
      each(counting, count);
      int bin = bins[0].length;
      for (long inBin = 0; ties > inBin; inBin = total(bin, count)) {
        ties -= inBin;
        bin--;
      }
      found |= bin << shift;
      known = -1 << shift;
      bits = shift;
    } while (shift > 0);
  }

  /** How many of the last bits differ between keys; the ones before are found. */
  private int differing(int count) {
    each(ranging, count);
    int least = -1;
    int most = 0;
    for (int list = 0; list < count; list++) {
      least = Integer.compareUnsigned(smallest[list], least) < 0 ? smallest[list] : least;
      most = Integer.compareUnsigned(largest[list], most) > 0 ? largest[list] : most;
    }
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(least ^ most);
    known = bits == Integer.SIZE ? 0 : -1 << bits;
    found = least & known;
    return bits;
  }

  /** Its key. */
  int key() {
    return found ^ Integer.MIN_VALUE;
  }

  /** How many of those with this key are among the k first. */
  long ties() {
    return ties;
  }

  /** How many entries of a list have this key. */
  int equal(int list) {
    return bins[list][found & (bins[list].length - 1)];
  }

  private long total(int bin, int count) {
    long total = 0;
    for (int list = 0; list < count; list++) {
      total += bins[list][bin];
    }
    return total;
  }

  private void each(Workers.Task task, int count) {
    if (workers == null) {
      task.run(0, 0, count);
    } else {
      workers.run(task, count, 1);
    }
  }

  private void range(int worker, int from, int to) {
    for (int list = from; list < to; list++) {
      Survivors entries = lists[list];
      int least = Integer.MAX_VALUE;
      int most = Integer.MIN_VALUE;
      for (int i = 0; i < entries.size(); i++) {
        int key = entries.key(i, magnitude);
        least = Math.min(least, key);
        most = Math.max(most, key);
      }
      smallest[list] = least ^ Integer.MIN_VALUE;
      largest[list] = most ^ Integer.MIN_VALUE;
    }
  }

  private void count(int worker, int from, int to) {
    for (int list = from; list < to; list++) {
      Arrays.fill(bins[list], 0);
      count(lists[list], bins[list]);
    }
  }

  private void count(Survivors list, int[] bins) {
    for (int i = 0; i < list.size(); i++) {
      int ordered = list.key(i, magnitude) ^ Integer.MIN_VALUE;
      if ((ordered & known) == found) {
        bins[(ordered >>> shift) & (bins.length - 1)]++;
      }
    }
  }
}
