package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.kernel.ScoreOrder;

/**
 * Entries of a row as longs that order as {@link ScoreOrder} says. Besides key and index the lowest
 * bit keeps the score's sign, which a magnitude's key has lost; it never decides, as indices
 * differ.
 *
 * <pre>  key (32 bits) | 2³¹ − 1 − index (31 bits) | sign (1 bit)</pre>
 */
final class Ranks {
  private Ranks() {}

  /** The rank of a score with its key. */
  static long of(float score, int key, int index) {
    return (long) key << 32
        | (Integer.MAX_VALUE - index & 0x7fffffffL) << 1
        | Float.floatToRawIntBits(score) >>> 31;
  }

  static int key(long rank) {
    return (int) (rank >> 32);
  }

  static int index(long rank) {
    return Integer.MAX_VALUE - ((int) rank >>> 1);
  }

  /** The score that was ranked by itself; a NaN comes back as the canonical one. */
  static float signedScore(long rank) {
    int key = key(rank);
    if (key == 0) {
      return Float.intBitsToFloat((int) rank << 31);
    }
    return key == ScoreOrder.NAN ? Float.NaN : Float.intBitsToFloat(key ^ (key >> 31 & 0x7fffffff));
  }

  /** The score that was ranked by magnitude; a NaN comes back as the canonical one. */
  static float magnitudeScore(long rank) {
    int key = key(rank);
    return key == ScoreOrder.NAN ? Float.NaN : Float.intBitsToFloat(key | (int) rank << 31);
  }

  /**
   * Moves the {@code k} largest of {@code ranks[0 … size)} to the front, in no particular order.
   */
  static void largestFirst(long[] ranks, int size, int k) {
    int low = 0;
    int high = size - 1;
    int rounds = 2 * (Integer.SIZE - Integer.numberOfLeadingZeros(size));
    while (low < high) {
      if (rounds-- == 0) {
        sortFirst(ranks, size, k);
        return;
      }
      long pivot = median(ranks[low], ranks[(low + high) >>> 1], ranks[high]);
      int i = low;
      int j = high;
      while (i <= j) {
        while (ranks[i] > pivot) {
          i++;
        }
        while (ranks[j] < pivot) {
          j--;
        }
        if (i <= j) {
          long swapped = ranks[i];
          ranks[i++] = ranks[j];
          ranks[j--] = swapped;
        }
      }
      if (k - 1 <= j) {
        high = j;
      } else if (k - 1 >= i) {
        low = i;
      } else {
        return;
      }
    }
  }

  /** For ranks that are arranged against the choice of pivots. */
  private static void sortFirst(long[] ranks, int size, int k) {
    Arrays.sort(ranks, 0, size);
    for (int i = 0; i < Math.min(k, size - k); i++) {
      long swapped = ranks[i];
      ranks[i] = ranks[size - 1 - i];
      ranks[size - 1 - i] = swapped;
    }
  }

  private static long median(long a, long b, long c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }
}
