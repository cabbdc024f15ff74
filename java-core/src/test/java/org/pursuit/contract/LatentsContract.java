package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.BiasAdaptation;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** What follows from how often latents have fired: dead ones, moving averages, biases. */
class LatentsContract {
  @EveryBackend
  void latentsThatHaveNotFiredForLongAreDead(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Longs since = lab.longs(new long[] {0, 5, 1L << 40, 7, 100});
      lab.statistics().sinceFired(lab.longs(new long[] {0, 1, 0, 3, 0}), 10, since);
      assertThat(since.download()).containsExactly(10, 0, (1L << 40) + 10, 0, 110);
      Mask dead = lab.mask(new boolean[5]);
      Ints count = lab.ints(new int[] {-1});
      lab.statistics().deadLatents(since, 10, dead, count);
      assertThat(dead.download()).containsExactly(true, false, true, false, true);
      assertThat(count.download()).containsExactly(3);
      lab.statistics().deadLatents(since, 11, dead, count);
      assertThat(dead.download()).containsExactly(false, false, true, false, true);
      assertThat(count.download()).containsExactly(2);
      lab.statistics().deadLatents(since, 1L << 50, dead, count);
      assertThat(count.download()).containsExactly(0);
    }
  }

  @EveryBackend
  void manyLatents(BackendUnderTest backend) {
    Random random = Seed.random(237);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 255, 256, 1021}) {
        long[] fires = random.longs(n, 0, 3).toArray();
        long[] since = random.longs(n, 0, 50).toArray();
        boolean[] expected = new boolean[n];
        int expectedCount = 0;
        float[] densities = new float[n];
        Longs updated = lab.longs(since);
        lab.statistics().sinceFired(lab.longs(fires), 20, updated);
        for (int j = 0; j < n; j++) {
          since[j] = fires[j] > 0 ? 0 : since[j] + 20;
          expected[j] = since[j] >= 40;
          expectedCount += expected[j] ? 1 : 0;
          densities[j] = (float) (fires[j] / 7.0);
        }
        assertThat(updated.download()).isEqualTo(since);
        Mask dead = lab.mask(new boolean[n]);
        Ints count = lab.ints(new int[] {99});
        lab.statistics().deadLatents(updated, 40, dead, count);
        assertThat(dead.download()).isEqualTo(expected);
        assertThat(count.download()).containsExactly(expectedCount);
        Floats density = lab.floatsOutput(n);
        lab.statistics().density(lab.longs(fires), 7, density);
        Same.bits(density.download(), densities, n + " densities");
      }
    }
  }

  @EveryBackend
  void noRowsHaveNoDensity(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Floats average = lab.floats(new float[] {0.5f, Float.NaN});
      Floats density = lab.floatsOutput(2);
      lab.statistics().density(lab.longs(new long[2]), 0, density);
      lab.statistics().movingAverage(density, 0.5f, average);
      Same.bits(average.download(), new float[] {0.5f, Float.NaN}, "no rows");
    }
  }

  @EveryBackend
  void movingAveragesPassOverNaN(BackendUnderTest backend) {
    float nan = Float.NaN;
    try (Lab lab = backend.open()) {
      Floats average = lab.floats(new float[] {8, nan, 8, nan, -1});
      Floats observed = lab.floats(new float[] {4, 3, nan, nan, 7});
      lab.statistics().movingAverage(observed, 0.75f, average);
      Same.bits(average.download(), new float[] {7, 3, 8, nan, 1}, "0.75");
      lab.statistics().movingAverage(observed, 1, average);
      Same.bits(average.download(), new float[] {7, 3, 8, nan, 1}, "1 keeps");
      lab.statistics().movingAverage(observed, 0, average);
      Same.bits(average.download(), new float[] {4, 3, 8, nan, 7}, "0 copies");

      float[] before = Inputs.normal(300, Seed.random(238));
      float[] seen = Inputs.normal(300, Seed.random(239));
      Estimate expected = new Estimate(300);
      for (int i = 0; i < 300; i++) {
        expected.add(i, (double) 0.9f * before[i]);
        expected.add(i, (1 - (double) 0.9f) * seen[i]);
      }
      Floats many = lab.floats(before);
      lab.statistics().movingAverage(lab.floats(seen), 0.9f, many);
      expected.assertMatches(many.download(), DType.F32, "many");
    }
  }

  /** By hand: over-active, dead and in-band latents, a group of none alive, and no group. */
  @EveryBackend
  void biasesOfThreeGroups(BackendUnderTest backend) {
    float inf = Float.POSITIVE_INFINITY;
    try (Lab lab = backend.open()) {
      Longs fires = lab.longs(new long[] {20, 0, 5, 60, 0, 0, 0, 99, 99});
      Floats maxima = lab.floats(new float[] {4, 2, -3, 8, -inf, 0, 1, 9, 9});
      Ints groups = lab.ints(new int[] {0, 0, 0, 1, 1, 2, 1, 3, -1});
      Floats targets = lab.floats(new float[] {0.1f, 0.5f, 0.2f});
      Floats bias =
          lab.floats(new float[] {-0.5f, -0.5f, -0.5f, -0.75f, -0.75f, -0.25f, -0.125f, -0.5f, 3});
      BiasAdaptation options = BiasAdaptation.standard().rates(0.0625f, 0.03125f);
      lab.statistics().adaptBias(options, fires, maxima, 100, groups, targets, bias);
      Same.bits(
          bias.download(),
          new float[] {
            -0.5f - 0.0625f * 4, // fires in 20 % of the rows instead of 10 %
            -0.5f + 0.03125f * 3, // dead; its group's positive maxima are 4 and 2
            -0.5f, // fires in 5 %, neither too often nor never
            -1, // −0.75 − 0.5, but not below the floor
            -0.75f + 0.03125f * 4.5f, // dead; its group's are 8 and 1
            -0.25f, // dead, in a group where nothing is positive
            0, // −0.125 + 0.140625, but not above the ceiling
            -0.5f,
            3
          },
          "three groups");
    }
  }

  @EveryBackend
  void biasesFromTheStatisticsOfBatches(BackendUnderTest backend) {
    Random random = Seed.random(240);
    Dense first = Inputs.integers(40, 300, 5, random).map(v -> v - 4);
    Dense second = Inputs.integers(60, 300, 5, random).map(v -> v - 4);
    float[] before = new float[300];
    float[] expected = new float[300];
    double sum = 0;
    int positive = 0;
    int[] count = new int[300];
    float[] largest = new float[300];
    for (int j = 0; j < 300; j++) {
      before[j] = -0.125f * (j % 5);
      for (Dense batch : new Dense[] {first, second}) {
        for (int row = 0; row < batch.rows(); row++) {
          count[j] += batch.at(row, j) > 0 ? 1 : 0;
          largest[j] = Math.max(largest[j], batch.at(row, j));
        }
      }
      sum += largest[j];
      positive += largest[j] > 0 ? 1 : 0;
    }
    for (int j = 0; j < 300; j++) {
      double p = count[j] / 100.0;
      double lower = Math.max(before[j] - 0.5 * largest[j], -1);
      double higher = Math.min(before[j] + 0.25 * (sum / positive), 0);
      expected[j] = p > 0.1f ? (float) lower : p < 0.07f ? (float) higher : before[j];
    }
    try (Lab lab = backend.open()) {
      Longs fires = lab.longs(new long[300]);
      Floats maxima = lab.floatsOutput(300);
      Floats bias = lab.floats(before);
      Matrix one = lab.matrix(first);
      Matrix two = lab.matrix(second);
      Fired fired = Fired.above(0);
      lab.statistics().columnStatistics(one, fired, Write.OVERWRITE, fires, maxima, null);
      lab.statistics().columnStatistics(two, fired, Write.ACCUMULATE, fires, maxima, null);
      BiasAdaptation options = BiasAdaptation.standard().rates(0.5f, 0.25f).deadBelow(0.07f);
      Floats target = lab.floats(new float[] {0.1f});
      lab.statistics().adaptBias(options, fires, maxima, 100, null, target, bias);
      Same.bits(bias.download(), expected, "one group");
    }
  }

  @EveryBackend
  void biasesWithoutRowsOrGroupsOrLatents(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      BiasAdaptation options = BiasAdaptation.standard();
      Longs fires = lab.longs(new long[2]);
      Floats maxima = lab.floats(new float[] {1, 2});
      Floats bias = lab.floats(new float[] {-0.5f, -0.25f});
      Floats target = lab.floats(new float[] {0.1f});
      Ints groups = lab.ints(new int[2]);
      lab.statistics().adaptBias(options, fires, maxima, 0, null, target, bias);
      lab.statistics().adaptBias(options, fires, maxima, 5, groups, lab.floats(new float[0]), bias);
      Same.bits(bias.download(), new float[] {-0.5f, -0.25f}, "unchanged");
      Floats nothing = lab.floats(new float[0]);
      lab.statistics()
          .adaptBias(options, lab.longs(new long[0]), nothing, 5, null, target, nothing);
    }
  }

  @EveryBackend
  void aMaximumThatIsNoNumberReachesTheBias(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Longs fires = lab.longs(new long[] {9, 0, 0});
      Floats maxima = lab.floats(new float[] {Float.NaN, 1, 1});
      Floats bias = lab.floats(new float[] {-0.5f, -0.5f, -0.5f});
      Floats targets = lab.floats(new float[] {0.1f, 0.1f});
      Ints groups = lab.ints(new int[] {0, 0, 1});
      BiasAdaptation options = BiasAdaptation.standard().rates(0, 0.25f);
      lab.statistics().adaptBias(options, fires, maxima, 10, groups, targets, bias);
      Same.bits(bias.download(), new float[] {Float.NaN, Float.NaN, -0.25f}, "NaN");
    }
  }
}
