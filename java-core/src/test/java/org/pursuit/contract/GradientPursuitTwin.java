package org.pursuit.contract;

import java.util.ArrayList;
import java.util.List;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.GradientPursuit.Support;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Sign;

/** Gradient pursuit as it is published, in double: dense values, residual and direction in full. */
final class GradientPursuitTwin {
  private final double[][] atoms;
  private final GradientPursuit options;
  private final boolean[] mask;

  /** Pursues among the atoms that {@code mask} sets; null for all. */
  GradientPursuitTwin(double[][] atoms, GradientPursuit options, boolean[] mask) {
    this.atoms = atoms;
    this.options = options;
    this.mask = mask;
  }

  /**
   * What a row gets.
   *
   * @param support atoms whose value is not 0, in the order in which they joined
   * @param values of all atoms
   * @param margin how clearly its choices were made: the smallest lead of a best score over the
   *     next, and distance of a value from 0, relative to the row
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a record
  record Fit(List<Integer> support, double[] values, double margin) {}

  Fit pursue(double[] x, int steps) {
    double[] w = new double[atoms.length];
    double size = LeastSquaresTwin.norm(x);
    double tolerance = Math.max(options.toleranceAbsolute(), options.toleranceRelative() * size);
    double margin = Double.POSITIVE_INFINITY;
    List<Integer> support = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      double[] r = residual(x, w);
      double norm = LeastSquaresTwin.norm(r);
      if (tolerance > 0) {
        margin = Math.min(margin, Math.abs(norm - tolerance) / size);
        if (norm <= tolerance) {
          break;
        }
      }
      int pick = -1;
      double best = options.sign() == Sign.SIGNED ? Double.NEGATIVE_INFINITY : 0;
      double next = best;
      for (int j = 0; j < atoms.length; j++) {
        double score = score(j, r);
        if (mask != null && !mask[j]) {
          continue;
        }
        if (score > best) {
          next = best;
          best = score;
          pick = j;
        } else {
          next = Math.max(next, score);
        }
      }
      if (pick < 0) {
        break;
      }
      margin = Math.min(margin, (best - next) / size);
      if (!support.contains(pick)) {
        support.add(pick);
      }
      double[] c = new double[x.length];
      double[] g = new double[atoms.length];
      for (int j : support) {
        g[j] = LeastSquaresTwin.dot(r, atoms[j]);
        for (int i = 0; i < c.length; i++) {
          c[i] += g[j] * atoms[j][i];
        }
      }
      double square = LeastSquaresTwin.dot(c, c);
      if (!(square > options.epsilon())) {
        break;
      }
      for (int j : support) {
        w[j] += LeastSquaresTwin.dot(c, r) / square * g[j];
        if (options.nonNegative()) {
          margin = Math.min(margin, Math.abs(w[j]) / size);
          w[j] = Math.max(w[j], 0);
        }
      }
      if (options.support() == Support.RECOMPUTED) {
        support.removeIf(j -> w[j] == 0);
      }
    }
    support.removeIf(j -> w[j] == 0);
    return new Fit(support, w, margin);
  }

  private double[] residual(double[] x, double[] w) {
    double[] r = x.clone();
    for (int j = 0; j < atoms.length; j++) {
      for (int i = 0; i < r.length; i++) {
        r[i] -= w[j] * atoms[j][i];
      }
    }
    return r;
  }

  private double score(int j, double[] r) {
    double score = LeastSquaresTwin.dot(r, atoms[j]);
    if (options.scaling() == AtomScaling.NORMALISED) {
      score /= LeastSquaresTwin.norm(atoms[j]);
    }
    return options.sign() == Sign.MAGNITUDE ? Math.abs(score) : score;
  }
}
