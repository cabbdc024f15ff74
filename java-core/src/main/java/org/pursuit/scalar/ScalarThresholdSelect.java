package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMask;
import org.pursuit.kernel.Comparison;
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.ThresholdSelect;

/** Selections by thresholds, one score after another. */
final class ScalarThresholdSelect {
  private ScalarThresholdSelect() {}

  /** How many pass; the codes are empty where these do not fit. */
  static long select(ScoreRows scores, ThresholdSelect options, CsrCodes out) {
    int n = scores.columns();
    long[] offsets = ((HostLongs) out.offsets()).array();
    int[] columns = ((HostInts) out.columns()).array();
    float[] values = ((HostFloats) out.values()).array();
    long found = 0;
    for (int b = 0; b < scores.rows(); b++) {
      float[] row = scores.row(b);
      offsets[b] = found;
      for (int i = 0; i < n; i++) {
        if (passes(row[i], i, options)) {
          if (found < out.capacity()) {
            columns[(int) found] = i;
            values[(int) found] = row[i];
          }
          found++;
        }
      }
    }
    offsets[scores.rows()] = found;
    if (found > out.capacity()) {
      Arrays.fill(offsets, 0);
    }
    return found;
  }

  static void select(
      ScoreRows scores, ThresholdSelect options, FixedWidthCodes out, HostInts totals) {
    int n = scores.columns();
    int[] indices = ((HostInts) out.indices()).array();
    float[] values = ((HostFloats) out.values()).array();
    int[] counts = ((HostInts) out.counts()).array();
    Arrays.fill(indices, -1);
    Arrays.fill(values, 0);
    for (int b = 0; b < scores.rows(); b++) {
      float[] row = scores.row(b);
      int found = 0;
      for (int i = 0; i < n; i++) {
        if (passes(row[i], i, options)) {
          if (found < out.k()) {
            indices[b * out.k() + found] = i;
            values[b * out.k() + found] = row[i];
          }
          found++;
        }
      }
      counts[b] = Math.min(found, out.k());
      if (totals != null) {
        totals.array()[b] = found;
      }
    }
  }

  private static boolean passes(float score, int column, ThresholdSelect options) {
    if (options.mask() != null && !((HostMask) options.mask()).array()[column]) {
      return false;
    }
    float[] thresholds = ((HostFloats) options.thresholds()).array();
    int threshold = ScoreOrder.signedKey(thresholds[thresholds.length == 1 ? 0 : column]);
    int key = ScoreOrder.key(score, options.key());
    return options.comparison() == Comparison.GREATER ? key > threshold : key >= threshold;
  }
}
