package org.pursuit.vector;

import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
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
  private static final int BLOCK = 2048;

  private static final int ROWS_PER_PART = 256;
  private static final int MOST_PARTS = 16;
  private static final int MERGED = 4096;

  private final Workers workers;
  private final Workers.Task dense = this::addRows;
  private final Workers.Task sparse = this::addEntries;
  private final Workers.Task merge = this::mergeColumns;
  private final float[][] widened;

  /** Of every part, [parts, n]. */
  private int[] counts = {};

  private int[] keys = {};
  private float[] sums = {};

  private int n;
  private int rows;
  private int parts;
  private float low;
  private float high;
  private HostMatrix x;
  private HostEntries codes;
  private boolean adds;
  private long[] outFires;
  private float[] outMaxima;
  private float[] outSums;

  VectorColumnStatistics(Workers workers) {
    this.workers = workers;
    this.widened = new float[workers.count()][0];
  }

  void trim() {
    counts = new int[0];
    keys = new int[0];
    sums = new float[0];
    Arrays.fill(widened, new float[0]);
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
    begin(codes.rows(), columns, count / Math.max(columns, 1), fired);
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
    this.low = fired.low();
    this.high = fired.high();
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
    float[] scratch = widened[worker] = Grow.floats(widened[worker], Math.min(n, BLOCK));
    for (int item = from; item < to; item++) {
      int part = item / blocks;
      int column = item % blocks * BLOCK;
      int width = Math.min(BLOCK, n - column);
      int at = part * n + column;
      clear(at, at + width);
      for (int row = firstRow(part); row < firstRow(part + 1); row++) {
        if (x.dtype() == DType.F32) {
          addRow(x.floats(row), x.offset(row) + column, width, low, high, counts, keys, sums, at);
        } else {
          x.readRow(row, column, width, scratch, 0);
          addRow(scratch, 0, width, low, high, counts, keys, sums, at);
        }
      }
    }
  }

  private static void addRow(
      float[] row,
      int rowAt,
      int width,
      float low,
      float high,
      int[] counts,
      int[] keys,
      float[] sums,
      int at) {
    int i = 0;
    for (; i <= width - L; i += L) {
      FloatVector v = FloatVector.fromArray(Lanes.FLOATS, row, rowAt + i);
      VectorMask<Float> silent =
          v.compare(VectorOperators.GE, low).and(v.compare(VectorOperators.LE, high));
      IntVector.fromArray(Lanes.INTS, counts, at + i)
          .add(1, silent.not().cast(Lanes.INTS))
          .intoArray(counts, at + i);
      IntVector.fromArray(Lanes.INTS, keys, at + i)
          .max(Floor.signedKeys(v.reinterpretAsInts()))
          .intoArray(keys, at + i);
      FloatVector.fromArray(Lanes.FLOATS, sums, at + i).add(v).intoArray(sums, at + i);
    }
    for (; i < width; i++) {
      add(row[rowAt + i], low, high, counts, keys, sums, at + i);
    }
  }

  private static void add(
      float v, float low, float high, int[] counts, int[] keys, float[] sums, int at) {
    counts[at] += low <= v && v <= high ? 0 : 1;
    keys[at] = Math.max(keys[at], Floor.signedKey(v));
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
