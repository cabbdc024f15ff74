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
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.Write;

/**
 * Selections from columns. A worker has some neighbouring columns and passes down the rows. Where
 * few are kept, it sorts every row into all columns' lists at once. Otherwise it compares a row's
 * scores with the columns' bars, which the last of their first rows so far give, and adds the few
 * that exceed them.
 */
final class VectorColumnTopK {
  /** Columns of a strip: what is known of them stays in the faster caches. */
  private static final int MOST_COLUMNS = 1 << 12;

  /** Most rows of a column that are sorted into lists; above, heaps take over. */
  private static final int MOST_SORTED = 64;

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
    final ColumnLists lists = new ColumnLists();
    float[] rows = {};
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
    run(scan, scores.rows(), options, out);
  }

  void select(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
    slottedCodes = codes;
    run(slotted, codes.rows(), options, out);
  }

  void select(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
    compressedCodes = codes;
    run(compressed, codes.rows(), options, out);
  }

  private void run(Workers.Task task, int rows, ColumnTopK options, ColumnCodes out) {
    this.options = options;
    // What ReLU leaves is its own magnitude.
    magnitude = options.key() == SelectionKey.MAGNITUDE && !options.relu();
    columns = out.columns();
    m = out.m();
    int words = Math.ceilDiv(Passing.words(columns), workers.count());
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
      int held = take(slot, column);
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
    slot.ids = Grow.longs(slot.ids, m);
    slot.values = Grow.floats(slot.values, m);
    slot.rows = Grow.floats(slot.rows, scores.dtype() == DType.F32 ? 0 : 2 * (to - from));
    if (sorts(slot, from, to)) {
      sortStrip(slot, from, to);
    } else {
      heapStrip(slot, from, to);
    }
  }

  /** Whether few rows are kept, and those to come rank after their equals. */
  private boolean sorts(Slot slot, int from, int to) {
    boolean sorts = rising && 0 < m && m <= MOST_SORTED;
    for (int column = from; sorts && column < to; column++) {
      for (int i = take(slot, column) - 1; i >= 0; i--) {
        sorts &= slot.ids[i] < firstId;
      }
    }
    return sorts;
  }

  /** Copies what a column holds already; how many rows. */
  private int take(Slot slot, int column) {
    int held = options.write() == Write.ACCUMULATE ? heaps.count(column) : 0;
    if (held > 0) {
      heaps.copy(column, slot.ids, slot.values);
    }
    return held;
  }

  private void sortStrip(Slot slot, int from, int to) {
    ColumnLists lists = slot.lists;
    int n = to - from;
    lists.begin(m, n, magnitude, options.relu());
    for (int column = from; column < to; column++) {
      int held = take(slot, column);
      for (int i = 0; i < held; i++) {
        lists.add(column - from, ~i, slot.values[i]);
      }
    }
    int b = 0;
    for (; b < scores.rows() - 1; b += 2) {
      float[] first = row(slot, b, from, n, 0);
      float[] second = row(slot, b + 1, from, n, n);
      lists.addRows(b, first, at(b, from, 0), second, at(b + 1, from, n));
    }
    if (b < scores.rows()) {
      lists.addRow(b, row(slot, b, from, n, 0), at(b, from, 0));
    }
    for (int column = from; column < to; column++) {
      write(slot, column, column - from);
    }
  }

  /** Writes the list of a column, in the order that it has. */
  private void write(Slot slot, int column, int of) {
    ColumnLists lists = slot.lists;
    take(slot, column);
    heaps.clear(column);
    int most = most(column);
    for (int j = 0; j < most && lists.row(of, j) != ColumnLists.NONE; j++) {
      int row = lists.row(of, j);
      if (row < 0) {
        heaps.append(column, slot.ids[~row], slot.values[~row]);
      } else {
        heaps.append(column, id(row), score(slot, row, column, lists.key(of, j)));
      }
    }
    heaps.empty(column);
  }

  /** A score; most need not be read again, for their keys tell them. */
  private float score(Slot slot, int row, int column, int key) {
    if (!magnitude && key != 0 && key != ScoreOrder.NAN) {
      return ScoreOrder.score(key);
    }
    return row(slot, row, column, 1, 0)[at(row, column, 0)];
  }

  /**
   * The array that holds scores {@code from … from + n} of a row, beginning at {@link #at}; scores
   * of 16 bits are widened to a buffer, from {@code bufferAt} on.
   */
  private float[] row(Slot slot, int b, int from, int n, int bufferAt) {
    if (scores.dtype() == DType.F32) {
      return scores.floats(b);
    }
    scores.readRow(b, from, n, slot.rows, bufferAt);
    return slot.rows;
  }

  private int at(int b, int from, int bufferAt) {
    return scores.dtype() == DType.F32 ? scores.offset(b) + from : bufferAt;
  }

  private void heapStrip(Slot slot, int from, int to) {
    boolean later = begin(slot, from, to);
    slot.bars = Grow.floats(slot.bars, to - from);
    slot.bits = Grow.longs(slot.bits, Passing.words(to - from));
    for (int column = from; column < to; column++) {
      slot.bars[column - from] = bar(column, later);
    }
    for (int b = 0; b < scores.rows(); b++) {
      float[] row = row(slot, b, from, to - from, 0);
      addRow(slot, b, row, at(b, from, 0), from, to, later);
    }
    finish(from, to);
  }

  private void addRow(Slot slot, int b, float[] row, int at, int from, int to, boolean later) {
    Passing.mark(row, at, to - from, slot.bars, 0, magnitude, slot.bits, 0);
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
    // What comes later and equals it ranks after it.
    return later && !Float.isNaN(last) ? last : Bars.bar(last, false);
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
