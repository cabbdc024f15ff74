package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.pursuit.kernel.ScoreOrder;

/**
 * The first rows of each column of a strip, of rows that come in the order of their ids. A row is
 * sorted in from the first place on, in a vector of columns at once: what ranks after it moves on
 * by one place, by comparisons and blends alone. A score's key is that of {@link ScoreOrder}.
 */
final class ColumnLists {
  /** Where no row is. */
  static final int NONE = Integer.MIN_VALUE;

  private static final int L = Lanes.COUNT;

  /** Columns. */
  private int width;

  /** Elements of a vector's columns: place after place. */
  private int depth;

  /** What turns the bits of a negative score into those of its key. */
  private int flip;

  private int[] keys = {};
  private int[] rows = {};

  /**
   * Begins lists of m rows that hold nothing.
   *
   * @param relu whether scores of zero and less stay out
   */
  void begin(int m, int width, boolean magnitude, boolean relu) {
    this.width = width;
    depth = m * L;
    flip = magnitude ? Integer.MIN_VALUE : Integer.MAX_VALUE;
    int size = Math.ceilDiv(width, L) * depth;
    keys = Grow.ints(keys, size);
    rows = Grow.ints(rows, size);
    Arrays.fill(keys, 0, size, relu ? 0 : Integer.MIN_VALUE);
    Arrays.fill(rows, 0, size, NONE);
  }

  /** The row in a place of a column, or {@link #NONE}. */
  int row(int column, int place) {
    return rows[first(column) + place * L];
  }

  /** The key of the row in a place of a column. */
  int key(int column, int place) {
    return keys[first(column) + place * L];
  }

  private int first(int column) {
    return column / L * depth + column % L;
  }

  /** Adds one score of a row. */
  void add(int column, int row, float score) {
    int bits = Float.floatToRawIntBits(score + 0f);
    int key = Float.isNaN(score) ? ScoreOrder.NAN : bits ^ (bits >> 31 & flip);
    int first = first(column);
    int movedKey = key;
    int moved = row;
    for (int at = first; at < first + depth; at += L) {
      if (key > keys[at]) {
        int heldKey = keys[at];
        int held = rows[at];
        keys[at] = movedKey;
        rows[at] = moved;
        movedKey = heldKey;
        moved = held;
      }
    }
  }

  /** Adds the scores of a row, from {@code at} on. */
  void addRow(int row, float[] scores, int at) {
    int first = 0;
    int column = 0;
    for (; column <= width - L; column += L, first += depth) {
      IntVector key = keys(scores, at + column);
      if (exceedsLast(key, first)) {
        sortIn(first, key, row);
      }
    }
    for (; column < width; column++) {
      add(column, row, scores[at + column]);
    }
  }

  /** Adds two rows: the lists are read and written once for both. */
  void addRows(int row, float[] a, int atA, float[] b, int atB) {
    int first = 0;
    int column = 0;
    for (; column <= width - L; column += L, first += depth) {
      IntVector keyA = keys(a, atA + column);
      IntVector keyB = keys(b, atB + column);
      if (exceedsLast(keyA.max(keyB), first)) {
        sortIn(first, keyA, keyB, row);
      }
    }
    for (; column < width; column++) {
      add(column, row, a[atA + column]);
      add(column, row + 1, b[atB + column]);
    }
  }

  private IntVector keys(float[] scores, int at) {
    FloatVector score = FloatVector.fromArray(Lanes.FLOATS, scores, at);
    IntVector bits = score.add(0f).reinterpretAsInts(); // turns −0.0 into +0.0
    IntVector flipped = bits.lanewise(VectorOperators.ASHR, 31).and(flip);
    return bits.lanewise(VectorOperators.XOR, flipped)
        .blend(ScoreOrder.NAN, score.test(VectorOperators.IS_NAN).cast(Lanes.INTS));
  }

  /** Whether a column's key exceeds that in its last place. */
  private boolean exceedsLast(IntVector key, int first) {
    return key.compare(VectorOperators.GT, load(keys, first + depth - L)).anyTrue();
  }

  private void sortIn(int first, IntVector key, int row) {
    IntVector movedKey = key;
    IntVector moved = IntVector.broadcast(Lanes.INTS, row);
    for (int at = first; at < first + depth; at += L) {
      IntVector heldKey = load(keys, at);
      IntVector held = load(rows, at);
      VectorMask<Integer> before = key.compare(VectorOperators.GT, heldKey);
      heldKey.max(movedKey).intoArray(keys, at);
      held.blend(moved, before).intoArray(rows, at);
      movedKey = heldKey.min(movedKey);
      moved = moved.blend(held, before);
    }
  }

  private void sortIn(int first, IntVector keyA, IntVector keyB, int row) {
    IntVector movedKeyA = keyA;
    IntVector movedKeyB = keyB;
    IntVector movedA = IntVector.broadcast(Lanes.INTS, row);
    IntVector movedB = IntVector.broadcast(Lanes.INTS, row + 1);
    for (int at = first; at < first + depth; at += L) {
      IntVector heldKey = load(keys, at);
      IntVector held = load(rows, at);
      VectorMask<Integer> before = keyA.compare(VectorOperators.GT, heldKey);
      IntVector nextKey = heldKey.max(movedKeyA);
      IntVector next = held.blend(movedA, before);
      movedKeyA = heldKey.min(movedKeyA);
      movedA = movedA.blend(held, before);
      before = keyB.compare(VectorOperators.GT, nextKey);
      nextKey.max(movedKeyB).intoArray(keys, at);
      next.blend(movedB, before).intoArray(rows, at);
      movedKeyB = nextKey.min(movedKeyB);
      movedB = movedB.blend(next, before);
    }
  }

  private static IntVector load(int[] array, int at) {
    return IntVector.fromArray(Lanes.INTS, array, at);
  }
}
