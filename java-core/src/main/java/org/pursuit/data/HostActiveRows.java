package org.pursuit.data;

import java.util.Arrays;

/** The bookkeeping of a row-sparse matrix in Java arrays. */
public final class HostActiveRows {
  private HostActiveRows() {}

  /**
   * Makes the flagged rows active and sets their elements to 0, and lets go of all others; or,
   * where the old ones are kept, adds the flagged ones to them and sets the elements of the new
   * ones to 0. Where they do not all fit, none is active afterwards.
   *
   * @param active flags of the rows; those of kept rows are set as well
   * @return how many active rows there are, or would be
   */
  public static int activate(RowSparseMatrix matrix, boolean[] active, boolean keep) {
    int[] ids = ((HostInts) matrix.rowIds()).array();
    int[] count = ((HostInts) matrix.count()).array();
    int kept = keep ? count[0] : 0;
    for (int p = 0; p < kept; p++) {
      active[ids[p]] = true;
    }
    int needed = 0;
    for (int row = 0; row < matrix.rows(); row++) {
      needed += active[row] ? 1 : 0;
    }
    count[0] = needed <= matrix.capacity() ? needed : 0;
    if (needed <= matrix.capacity()) {
      spread(matrix, active, kept, needed);
    }
    return needed;
  }

  /** From the last row to the first, for a kept one never moves down. */
  private static void spread(RowSparseMatrix matrix, boolean[] active, int kept, int needed) {
    HostMatrix elements = (HostMatrix) matrix.elements();
    int[] ids = ((HostInts) matrix.rowIds()).array();
    int d = matrix.columns();
    int old = kept - 1;
    int to = needed - 1;
    for (int row = matrix.rows() - 1; to >= 0; row--) {
      if (!active[row]) {
        continue;
      }
      int at = elements.offset(to);
      if (old >= 0 && ids[old] == row) {
        elements.readRow(old--, 0, d, elements.floats(to), at);
      } else {
        Arrays.fill(elements.floats(to), at, at + d, 0);
      }
      ids[to--] = row;
    }
  }
}
