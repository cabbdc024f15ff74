package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sorts the few candidates of a row. Up to {@value #MOST_COUNTED} distinct longs are sorted by
 * counting, for each, the smaller ones: quadratic, but in vectors and without a branch to
 * mispredict.
 */
final class RankSort {
  private static final VectorSpecies<Long> LONGS =
      VectorSpecies.of(long.class, Lanes.FLOATS.vectorShape());
  private static final int L = LONGS.length();

  /** Above this size the library's sort is faster. */
  private static final int MOST_COUNTED = 160;

  private final long[] smaller = new long[MOST_COUNTED + 2 * L];
  private final long[] unsorted = new long[MOST_COUNTED + 2 * L];

  /** Sorts {@code ranks[from … to)} ascending; no two are equal. */
  void sort(long[] ranks, int from, int to) {
    int size = to - from;
    if (size > MOST_COUNTED) {
      Arrays.sort(ranks, from, to);
      return;
    }
    System.arraycopy(ranks, from, unsorted, 0, size);
    countSmaller(unsorted, size, smaller);
    for (int i = 0; i < size; i++) {
      ranks[from + (int) smaller[i]] = unsorted[i];
    }
  }

  private static void countSmaller(long[] ranks, int size, long[] smaller) {
    for (int i = 0; i < size; i += 2 * L) {
      LongVector left = LongVector.fromArray(LONGS, ranks, i);
      LongVector right = LongVector.fromArray(LONGS, ranks, i + L);
      LongVector leftCount = LongVector.zero(LONGS);
      LongVector rightCount = leftCount;
      for (int j = 0; j < size; j++) {
        LongVector other = LongVector.broadcast(LONGS, ranks[j]);
        leftCount = leftCount.add(1, left.compare(VectorOperators.GT, other));
        rightCount = rightCount.add(1, right.compare(VectorOperators.GT, other));
      }
      leftCount.intoArray(smaller, i);
      rightCount.intoArray(smaller, i + L);
    }
  }
}
