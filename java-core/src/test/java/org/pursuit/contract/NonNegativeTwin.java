package org.pursuit.contract;

import java.util.Arrays;
import org.pursuit.support.Dense;

/**
 * Orthogonal matching pursuit with non-negative values, in double: after every pick the best of all
 * subsets of the support and the pick that have positive values only.
 */
final class NonNegativeTwin {
  private final double[][] atoms;
  private final int steps;

  NonNegativeTwin(Dense atoms, int steps) {
    this.steps = steps;
    this.atoms = new double[atoms.rows()][];
    for (int j = 0; j < atoms.rows(); j++) {
      this.atoms[j] = OrthogonalCertificate.doubles(atoms.row(j));
    }
  }

  /** The support, its values, and how many atoms have left it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a record
  record Fit(int[] support, double[] values, int left) {}

  Fit pursue(float[] row) {
    double[] x = OrthogonalCertificate.doubles(row);
    int[] support = {};
    int left = 0;
    for (int step = 0; step < steps; step++) {
      int pick = best(new LeastSquaresTwin(atoms, support).residual(x), support);
      if (pick < 0) {
        break;
      }
      int[] candidates = Arrays.copyOf(support, support.length + 1);
      candidates[support.length] = pick;
      support = bestSubset(candidates, x);
      left += candidates.length - support.length;
    }
    return new Fit(support, new LeastSquaresTwin(atoms, support).values(x), left);
  }

  /** The atom of the largest positive correlation. */
  private int best(double[] residual, int[] support) {
    int best = -1;
    double bestScore = 1e-6;
    for (int j = 0; j < atoms.length; j++) {
      int atom = j;
      double score = LeastSquaresTwin.dot(atoms[j], residual) / LeastSquaresTwin.norm(atoms[j]);
      if (score > bestScore && Arrays.stream(support).noneMatch(s -> s == atom)) {
        best = j;
        bestScore = score;
      }
    }
    return best;
  }

  private int[] bestSubset(int[] candidates, double[] x) {
    int[] best = {};
    double least = LeastSquaresTwin.norm(x);
    for (int bits = 1; bits < 1 << candidates.length; bits++) {
      int[] subset = new int[Integer.bitCount(bits)];
      int size = 0;
      for (int i = 0; i < candidates.length; i++) {
        if ((bits >> i & 1) == 1) {
          subset[size++] = candidates[i];
        }
      }
      LeastSquaresTwin fit = new LeastSquaresTwin(atoms, subset);
      double norm = LeastSquaresTwin.norm(fit.residual(x));
      if (norm < least && Arrays.stream(fit.values(x)).allMatch(value -> value > 0)) {
        best = subset;
        least = norm;
      }
    }
    return best;
  }
}
