package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostMatrix;

/**
 * Values of a support that move along gradients. With p the products of the support's atoms with
 * the row, G the Gram, and r the residual, the gradient and its step are
 *
 * <pre>
 *   g = p_S − G[S, S]·w = D_S·r    w += ‖g‖²/(gᵀ·G[S, S]·g)·g = ‖g‖²/‖gᵀ·D_S‖²·g
 * </pre>
 */
final class GradientFit extends Fit {
  private final double[] gradient;

  GradientFit(int capacity) {
    super(capacity);
    gradient = new double[capacity];
  }

  /** Bytes of a fit, about. */
  static long bytes(int capacity) {
    return (long) capacity * (2 * Double.BYTES + 2 * Integer.BYTES);
  }

  /** Adds an atom, if it is not there. */
  void add(int atom) {
    for (int i = 0; i < count; i++) {
      if (atoms[i] == atom) {
        return;
      }
    }
    atoms[count] = atom;
    fitted[count++] = 0;
  }

  /**
   * Moves the values, by a Gram.
   *
   * @param correlations of the row with all atoms, from {@code from} on
   * @return false, and nothing is changed, if that leads nowhere
   */
  boolean move(
      HostMatrix gram, float[] correlations, int from, boolean nonNegative, float epsilon) {
    double along = 0;
    for (int i = 0; i < count; i++) {
      gradient[i] = correlations[from + atoms[i]] - product(gram, i, fitted);
      along += gradient[i] * gradient[i];
    }
    double curvature = 0;
    for (int i = 0; i < count; i++) {
      curvature += gradient[i] * product(gram, i, gradient);
    }
    return move(along, curvature, nonNegative, epsilon);
  }

  /**
   * Moves the values, by the atoms.
   *
   * @param left the residual, from {@code at} on
   * @param widened scratch of an atom's length
   * @param direction scratch of an atom's length
   * @return false, and nothing is changed, if that leads nowhere
   */
  boolean move(
      HostMatrix dictionary,
      float[] left,
      int at,
      float[] widened,
      float[] direction,
      boolean nonNegative,
      float epsilon) {
    int d = dictionary.columns();
    Arrays.fill(direction, 0, d, 0);
    double along = 0;
    for (int i = 0; i < count; i++) {
      float[] atom = dictionary.floats(atoms[i], widened);
      int atomAt = dictionary.floatOffset(atoms[i]);
      float g = Sums.dot(left, at, atom, atomAt, d);
      gradient[i] = g;
      along += (double) g * g;
      Sums.add(direction, 0, g, atom, atomAt, d);
    }
    double curvature = 0;
    for (int i = 0; i < d; i++) {
      curvature += (double) direction[i] * direction[i];
    }
    return move(along, curvature, nonNegative, epsilon);
  }

  private boolean move(double along, double curvature, boolean nonNegative, float epsilon) {
    if (!(curvature > epsilon)) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      double value = fitted[i] + along / curvature * gradient[i];
      fitted[i] = nonNegative && value < 0 ? 0 : value;
    }
    return true;
  }

  private double product(HostMatrix gram, int i, double[] with) {
    float[] row = gram.floats(atoms[i]);
    int at = gram.offset(atoms[i]);
    double sum = 0;
    for (int l = 0; l < count; l++) {
      sum += with[l] * row[at + atoms[l]];
    }
    return sum;
  }

  /** Atoms without a value leave. */
  void dropZeros() {
    int stay = 0;
    for (int i = 0; i < count; i++) {
      if (fitted[i] != 0) {
        atoms[stay] = atoms[i];
        fitted[stay++] = fitted[i];
      }
    }
    count = stay;
  }
}
