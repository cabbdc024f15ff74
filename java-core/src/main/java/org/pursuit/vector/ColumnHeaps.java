package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.kernel.ScoreOrder;

/**
 * For each column the first rows so far, in the slots of the codes that they will be: while rows
 * are added, a heap with the last of them in front. Rows that come in their order are appended
 * instead.
 */
final class ColumnHeaps {
  private int m;
  private boolean magnitude;
  private long[] ids = {};
  private float[] values = {};
  private int[] counts = {};

  void begin(ColumnCodes codes, boolean magnitude) {
    m = codes.m();
    this.magnitude = magnitude;
    ids = ((HostLongs) codes.rowIds()).array();
    values = ((HostFloats) codes.values()).array();
    counts = ((HostInts) codes.counts()).array();
  }

  void end() {
    ids = new long[0];
    values = new float[0];
    counts = new int[0];
  }

  int count(int column) {
    return counts[column];
  }

  void clear(int column) {
    counts[column] = 0;
  }

  /** Copies a column's slots. */
  void copy(int column, long[] toIds, float[] toValues) {
    System.arraycopy(ids, column * m, toIds, 0, counts[column]);
    System.arraycopy(values, column * m, toValues, 0, counts[column]);
  }

  /** What the last of a column that holds some was ranked by. */
  float last(int column) {
    float value = values[column * m];
    return magnitude ? Math.abs(value) : value;
  }

  /** Adds a row if it is one of the {@code most} first, 1 or more. */
  void add(int column, int most, long id, float value) {
    int root = column * m;
    int key = key(value);
    if (counts[column] < most) {
      int at = counts[column]++;
      while (at > 0 && precedes(root + (at - 1) / 2, key, id)) {
        move(root + (at - 1) / 2, root + at);
        at = (at - 1) / 2;
      }
      put(root + at, id, value);
    } else if (!precedes(root, key, id)) {
      sink(root, counts[column], key, id, value);
    }
  }

  /** Appends a row that ranks after all that a column holds. */
  void append(int column, long id, float value) {
    put(column * m + counts[column]++, id, value);
  }

  /** Whether the entry in a slot ranks before another, or is the same. */
  private boolean precedes(int slot, int key, long id) {
    int own = key(values[slot]);
    return own > key || (own == key && ids[slot] <= id);
  }

  /** Puts an entry where it belongs in a heap of {@code size}, in place of the one in front. */
  private void sink(int root, int size, int key, long id, float value) {
    int at = 0;
    for (int child = 1; child < size; child = 2 * at + 1) {
      int right = root + child + 1;
      if (child + 1 < size && precedes(root + child, key(values[right]), ids[right])) {
        child++;
      }
      if (precedes(root + child, key, id)) {
        break;
      }
      move(root + child, root + at);
      at = child;
    }
    put(root + at, id, value);
  }

  /** Arranges a column's entries in their order and empties its other slots. */
  void finish(int column) {
    int root = column * m;
    for (int last = counts[column] - 1; last > 0; last--) {
      long id = ids[root + last];
      float value = values[root + last];
      move(root, root + last);
      sink(root, last, key(value), id, value);
    }
    empty(column);
  }

  /** Empties the slots after a column's last row. */
  void empty(int column) {
    int root = column * m;
    Arrays.fill(ids, root + counts[column], root + m, -1);
    Arrays.fill(values, root + counts[column], root + m, 0);
  }

  private int key(float value) {
    return magnitude ? ScoreOrder.magnitudeKey(value) : ScoreOrder.signedKey(value);
  }

  private void move(int from, int to) {
    ids[to] = ids[from];
    values[to] = values[from];
  }

  private void put(int slot, long id, float value) {
    ids[slot] = id;
    values[slot] = value;
  }
}
