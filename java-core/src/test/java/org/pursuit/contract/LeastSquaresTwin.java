package org.pursuit.contract;

import java.util.Arrays;

/** Least squares on some atoms, in double, by orthogonalising each atom twice. */
final class LeastSquaresTwin {
  private final double[][] atoms;
  private final int[] support;
  private final double[][] basis;
  private final double[][] triangle;

  /**
   * For rows to be fitted by the atoms {@code support}.
   *
   * @param atoms all atoms
   */
  LeastSquaresTwin(double[][] atoms, int... support) {
    this.atoms = atoms;
    this.support = support;
    this.basis = new double[support.length][];
    this.triangle = new double[support.length][support.length];
    for (int t = 0; t < support.length; t++) {
      double[] v = atoms[support[t]].clone();
      for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < t; i++) {
          double along = dot(basis[i], v);
          triangle[i][t] += along;
          add(v, -along, basis[i]);
        }
      }
      triangle[t][t] = Math.sqrt(dot(v, v));
      double norm = triangle[t][t];
      basis[t] = Arrays.stream(v).map(e -> e / norm).toArray();
    }
  }

  /** What the fit leaves of a row. */
  double[] residual(double[] x) {
    double[] left = x.clone();
    for (int pass = 0; pass < 2; pass++) {
      for (double[] direction : basis) {
        add(left, -dot(direction, left), direction);
      }
    }
    return left;
  }

  /** The values of the fit. */
  double[] values(double[] x) {
    double[] values = new double[support.length];
    for (int t = support.length - 1; t >= 0; t--) {
      double sum = dot(basis[t], x);
      for (int l = t + 1; l < support.length; l++) {
        sum -= triangle[t][l] * values[l];
      }
      values[t] = sum / triangle[t][t];
    }
    return values;
  }

  /** The part of an atom's squared norm that is orthogonal to the support. */
  double independence(int atom) {
    double[] left = residual(atoms[atom]);
    return dot(left, left) / dot(atoms[atom], atoms[atom]);
  }

  /** The smallest such part of an atom of the support, when it was added. */
  double smallestIndependence() {
    double smallest = 1;
    for (int t = 0; t < support.length; t++) {
      double square = dot(atoms[support[t]], atoms[support[t]]);
      smallest = Math.min(smallest, triangle[t][t] * triangle[t][t] / square);
    }
    return smallest;
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  static double norm(double[] a) {
    return Math.sqrt(dot(a, a));
  }

  private static void add(double[] y, double c, double[] x) {
    for (int i = 0; i < y.length; i++) {
      y[i] += c * x[i];
    }
  }
}
