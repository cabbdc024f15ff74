package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.EnergySums;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.ScoreOrder;

/** Selections of the prefix that comes closest to a target, by sorting and adding up. */
final class ScalarRowPrefix {
  private final Scratch scratch;

  ScalarRowPrefix(Scratch scratch) {
    this.scratch = scratch;
  }

  void select(
      HostMatrix scores,
      HostFloats norms,
      HostFloats targets,
      RowPrefix options,
      FixedWidthCodes out,
      HostInts totals) {
    int n = scores.columns();
    float[] row = scratch.scores(n);
    float[] energies = scratch.atom(n);
    long[] ranks = scratch.ranks(n);
    for (int b = 0; b < scores.rows(); b++) {
      scores.readRow(b, 0, n, row, 0);
      for (int i = 0; i < n; i++) {
        energies[i] = EnergySums.energy(row[i], norms == null ? 1 : norms.array()[i]);
        ranks[i] = ScoreOrder.rank(ScoreOrder.signedKey(energies[i]), i);
      }
      Arrays.sort(ranks, 0, n);
      for (int i = 0; i < n / 2; i++) { // the first comes first
        long swapped = ranks[i];
        ranks[i] = ranks[n - 1 - i];
        ranks[n - 1 - i] = swapped;
      }
      int k = closest(energies, ranks, n, targets.array()[b], options);
      if (totals != null) {
        totals.array()[b] = k;
      }
      write(row, ranks, Math.min(k, out.k()), b, out);
    }
  }

  /** The length of the prefix that comes closest to the target. */
  private static int closest(
      float[] energies, long[] ranks, int n, float target, RowPrefix options) {
    float largest = n == 0 ? 0 : energies[ScoreOrder.indexOf(ranks[0])];
    boolean summable = largest > 0 && largest <= Float.MAX_VALUE;
    int shift = summable ? EnergySums.shift(largest, n) : 0;
    long sum = 0;
    int k = Math.min(1, n);
    double least = Double.POSITIVE_INFINITY;
    for (int j = 0; j < n; j++) {
      double root = Math.sqrt(largest);
      if (summable) {
        sum += EnergySums.units(energies[ScoreOrder.indexOf(ranks[j])], shift);
        root = EnergySums.root(sum, shift);
      }
      if (options.endSentinel() && j == n - 1) {
        root = RowPrefix.END_ROOT;
      }
      double distance = Math.abs(root - target);
      if (distance < least) {
        least = distance;
        k = j + 1;
      }
    }
    return k;
  }

  private static void write(float[] row, long[] ranks, int kept, int b, FixedWidthCodes out) {
    int[] indices = ((HostInts) out.indices()).array();
    float[] values = ((HostFloats) out.values()).array();
    for (int slot = 0; slot < out.k(); slot++) {
      int index = slot < kept ? ScoreOrder.indexOf(ranks[slot]) : -1;
      indices[b * out.k() + slot] = index;
      values[b * out.k() + slot] = index < 0 ? 0 : row[index];
    }
    ((HostInts) out.counts()).array()[b] = kept;
  }
}
