package org.pursuit.vector;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.CapacityException;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.Ints;
import org.pursuit.data.SlottedCodes;

/** The algebra of codes, some rows a worker: indices are sorted with their places behind them. */
final class VectorCodesAlgebra {
  private static final int ROWS = 64;

  private final Workers workers;
  private final EntriesByAtom byAtom;
  private final long[][] orders;
  private final Workers.Task merge = this::mergeRows;
  private final Workers.Task copy = this::copyRows;
  private final Workers.Task compress = this::compressRows;

  private final Source a = new Source();
  private final Source b = new Source();
  private float alpha;
  private float beta;
  private boolean both;
  private int k;
  private int[] indices;
  private float[] values;
  private int[] counts;
  private int firstRow;
  private long[] offsets;
  private int[] totals;
  private int[] scratchIndices = {};
  private float[] scratchValues = {};
  private int[] scratchCounts = {};
  private CsrCodes compressed;

  VectorCodesAlgebra(Workers workers, EntriesByAtom byAtom) {
    this.workers = workers;
    this.byAtom = byAtom;
    this.orders = new long[workers.count()][0];
  }

  void trim() {
    Arrays.fill(orders, new long[0]);
    scratchIndices = new int[0];
    scratchValues = new float[0];
    scratchCounts = new int[0];
  }

  /** The entries of codes, or of none. */
  private static final class Source {
    int[] indices;
    float[] values;
    int[] counts;
    long[] offsets;
    int k;

    void read(SlottedCodes codes) {
      indices = ((HostInts) codes.indices()).array();
      values = ((HostFloats) codes.values()).array();
      counts = ((HostInts) codes.counts()).array();
      offsets = null;
      k = codes.k();
    }

    void read(CsrCodes codes) {
      indices = ((HostInts) codes.columns()).array();
      values = ((HostFloats) codes.values()).array();
      offsets = ((HostLongs) codes.offsets()).array();
    }

    void forget() {
      indices = null;
      values = null;
      counts = null;
      offsets = null;
      k = 0;
    }

    int begin(int row) {
      return offsets == null ? row * k : (int) offsets[row];
    }

    int count(int row) {
      if (offsets != null) {
        return (int) (offsets[row + 1] - offsets[row]);
      }
      return counts == null ? 0 : counts[row];
    }
  }

  void coalesce(SlottedCodes codes, FixedWidthCodes out) {
    a.read(codes);
    alpha = 1;
    both = false;
    mergeInto(out);
  }

  void axpby(float alpha, SlottedCodes a, float beta, SlottedCodes b, FixedWidthCodes out) {
    this.a.read(a);
    this.b.read(b);
    this.alpha = alpha;
    this.beta = beta;
    both = false;
    mergeInto(out);
  }

  void intersect(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    this.a.read(a);
    this.b.read(b);
    alpha = 1;
    both = true;
    mergeInto(out);
  }

  private void mergeInto(FixedWidthCodes out) {
    write(out, 0);
    try {
      workers.run(merge, out.rows(), ROWS);
    } finally {
      forget();
    }
  }

  /** Copies the rows of codes to those of others from a row on. */
  void copy(SlottedCodes codes, int toRow, FixedWidthCodes out) {
    a.read(codes);
    copyInto(out, toRow, codes.rows());
  }

  void toFixedWidth(CsrCodes codes, FixedWidthCodes out, Ints totals) {
    a.read(codes);
    this.totals = totals == null ? null : ((HostInts) totals).array();
    copyInto(out, 0, codes.rows());
  }

  private void copyInto(FixedWidthCodes out, int toRow, int rows) {
    write(out, toRow);
    try {
      workers.run(copy, rows, ROWS);
    } finally {
      forget();
    }
  }

  void toCsr(SlottedCodes codes, CsrCodes out) {
    int rows = codes.rows();
    k = codes.k();
    indices = scratchIndices = Grow.ints(scratchIndices, rows * k);
    values = scratchValues = Grow.floats(scratchValues, rows * k);
    counts = scratchCounts = Grow.ints(scratchCounts, rows);
    a.read(codes);
    alpha = 1;
    both = false;
    compressed = out;
    offsets = ((HostLongs) out.offsets()).array();
    try {
      workers.run(merge, rows, ROWS);
      offsets[0] = 0;
      for (int row = 0; row < rows; row++) {
        offsets[row + 1] = offsets[row] + counts[row];
      }
      requireFits(offsets[rows], out);
      workers.run(compress, rows, ROWS);
    } finally {
      forget();
    }
  }

  void transpose(CsrCodes codes, CsrCodes out) {
    long[] starts = ((HostLongs) out.offsets()).array();
    byAtom.sort(codes, out.rows(), null);
    int total = out.rows() == 0 ? 0 : byAtom.endOf(out.rows() - 1);
    requireFits(total, out);
    int[] columns = ((HostInts) out.columns()).array();
    float[] moved = ((HostFloats) out.values()).array();
    float[] from = ((HostFloats) codes.values()).array();
    System.arraycopy(byAtom.rows(), 0, columns, 0, total);
    for (int s = 0; s < total; s++) {
      moved[s] = from[byAtom.entries()[s]];
    }
    starts[0] = 0;
    for (int column = 0; column < out.rows(); column++) {
      starts[column + 1] = byAtom.endOf(column);
    }
  }

  private static void requireFits(long entries, CsrCodes out) {
    if (entries > out.capacity()) {
      Arrays.fill(((HostLongs) out.offsets()).array(), 0);
      throw new CapacityException(entries);
    }
  }

  private void write(FixedWidthCodes out, int row) {
    k = out.k();
    indices = ((HostInts) out.indices()).array();
    values = ((HostFloats) out.values()).array();
    counts = ((HostInts) out.counts()).array();
    firstRow = row;
  }

  /** Lets go of the arrays of handles, which may be closed now. */
  private void forget() {
    a.forget();
    b.forget();
    indices = null;
    values = null;
    counts = null;
    offsets = null;
    totals = null;
    compressed = null;
    firstRow = 0;
  }

  private void mergeRows(int worker, int from, int to) {
    int most = a.k + b.k;
    if (orders[worker].length < most) {
      orders[worker] = new long[most];
    }
    for (int row = from; row < to; row++) {
      finish(row, mergeRow(row, orders[worker]));
    }
  }

  private int mergeRow(int row, long[] order) {
    int ofA = a.count(row);
    int entries = ofA + b.count(row);
    for (int e = 0; e < ofA; e++) {
      order[e] = (long) a.indices[a.begin(row) + e] << 32 | e;
    }
    for (int e = ofA; e < entries; e++) {
      order[e] = (long) b.indices[b.begin(row) + e - ofA] << 32 | e;
    }
    Arrays.sort(order, 0, entries);
    int at = row * k;
    for (int s = 0; s < entries; ) {
      int end = s + 1;
      while (end < entries && order[end] >> 32 == order[s] >> 32) {
        end++;
      }
      if (!both || ((int) order[s] < ofA && (int) order[end - 1] >= ofA)) {
        indices[at] = (int) (order[s] >> 32);
        values[at++] = (float) sum(row, order, s, end, ofA);
      }
      s = end;
    }
    return at - row * k;
  }

  private double sum(int row, long[] order, int from, int to, int ofA) {
    double sum = 0;
    for (int s = from; s < to; s++) {
      int e = (int) order[s];
      if (e < ofA) {
        sum += (double) alpha * a.values[a.begin(row) + e];
      } else if (!both) {
        sum += (double) beta * b.values[b.begin(row) + e - ofA];
      }
    }
    return sum;
  }

  private void copyRows(int worker, int from, int to) {
    for (int row = from; row < to; row++) {
      int count = Math.min(a.count(row), k);
      int at = (firstRow + row) * k;
      System.arraycopy(a.indices, a.begin(row), indices, at, count);
      System.arraycopy(a.values, a.begin(row), values, at, count);
      finish(firstRow + row, count);
      if (totals != null) {
        totals[row] = a.count(row);
      }
    }
  }

  /** Empties the slots behind a row's entries. */
  private void finish(int row, int count) {
    Arrays.fill(indices, row * k + count, (row + 1) * k, -1);
    Arrays.fill(values, row * k + count, (row + 1) * k, 0);
    counts[row] = count;
  }

  private void compressRows(int worker, int from, int to) {
    int[] columns = ((HostInts) compressed.columns()).array();
    float[] entries = ((HostFloats) compressed.values()).array();
    for (int row = from; row < to; row++) {
      int at = (int) offsets[row];
      for (int e = 0; e < counts[row]; e++) {
        columns[at + e] = Objects.checkIndex(indices[row * k + e], compressed.columnCount());
        entries[at + e] = values[row * k + e];
      }
    }
  }
}
