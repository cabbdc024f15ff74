package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Seed;
import org.pursuit.support.TrainingStep;

/** Whole training steps: they learn, and every backend learns the same. */
class TrainingStepContract {
  private static final int ROWS = 40;
  private static final int D = 12;
  private static final int N = 48;
  private static final int STEPS = 25;

  /** Sparse mixtures of a few directions, which a dictionary can learn. */
  private static Dense batch(int step) {
    Random directions = Seed.random(260);
    Dense atoms = Inputs.unitRows(24, D, directions);
    Random random = Seed.random(261 + step);
    Dense rows = Dense.zeros(ROWS, D);
    for (int b = 0; b < ROWS; b++) {
      for (int part = 0; part < 3; part++) {
        int j = random.nextInt(24);
        float size = 1 + random.nextFloat();
        for (int i = 0; i < D; i++) {
          rows.values()[b * D + i] += size * atoms.at(j, i);
        }
      }
    }
    return rows;
  }

  private interface Maker {
    TrainingStep make(Lab lab);
  }

  private static float[] losses(BackendUnderTest backend, Maker maker) {
    float[] losses = new float[STEPS];
    int mostDead = 0;
    try (Lab lab = backend.open()) {
      TrainingStep step = maker.make(lab);
      for (int t = 0; t < STEPS; t++) {
        step.batch(batch(t));
        step.run(t + 1);
        losses[t] = step.loss();
        mostDead = Math.max(mostDead, dead(step));
      }
      assertThat(mostDead > 0).as("dead latents").isEqualTo(step instanceof TrainingStep.AuxK);
    }
    return losses;
  }

  private static int dead(TrainingStep step) {
    return step instanceof TrainingStep.AuxK auxiliary ? auxiliary.deadLatents() : 0;
  }

  @EveryBackend
  void anAutoencoderWithAuxiliaryLossLearns(BackendUnderTest backend) {
    Maker maker = lab -> new TrainingStep.AuxK(lab, ROWS, D, N, Seed.random(262));
    learns(backend, maker);
  }

  @EveryBackend
  void aDictionaryLearnsThroughMatchingPursuit(BackendUnderTest backend) {
    Maker maker = lab -> new TrainingStep.Pursuit(lab, ROWS, D, N, Seed.random(263));
    learns(backend, maker);
  }

  private static void learns(BackendUnderTest backend, Maker maker) {
    float[] losses = losses(backend, maker);
    float[] reference = losses(new BackendUnderTest("scalar"), maker);
    assertThat(mean(losses, STEPS - 5, STEPS)).isLessThan(0.9f * mean(losses, 0, 5));
    // Until rounding changes a first pick, all backends walk the same way.
    for (int t = 0; t < 5; t++) {
      assertThat(losses[t]).as("step %d", t).isCloseTo(reference[t], within(reference[t] * 1e-3f));
    }
  }

  private static float mean(float[] values, int from, int to) {
    float sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i];
    }
    return sum / (to - from);
  }
}
