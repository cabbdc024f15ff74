package org.pursuit.bench.jmh;

/**
 * The k largest of a row by a binary heap of (value, index): what one would write without a
 * library, and the baseline of the selection benchmark. The root is the worst entry that is kept.
 */
final class HeapTopK {
  private final boolean magnitude;
  private final float[] values;
  private final int[] indices;
  private int size;

  /**
   * @param magnitude whether entries are compared by absolute value
   */
  HeapTopK(int k, boolean magnitude) {
    this.magnitude = magnitude;
    this.values = new float[k];
    this.indices = new int[k];
  }

  /**
   * Selects from {@code scores[from … from + count)}, and writes the entries from {@code outFrom}
   * on: largest first, equal ones by ascending index. Scores must not be NaN.
   *
   * @return the number of entries: k, or {@code count} if that is less
   */
  int select(
      float[] scores, int from, int count, int[] outIndices, float[] outValues, int outFrom) {
    size = 0;
    for (int i = 0; i < count; i++) {
      float value = scores[from + i];
      if (size < values.length) {
        insert(value, i);
      } else if (size > 0 && key(value) > key(values[0])) {
        sink(value, i);
      }
    }
    int selected = size;
    while (size > 0) {
      outIndices[outFrom + size - 1] = indices[0];
      outValues[outFrom + size - 1] = values[0];
      size--;
      sink(values[size], indices[size]);
    }
    return selected;
  }

  private float key(float value) {
    return magnitude ? Math.abs(value) : value;
  }

  private boolean worse(float value, int index, int position) {
    float a = key(value);
    float b = key(values[position]);
    return a < b || (a == b && index > indices[position]);
  }

  /** Lets a new entry rise from the end. */
  private void insert(float value, int index) {
    int hole = size++;
    while (hole > 0 && worse(value, index, (hole - 1) / 2)) {
      move((hole - 1) / 2, hole);
      hole = (hole - 1) / 2;
    }
    values[hole] = value;
    indices[hole] = index;
  }

  /** Puts an entry in the root's place. */
  private void sink(float value, int index) {
    int hole = 0;
    while (2 * hole + 1 < size) {
      int child = 2 * hole + 1;
      if (child + 1 < size && worse(values[child + 1], indices[child + 1], child)) {
        child++;
      }
      if (worse(value, index, child)) {
        break;
      }
      move(child, hole);
      hole = child;
    }
    values[hole] = value;
    indices[hole] = index;
  }

  private void move(int from, int to) {
    values[to] = values[from];
    indices[to] = indices[from];
  }
}
