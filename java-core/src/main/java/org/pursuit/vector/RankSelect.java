package org.pursuit.vector;

/**
 * The last of the k first entries of several lists: by key, larger first, then by lower place,
 * whatever the order in which the lists hold them.
 */
final class RankSelect {
  private final KeySelect keys = new KeySelect();
  private long[] tied = {};
  private int key;
  private long place;

  /** Holds every entry until a selection is made. */
  void begin() {
    key = Integer.MIN_VALUE;
    place = Long.MAX_VALUE;
  }

  /**
   * Finds the k-th first of the entries of several lists together, of which there are k.
   *
   * @param k 1 or more
   */
  void select(Survivors[] lists, int count, long k, boolean magnitude) {
    keys.select(lists, count, k, magnitude);
    key = keys.key();
    place = Long.MAX_VALUE;
    long ties = 0;
    for (int list = 0; list < count; list++) {
      for (int i = 0; i < lists[list].size(); i++) {
        ties += lists[list].key(i, magnitude) == key ? 1 : 0;
      }
    }
    if (ties > keys.ties()) {
      place = lastPlace(lists, count, Math.toIntExact(ties), (int) keys.ties(), magnitude);
    }
  }

  /** The largest of the {@code wanted} smallest places among {@code ties} with the key. */
  private long lastPlace(Survivors[] lists, int count, int ties, int wanted, boolean magnitude) {
    tied = Grow.longs(tied, ties);
    int size = 0;
    for (int list = 0; list < count; list++) {
      for (int i = 0; i < lists[list].size(); i++) {
        if (lists[list].key(i, magnitude) == key) {
          tied[size++] = ~lists[list].place(i); // the smallest place is the largest
        }
      }
    }
    Ranks.largestFirst(tied, ties, wanted);
    long last = tied[0];
    for (int i = 1; i < wanted; i++) {
      last = Math.min(last, tied[i]);
    }
    return ~last;
  }

  /** Whether an entry is the last one or comes before it. */
  boolean holds(int entryKey, long entryPlace) {
    return entryKey > key || (entryKey == key && entryPlace <= place);
  }

  /** The last one's key. */
  int key() {
    return key;
  }
}
