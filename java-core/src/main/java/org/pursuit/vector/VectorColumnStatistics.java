package org.pursuit.vector;

import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Write;

/**
 * Counts, maxima and sums of columns. The rows are cut into parts, by their number alone; each part
 * has statistics of its own, which are then merged in the order of the parts.
 */
final class VectorColumnStatistics {
  private static final int L = Lanes.COUNT;

  /** Columns whose running statistics stay in a first-level cache. */
  private static final int BLOCK = 1024;

  /** Rows that are read together. */
  private static final int AT_ONCE = 4;

  private static final int ROWS_PER_PART = 256;
  private static final int MOST_PARTS = 16;
  private static final int MERGED = 4096;

  private final Workers workers;
  private final Workers.Task dense = this::addRows;
  private final Workers.Task sparse = this::addEntries;
  private final Workers.Task merge = this::mergeColumns;
  private final Statistic[] ofFour = {this::countFour, this::findLargestOfFour, this::addFour};
  private final Slot[] slots;

  /** Of every part, [parts, n]. */
  private int[] counts = {};

  private int[] keys = {};
  private float[] sums = {};

  private int n;
  private int rows;
  private int parts;

  /** Keys of the smallest and the largest value that is silent; both zeros are among them. */
  private int low;

  private int high;

  /** Whether no value is silent. */
  private boolean allFire;

  private HostMatrix x;
  private HostEntries codes;
  private boolean adds;
  private long[] outFires;
  private float[] outMaxima;
  private float[] outSums;

  /**
   * What is made of four rows at once, so that it is read and written a quarter as often. Three of
   * them behind one interface: a compilation that held them all would exceed what the compiler
   * inlines, and leave vectors on the heap.
   */
  private interface Statistic {
    /** Adds elements, a multiple of a vector's, to the statistics from {@code at} on. */
    void add(float[][] rows, int[] rowsAt, int width, int at);
  }

  /** The rows that a worker has at hand. */
  private static final class Slot {
    final float[][] rows = new float[AT_ONCE][];
    final int[] at = new int[AT_ONCE];
    private final float[][] widened = new float[AT_ONCE][0];

    /** Makes columns of a row the i-th at hand. */
    void read(HostMatrix x, int row, int i, int column, int width) {
      if (x.dtype() == DType.F32) {
        rows[i] = x.floats(row);
        at[i] = x.offset(row) + column;
      } else {
        rows[i] = widened[i] = Grow.floats(widened[i], width);
        at[i] = 0;
        x.readRow(row, column, width, widened[i], 0);
      }
    }
  }

  VectorColumnStatistics(Workers workers) {
    this.workers = workers;
    this.slots = new Slot[workers.count()];
    trim();
  }

  void trim() {
    counts = new int[0];
    keys = new int[0];
    sums = new float[0];
    Arrays.setAll(slots, worker -> new Slot());
  }

  void compute(Matrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    this.x = (HostMatrix) x;
    begin(x.rows(), x.columns(), Math.ceilDiv(x.rows(), ROWS_PER_PART), fired);
    into(write, fires, maxima, sums);
    try {
      workers.run(dense, parts * Math.ceilDiv(n, BLOCK), 1);
      workers.run(merge, n, MERGED);
    } finally {
      forget();
    }
  }

  void compute(
      SlottedCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    int columns =
        (int) (fires != null ? fires.length() : maxima != null ? maxima.length() : sums.length());
    compute(
        HostEntries.of(codes), codes.values().length(), columns, fired, write, fires, maxima, sums);
  }

  void compute(CsrCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    HostEntries entries = HostEntries.of(codes);
    long count = entries.offsets()[codes.rows()];
    compute(entries, count, codes.columnCount(), fired, write, fires, maxima, sums);
  }

  private void compute(
      HostEntries codes,
      long count,
      int columns,
      Fired fired,
      Write write,
      Longs fires,
      Floats maxima,
      Floats sums) {
    // A part costs a pass over its columns, which its entries should outweigh.
    begin(codes.rows(), columns, count / Math.max(2L * columns, 1), fired);
    this.codes = codes;
    into(write, fires, maxima, sums);
    try {
      workers.run(sparse, parts, 1);
      workers.run(merge, n, MERGED);
    } finally {
      forget();
    }
  }

  private void begin(int rows, int columns, long parts, Fired fired) {
    this.rows = rows;
    this.n = columns;
    this.parts = Math.clamp(parts, 1, MOST_PARTS);
    this.low = Floor.signedKey(fired.low() == 0 ? -0f : fired.low());
    this.high = Floor.signedKey(fired.high() == 0 ? 0f : fired.high());
    this.allFire = fired.low() > fired.high();
    int size = Math.multiplyExact(this.parts, n);
    counts = Grow.ints(counts, size);
    keys = Grow.ints(keys, size);
    sums = Grow.floats(sums, size);
  }

  private void into(Write write, Longs fires, Floats maxima, Floats sums) {
    adds = write == Write.ACCUMULATE;
    outFires = fires == null ? null : ((HostLongs) fires).array();
    outMaxima = maxima == null ? null : ((HostFloats) maxima).array();
    outSums = sums == null ? null : ((HostFloats) sums).array();
  }

  /** Lets go of the arrays of handles, which may be closed now. */
  private void forget() {
    x = null;
    codes = null;
    outFires = null;
    outMaxima = null;
    outSums = null;
  }

  private int firstRow(int part) {
    return (int) ((long) rows * part / parts);
  }

  private void clear(int from, int to) {
    Arrays.fill(counts, from, to, 0);
    Arrays.fill(keys, from, to, Floor.LOWEST);
    Arrays.fill(sums, from, to, 0);
  }

  private void addRows(int worker, int from, int to) {
    int blocks = Math.ceilDiv(n, BLOCK);
    Slot slot = slots[worker];
    for (int item = from; item < to; item++) {
      int part = item / blocks;
      int column = item % blocks * BLOCK;
      int width = Math.min(BLOCK, n - column);
      int at = part * n + column;
      clear(at, at + width);
      int row = firstRow(part);
      int end = firstRow(part + 1);
      for (; row < end; row += AT_ONCE) {
        int some = Math.min(AT_ONCE, end - row);
        for (int i = 0; i < some; i++) {
          slot.read(x, row + i, i, column, width);
        }
        int whole = some == AT_ONCE ? Lanes.FLOATS.loopBound(width) : 0;
        if (whole > 0) {
          for (Statistic statistic : ofFour) {
            statistic.add(slot.rows, slot.at, whole, at);
          }
        }
        for (int i = 0; i < some; i++) {
          addFrom(whole, slot.rows[i], slot.at[i], width, low, high, counts, keys, sums, at);
        }
      }
      if (allFire) {
        Arrays.fill(counts, at, at + width, end - firstRow(part));
      }
      Arrays.fill(slot.rows, null);
    }
  }

  private void countFour(float[][] rows, int[] rowsAt, int width, int at) {
    for (int r = 0; r < AT_ONCE; r += 2) {
      float[] r0 = rows[r];
      float[] r1 = rows[r + 1];
      for (int i = 0; i < width; i += L) {
        IntVector fired = fired(key(r0, rowsAt[r] + i), low, high);
        fired = fired.add(fired(key(r1, rowsAt[r + 1] + i), low, high));
        IntVector.fromArray(Lanes.INTS, counts, at + i).add(fired).intoArray(counts, at + i);
      }
    }
  }

  private void findLargestOfFour(float[][] rows, int[] rowsAt, int width, int at) {
    float[] r0 = rows[0];
    float[] r1 = rows[1];
    float[] r2 = rows[2];
    float[] r3 = rows[3];
    for (int i = 0; i < width; i += L) {
      IntVector largest = key(r0, rowsAt[0] + i).max(key(r1, rowsAt[1] + i));
      largest = largest.max(key(r2, rowsAt[2] + i)).max(key(r3, rowsAt[3] + i));
      IntVector.fromArray(Lanes.INTS, keys, at + i).max(largest).intoArray(keys, at + i);
    }
  }

  private void addFour(float[][] rows, int[] rowsAt, int width, int at) {
    float[] r0 = rows[0];
    float[] r1 = rows[1];
    float[] r2 = rows[2];
    float[] r3 = rows[3];
    for (int i = 0; i < width; i += L) {
      FloatVector sum = load(sums, at + i).add(load(r0, rowsAt[0] + i));
      sum = sum.add(load(r1, rowsAt[1] + i)).add(load(r2, rowsAt[2] + i));
      sum.add(load(r3, rowsAt[3] + i)).intoArray(sums, at + i);
    }
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  private static IntVector key(float[] array, int at) {
    return Floor.signedKeys(load(array, at).reinterpretAsInts());
  }

  /** 1 in the lanes whose keys lie outside of {@code low … high}; without masks, which are slow. */
  private static IntVector fired(IntVector key, int low, int high) {
    IntVector outside = key.lanewise(VectorOperators.XOR, key.max(low).min(high));
    return outside.or(outside.neg()).lanewise(VectorOperators.LSHR, 31);
  }

  /** The elements of a row from {@code from} on. */
  private static void addFrom(
      int from,
      float[] row,
      int rowAt,
      int width,
      int low,
      int high,
      int[] counts,
      int[] keys,
      float[] sums,
      int at) {
    for (int i = from; i < width; i++) {
      add(row[rowAt + i], low, high, counts, keys, sums, at + i);
    }
  }

  private static void add(
      float v, int low, int high, int[] counts, int[] keys, float[] sums, int at) {
    int key = Floor.signedKey(v);
    counts[at] += low <= key && key <= high ? 0 : 1;
    keys[at] = Math.max(keys[at], key);
    sums[at] += v;
  }

  private void addEntries(int worker, int from, int to) {
    int[] indices = codes.indices();
    float[] values = codes.values();
    for (int part = from; part < to; part++) {
      int at = part * n;
      clear(at, at + n);
      for (int row = firstRow(part); row < firstRow(part + 1); row++) {
        int end = codes.end(row);
        for (int e = codes.begin(row); e < end; e++) {
          int column = Objects.checkIndex(indices[e], n);
          add(values[e], low, high, counts, keys, sums, at + column);
        }
      }
    }
  }

  private void mergeColumns(int worker, int from, int to) {
    for (int j = from; j < to; j++) {
      long count = 0;
      int key = Floor.LOWEST;
      double sum = 0;
      for (int part = 0; part < parts; part++) {
        count += counts[part * n + j];
        key = Math.max(key, keys[part * n + j]);
        sum += sums[part * n + j];
      }
      if (outFires != null) {
        outFires[j] = count + (adds ? outFires[j] : 0);
      }
      if (outMaxima != null) {
        float largest = Floor.score(key) + 0f;
        outMaxima[j] = adds ? Math.max(largest, outMaxima[j]) : largest;
      }
      if (outSums != null) {
        outSums[j] = (float) (sum + (adds ? outSums[j] : 0));
      }
    }
  }
}
