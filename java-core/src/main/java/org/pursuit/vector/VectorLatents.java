package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMask;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.kernel.BiasAdaptation;

/**
 * What follows from how often latents have fired. It takes a few numbers a latent, and is left to
 * the calling thread, which ends before another one would wake.
 */
final class VectorLatents {
  private double[] sums = {};
  private int[] counts = {};

  void trim() {
    sums = new double[0];
    counts = new int[0];
  }

  static void sinceFired(Longs fires, long rows, Longs since) {
    long[] counts = array(fires);
    long[] passed = array(since);
    for (int j = 0; j < counts.length; j++) {
      passed[j] = counts[j] > 0 ? 0 : passed[j] + rows;
    }
  }

  static void deadLatents(Longs since, long limit, Mask dead, Ints count) {
    long[] passed = array(since);
    boolean[] flags = ((HostMask) dead).array();
    int found = 0;
    for (int j = 0; j < flags.length; j++) {
      flags[j] = passed[j] >= limit;
      found += flags[j] ? 1 : 0;
    }
    ((HostInts) count).array()[0] = found;
  }

  static void density(Longs fires, long rows, Floats out) {
    long[] counts = array(fires);
    float[] densities = array(out);
    for (int j = 0; j < counts.length; j++) {
      densities[j] = (float) ((double) counts[j] / rows);
    }
  }

  static void movingAverage(Floats observed, float momentum, Floats average) {
    float[] seen = array(observed);
    float[] averages = array(average);
    float rest = 1 - momentum;
    for (int i = 0; i < seen.length; i++) {
      float moved = Math.fma(momentum, averages[i], rest * seen[i]);
      float kept = Float.isNaN(seen[i]) ? averages[i] : moved;
      averages[i] = Float.isNaN(averages[i]) ? seen[i] : kept;
    }
  }

  void adaptBias(
      BiasAdaptation options,
      Longs fires,
      Floats maxima,
      long rows,
      Ints groups,
      Floats targets,
      Floats bias) {
    int[] group = groups == null ? null : ((HostInts) groups).array();
    float[] target = array(targets);
    float[] activations = array(maxima);
    long[] fired = array(fires);
    float[] biases = array(bias);
    addUp(activations, group, target.length);
    for (int j = 0; j < biases.length; j++) {
      int g = group == null ? 0 : group[j];
      if (g < 0 || g >= target.length) {
        continue;
      }
      double frequency = (double) fired[j] / rows;
      if (frequency > target[g]) {
        double lower = biases[j] - options.decrease() * (double) Math.max(activations[j], 0);
        biases[j] = (float) Math.max(lower, options.floor());
      } else if (frequency < options.deadBelow()) {
        double mean = counts[g] == 0 ? 0 : sums[g] / counts[g];
        biases[j] = (float) Math.min(biases[j] + options.increase() * mean, options.ceiling());
      }
    }
  }

  /** Sums and counts each group's positive maxima. */
  private void addUp(float[] maxima, int[] group, int groups) {
    sums = sums.length >= groups ? sums : new double[groups];
    counts = Grow.ints(counts, groups);
    Arrays.fill(sums, 0);
    Arrays.fill(counts, 0);
    for (int j = 0; j < maxima.length; j++) {
      int g = group == null ? 0 : group[j];
      if (g >= 0 && g < groups && !(maxima[j] <= 0)) {
        sums[g] += maxima[j];
        counts[g]++;
      }
    }
  }

  private static float[] array(Floats floats) {
    return ((HostFloats) floats).array();
  }

  private static long[] array(Longs longs) {
    return ((HostLongs) longs).array();
  }
}
