package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.Write;

/** Selections from columns: each candidate is inserted where it belongs. */
final class ScalarColumnTopK {
  private final Scratch scratch;
  private ColumnTopK options;
  private int m;
  private long[] ids;
  private float[] values;
  private int[] counts;

  ScalarColumnTopK(Scratch scratch) {
    this.scratch = scratch;
  }

  void select(HostMatrix scores, ColumnTopK options, ColumnCodes out) {
    begin(options, out);
    int n = scores.columns();
    float[] row = scratch.scores(n);
    for (int b = 0; b < scores.rows(); b++) {
      scores.readRow(b, 0, n, row, 0);
      for (int i = 0; i < n; i++) {
        offer(i, id(b), row[i]);
      }
    }
    finish();
  }

  void select(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
    begin(options, out);
    int[] indices = ((HostInts) codes.indices()).array();
    float[] entries = ((HostFloats) codes.values()).array();
    int[] filled = ((HostInts) codes.counts()).array();
    for (int b = 0; b < codes.rows(); b++) {
      for (int e = b * codes.k(); e < b * codes.k() + filled[b]; e++) {
        offer(checked(indices[e]), id(b), entries[e]);
      }
    }
    finish();
  }

  void select(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
    begin(options, out);
    int[] columns = ((HostInts) codes.columns()).array();
    float[] entries = ((HostFloats) codes.values()).array();
    long[] offsets = ((HostLongs) codes.offsets()).array();
    for (int b = 0; b < codes.rows(); b++) {
      for (int e = (int) offsets[b]; e < offsets[b + 1]; e++) {
        offer(checked(columns[e]), id(b), entries[e]);
      }
    }
    finish();
  }

  private void begin(ColumnTopK options, ColumnCodes out) {
    this.options = options;
    m = out.m();
    ids = ((HostLongs) out.rowIds()).array();
    values = ((HostFloats) out.values()).array();
    counts = ((HostInts) out.counts()).array();
    long[] heldIds = Arrays.copyOf(ids, ids.length);
    float[] heldValues = Arrays.copyOf(values, values.length);
    for (int column = 0; column < counts.length; column++) {
      int held = options.write() == Write.ACCUMULATE ? counts[column] : 0;
      counts[column] = 0;
      for (int slot = column * m; slot < column * m + held; slot++) {
        offer(column, heldIds[slot], heldValues[slot]);
      }
    }
  }

  private void offer(int column, long id, float value) {
    int most = m;
    if (options.columnM() != null) {
      most = Math.clamp(((HostInts) options.columnM()).array()[column], 0, m);
    }
    if (options.relu() && value <= 0) {
      return;
    }
    int first = column * m;
    int slot = first + counts[column];
    while (slot > first && precedes(id, value, ids[slot - 1], values[slot - 1])) {
      if (slot < first + most) {
        ids[slot] = ids[slot - 1];
        values[slot] = values[slot - 1];
      }
      slot--;
    }
    if (slot < first + most) {
      ids[slot] = id;
      values[slot] = value;
      counts[column] = Math.min(counts[column] + 1, most);
    }
  }

  private boolean precedes(long id, float value, long otherId, float otherValue) {
    int key = ScoreOrder.key(value, options.key());
    int other = ScoreOrder.key(otherValue, options.key());
    return key > other || (key == other && id < otherId);
  }

  private void finish() {
    for (int column = 0; column < counts.length; column++) {
      Arrays.fill(ids, column * m + counts[column], (column + 1) * m, -1);
      Arrays.fill(values, column * m + counts[column], (column + 1) * m, 0);
    }
  }

  private long id(int b) {
    return options.rowIds() == null
        ? options.firstRow() + b
        : ((HostLongs) options.rowIds()).array()[b];
  }

  private int checked(int index) {
    if (index >= counts.length) {
      throw new IndexOutOfBoundsException("codes: index " + index + " lies outside the atoms");
    }
    return index;
  }
}
