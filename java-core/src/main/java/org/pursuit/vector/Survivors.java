package org.pursuit.vector;

import org.pursuit.kernel.ScoreOrder;

/**
 * Entries of a matrix that may belong to the k first of it. When there are many, all but the k
 * first are dropped.
 */
final class Survivors {
  private final Survivors[] alone = {this};
  private long[] places = {};
  private float[] scores = {};
  private int size;

  /** Begins anew, with room for so many. */
  void begin(int capacity) {
    places = Grow.longs(places, capacity);
    scores = Grow.floats(scores, capacity);
    size = 0;
  }

  int size() {
    return size;
  }

  boolean isFull() {
    return size == scores.length;
  }

  /** Adds an entry; its place comes after all others where {@code KeySelect} breaks ties. */
  void add(long place, float score) {
    places[size] = place;
    scores[size++] = score;
  }

  float score(int i) {
    return scores[i];
  }

  long place(int i) {
    return places[i];
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
    int last = select.key();
    long ties = select.ties();
    int kept = 0;
    for (int i = 0; i < size; i++) {
      int own = key(i, magnitude);
      if (own > last || (own == last && ties-- > 0)) {
        places[kept] = places[i];
        scores[kept++] = scores[i];
      }
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
