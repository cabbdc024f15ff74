package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Seed;
import org.pursuit.support.TrainingStep;

/** A training step needs the host for nothing but its launches. */
@OnEmulator
class TrainingStepTest {
  private static final int ROWS = 20;
  private static final int D = 8;
  private static final int N = 40;

  private interface Maker {
    TrainingStep make(Lab lab);
  }

  @Test
  void nothingIsCopiedOrAwaitedInAnAuxiliaryLoss() {
    staysOnTheDevice(lab -> new TrainingStep.AuxK(lab, ROWS, D, N, Seed.random(270)));
  }

  @Test
  void nothingIsCopiedOrAwaitedInAPursuit() {
    staysOnTheDevice(lab -> new TrainingStep.Pursuit(lab, ROWS, D, N, Seed.random(271)));
  }

  private static void staysOnTheDevice(Maker maker) {
    try (Lab lab = new BackendUnderTest(CudaProvider.NAME).open()) {
      TrainingStep step = maker.make(lab);
      step.batch(Inputs.normal(ROWS, D, Seed.random(272)));
      step.run(1); // loads kernels, and lets scratch grow
      step.run(2);
      lab.backend().synchronize();
      long copies = Emulator.get("copies");
      long waits = Emulator.get("waits");
      step.run(3);
      assertThat(Emulator.get("waits")).as("waits for the device").isEqualTo(waits);
      lab.backend().synchronize();
      copies++;
      assertThat(Emulator.get("copies")).as("copies but for the flags").isEqualTo(copies);
      float loss = step.loss();
      copies++;
      assertThat(Emulator.get("copies")).as("the loss is one").isEqualTo(copies);

      // The whole step as a graph, which refuses what needs the host.
      CudaBackend backend = (CudaBackend) lab.backend();
      try (CudaGraph graph = backend.capture(() -> step.run(4))) {
        graph.launch();
        assertThat(step.loss()).isFinite().isNotEqualTo(loss);
      }
    }
  }
}
