package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.EnergySums;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.TopK;

/**
 * Selections of the prefix that comes closest to a target. Roots of prefixes rise, so that the
 * closest one is the first that reaches the target or the one before it; of those before it that
 * are as close, the first. Where a prefix reaches a sum is found by adding up bins of energies.
 */
final class VectorRowPrefix {
  private static final int L = Lanes.COUNT;

  private static final int BINS = 1 << 11;

  /** Bits of an energy, which has no sign: 11, 11 and 9 of them are told apart by bins in turn. */
  private static final int[] SHIFTS = {20, 9, 0};

  private static final int MAGNITUDE_BITS = 0x7fffffff;
  private static final int INFINITY_BITS = 0x7f800000;

  private final Workers workers;
  private final Workers.Task task = this::selectRows;
  private final Slot[] slots;

  private HostMatrix scores;
  private HostFloats norms;
  private float[] targets;
  private RowPrefix options;
  private TopK topK = TopK.of(0);
  private FixedWidthCodes out;
  private HostInts totals;

  /** What a worker needs: a row's energies, and what is known of its prefixes. */
  private static final class Slot {
    final RunningTopK selection = new RunningTopK();
    final RunningTopK.Scratch scratch = new RunningTopK.Scratch();
    final int[] counts = new int[BINS];
    final long[] sums = new long[BINS];
    float[] widened = {};
    float[] energies = {};
    int shift;

    /** The prefix found last: its length, its sum, and what its last energy adds. */
    int length;

    long sum;
    long last;
  }

  VectorRowPrefix(Workers workers) {
    this.workers = workers;
    slots = new Slot[workers.count()];
    trim();
  }

  void trim() {
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot();
    }
  }

  void select(
      HostMatrix scores,
      HostFloats norms,
      HostFloats targets,
      RowPrefix options,
      FixedWidthCodes out,
      HostInts totals) {
    this.scores = scores;
    this.norms = norms;
    this.targets = targets.array();
    this.options = options;
    this.out = out;
    this.totals = totals;
    topK = topK.k() == out.k() ? topK : TopK.of(out.k());
    try {
      workers.run(task, scores.rows(), workers.chunk(scores.rows(), 16));
    } finally {
      this.targets = null;
      this.norms = null;
      this.out = null;
      this.totals = null;
    }
  }

  private void selectRows(int worker, int from, int to) {
    Slot slot = slots[worker];
    int n = scores.columns();
    slot.widened = Grow.floats(slot.widened, scores.dtype() == DType.F32 ? 0 : n);
    slot.energies = Grow.floats(slot.energies, n);
    for (int b = from; b < to; b++) {
      float[] row = scores.floats(b, slot.widened);
      int at = scores.floatOffset(b);
      if (norms == null) {
        square(row, at, n, slot.energies);
      } else {
        square(row, at, norms.array(), n, slot.energies);
      }
      int k = closest(slot, n, targets[b]);
      if (totals != null) {
        totals.array()[b] = k;
      }
      int keep = Math.min(k, out.k());
      slot.selection.begin(keep, SelectionKey.SIGNED);
      slot.selection.consume(slot.energies, 0, n, 0, slot.scratch);
      slot.selection.finish(b, keep, topK, row, at, out, slot.scratch);
    }
  }

  private static void square(float[] row, int at, int n, float[] energies) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector length = FloatVector.fromArray(Lanes.FLOATS, row, at + i);
      length.mul(length).intoArray(energies, i);
    }
    for (; i < n; i++) {
      energies[i] = EnergySums.energy(row[at + i], 1);
    }
  }

  private static void square(float[] row, int at, float[] norms, int n, float[] energies) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector norm = FloatVector.fromArray(Lanes.FLOATS, norms, i);
      FloatVector length = FloatVector.fromArray(Lanes.FLOATS, row, at + i).mul(norm);
      length.mul(length).intoArray(energies, i);
    }
    for (; i < n; i++) {
      energies[i] = EnergySums.energy(row[at + i], norms[i]);
    }
  }

  /** The length of the prefix that comes closest to the target. */
  private int closest(Slot slot, int n, double target) {
    if (n == 0) {
      return 0;
    }
    int largest = 0;
    int smallest = MAGNITUDE_BITS;
    for (int i = 0; i < n; i++) {
      int bits = bits(slot.energies[i]);
      largest = Math.max(largest, bits);
      smallest = Math.min(smallest, bits);
    }
    int k = 1;
    double distance = Math.abs(Math.sqrt(Float.intBitsToFloat(largest)) - target);
    if (largest > 0 && largest < INFINITY_BITS && Math.abs(target) <= Float.MAX_VALUE) {
      slot.shift = EnergySums.shift(Float.intBitsToFloat(largest), n);
      long end = 0;
      for (int i = 0; i < n; i++) {
        end += EnergySums.units(slot.energies[i], slot.shift);
      }
      if (options.endSentinel()) {
        end -= EnergySums.units(Float.intBitsToFloat(smallest), slot.shift);
      }
      distance = Double.POSITIVE_INFINITY;
      if (n > 1 || !options.endSentinel()) {
        distance = approach(slot, n, target, end);
        k = slot.length;
      }
    } else if (n == 1 && options.endSentinel()) {
      distance = Double.POSITIVE_INFINITY;
    }
    boolean whole =
        options.endSentinel()
            && (Math.abs(RowPrefix.END_ROOT - target) < distance
                || (Double.isNaN(distance) && Math.abs(target) <= Float.MAX_VALUE));
    return whole ? n : k;
  }

  /**
   * Finds the closest of the prefixes whose sums go up to {@code end}.
   *
   * @return its distance from the target
   */
  private static double approach(Slot slot, int n, double target, long end) {
    int shift = slot.shift;
    long reaching = 1;
    for (long above = 1L << 62, low = 0; low < above; reaching = Math.max(low, 1)) {
      long middle = (low + above) >>> 1;
      if (EnergySums.root(middle, shift) >= target) {
        above = middle;
      } else {
        low = middle + 1;
      }
    }
    double over = Double.POSITIVE_INFINITY;
    long before = end;
    if (reaching <= end) {
      reach(slot, n, reaching);
      over = Math.abs(EnergySums.root(slot.sum, shift) - target);
      before = slot.sum - slot.last;
      if (slot.length == 1) {
        return over;
      }
    }
    double under = Math.abs(EnergySums.root(before, shift) - target);
    if (over < under) {
      return over;
    }
    long low = 1;
    for (long above = before; low < above; ) {
      long middle = (low + above) >>> 1;
      if (Math.abs(EnergySums.root(middle, shift) - target) <= under) {
        above = middle;
      } else {
        low = middle + 1;
      }
    }
    reach(slot, n, low);
    return under;
  }

  /** Finds the shortest prefix whose sum reaches {@code needed}, above 0; there is one. */
  private static void reach(Slot slot, int n, long needed) {
    long left = needed;
    int length = 0;
    int found = 0;
    int known = 0;
    for (int shift : SHIFTS) {
      addUp(slot, n, found, known, shift);
      int bin = BINS - 1;
      while (slot.sums[bin] < left) {
        left -= slot.sums[bin];
        length += slot.counts[bin--];
      }
      found |= bin << shift;
      known = -1 << shift;
    }
    slot.last = EnergySums.units(Float.intBitsToFloat(found), slot.shift);
    long equal = Math.ceilDiv(left, slot.last);
    slot.length = length + (int) equal;
    slot.sum = needed - left + equal * slot.last;
  }

  private static void addUp(Slot slot, int n, int found, int known, int shift) {
    Arrays.fill(slot.counts, 0);
    Arrays.fill(slot.sums, 0);
    for (int i = 0; i < n; i++) {
      float energy = slot.energies[i];
      int bits = bits(energy);
      if ((bits & known) == found) {
        int bin = (bits >>> shift) & (BINS - 1);
        slot.counts[bin]++;
        slot.sums[bin] += EnergySums.units(energy, slot.shift);
      }
    }
  }

  private static int bits(float energy) {
    return Float.floatToRawIntBits(energy) & MAGNITUDE_BITS;
  }
}
