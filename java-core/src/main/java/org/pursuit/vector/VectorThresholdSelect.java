package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.CapacityException;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.Comparison;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.ThresholdSelect;

/**
 * Selections by thresholds. Scores are read from memory once: a tile of rows, which stays in cache,
 * is compared first, which leaves a bit a score; the bits' counts tell where each row's entries go,
 * and then the scores that passed are written there.
 */
final class VectorThresholdSelect {
  /** Scores of a tile for each worker: as many as its cache holds. */
  private static final int TILE = 1 << 19;

  private final Workers workers;
  private final Workers.Task mark = this::markRows;
  private final Workers.Task write = this::writeRows;
  private final Workers.Task fill = this::fillRows;
  private final float[][] widened;

  private HostMatrix scores;
  private boolean magnitude;

  /** The bar of all columns, or each column's where there are several: see {@link Passing}. */
  private float bar;

  private float[] bars = {};
  private boolean perColumn;

  /** Bits of the columns that may be kept, where not all may. */
  private long[] allowed = {};

  private boolean restricted;

  private long[] bits = {};
  private int[] counts = {};
  private int tile;
  private CsrCodes compressed;
  private FixedWidthCodes slotted;
  private HostInts totals;

  VectorThresholdSelect(Workers workers) {
    this.workers = workers;
    this.widened = new float[workers.count()][0];
  }

  void trim() {
    Arrays.fill(widened, new float[0]);
    bars = new float[0];
    allowed = bits = new long[0];
    counts = new int[0];
  }

  void select(HostMatrix scores, ThresholdSelect options, CsrCodes out) {
    begin(scores, options);
    compressed = out;
    try {
      long found = compress();
      if (found > out.capacity()) {
        Arrays.fill(((HostLongs) out.offsets()).array(), 0);
        throw new CapacityException(found);
      }
    } finally {
      compressed = null;
    }
  }

  void select(HostMatrix scores, ThresholdSelect options, FixedWidthCodes out, HostInts totals) {
    begin(scores, options);
    slotted = out;
    this.totals = totals;
    int chunk = workers.chunk(scores.rows(), 64);
    bits = Grow.longs(bits, workers.count() * Passing.words(scores.columns()));
    try {
      workers.run(fill, scores.rows(), chunk);
    } finally {
      slotted = null;
      this.totals = null;
    }
  }

  private void begin(HostMatrix scores, ThresholdSelect options) {
    this.scores = scores;
    int n = scores.columns();
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
    for (int w = 0; w < widened.length; w++) {
      widened[w] = Grow.floats(widened[w], scores.dtype() == DType.F32 ? 0 : n);
    }
  }

  /** What a score must not be at most, to pass. */
  private static float bar(float threshold, boolean above) {
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
    int n = scores.columns();
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

  /** Fills {@link #compressed} as far as its room reaches; how many entries there are. */
  private long compress() {
    int rows = scores.rows();
    int most =
        Math.clamp(
            (long) TILE * workers.count() / Math.max(1, scores.columns()), 1, Math.max(1, rows));
    bits = Grow.longs(bits, Math.multiplyExact(most, Passing.words(scores.columns())));
    counts = Grow.ints(counts, most);
    long[] offsets = ((HostLongs) compressed.offsets()).array();
    long found = 0;
    for (tile = 0; tile < rows; tile += most) {
      int count = Math.min(most, rows - tile);
      int chunk = workers.chunk(count, 64);
      workers.run(mark, count, chunk);
      for (int r = 0; r < count; r++) {
        offsets[tile + r] = found;
        found += counts[r];
      }
      if (found <= compressed.capacity()) {
        workers.run(write, count, chunk);
      }
    }
    offsets[rows] = found;
    return found;
  }

  private void markRows(int worker, int from, int to) {
    int words = Passing.words(scores.columns());
    for (int r = from; r < to; r++) {
      float[] row = scores.floats(tile + r, widened[worker]);
      counts[r] = markRow(row, scores.floatOffset(tile + r), r * words);
    }
  }

  private void writeRows(int worker, int from, int to) {
    int n = scores.columns();
    int[] columns = ((HostInts) compressed.columns()).array();
    float[] values = ((HostFloats) compressed.values()).array();
    long[] offsets = ((HostLongs) compressed.offsets()).array();
    for (int r = from; r < to; r++) {
      if (counts[r] > 0) {
        float[] row = scores.floats(tile + r, widened[worker]);
        int at = scores.floatOffset(tile + r);
        int first = (int) offsets[tile + r];
        Passing.write(bits, r * Passing.words(n), n, row, at, columns, values, first, counts[r]);
      }
    }
  }

  private void fillRows(int worker, int from, int to) {
    int n = scores.columns();
    int k = slotted.k();
    int bitsAt = worker * Passing.words(n);
    int[] indices = ((HostInts) slotted.indices()).array();
    float[] values = ((HostFloats) slotted.values()).array();
    for (int b = from; b < to; b++) {
      float[] row = scores.floats(b, widened[worker]);
      int at = scores.floatOffset(b);
      int found = markRow(row, at, bitsAt);
      int kept = Math.min(found, k);
      Passing.write(bits, bitsAt, n, row, at, indices, values, b * k, kept);
      Arrays.fill(indices, b * k + kept, (b + 1) * k, -1);
      Arrays.fill(values, b * k + kept, (b + 1) * k, 0);
      ((HostInts) slotted.counts()).array()[b] = kept;
      if (totals != null) {
        totals.array()[b] = found;
      }
    }
  }

  /** Notes which scores of a row pass; how many do. */
  private int markRow(float[] row, int at, int bitsAt) {
    int n = scores.columns();
    if (perColumn) {
      Passing.mark(row, at, n, bars, magnitude, bits, bitsAt);
    } else {
      Passing.mark(row, at, n, bar, magnitude, bits, bitsAt);
    }
    int words = Passing.words(n);
    for (int w = 0; restricted && w < words; w++) {
      bits[bitsAt + w] &= allowed[w];
    }
    return Passing.count(bits, bitsAt, words);
  }
}
