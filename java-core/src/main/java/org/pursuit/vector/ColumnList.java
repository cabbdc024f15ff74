package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostMask;

/** The columns that a mask sets, ascending; a selection among them reads a gathered row. */
final class ColumnList {
  private int[] columns = {};
  private int size;

  void read(HostMask mask) {
    boolean[] flags = mask.array();
    columns = Grow.ints(columns, flags.length);
    size = 0;
    for (int i = 0; i < flags.length; i++) {
      if (flags[i]) {
        columns[size++] = i;
      }
    }
  }

  int size() {
    return size;
  }

  int[] columns() {
    return columns;
  }

  /** Position of the first listed column that is not below {@code column}. */
  int position(int column) {
    int found = Arrays.binarySearch(columns, 0, size, column);
    return found >= 0 ? found : ~found;
  }

  /**
   * Gathers the elements of listed columns {@code from … to} of a row that begins at {@code at}.
   */
  void gather(float[] row, int at, int from, int to, float[] target) {
    for (int i = from; i < to; i++) {
      target[i - from] = row[at + columns[i]];
    }
  }
}
