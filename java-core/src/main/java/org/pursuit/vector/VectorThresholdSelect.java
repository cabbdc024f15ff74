package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.CapacityException;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
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
  private final Bars bars = new Bars();

  private HostMatrix scores;
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
    bars.trim();
    bits = new long[0];
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
    bars.of(options, n);
    for (int w = 0; w < widened.length; w++) {
      widened[w] = Grow.floats(widened[w], scores.dtype() == DType.F32 ? 0 : n);
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
      counts[r] =
          bars.mark(row, scores.floatOffset(tile + r), 0, scores.columns(), bits, r * words);
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
        Passing.write(bits, r * Passing.words(n), n, row, at, 0, columns, values, first, counts[r]);
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
      int found = bars.mark(row, at, 0, n, bits, bitsAt);
      int kept = Math.min(found, k);
      Passing.write(bits, bitsAt, n, row, at, 0, indices, values, b * k, kept);
      Arrays.fill(indices, b * k + kept, (b + 1) * k, -1);
      Arrays.fill(values, b * k + kept, (b + 1) * k, 0);
      ((HostInts) slotted.counts()).array()[b] = kept;
      if (totals != null) {
        totals.array()[b] = found;
      }
    }
  }
}
