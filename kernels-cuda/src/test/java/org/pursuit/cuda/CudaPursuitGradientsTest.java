package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Write;
import org.pursuit.support.Inputs;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Gradients in cuts that a device's size would not give, in graphs, and of broken tapes. */
@OnEmulator
class CudaPursuitGradientsTest {
  private static final int ROWS = 90;
  private static final int ATOMS = 40;
  private static final int D = 70;
  private static final int STEPS = 5;

  private final Random random = Seed.random(118);
  private final Slots slots = Slots.randomTape(ROWS, STEPS, ATOMS, random);

  @Test
  void everyCutGivesTheSameBits() {
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend)) {
      operands.compute(new CudaPursuitGradients(backend.cuda()));
      float[] atoms = operands.gAtoms.download();
      float[] x = operands.gX.download();
      for (int sharedBytes : new int[] {0, 48 << 10}) {
        for (int chunkSlots : new int[] {1, 32, 100}) {
          for (long contributionBytes : new long[] {0, ROWS * STEPS * 16L * 9}) {
            operands.compute(
                new CudaPursuitGradients(
                    backend.cuda(), sharedBytes, chunkSlots, contributionBytes));
            String cut = sharedBytes + ", " + chunkSlots + ", " + contributionBytes;
            Same.bits(operands.gAtoms.download(), atoms, "atoms, " + cut);
            Same.bits(operands.gX.download(), x, "x, " + cut);
          }
        }
      }
    }
  }

  @Test
  void aGraphRunsAgain() {
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend)) {
      operands.compute(backend);
      float[] first = operands.gAtoms.download();
      try (CudaGraph graph = backend.capture(() -> operands.compute(backend))) {
        Slots.randomTape(ROWS, STEPS, ATOMS, random).upload(operands.tape);
        graph.launch();
        float[] other = operands.gAtoms.download();
        operands.gAtoms.upload(new float[ATOMS * D]);
        operands.compute(backend);
        Same.bits(operands.gAtoms.download(), other, "of another tape");
        slots.upload(operands.tape);
        graph.launch();
        Same.bits(operands.gAtoms.download(), first, "of the first tape again");
      }
    }
  }

  @Test
  void anIndexOutsideOfTheAtomsIsToldAtTheNextWait() {
    Slots broken = Slots.empty(ROWS, STEPS);
    broken.add(3, ATOMS, 1);
    broken.add(3, 2, 1);
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend)) {
      operands.compute(backend);
      float[] first = operands.gAtoms.download();
      broken.upload(operands.tape);
      operands.compute(backend);
      assertThatThrownBy(backend::synchronize)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("index 40 lies outside the atoms");
      slots.upload(operands.tape);
      operands.compute(backend);
      Same.bits(operands.gAtoms.download(), first, "after the flag");
    }
  }

  /** What a call reads and writes. */
  private final class Operands implements AutoCloseable {
    private final PursuitTape tape;
    private final Matrix residual;
    private final Matrix atoms;
    private final Matrix gResidual;
    private final Floats gValues;
    private final Matrix gAtoms;
    private final Matrix gX;

    Operands(CudaBackend backend) {
      tape = backend.pursuitTape(ROWS, STEPS);
      slots.upload(tape);
      residual = backend.upload(Inputs.normal(ROWS * D, random), ROWS, D);
      atoms = backend.upload(Inputs.unitRows(ATOMS, D, random).values(), ATOMS, D);
      gResidual = backend.upload(Inputs.normal(ROWS * D, random), ROWS, D);
      gValues = backend.upload(Inputs.normal(ROWS * STEPS, random));
      gAtoms = backend.matrix(ATOMS, D, DType.F32);
      gX = backend.matrix(ROWS, D, DType.F32);
    }

    private PursuitGradients gradients() {
      return PursuitGradients.ofAtoms(gAtoms).x(gX, Write.OVERWRITE);
    }

    void compute(CudaPursuitGradients kernels) {
      kernels.compute(
          tape, residual, atoms, AtomScaling.NORMALISED, gResidual, gValues, gradients());
    }

    void compute(CudaBackend backend) {
      backend
          .pursuits()
          .matchingPursuitBackward(
              tape, residual, atoms, MatchingPursuit.steps(STEPS), gResidual, gValues, gradients());
    }

    @Override
    public void close() {
      for (AutoCloseable part :
          new AutoCloseable[] {tape, residual, atoms, gResidual, gValues, gAtoms, gX}) {
        try {
          part.close();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    }
  }
}
