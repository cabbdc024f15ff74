package org.pursuit.contract;

import org.pursuit.kernel.MatchingPursuit.AtomScaling;

/**
 * A matching pursuit with given picks and its gradients, in double. The forward pass is written
 * from the rule of a step, the gradients from their closed form, so that central differences of the
 * one prove the other.
 */
final class PursuitGradientTwin {
  private final double[][] atoms;
  private final int[][] picks;
  private final AtomScaling scaling;

  /** The picks of each row, in step order. */
  PursuitGradientTwin(double[][] atoms, int[][] picks, AtomScaling scaling) {
    this.atoms = atoms;
    this.picks = picks;
    this.scaling = scaling;
  }

  /** Coefficients of each row's steps, and what is left of the row. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a record
  record Forward(double[][] coefficients, double[][] residual) {}

  /** Gradients of the atoms and of the rows. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a record
  record Gradients(double[][] atoms, double[][] x) {}

  Forward forward(double[][] x) {
    double[][] coefficients = new double[x.length][];
    double[][] residual = new double[x.length][];
    for (int b = 0; b < x.length; b++) {
      double[] r = residual[b] = x[b].clone();
      coefficients[b] = new double[picks[b].length];
      for (int t = 0; t < picks[b].length; t++) {
        double[] atom = atoms[picks[b][t]];
        double c = dot(r, atom) / divisor(atom);
        coefficients[b][t] = c;
        add(r, -c, atom);
      }
    }
    return new Forward(coefficients, residual);
  }

  /**
   * The closed form.
   *
   * @param chained whether a step's number s reaches the steps before it, as it must
   */
  Gradients backward(
      Forward forward, double[][] gResidual, double[][] gCoefficients, boolean chained) {
    double[][] gAtoms = new double[atoms.length][atoms.length == 0 ? 0 : atoms[0].length];
    double[][] gX = new double[gResidual.length][];
    for (int b = 0; b < gResidual.length; b++) {
      double[] r = forward.residual[b].clone();
      double[] g = gX[b] = gResidual[b].clone();
      for (int t = picks[b].length - 1; t >= 0; t--) {
        double[] atom = atoms[picks[b][t]];
        double c = forward.coefficients[b][t];
        double s = (gCoefficients[b][t] - dot(g, atom)) / divisor(atom);
        double[] gAtom = gAtoms[picks[b][t]];
        add(gAtom, s, r);
        add(gAtom, scaling == AtomScaling.NORMALISED ? -s * c : s * c, atom);
        add(gAtom, -c, g);
        add(r, c, atom);
        if (chained) {
          add(g, s, atom);
        }
      }
    }
    return new Gradients(gAtoms, gX);
  }

  private double divisor(double[] atom) {
    return scaling == AtomScaling.NORMALISED ? dot(atom, atom) : 1;
  }

  private static void add(double[] y, double c, double[] x) {
    for (int i = 0; i < y.length; i++) {
      y[i] += c * x[i];
    }
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
