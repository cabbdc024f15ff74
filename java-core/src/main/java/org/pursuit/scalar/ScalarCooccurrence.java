package org.pursuit.scalar;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Write;

/** Which latents fire in a segment, and which ones together. */
final class ScalarCooccurrence {
  private final Scratch scratch;

  ScalarCooccurrence(Scratch scratch) {
    this.scratch = scratch;
  }

  void segmentReduce(
      HostEntries codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    int columns = out.columns();
    float[] row = scratch.x(columns);
    for (int s = 0; s < out.rows(); s++) {
      if (write == Write.ACCUMULATE) {
        ((HostMatrix) out).readRow(s, 0, columns, row, 0);
      } else {
        Arrays.fill(row, 0, columns, 0);
      }
      int end = Math.clamp(array(segments)[s + 1], 0, codes.rows());
      for (int b = Math.clamp(array(segments)[s], 0, codes.rows()); b < end; b++) {
        for (int e = codes.begin(b); e < codes.end(b); e++) {
          int j = codes.indices()[e] - firstColumn;
          if (j >= 0 && j < columns) {
            row[j] = reduced(row[j], codes.values()[e], reduction);
          }
        }
      }
      ((HostMatrix) out).writeRow(s, 0, columns, row, 0);
    }
  }

  private static float reduced(float old, float value, Reduction reduction) {
    return switch (reduction.kind()) {
      case MAXIMUM -> Math.max(old, value);
      case SUM -> old + value;
      case COUNT -> old + (reduction.fired().test(value) ? 1 : 0);
    };
  }

  static void cooccurrence(
      HostEntries x,
      HostEntries y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    long[] found = array(counts);
    if (write == Write.OVERWRITE) {
      Arrays.fill(found, 0);
    }
    for (int b = 0; b < x.rows(); b++) {
      for (int e = x.begin(b); e < x.end(b); e++) {
        int i = x.indices()[e] - firstColumn;
        if (i >= 0 && i < columns && fired.test(x.values()[e])) {
          for (int f = y.begin(b); f < y.end(b); f++) {
            int j = Objects.checkIndex(y.indices()[f], n);
            found[i * n + j] += fired.test(y.values()[f]) ? 1 : 0;
          }
        }
      }
    }
  }

  static void neighbours(Longs counts, int firstColumn, int n, ColumnCodes out) {
    int m = out.m();
    long[] ids = array(out.rowIds());
    float[] values = ((HostFloats) out.values()).array();
    for (int i = 0; i < out.columns(); i++) {
      int found = 0;
      for (int place = 0; place < m; place++) {
        long best = 0;
        int at = -1;
        for (int j = 0; j < n; j++) {
          long count = array(counts)[i * n + j];
          if (count > best && j != firstColumn + i && !taken(ids, i * m, found, j)) {
            best = count;
            at = j;
          }
        }
        ids[i * m + place] = at;
        values[i * m + place] = best;
        found += at < 0 ? 0 : 1;
      }
      ((HostInts) out.counts()).array()[i] = found;
    }
  }

  private static boolean taken(long[] ids, int from, int count, int j) {
    for (int slot = from; slot < from + count; slot++) {
      if (ids[slot] == j) {
        return true;
      }
    }
    return false;
  }

  void jaccard(Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out) {
    int n = out.columns();
    float[] row = scratch.x(n);
    for (int i = 0; i < out.rows(); i++) {
      for (int j = 0; j < n; j++) {
        long both = array(counts)[i * n + j];
        long either = array(firesX)[firstColumn + i] + array(firesY)[j] - both;
        row[j] = either == 0 ? 0 : (float) ((double) both / either);
      }
      ((HostMatrix) out).writeRow(i, 0, n, row, 0);
    }
  }

  void npmi(Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out) {
    int n = out.columns();
    float[] row = scratch.x(n);
    for (int i = 0; i < out.rows(); i++) {
      for (int j = 0; j < n; j++) {
        double both = array(counts)[i * n + j];
        double product = (double) array(firesX)[firstColumn + i] * array(firesY)[j];
        row[j] =
            both == 0
                ? 0
                : both == rows
                    ? 1
                    : (float) (Math.log(both * rows / product) / Math.log(rows / both));
      }
      ((HostMatrix) out).writeRow(i, 0, n, row, 0);
    }
  }

  private static long[] array(Longs longs) {
    return ((HostLongs) longs).array();
  }
}
