package org.pursuit.vector;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.SlottedCodes;

/**
 * The entries of codes sorted by atom, those of one atom in the order of rows and slots: a counting
 * sort, a small part of what is done with them.
 */
final class EntriesByAtom {
  private int[] ends = {};
  private int[] entries = {};
  private int[] rows = {};
  private int atoms;
  private float[] mask;

  void trim() {
    ends = entries = rows = new int[0];
  }

  /**
   * Sorts the entries.
   *
   * @param mask in the layout of the codes' values: entries with a number ≤ 0 there are left out;
   *     null to take all
   */
  void sort(SlottedCodes codes, int n, float[] mask) {
    int[] indices = ((HostInts) codes.indices()).array();
    int[] counts = ((HostInts) codes.counts()).array();
    int k = codes.k();
    clear(n, mask);
    for (int row = 0; row < codes.rows(); row++) {
      count(indices, row * k, row * k + counts[row]);
    }
    place();
    for (int row = 0; row < codes.rows(); row++) {
      add(indices, row, row * k, row * k + counts[row]);
    }
    this.mask = null;
  }

  /** As {@link #sort(SlottedCodes, int, float[])}. */
  void sort(CsrCodes codes, int n, float[] mask) {
    int[] columns = ((HostInts) codes.columns()).array();
    long[] offsets = ((HostLongs) codes.offsets()).array();
    clear(n, mask);
    count(columns, (int) offsets[0], (int) offsets[codes.rows()]);
    place();
    for (int row = 0; row < codes.rows(); row++) {
      add(columns, row, (int) offsets[row], (int) offsets[row + 1]);
    }
    this.mask = null;
  }

  private void clear(int n, float[] mask) {
    atoms = n;
    this.mask = mask;
    ends = Grow.ints(ends, n + 1);
    Arrays.fill(ends, 0, n + 1, 0);
  }

  private void count(int[] indices, int from, int to) {
    for (int e = from; e < to; e++) {
      int next = Objects.checkIndex(indices[e], atoms) + 1;
      if (mask == null || !(mask[e] <= 0)) {
        ends[next]++;
      }
    }
  }

  /** From here on until all entries are added, {@code ends[j]} is where j's next one goes. */
  private void place() {
    for (int j = 0; j < atoms; j++) {
      ends[j + 1] += ends[j];
    }
    int count = ends[atoms];
    entries = Grow.ints(entries, count);
    rows = Grow.ints(rows, count);
  }

  private void add(int[] indices, int row, int from, int to) {
    for (int e = from; e < to; e++) {
      if (mask == null || !(mask[e] <= 0)) {
        int at = ends[indices[e]]++;
        entries[at] = e;
        rows[at] = row;
      }
    }
  }

  /** Number of atoms. */
  int atoms() {
    return atoms;
  }

  /** Where an atom's entries begin in {@link #entries} and {@link #rows}. */
  int begin(int atom) {
    return atom == 0 ? 0 : ends[atom - 1];
  }

  /** Where they end. */
  int end(int atom) {
    return ends[atom];
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
