package org.pursuit.vector;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.SlottedCodes;

/**
 * The entries of codes sorted by atom, those of one atom in the order of rows and slots: a counting
 * sort, a small part of what is done with them. Where atoms have many entries, each worker counts
 * and places those of some rows.
 */
final class EntriesByAtom {
  private final Workers workers;
  private final Workers.Task counting = this::count;
  private final Workers.Task placing = this::place;

  /**
   * Of each part of the rows and each atom: how many entries there are, then where the next one
   * goes, and in the end where they end.
   */
  private int[][] cursors = {};

  private int parts;
  private int[] entries = {};
  private int[] rows = {};
  private int atoms;

  /** The codes: of fixed width where there are no offsets. */
  private int[] indices;

  private int[] counts;
  private int k;
  private long[] offsets;
  private int codeRows;
  private float[] mask;

  EntriesByAtom(Workers workers) {
    this.workers = workers;
  }

  void trim() {
    cursors = new int[0][];
    entries = rows = new int[0];
  }

  /**
   * Sorts the entries.
   *
   * @param mask in the layout of the codes' values: entries with a number ≤ 0 there are left out;
   *     null to take all
   */
  void sort(SlottedCodes codes, int n, float[] mask) {
    indices = ((HostInts) codes.indices()).array();
    counts = ((HostInts) codes.counts()).array();
    k = codes.k();
    codeRows = codes.rows();
    sort((long) codeRows * k, n, mask);
  }

  /** As {@link #sort(SlottedCodes, int, float[])}. */
  void sort(CsrCodes codes, int n, float[] mask) {
    indices = ((HostInts) codes.columns()).array();
    offsets = ((HostLongs) codes.offsets()).array();
    codeRows = codes.rows();
    sort(offsets[codeRows] - offsets[0], n, mask);
  }

  private void sort(long most, int n, float[] mask) {
    atoms = n;
    this.mask = mask;
    // A part costs a pass over all atoms.
    parts = Math.clamp(most / Math.max(n, 1), 1, workers.count());
    if (cursors.length < parts || cursors[0].length < n) {
      int longest = Math.max(n, cursors.length == 0 ? 0 : cursors[0].length);
      cursors = new int[Math.max(parts, cursors.length)][longest];
    }
    try {
      workers.run(counting, parts, 1);
      int count = sumUp();
      entries = Grow.ints(entries, count);
      rows = Grow.ints(rows, count);
      workers.run(placing, parts, 1);
    } finally {
      indices = counts = null;
      offsets = null;
      this.mask = null;
    }
  }

  private int sumUp() {
    int sum = 0;
    for (int j = 0; j < atoms; j++) {
      for (int part = 0; part < parts; part++) {
        int count = cursors[part][j];
        cursors[part][j] = sum;
        sum += count;
      }
    }
    return sum;
  }

  private void count(int worker, int from, int to) {
    for (int part = from; part < to; part++) {
      Arrays.fill(cursors[part], 0, atoms, 0);
      for (int row = firstRow(part); row < firstRow(part + 1); row++) {
        count(cursors[part], begin(row), end(row));
      }
    }
  }

  private void count(int[] found, int from, int to) {
    for (int e = from; e < to; e++) {
      int atom = Objects.checkIndex(indices[e], atoms);
      if (mask == null || !(mask[e] <= 0)) {
        found[atom]++;
      }
    }
  }

  private void place(int worker, int from, int to) {
    for (int part = from; part < to; part++) {
      for (int row = firstRow(part); row < firstRow(part + 1); row++) {
        place(cursors[part], row, begin(row), end(row));
      }
    }
  }

  private void place(int[] next, int row, int from, int to) {
    for (int e = from; e < to; e++) {
      if (mask == null || !(mask[e] <= 0)) {
        int at = next[indices[e]]++;
        entries[at] = e;
        rows[at] = row;
      }
    }
  }

  private int firstRow(int part) {
    return (int) ((long) codeRows * part / parts);
  }

  private int begin(int row) {
    return offsets == null ? row * k : (int) offsets[row];
  }

  private int end(int row) {
    return offsets == null ? row * k + counts[row] : (int) offsets[row + 1];
  }

  /** Number of atoms. */
  int atoms() {
    return atoms;
  }

  /** Where an atom's entries begin in {@link #entries} and {@link #rows}. */
  int beginOf(int atom) {
    return atom == 0 ? 0 : endOf(atom - 1);
  }

  /** Where they end. */
  int endOf(int atom) {
    return cursors[parts - 1][atom];
  }

  /** Where the sorted entries lie among the codes' own. */
  int[] entries() {
    return entries;
  }

  /** The sorted entries' rows. */
  int[] rows() {
    return rows;
  }
}
