package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.SelectionKey;

/**
 * Writes the first of several lists of entries as codes. The lists are in ascending order of
 * places, one after the other; each is cut and written by a worker of its own.
 */
final class SurvivorsToCsr {
  private final Workers workers;
  private final Workers.Task cutting = this::cut;
  private final Workers.Task writing = this::write;
  private final KeySelect last;

  /** Entries of each list that have the last one's key and are selected. */
  private final long[] ties;

  /** Where each list's entries go, and the row whose offset it writes first. */
  private final int[] starts;

  private final int[] firstRows;

  /** Each list's smallest positive score. */
  private final float[] smallest;

  private Survivors[] lists;
  private boolean magnitude;
  private boolean positive;
  private long[] offsets;
  private int[] columns;
  private float[] values;

  SurvivorsToCsr(Workers workers) {
    this.workers = workers;
    last = new KeySelect(workers);
    ties = new long[workers.count()];
    starts = new int[workers.count()];
    firstRows = new int[workers.count()];
    smallest = new float[workers.count()];
  }

  /** Writes the {@code selected} first of all lists, one for each worker; the lists are cut. */
  void write(
      Survivors[] lists,
      long selected,
      GlobalTopK options,
      CsrCodes out,
      HostFloats threshold,
      HostFloats minPositive) {
    this.lists = lists;
    magnitude = options.key() == SelectionKey.MAGNITUDE;
    positive = options.relu();
    offsets = ((HostLongs) out.offsets()).array();
    columns = ((HostInts) out.columns()).array();
    values = ((HostFloats) out.values()).array();
    try {
      if (selected == 0) {
        Arrays.fill(offsets, 0);
      } else {
        cutLists(selected);
        writeLists();
      }
    } finally {
      forget();
    }
    if (threshold != null) {
      threshold.array()[0] = selected == 0 ? Float.NaN : ScoreOrder.score(last.key());
    }
    if (minPositive != null) {
      minPositive.array()[0] = selected == 0 ? Float.NaN : smallestOfAll();
    }
  }

  /** Lets go of the arrays of handles, which may be closed now. */
  private void forget() {
    offsets = null;
    columns = null;
    values = null;
  }

  private void cutLists(long selected) {
    last.select(lists, lists.length, selected, magnitude);
    long open = last.ties();
    for (int list = 0; list < lists.length; list++) {
      ties[list] = Math.min(open, last.equal(list));
      open -= ties[list];
    }
    workers.run(cutting, lists.length, 1);
  }

  private void cut(int worker, int from, int to) {
    for (int list = from; list < to; list++) {
      lists[list].keep(last.key(), ties[list], magnitude, positive);
    }
  }

  private void writeLists() {
    int written = 0;
    int row = 0;
    for (int list = 0; list < lists.length; list++) {
      starts[list] = written;
      firstRows[list] = row;
      int size = lists[list].size();
      written += size;
      row = size == 0 ? row : lists[list].row(size - 1) + 1;
    }
    workers.run(writing, lists.length, 1);
    Arrays.fill(offsets, row, offsets.length, written);
  }

  private void write(int worker, int from, int to) {
    for (int list = from; list < to; list++) {
      smallest[list] = write(lists[list], firstRows[list], starts[list]);
    }
  }

  /** Writes a list's entries and the offsets of its rows; the smallest positive score. */
  private float write(Survivors list, int firstRow, int start) {
    float least = Float.NaN;
    int row = firstRow;
    for (int i = 0; i < list.size(); i++) {
      int to = start + i;
      while (row <= list.row(i)) {
        offsets[row++] = to;
      }
      float value = list.score(i);
      columns[to] = list.column(i);
      values[to] = value;
      least = value > 0 && !(least <= value) ? value : least;
    }
    return least;
  }

  private float smallestOfAll() {
    float least = Float.NaN;
    for (float value : smallest) {
      least = value > 0 && !(least <= value) ? value : least;
    }
    return least;
  }
}
