package org.pursuit.vector;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.Write;

/**
 * Selections from columns. A worker has some neighbouring columns and passes down the rows: it
 * compares a row's scores with the columns' bars, which the last of their first rows so far give,
 * and adds the few that exceed them.
 */
final class VectorColumnTopK {
  /** Columns of a strip: their bars stay in the fastest cache. */
  private static final int MOST_COLUMNS = 1 << 12;

  private final Workers workers;
  private final Workers.Task scan = this::scanStrips;
  private final Workers.Task slotted = this::addSlots;
  private final Workers.Task compressed = this::addEntries;
  private final ColumnHeaps heaps = new ColumnHeaps();
  private final Slot[] slots;

  private HostMatrix scores;
  private SlottedCodes slottedCodes;
  private CsrCodes compressedCodes;
  private ColumnTopK options;
  private boolean magnitude;
  private int columns;
  private int m;
  private int width;

  /** Whether ids rise from row to row, and the first of them. */
  private boolean rising;

  private long firstId;

  /** What a worker needs. */
  private static final class Slot {
    float[] row = {};
    float[] bars = {};
    long[] bits = {};
    long[] ids = {};
    float[] values = {};
  }

  VectorColumnTopK(Workers workers) {
    this.workers = workers;
    slots = new Slot[workers.count()];
    trim();
  }

  void trim() {
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot();
    }
  }

  void select(HostMatrix scores, ColumnTopK options, ColumnCodes out) {
    this.scores = scores;
    run(scan, scores.rows(), options, out, 4 * workers.count());
  }

  void select(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
    slottedCodes = codes;
    run(slotted, codes.rows(), options, out, workers.count());
  }

  void select(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
    compressedCodes = codes;
    run(compressed, codes.rows(), options, out, workers.count());
  }

  private void run(Workers.Task task, int rows, ColumnTopK options, ColumnCodes out, int strips) {
    this.options = options;
    magnitude = options.key() == SelectionKey.MAGNITUDE;
    columns = out.columns();
    m = out.m();
    int words = Math.ceilDiv(Passing.words(columns), strips);
    width = Math.max(1, words) * Passing.UNIT;
    if (task == scan) {
      width = Math.min(width, MOST_COLUMNS);
    }
    rising = true;
    firstId = rows == 0 ? 0 : id(0);
    for (int b = 1; b < rows && options.rowIds() != null; b++) {
      rising &= id(b - 1) < id(b);
    }
    heaps.begin(out, magnitude);
    try {
      workers.run(task, Math.ceilDiv(columns, width), 1);
    } finally {
      heaps.end();
      scores = null;
      slottedCodes = null;
      compressedCodes = null;
    }
  }

  private long id(int b) {
    return options.rowIds() == null
        ? options.firstRow() + b
        : ((HostLongs) options.rowIds()).array()[b];
  }

  private int most(int column) {
    return options.columnM() == null
        ? m
        : Math.clamp(((HostInts) options.columnM()).array()[column], 0, m);
  }

  /** Begins the columns of a strip; whether every id to come is above all that they hold. */
  private boolean begin(Slot slot, int from, int to) {
    slot.ids = Grow.longs(slot.ids, m);
    slot.values = Grow.floats(slot.values, m);
    boolean later = rising;
    for (int column = from; column < to; column++) {
      int held = options.write() == Write.ACCUMULATE ? heaps.count(column) : 0;
      if (held > 0) {
        heaps.copy(column, slot.ids, slot.values);
      }
      heaps.clear(column);
      for (int i = held - 1; i >= 0; i--) { // the last goes in front of a heap
        later &= slot.ids[i] < firstId;
        offer(column, slot.ids[i], slot.values[i]);
      }
    }
    return later;
  }

  private void offer(int column, long id, float value) {
    int most = most(column);
    if (most > 0 && !(options.relu() && value <= 0)) {
      heaps.add(column, most, id, value);
    }
  }

  private void finish(int from, int to) {
    for (int column = from; column < to; column++) {
      heaps.finish(column);
    }
  }

  private void scanStrips(int worker, int from, int to) {
    for (int strip = from; strip < to; strip++) {
      scanStrip(slots[worker], strip * width, Math.min(columns, (strip + 1) * width));
    }
  }

  private void scanStrip(Slot slot, int from, int to) {
    boolean later = begin(slot, from, to);
    slot.bars = Grow.floats(slot.bars, to - from);
    slot.bits = Grow.longs(slot.bits, Passing.words(to - from));
    slot.row = Grow.floats(slot.row, scores.dtype() == DType.F32 ? 0 : to - from);
    for (int column = from; column < to; column++) {
      slot.bars[column - from] = bar(column, later);
    }
    for (int b = 0; b < scores.rows(); b++) {
      if (scores.dtype() == DType.F32) {
        addRow(slot, b, scores.floats(b), scores.offset(b) + from, from, to, later);
      } else {
        scores.readRow(b, from, to - from, slot.row, 0);
        addRow(slot, b, slot.row, 0, from, to, later);
      }
    }
    finish(from, to);
  }

  private void addRow(Slot slot, int b, float[] row, int at, int from, int to, boolean later) {
    Passing.mark(row, at, to - from, slot.bars, magnitude, slot.bits, 0);
    long id = id(b);
    for (int w = 0; w < Passing.words(to - from); w++) {
      for (long left = slot.bits[w]; left != 0; left &= left - 1) {
        int i = w * Passing.UNIT + Long.numberOfTrailingZeros(left);
        offer(from + i, id, row[at + i]);
        slot.bars[i] = bar(from + i, later);
      }
    }
  }

  /** What a score must exceed to be one of its column's first; see {@link Passing}. */
  private float bar(int column, boolean later) {
    int most = most(column);
    if (most == 0) {
      return Float.POSITIVE_INFINITY;
    }
    if (heaps.count(column) < most) {
      return options.relu() ? 0 : Float.NaN;
    }
    float last = heaps.last(column);
    if (Float.isNaN(last)) {
      return Float.POSITIVE_INFINITY;
    }
    if (later) {
      return last; // what equals it comes after it
    }
    return last == Float.NEGATIVE_INFINITY ? Float.NaN : Math.nextDown(last);
  }

  /** Every worker looks at all entries and adds those of its columns. */
  private void addSlots(int worker, int from, int to) {
    int[] indices = ((HostInts) slottedCodes.indices()).array();
    float[] values = ((HostFloats) slottedCodes.values()).array();
    int[] counts = ((HostInts) slottedCodes.counts()).array();
    int k = slottedCodes.k();
    int first = from * width;
    int end = Math.min(columns, to * width);
    begin(slots[worker], first, end);
    for (int b = 0; b < slottedCodes.rows(); b++) {
      addEntries(id(b), indices, values, b * k, b * k + counts[b], first, end);
    }
    finish(first, end);
  }

  private void addEntries(int worker, int from, int to) {
    int[] indices = ((HostInts) compressedCodes.columns()).array();
    float[] values = ((HostFloats) compressedCodes.values()).array();
    long[] offsets = ((HostLongs) compressedCodes.offsets()).array();
    int first = from * width;
    int end = Math.min(columns, to * width);
    begin(slots[worker], first, end);
    for (int b = 0; b < compressedCodes.rows(); b++) {
      addEntries(id(b), indices, values, (int) offsets[b], (int) offsets[b + 1], first, end);
    }
    finish(first, end);
  }

  private void addEntries(
      long id, int[] indices, float[] values, int from, int to, int first, int end) {
    for (int e = from; e < to; e++) {
      int column = indices[e];
      if (column >= first && column < end) {
        offer(column, id, values[e]);
      } else if (column >= columns) {
        throw new IndexOutOfBoundsException("codes: index " + column + " lies outside the atoms");
      }
    }
  }
}
