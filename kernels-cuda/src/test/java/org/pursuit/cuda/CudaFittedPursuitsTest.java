package org.pursuit.cuda;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Gram;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.Pursuits;
import org.pursuit.support.Inputs;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Orthogonal and gradient pursuits in cuts that a device's size would not give, and in graphs. */
@OnEmulator
class CudaFittedPursuitsTest {
  private static final int ROWS = 12;
  private static final int ATOMS = 90;
  private static final int D = 70;
  private static final int STEPS = 60;

  private final Random random = Seed.random(131);
  private final float[] x = Inputs.normal(ROWS * D, random);
  private final float[] atoms = Inputs.unitRows(ATOMS, D, random).values();

  @Test
  void everyCutGivesTheSameBits() {
    OrthogonalPursuit options = OrthogonalPursuit.steps(STEPS);
    Slots first;
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend)) {
      first = operands.pursued(backend.pursuits(), options);
      Slots moved = operands.moved(backend.pursuits());
      Slots byProducts = operands.pursuedByProducts(backend.pursuits(), options);
      float[] left = operands.residual.download();
      Slots movedByProducts = operands.movedByProducts(backend.pursuits());
      for (int rows : new int[] {1, 5, ROWS - 1}) {
        long bytes = (long) rows * PursuitKernels.padded(ATOMS) * Float.BYTES;
        Pursuits cut = new CudaPursuits(backend, backend.cuda(), new ScoreChunks(rows, 1), bytes);
        operands.pursued(cut, options).assertSame(first, rows + " rows of correlations");
        operands.moved(cut).assertSame(moved, rows + " rows of correlations");
        operands.pursuedByProducts(cut, options).assertSame(byProducts, "tiles of " + rows);
        Same.bits(operands.residual.download(), left, "left by tiles of " + rows);
        operands.movedByProducts(cut).assertSame(movedByProducts, "tiles of " + rows);
      }
    }
    Emulator.set("computeCapability", 86); // factors no longer fit into shared memory
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend)) {
      operands.pursued(backend.pursuits(), options).assertSame(first, "less shared memory");
    }
  }

  @Test
  void aGraphRunsAgain() {
    OrthogonalPursuit options = OrthogonalPursuit.steps(STEPS).withNonNegativeValues();
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend)) {
      Slots ofX = operands.pursued(backend.pursuits(), options);
      float[] left = operands.residual.download();
      try (CudaGraph graph = backend.capture(() -> operands.pursue(backend.pursuits(), options))) {
        operands.x.upload(Inputs.normal(ROWS * D, random));
        graph.launch();
        Slots ofOther = Slots.of(operands.codes);
        operands.pursued(backend.pursuits(), options).assertSame(ofOther, "of other rows");
        operands.x.upload(x);
        graph.launch();
        Slots.of(operands.codes).assertSame(ofX, "of the first rows again");
        Same.bits(operands.residual.download(), left, "what they leave");
      }
    }
  }

  /** Rows, atoms and their Gram, and what a pursuit writes. */
  private final class Operands implements AutoCloseable {
    private final Matrix x;
    private final Matrix atoms;
    private final Gram gram;
    private final FixedWidthCodes codes;
    private final Matrix residual;
    private final Ints rowSteps;

    Operands(CudaBackend backend) {
      x = backend.upload(CudaFittedPursuitsTest.this.x, ROWS, D);
      atoms = backend.upload(CudaFittedPursuitsTest.this.atoms, ATOMS, D);
      gram = backend.gram(ATOMS);
      backend.pursuits().gram(atoms, gram);
      codes = backend.fixedWidthCodes(ROWS, STEPS);
      residual = backend.matrix(ROWS, D, DType.F32);
      rowSteps = backend.upload(random.ints(ROWS, 0, 9).toArray());
    }

    void pursue(Pursuits pursuits, OrthogonalPursuit options) {
      pursuits.orthogonalMatchingPursuit(x, atoms, gram, options, codes, residual);
    }

    Slots pursued(Pursuits pursuits, OrthogonalPursuit options) {
      pursue(pursuits, options);
      return Slots.of(codes);
    }

    /** What a gradient pursuit finds, with steps that differ from row to row. */
    Slots moved(Pursuits pursuits) {
      GradientPursuit options = GradientPursuit.steps(STEPS).rowSteps(rowSteps);
      pursuits.gradientPursuit(x, atoms, gram, options, codes, residual);
      return Slots.of(codes);
    }

    /** What an orthogonal pursuit without a Gram finds. */
    Slots pursuedByProducts(Pursuits pursuits, OrthogonalPursuit options) {
      pursuits.orthogonalMatchingPursuit(x, atoms, options, codes, residual);
      return Slots.of(codes);
    }

    /** What a gradient pursuit without a Gram finds, whose residuals nobody wants. */
    Slots movedByProducts(Pursuits pursuits) {
      GradientPursuit options = GradientPursuit.steps(STEPS).rowSteps(rowSteps);
      pursuits.gradientPursuit(x, atoms, options, codes, null);
      return Slots.of(codes);
    }

    @Override
    public void close() {
      for (AutoCloseable part : new AutoCloseable[] {x, atoms, gram, codes, residual, rowSteps}) {
        try {
          part.close();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    }
  }
}
