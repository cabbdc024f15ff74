package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMask;
import org.pursuit.kernel.Comparison;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.ThresholdSelect;

/** The thresholds of a selection as bars (see {@link Passing}), and the columns that take part. */
final class Bars {
  private int n;
  private boolean magnitude;

  /** The bar of all columns, or each column's where there are several. */
  private float bar;

  private float[] bars = {};
  private boolean perColumn;

  /** Bits of the columns that may be kept, where not all may. */
  private long[] allowed = {};

  private boolean restricted;

  void trim() {
    bars = new float[0];
    allowed = new long[0];
  }

  /** Reads the options of a selection from n columns. */
  void of(ThresholdSelect options, int n) {
    this.n = n;
    magnitude = options.key() == SelectionKey.MAGNITUDE;
    boolean above = options.comparison() == Comparison.GREATER;
    float[] thresholds = ((HostFloats) options.thresholds()).array();
    perColumn = thresholds.length != 1;
    bar = perColumn ? 0 : bar(thresholds[0], above);
    if (perColumn) {
      bars = Grow.floats(bars, n);
      for (int i = 0; i < n; i++) {
        bars[i] = bar(thresholds[i], above);
      }
    }
    restrict(
        options.mask() == null ? null : ((HostMask) options.mask()).array(), thresholds, above);
  }

  /** What a score must not be at most, to be above a threshold, or else to reach it. */
  static float bar(float threshold, boolean above) {
    if (above) {
      return threshold;
    }
    if (Float.isNaN(threshold)) {
      return Float.POSITIVE_INFINITY; // which NaN alone is above
    }
    return threshold == Float.NEGATIVE_INFINITY ? Float.NaN : Math.nextDown(threshold);
  }

  /** Notes the columns of the mask, if any, and that nothing is above NaN. */
  private void restrict(boolean[] mask, float[] thresholds, boolean above) {
    restricted = mask != null;
    for (int i = 0; i < thresholds.length && above; i++) {
      restricted |= Float.isNaN(thresholds[i]);
    }
    if (!restricted) {
      return;
    }
    allowed = Grow.longs(allowed, Passing.words(n));
    Arrays.fill(allowed, 0, Passing.words(n), 0);
    for (int i = 0; i < n; i++) {
      boolean reachable = !above || !Float.isNaN(thresholds[perColumn ? i : 0]);
      if (reachable && (mask == null || mask[i])) {
        allowed[i / Passing.UNIT] |= 1L << i;
      }
    }
  }

  /**
   * Notes which of the scores of columns {@code column … column + count} pass, the first one in bit
   * 0 of word {@code bitsAt}.
   *
   * @return how many do
   */
  int mark(float[] scores, int at, int column, int count, long[] bits, int bitsAt) {
    if (perColumn) {
      Passing.mark(scores, at, count, bars, column, magnitude, bits, bitsAt);
    } else {
      Passing.mark(scores, at, count, bar, magnitude, bits, bitsAt);
    }
    int words = Passing.words(count);
    for (int w = 0; restricted && w < words; w++) {
      bits[bitsAt + w] &= Passing.word(allowed, column + w * Passing.UNIT, Passing.words(n));
    }
    return Passing.count(bits, bitsAt, words);
  }
}
