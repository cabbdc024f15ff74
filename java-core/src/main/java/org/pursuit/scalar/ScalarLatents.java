package org.pursuit.scalar;

import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMask;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.kernel.BiasAdaptation;

/** What follows from how often latents have fired, latent by latent. */
final class ScalarLatents {
  private ScalarLatents() {}

  static void sinceFired(Longs fires, long rows, Longs since) {
    long[] counts = array(fires);
    long[] passed = array(since);
    for (int j = 0; j < counts.length; j++) {
      passed[j] = counts[j] > 0 ? 0 : passed[j] + rows;
    }
  }

  static void deadLatents(Longs since, long limit, Mask dead, Ints count) {
    boolean[] flags = ((HostMask) dead).array();
    int found = 0;
    for (int j = 0; j < flags.length; j++) {
      flags[j] = array(since)[j] >= limit;
      found += flags[j] ? 1 : 0;
    }
    ((HostInts) count).array()[0] = found;
  }

  static void density(Longs fires, long rows, Floats out) {
    for (int j = 0; j < fires.length(); j++) {
      array(out)[j] = (float) ((double) array(fires)[j] / rows);
    }
  }

  static void movingAverage(Floats observed, float momentum, Floats average) {
    for (int i = 0; i < observed.length(); i++) {
      float seen = array(observed)[i];
      float before = array(average)[i];
      if (Float.isNaN(before)) {
        array(average)[i] = seen;
      } else if (!Float.isNaN(seen)) {
        array(average)[i] = (float) ((double) momentum * before + (1.0 - momentum) * seen);
      }
    }
  }

  static void adaptBias(
      BiasAdaptation options,
      Longs fires,
      Floats maxima,
      long rows,
      Ints groups,
      Floats targets,
      Floats bias) {
    for (int group = 0; group < targets.length(); group++) {
      double mean = meanActivation(maxima, groups, group);
      double target = array(targets)[group];
      for (int j = 0; j < bias.length(); j++) {
        if (isIn(groups, j, group)) {
          double frequency = (double) array(fires)[j] / rows;
          double before = array(bias)[j];
          if (frequency > target) {
            double lower = before - options.decrease() * activation(maxima, j);
            array(bias)[j] = (float) Math.max(lower, options.floor());
          } else if (frequency < options.deadBelow()) {
            double higher = before + options.increase() * mean;
            array(bias)[j] = (float) Math.min(higher, options.ceiling());
          }
        }
      }
    }
  }

  private static double meanActivation(Floats maxima, Ints groups, int group) {
    double sum = 0;
    int count = 0;
    for (int j = 0; j < maxima.length(); j++) {
      if (isIn(groups, j, group) && activation(maxima, j) != 0) {
        sum += activation(maxima, j);
        count++;
      }
    }
    return count == 0 ? 0 : sum / count;
  }

  private static double activation(Floats maxima, int j) {
    return Math.max(array(maxima)[j], 0);
  }

  private static boolean isIn(Ints groups, int j, int group) {
    return groups == null || ((HostInts) groups).array()[j] == group;
  }

  private static float[] array(Floats floats) {
    return ((HostFloats) floats).array();
  }

  private static long[] array(Longs longs) {
    return ((HostLongs) longs).array();
  }
}
