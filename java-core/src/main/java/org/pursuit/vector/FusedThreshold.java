package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.Ints;
import org.pursuit.kernel.ThresholdSelect;

/**
 * One selector by thresholds of a fused encode. Slots are filled as entries come; row-compressed
 * ones wait in a list for each row of a group until it is known where the row begins.
 */
final class FusedThreshold implements FusedSelection {
  private final Bars bars = new Bars();
  private final long[][] bits;
  private int[][] columns = {};
  private float[][] values = {};
  private int[] counts = {};
  private int groupFrom;
  private int groupTo;
  private CsrCodes compressed;
  private FixedWidthCodes slotted;
  private HostInts totals;
  private long found;

  FusedThreshold(int workers) {
    bits = new long[workers][0];
  }

  void of(ThresholdSelect options, int n, CsrCodes out) {
    bars.of(options, n);
    compressed = out;
    slotted = null;
    totals = null;
    found = 0;
  }

  void of(ThresholdSelect options, int n, FixedWidthCodes out, Ints rowTotals) {
    bars.of(options, n);
    compressed = null;
    slotted = out;
    totals = (HostInts) rowTotals;
  }

  @Override
  public void begin(int from, int to) {
    groupFrom = from;
    groupTo = to;
    counts = Grow.ints(counts, to - from);
    Arrays.fill(counts, 0, to - from, 0);
    int had = columns.length;
    if (compressed != null && had < to - from) {
      columns = Arrays.copyOf(columns, to - from);
      values = Arrays.copyOf(values, to - from);
      for (int i = had; i < to - from; i++) {
        columns[i] = new int[0];
        values[i] = new float[0];
      }
    }
  }

  @Override
  public void consume(int worker, int row, float[] tile, int at, int column, int count) {
    long[] passing = bits[worker] = Grow.longs(bits[worker], Passing.words(count));
    int passed = bars.mark(tile, at, column, count, passing, 0);
    int i = row - groupFrom;
    int had = counts[i];
    counts[i] += passed;
    if (compressed == null) {
      int kept = Math.clamp((long) slotted.k() - had, 0, passed);
      int[] indices = ((HostInts) slotted.indices()).array();
      float[] written = ((HostFloats) slotted.values()).array();
      int to = row * slotted.k() + had;
      Passing.write(passing, 0, count, tile, at, column, indices, written, to, kept);
    } else if (passed > 0 && had + passed <= compressed.capacity()) {
      grow(i, had, had + passed);
      Passing.write(passing, 0, count, tile, at, column, columns[i], values[i], had, passed);
    }
  }

  /** Makes room for a row's entries, at least twice as much as there was. */
  private void grow(int i, int filled, int needed) {
    if (columns[i].length < needed) {
      int length = (int) Math.min(compressed.capacity(), Math.max(needed, 2L * filled));
      columns[i] = Arrays.copyOf(columns[i], length);
      values[i] = Arrays.copyOf(values[i], length);
    }
  }

  @Override
  public void settle() {
    if (compressed != null) {
      long[] offsets = ((HostLongs) compressed.offsets()).array();
      for (int row = groupFrom; row < groupTo; row++) {
        offsets[row] = found;
        found += counts[row - groupFrom];
      }
    }
  }

  @Override
  public void finish(int worker, int row) {
    int i = row - groupFrom;
    if (compressed == null) {
      finishSlots(row, counts[i]);
    } else if (found <= compressed.capacity()) {
      int to = (int) ((HostLongs) compressed.offsets()).array()[row];
      System.arraycopy(columns[i], 0, ((HostInts) compressed.columns()).array(), to, counts[i]);
      System.arraycopy(values[i], 0, ((HostFloats) compressed.values()).array(), to, counts[i]);
    }
  }

  private void finishSlots(int row, int passed) {
    int k = slotted.k();
    int kept = Math.min(passed, k);
    Arrays.fill(((HostInts) slotted.indices()).array(), row * k + kept, (row + 1) * k, -1);
    Arrays.fill(((HostFloats) slotted.values()).array(), row * k + kept, (row + 1) * k, 0);
    ((HostInts) slotted.counts()).array()[row] = kept;
    if (totals != null) {
      totals.array()[row] = passed;
    }
  }

  @Override
  public long end() {
    if (compressed == null) {
      return 0;
    }
    long[] offsets = ((HostLongs) compressed.offsets()).array();
    offsets[compressed.rows()] = found;
    if (found <= compressed.capacity()) {
      return 0;
    }
    Arrays.fill(offsets, 0);
    return found;
  }
}
