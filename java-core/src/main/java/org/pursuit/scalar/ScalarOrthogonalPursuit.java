package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.OrthogonalPursuit;

/**
 * Orthogonal matching pursuit by its definition: all products with the residual, the best atom, the
 * normal equations of the support, the residual anew. It needs no Gram.
 */
final class ScalarOrthogonalPursuit {
  private final Scratch scratch;
  private final ScalarAtoms choice;
  private final LeastSquares fit = new LeastSquares();

  ScalarOrthogonalPursuit(Scratch scratch, ScalarAtoms choice) {
    this.scratch = scratch;
    this.choice = choice;
  }

  void pursue(
      HostMatrix x,
      HostMatrix atoms,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      HostMatrix residual) {
    choice.measure(atoms);
    int d = x.columns();
    float[] row = scratch.x(d);
    for (int b = 0; b < x.rows(); b++) {
      x.readRow(b, 0, d, row, 0);
      fit.clear(options.steps());
      pursueRow(row, atoms, options);
      store(b, codes);
      if (residual != null) {
        for (int s = 0; s < fit.count(); s++) {
          float value = (float) fit.value(s);
          float[] atom = scratch.atom(d);
          atoms.readRow(fit.atom(s), 0, d, atom, 0);
          for (int i = 0; i < d; i++) {
            row[i] = Math.fma(-value, atom[i], row[i]);
          }
        }
        residual.writeRow(b, 0, d, row, 0);
      }
    }
  }

  private void pursueRow(float[] x, HostMatrix atoms, OrthogonalPursuit options) {
    int n = atoms.rows();
    int d = atoms.columns();
    boolean[] allowed = choice.allowed(n, options.atomMask());
    float[] products = scratch.scores(n);
    double[] left = scratch.left(d);
    double tolerance = options.toleranceAbsolute();
    leave(x, atoms, left);
    tolerance = Math.max(tolerance, (float) (options.toleranceRelative() * norm(left, d)));
    int steps = 0;
    while (steps < options.steps() && !(tolerance > 0 && norm(left, d) <= tolerance)) {
      for (int j = 0; j < n; j++) {
        products[j] = (float) product(atoms, j, left);
      }
      int pick = choice.best(products, n, allowed, options.sign(), true);
      if (pick < 0 || products[pick] == 0 || !Float.isFinite(products[pick])) {
        return;
      }
      allowed[pick] = false;
      if (!fit.add(pick, productsWithSupport(atoms, pick), product(atoms, pick, x))) {
        continue;
      }
      steps++;
      if (options.nonNegative()) {
        fit.keepPositive(allowed);
        allowed[pick] = false;
      }
      leave(x, atoms, left);
    }
  }

  /** Products of an atom with those of the support, and with itself. */
  private double[] productsWithSupport(HostMatrix atoms, int pick) {
    double[] products = scratch.sums(fit.count() + 1);
    int d = atoms.columns();
    double[] atom = scratch.gradient(d);
    float[] read = scratch.atom(d);
    atoms.readRow(pick, 0, d, read, 0);
    for (int i = 0; i < d; i++) {
      atom[i] = read[i];
    }
    for (int s = 0; s < fit.count(); s++) {
      products[s] = product(atoms, fit.atom(s), atom);
    }
    products[fit.count()] = product(atoms, pick, atom);
    return products;
  }

  /** What the fit leaves of x. */
  private void leave(float[] x, HostMatrix atoms, double[] left) {
    int d = atoms.columns();
    float[] atom = scratch.atom(d);
    for (int i = 0; i < d; i++) {
      left[i] = x[i];
    }
    for (int s = 0; s < fit.count(); s++) {
      atoms.readRow(fit.atom(s), 0, d, atom, 0);
      for (int i = 0; i < d; i++) {
        left[i] -= fit.value(s) * atom[i];
      }
    }
  }

  private double product(HostMatrix atoms, int j, double[] with) {
    float[] atom = atoms.floats(j, scratch.atom(atoms.columns()));
    int at = atoms.floatOffset(j);
    double sum = 0;
    for (int i = 0; i < atoms.columns(); i++) {
      sum += with[i] * atom[at + i];
    }
    return sum;
  }

  private double product(HostMatrix atoms, int j, float[] with) {
    return ScalarScoring.dot(atoms, j, with, scratch.atom(atoms.columns()));
  }

  private static double norm(double[] r, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += r[i] * r[i];
    }
    return Math.sqrt(sum);
  }

  private void store(int b, FixedWidthCodes codes) {
    int[] indices = ((HostInts) codes.indices()).array();
    float[] values = ((HostFloats) codes.values()).array();
    int base = b * codes.k();
    for (int s = 0; s < fit.count(); s++) {
      indices[base + s] = fit.atom(s);
      values[base + s] = (float) fit.value(s);
    }
    Arrays.fill(indices, base + fit.count(), base + codes.k(), -1);
    Arrays.fill(values, base + fit.count(), base + codes.k(), 0);
    ((HostInts) codes.counts()).array()[b] = fit.count();
  }
}
