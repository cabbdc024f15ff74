package org.pursuit.vector;

import org.pursuit.kernel.ScoreOrder;

/**
 * Entries of a matrix that may belong to the k first of it. When there are many, all but the k
 * first are dropped.
 */
final class Survivors {
  /** Room for a word's bits, and for one more that is written and not there. */
  private static final int RESERVE = Passing.UNIT + 1;

  /** The most entries that there can be room for. */
  static final int MOST = Integer.MAX_VALUE - 8 - RESERVE;

  private final Survivors[] alone = {this};
  private long[] places = {};
  private float[] scores = {};
  private int size;

  /** Begins anew, with room for so many. */
  void begin(int capacity) {
    places = Grow.longs(places, capacity + RESERVE);
    scores = Grow.floats(scores, capacity + RESERVE);
    size = 0;
  }

  int size() {
    return size;
  }

  /** Whether a word's entries might not fit. */
  boolean isFull() {
    return size > scores.length - RESERVE;
  }

  /**
   * Adds an entry whose place is its row and, in the low 32 bits, its column; it comes after all
   * others where {@code KeySelect} breaks ties.
   */
  void add(long place, float score) {
    places[size] = place;
    scores[size++] = score;
  }

  /**
   * Adds the entries of a word's bits: bit i has place {@code place + i} and score {@code row[at +
   * i]}. They are written by twos, whether there are two or not: how many there are is hard to
   * predict.
   */
  void add(long word, long place, float[] row, int at) {
    int to = size;
    size += Long.bitCount(word);
    for (long left = word; left != 0; to += 2) {
      int i = Long.numberOfTrailingZeros(left);
      left &= left - 1;
      int next = Long.numberOfTrailingZeros(left) & (Long.SIZE - 1);
      left &= left - 1;
      places[to] = place + i;
      scores[to] = row[at + i];
      places[to + 1] = place + next;
      scores[to + 1] = row[at + next];
    }
  }

  float score(int i) {
    return scores[i];
  }

  long place(int i) {
    return places[i];
  }

  int row(int i) {
    return (int) (places[i] >>> Integer.SIZE);
  }

  int column(int i) {
    return (int) places[i];
  }

  int key(int i, boolean magnitude) {
    return magnitude ? ScoreOrder.magnitudeKey(scores[i]) : ScoreOrder.signedKey(scores[i]);
  }

  /**
   * Drops all but the k first of entries in ascending order of places, of which {@code select} then
   * knows the last; k is at most size.
   */
  void keep(KeySelect select, long k, boolean magnitude) {
    select.select(alone, 1, k, magnitude);
    keep(select.key(), select.ties(), magnitude, false);
  }

  /**
   * Drops all but the entries with a larger key and the first {@code ties} of those with this key,
   * and of them, if asked, what is not positive.
   */
  void keep(int last, long ties, boolean magnitude, boolean positive) {
    long open = ties;
    int kept = 0;
    for (int i = 0; i < size; i++) {
      int own = key(i, magnitude);
      places[kept] = places[i];
      scores[kept] = scores[i];
      int held = own > last ? 1 : 0; // no jump: which one it is is hard to predict
      if (own == last && open > 0) {
        open--;
        held = 1;
      }
      if (positive && scores[i] <= 0) {
        held = 0;
      }
      kept += held;
    }
    size = kept;
  }

  /** Drops all but the k first, the last of which {@code select} then knows, in any order. */
  void keep(RankSelect select, long k, boolean magnitude) {
    select.select(alone, 1, k, magnitude);
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (select.holds(key(i, magnitude), places[i])) {
        places[kept] = places[i];
        scores[kept++] = scores[i];
      }
    }
    size = kept;
  }
}
