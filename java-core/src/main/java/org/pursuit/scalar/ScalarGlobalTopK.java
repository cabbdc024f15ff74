package org.pursuit.scalar;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMask;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.ScoreOrder;

/**
 * Selection from all rows together. The key of the last one selected is the largest that k
 * candidates reach, found by bisection; what ranks above it is kept, and of what equals it as many
 * of the first as are left of k.
 */
final class ScalarGlobalTopK {
  private ScoreRows scores;
  private GlobalTopK options;

  void select(
      ScoreRows scores,
      GlobalTopK options,
      CsrCodes out,
      HostFloats threshold,
      HostFloats minPositive) {
    this.scores = scores;
    this.options = options;
    long selected = Math.min(options.k(), reaching(Integer.MIN_VALUE));
    int last = selected == 0 ? ScoreOrder.NAN : lastKey(selected);
    long ties = selected == 0 ? 0 : selected - (last == ScoreOrder.NAN ? 0 : reaching(last + 1));
    float least = write(last, ties, out);
    if (threshold != null) {
      threshold.array()[0] = selected == 0 ? Float.NaN : ScoreOrder.score(last);
    }
    if (minPositive != null) {
      minPositive.array()[0] = least;
    }
  }

  /** The largest key that {@code selected} candidates reach. */
  private int lastKey(long selected) {
    long low = Integer.MIN_VALUE;
    long high = Integer.MAX_VALUE;
    while (low < high) {
      long middle = (low + high + 1) >> 1;
      if (reaching((int) middle) >= selected) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return (int) low;
  }

  /** How many candidates have this key or a larger one. */
  private long reaching(int key) {
    long count = 0;
    for (int b = 0; b < scores.rows(); b++) {
      float[] row = scores.row(b);
      for (int i = 0; i < scores.columns(); i++) {
        count += takesPart(i) && ScoreOrder.key(row[i], options.key()) >= key ? 1 : 0;
      }
    }
    return count;
  }

  /** Writes the selection; returns its smallest value above 0, or NaN. */
  private float write(int last, long ties, CsrCodes out) {
    long[] offsets = ((HostLongs) out.offsets()).array();
    int[] columns = ((HostInts) out.columns()).array();
    float[] values = ((HostFloats) out.values()).array();
    float least = Float.NaN;
    int written = 0;
    for (int b = 0; b < scores.rows(); b++) {
      offsets[b] = written;
      float[] row = scores.row(b);
      for (int i = 0; i < scores.columns(); i++) {
        int key = ScoreOrder.key(row[i], options.key());
        boolean tied = takesPart(i) && key == last && ties-- > 0;
        boolean selected = tied || (takesPart(i) && key > last);
        if (selected && !(options.relu() && row[i] <= 0)) {
          columns[written] = i;
          values[written++] = row[i];
          least = row[i] > 0 && !(least <= row[i]) ? row[i] : least;
        }
      }
    }
    offsets[scores.rows()] = written;
    return least;
  }

  private boolean takesPart(int column) {
    return options.mask() == null || ((HostMask) options.mask()).array()[column];
  }
}
