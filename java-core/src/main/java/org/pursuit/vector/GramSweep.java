package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.DType;
import org.pursuit.data.HostMatrix;

/**
 * One sweep over all atoms for a row whose values have changed: the correlations {@code p_j − Σ
 * γ_s·G[S_s, j]} with what is left, block by block in the innermost cache, and the best of them.
 * They are computed from the row's own correlations p each time, so that no error outlives a step,
 * and are not kept.
 */
final class GramSweep {
  private static final int BLOCK = 1024;
  private static final int ROWS = 8;

  private final float[] block = new float[BLOCK];
  private final float[][] rows = new float[ROWS][];
  private final int[] at = new int[ROWS];
  private final float[] taken = new float[ROWS];

  /** Blocks of a 16-bit Gram's rows. */
  private float[][] widened = {};

  /**
   * Finds the best atom; {@code best} has been reset.
   *
   * @param correlations of the row with n atoms, from {@code from} on; NaN excludes an atom
   * @param atoms the support S, and its values γ, of which {@code count} are there
   */
  void find(
      HostMatrix gram,
      float[] correlations,
      int from,
      int n,
      int[] atoms,
      float[] values,
      int count,
      float[] weights,
      boolean magnitude,
      Correlations.Best best) {
    for (int first = 0; first < n; first += BLOCK) {
      int length = Math.min(BLOCK, n - first);
      System.arraycopy(correlations, from + first, block, 0, length);
      int s = 0;
      for (; s + ROWS <= count; s += ROWS) {
        for (int i = 0; i < ROWS; i++) {
          read(gram, atoms[s + i], first, length, i);
          taken[i] = -values[s + i];
        }
        Sums.add8(block, taken, rows, at, length);
      }
      for (; s < count; s++) {
        read(gram, atoms[s], first, length, 0);
        Sums.add(block, 0, -values[s], rows[0], at[0], length);
      }
      int before = best.atom;
      Correlations.find(block, 0, weights, first, length, magnitude, best);
      if (best.atom != before) {
        best.product = block[best.atom - first];
      }
    }
  }

  /** Makes a block of a row of the Gram readable at place {@code i}. */
  private void read(HostMatrix gram, int atom, int first, int length, int i) {
    if (gram.dtype() == DType.F32) {
      rows[i] = gram.floats(atom);
      at[i] = gram.offset(atom) + first;
      return;
    }
    if (widened.length == 0) {
      widened = new float[ROWS][BLOCK];
    }
    gram.readRow(atom, first, length, widened[i], 0);
    rows[i] = widened[i];
    at[i] = 0;
  }

  /** Forgets the Gram. */
  void release() {
    Arrays.fill(rows, null);
  }
}
