package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/**
 * What Matryoshka SAEs need of the kernels there are: one selection from all latents, and the
 * reconstruction of every prefix of them. The selection's threshold selects again from each block
 * of columns between two ends of prefixes; such codes decode with the block's atoms on top of the
 * prefix before, so that every entry is read once; and a block's gradient is the sum over the
 * prefixes that it is part of. Nothing leaves the device.
 */
class MatryoshkaContract {
  private static final int ROWS = 9;
  private static final int D = 7;
  private static final int[] ENDS = {0, 5, 16, 40};
  private static final int N = 40;
  private static final int KEPT = 31;

  private final Random random = Seed.random(253);

  /** Distinct scores, so that the threshold tells the selected from the others. */
  private final Dense scores = distinct(random);

  private final Dense atoms = Inputs.integers(N, D, 3, random);
  private final Dense[] gradients = {
    Inputs.integers(ROWS, D, 2, random),
    Inputs.integers(ROWS, D, 2, random),
    Inputs.integers(ROWS, D, 2, random)
  };

  private static Dense distinct(Random random) {
    Dense made = Dense.zeros(ROWS, N);
    int[] order = Inputs.distinct(ROWS * N, ROWS * N, random);
    for (int i = 0; i < order.length; i++) {
      made.values()[i] = order[i] - 250;
    }
    return made;
  }

  @EveryBackend
  void everyPrefixAndItsGradients(BackendUnderTest backend) {
    Dense code = selected();
    try (Lab lab = backend.open()) {
      Matrix all = lab.matrix(scores);
      Matrix dictionary = lab.matrix(atoms);
      Floats threshold = lab.floatsOutput(1);
      CsrCodes whole = lab.csr(ROWS, N, KEPT);
      lab.selection().globalTopK(all, GlobalTopK.of(KEPT), whole, threshold, null);
      Matrix gAtoms = lab.output(N, D);
      Matrix before = null;
      for (int l = 0; l + 1 < ENDS.length; l++) {
        int from = ENDS[l];
        int to = ENDS[l + 1];
        CsrCodes codes = lab.csr(ROWS, to - from, KEPT);
        lab.selection()
            .thresholdSelect(all.columns(from, to), ThresholdSelect.atLeast(threshold), codes);
        Matrix prefix = lab.output(ROWS, D);
        if (before != null) {
          lab.training().axpby(1, before, 0, prefix);
        }
        Write write = before == null ? Write.OVERWRITE : Write.ACCUMULATE;
        lab.sparseAlgebra().decode(codes, dictionary.rows(from, to), null, write, prefix);
        before = prefix;

        Matrix g = lab.matrix(gradients[l]);
        for (int longer = l + 1; longer + 1 < ENDS.length; longer++) {
          lab.training().axpby(1, lab.matrix(gradients[longer]), 1, g);
        }
        Floats gValues = lab.floats(new float[KEPT]);
        DecodeGradients wanted =
            DecodeGradients.none().atoms(gAtoms.rows(from, to)).values(gValues);
        lab.sparseAlgebra()
            .decodeBackward(codes, dictionary.rows(from, to), g, Write.OVERWRITE, wanted);

        Same.numbers(prefix.download(), decoded(code, to), "prefix of " + to);
        assertGradientOfValues(codes, gValues, l);
      }
      Same.numbers(gAtoms.download(), gradientOfAtoms(code), "gradient of atoms");
    }
  }

  /** A code's mean number of entries a row, its L0, is the sum of its latents' densities. */
  @EveryBackend
  void meanL0(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      CsrCodes codes = lab.csr(ROWS, N, KEPT);
      lab.selection().globalTopK(lab.matrix(scores), GlobalTopK.of(KEPT), codes, null, null);
      Longs fires = lab.longs(new long[N]);
      lab.statistics()
          .columnStatistics(codes, Fired.selected(), Write.OVERWRITE, fires, null, null);
      Floats density = lab.floatsOutput(N);
      Floats l0 = lab.floatsOutput(1);
      lab.statistics().density(fires, ROWS, density);
      lab.statistics().sum(density, null, l0);
      assertThat(Math.abs(l0.download()[0] - (float) KEPT / ROWS)).isLessThan(1e-6f);
    }
  }

  private void assertGradientOfValues(CsrCodes codes, Floats gValues, int block) {
    long[] offsets = codes.offsets().download();
    int[] columns = codes.columns().download();
    float[] found = gValues.download();
    for (int row = 0; row < ROWS; row++) {
      for (int e = (int) offsets[row]; e < offsets[row + 1]; e++) {
        float expected = 0;
        for (int l = block; l < gradients.length; l++) {
          for (int i = 0; i < D; i++) {
            expected += gradients[l].at(row, i) * atoms.at(ENDS[block] + columns[e], i);
          }
        }
        assertThat(found[e]).as("block %d, entry %d", block, e).isEqualTo(expected);
      }
    }
  }

  /** The dense code: the largest scores of all. */
  private Dense selected() {
    float[] sorted = scores.values().clone();
    Arrays.sort(sorted);
    float least = sorted[sorted.length - KEPT];
    return scores.map(v -> v >= least ? v : 0);
  }

  private float[] decoded(Dense code, int prefix) {
    float[] out = new float[ROWS * D];
    for (int row = 0; row < ROWS; row++) {
      for (int j = 0; j < prefix; j++) {
        for (int i = 0; i < D; i++) {
          out[row * D + i] += code.at(row, j) * atoms.at(j, i);
        }
      }
    }
    return out;
  }

  private float[] gradientOfAtoms(Dense code) {
    float[] out = new float[N * D];
    for (int l = 0; l < gradients.length; l++) {
      for (int row = 0; row < ROWS; row++) {
        for (int j = 0; j < ENDS[l + 1]; j++) {
          for (int i = 0; i < D; i++) {
            out[j * D + i] += code.at(row, j) * gradients[l].at(row, i);
          }
        }
      }
    }
    return out;
  }
}
