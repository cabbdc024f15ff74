package org.pursuit.vector;

import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Write;

/**
 * Which latents fire together. The rows in which each column of the block fires are listed first,
 * so that a column's counts, which a cache holds, are made by one thread at one time.
 */
final class VectorCooccurrence {
  private static final VectorSpecies<Long> LONGS =
      VectorSpecies.of(long.class, Lanes.FLOATS.vectorShape());

  private final Workers workers;
  private final Workers.Task count = this::countColumns;
  private final Workers.Task rank = this::rankColumns;
  private final Workers.Task associate = this::associateColumns;
  private final float[][] associations;

  /** Where the rows of each column begin in the list, and the last ones end. */
  private int[] begins = {};

  private int[] rowsOfColumns = {};

  private HostEntries y;
  private Fired fired;
  private int n;
  private boolean overwrites;
  private long[] counts;
  private int firstColumn;
  private ColumnCodes neighbours;
  private long[] firesX;
  private long[] firesY;
  private long rows;
  private boolean mutualInformation;
  private HostMatrix out;

  VectorCooccurrence(Workers workers) {
    this.workers = workers;
    this.associations = new float[workers.count()][0];
  }

  void trim() {
    begins = new int[0];
    rowsOfColumns = new int[0];
    Arrays.fill(associations, new float[0]);
  }

  /** Lets go of the arrays of handles, which may be closed now. */
  private void forget() {
    y = null;
    counts = null;
    neighbours = null;
    firesX = null;
    firesY = null;
  }

  void cooccurrence(
      HostEntries x,
      HostEntries y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    list(x, fired, firstColumn, columns);
    this.y = y;
    this.fired = fired;
    this.n = n;
    this.overwrites = write == Write.OVERWRITE;
    this.counts = array(counts);
    try {
      workers.run(count, columns, workers.chunk(columns, 16));
    } finally {
      forget();
    }
  }

  /** Lists for each column of the block the rows in which it fires, by counting. */
  private void list(HostEntries x, Fired fired, int firstColumn, int columns) {
    begins = Grow.ints(begins, columns + 2);
    Arrays.fill(begins, 0, columns + 2, 0);
    for (int b = 0; b < x.rows(); b++) {
      for (int e = x.begin(b); e < x.end(b); e++) {
        int i = x.indices()[e] - firstColumn;
        if (i >= 0 && i < columns && fired.test(x.values()[e])) {
          begins[i + 2]++;
        }
      }
    }
    for (int i = 2; i < columns + 2; i++) {
      begins[i] += begins[i - 1];
    }
    rowsOfColumns = Grow.ints(rowsOfColumns, begins[columns + 1]);
    // Column i is filled from begins[i + 1] on, which then is where it ends.
    for (int b = 0; b < x.rows(); b++) {
      for (int e = x.begin(b); e < x.end(b); e++) {
        int i = x.indices()[e] - firstColumn;
        if (i >= 0 && i < columns && fired.test(x.values()[e])) {
          rowsOfColumns[begins[i + 1]++] = b;
        }
      }
    }
  }

  private void countColumns(int worker, int from, int to) {
    int[] indices = y.indices();
    float[] values = y.values();
    for (int i = from; i < to; i++) {
      int at = i * n;
      if (overwrites) {
        Arrays.fill(counts, at, at + n, 0);
      }
      for (int listed = begins[i]; listed < begins[i + 1]; listed++) {
        int row = rowsOfColumns[listed];
        int end = y.end(row);
        for (int f = y.begin(row); f < end; f++) {
          int j = Objects.checkIndex(indices[f], n);
          counts[at + j] += fired.test(values[f]) ? 1 : 0;
        }
      }
    }
  }

  void neighbours(Longs counts, int firstColumn, int n, ColumnCodes out) {
    this.counts = array(counts);
    this.firstColumn = firstColumn;
    this.n = n;
    this.neighbours = out;
    try {
      workers.run(rank, out.columns(), workers.chunk(out.columns(), 16));
    } finally {
      forget();
    }
  }

  private void rankColumns(int worker, int from, int to) {
    int m = neighbours.m();
    long[] ids = array(neighbours.rowIds());
    float[] values = ((HostFloats) neighbours.values()).array();
    int[] found = ((HostInts) neighbours.counts()).array();
    for (int i = from; i < to; i++) {
      found[i] = rank(i, ids, i * m, m);
      for (int slot = i * m; slot < (i + 1) * m; slot++) {
        values[slot] = ids[slot] < 0 ? 0 : counts[i * n + (int) ids[slot]];
      }
    }
  }

  /** Keeps the m first of a column's neighbours in order; returns how many. */
  private int rank(int i, long[] ids, int at, int m) {
    int base = i * n;
    int size = 0;
    int j = 0;
    if (m > 0) {
      for (; j <= n - LONGS.length(); j += LONGS.length()) {
        long above =
            LongVector.fromArray(LONGS, counts, base + j)
                .compare(VectorOperators.GT, bar(base, ids, at, size, m))
                .toLong();
        for (; above != 0; above &= above - 1) {
          size = insert(i, j + Long.numberOfTrailingZeros(above), ids, at, size, m);
        }
      }
      for (; j < n; j++) {
        size = insert(i, j, ids, at, size, m);
      }
    }
    Arrays.fill(ids, at + size, at + m, -1);
    return size;
  }

  /** The count that a neighbour must exceed. */
  private long bar(int base, long[] ids, int at, int size, int m) {
    return size < m ? 0 : counts[base + (int) ids[at + m - 1]];
  }

  /** Puts a neighbour where it belongs, if it does, after those that count as much. */
  private int insert(int i, int j, long[] ids, int at, int size, int m) {
    int base = i * n;
    long count = counts[base + j];
    if (count <= bar(base, ids, at, size, m) || j == firstColumn + i) {
      return size;
    }
    int place = Math.min(size, m - 1);
    for (; place > 0 && counts[base + (int) ids[at + place - 1]] < count; place--) {
      ids[at + place] = ids[at + place - 1];
    }
    ids[at + place] = j;
    return Math.min(size + 1, m);
  }

  void jaccard(Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out) {
    mutualInformation = false;
    associate(counts, firstColumn, firesX, firesY, 0, out);
  }

  void npmi(Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out) {
    mutualInformation = true;
    associate(counts, firstColumn, firesX, firesY, rows, out);
  }

  private void associate(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out) {
    this.counts = array(counts);
    this.firstColumn = firstColumn;
    this.firesX = array(firesX);
    this.firesY = array(firesY);
    this.rows = rows;
    this.out = (HostMatrix) out;
    this.n = out.columns();
    try {
      workers.run(associate, out.rows(), workers.chunk(out.rows(), 16));
    } finally {
      forget();
    }
  }

  private void associateColumns(int worker, int from, int to) {
    float[] row = associations[worker] = Grow.floats(associations[worker], n);
    for (int i = from; i < to; i++) {
      long fires = firesX[firstColumn + i];
      for (int j = 0; j < n; j++) {
        long both = counts[i * n + j];
        // Most pairs never meet.
        row[j] =
            both == 0
                ? 0
                : mutualInformation ? npmi(both, fires, firesY[j]) : jaccard(both, fires, j);
      }
      out.writeRow(i, 0, n, row, 0);
    }
  }

  private float jaccard(long both, long fires, int j) {
    return (float) ((double) both / (fires + firesY[j] - both));
  }

  private float npmi(long both, long firesOfX, long firesOfY) {
    if (both == rows) {
      return 1;
    }
    double ratio = (double) both * rows / ((double) firesOfX * firesOfY);
    return (float) (Math.log(ratio) / Math.log((double) rows / both));
  }

  private static long[] array(Longs longs) {
    return ((HostLongs) longs).array();
  }
}
