package org.pursuit.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.TopK;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/**
 * Host matrices of 2³¹ elements or more lie in several arrays. Here the arrays are made small
 * instead, so that the same addressing shows on small matrices.
 */
class ManyBlocksContract {
  private static final Dense X = Inputs.integers(23, 10, 4, Seed.random(120));
  private static final Dense ATOMS = Inputs.integers(37, 10, 4, Seed.random(121));

  /** Largest block: a third of a row, one row, two rows and a bit, all rows. */
  private static final int[] BLOCKS = {3, 10, 25, 1000};

  @EveryBackend
  void rowsLieWhereTheyWerePut(BackendUnderTest backend) {
    try (Lab lab = hostLab(backend)) {
      for (DType dtype : DType.values()) {
        for (int block : BLOCKS) {
          HostMatrix matrix = blocked(lab, X, dtype, block);
          Same.bits(matrix.download(), X.values(), "block of " + block);
          Matrix view = matrix.rows(3, 19).columns(2, 7);
          Same.bits(view.download(), X.window(3, 19, 2, 7).values(), "view, block of " + block);
          view.rows(5, 9).upload(new float[4 * 5]);
          assertThat(matrix.rows(8, 12).columns(2, 7).download()).containsOnly(0);
          Same.bits(
              matrix.columns(7, 10).download(),
              X.window(0, 23, 7, 10).values(),
              "beside the view, block of " + block);
        }
      }
    }
  }

  @EveryBackend
  void blocksHoldAsManyWholeRowsAsFit(BackendUnderTest backend) {
    try (Lab lab = hostLab(backend)) {
      HostMatrix matrix = blocked(lab, X, DType.F32, 25);
      int lead = 12; // what is before the rows brings large arrays to the next line of cache
      for (int row = 0; row < 23; row++) {
        assertThat(matrix.floats(row)).hasSize(lead + (row == 22 ? 10 : 20));
        assertThat(matrix.offset(row)).isEqualTo(lead + row % 2 * 10);
        assertThat(matrix.floats(row)[matrix.offset(row) + 7]).isEqualTo(X.at(row, 7));
      }
    }
  }

  @EveryBackend
  void everyKernelFindsItsRows(BackendUnderTest backend) {
    MatchingPursuit steps = MatchingPursuit.steps(4);
    try (Lab lab = hostLab(backend)) {
      Matrix x = lab.matrix(X);
      Matrix atoms = lab.matrix(ATOMS);
      Matrix scores = lab.output(23, 37);
      lab.scoring().score(x, atoms, null, Score.plain(), scores);
      FixedWidthCodes codes = lab.codes(23, 5);
      lab.selection().topK(scores, TopK.of(5), codes);
      Matrix decoded = lab.output(23, 10);
      lab.sparseAlgebra().decode(codes, atoms, null, decoded);
      PursuitTape tape = lab.tape(23, 4);
      lab.pursuits().matchingPursuit(x, atoms, steps, tape, null);

      for (int block : BLOCKS) {
        String description = "block of " + block;
        Matrix blockedX = blocked(lab, X, DType.F32, block);
        Matrix blockedAtoms = blocked(lab, ATOMS, DType.F32, block);
        Matrix blockedScores = blocked(lab, Dense.zeros(23, 37), DType.F32, 4 * block);
        lab.scoring().score(blockedX, blockedAtoms, null, Score.plain(), blockedScores);
        Same.numbers(blockedScores.download(), scores.download(), description + ": score");

        FixedWidthCodes blockedCodes = lab.codes(23, 5);
        lab.selection().topK(blockedScores, TopK.of(5), blockedCodes);
        Slots.of(blockedCodes).assertSame(Slots.of(codes), description + ": topK");
        blockedCodes = lab.codes(23, 5);
        lab.scoring()
            .encode(blockedX, blockedAtoms, null, Score.plain(), TopK.of(5).into(blockedCodes));
        Slots.of(blockedCodes).assertSame(Slots.of(codes), description + ": encode");

        Matrix blockedOut = blocked(lab, Dense.zeros(23, 10), DType.F32, block);
        lab.sparseAlgebra().decode(codes, blockedAtoms, null, blockedOut);
        Same.numbers(blockedOut.download(), decoded.download(), description + ": decode");

        PursuitTape blockedTape = lab.tape(23, 4);
        lab.pursuits().matchingPursuit(blockedX, blockedAtoms, steps, blockedTape, blockedOut);
        Slots.of(blockedTape).assertSame(Slots.of(tape), description + ": matchingPursuit");
      }
    }
  }

  private static Lab hostLab(BackendUnderTest backend) {
    Lab lab = backend.open();
    if (!lab.onHost()) {
      lab.close();
    }
    assumeTrue(lab.onHost(), "matrices of this backend do not lie in Java arrays");
    return lab;
  }

  private static HostMatrix blocked(Lab lab, Dense values, DType dtype, int maxBlock) {
    HostMatrix matrix =
        lab.keep(
            HostMatrix.allocate(lab.backend(), values.rows(), values.columns(), dtype, maxBlock));
    matrix.upload(values.values());
    return matrix;
  }
}
