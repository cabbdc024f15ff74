package org.pursuit.scalar;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.OrthogonalPursuit;

/**
 * Orthogonal matching pursuit by its definition: all products with the residual, the best atom, the
 * normal equations of the support, the residual anew. It needs no Gram.
 */
final class ScalarOrthogonalPursuit {
  private final Scratch scratch;
  private final ScalarAtoms choice;
  private final FittedRow fitted;
  private final LeastSquares fit = new LeastSquares();

  ScalarOrthogonalPursuit(Scratch scratch, ScalarAtoms choice) {
    this.scratch = scratch;
    this.choice = choice;
    this.fitted = new FittedRow(scratch);
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
      fitted.store(row, atoms, fit.atoms(), fit.values(), fit.count(), b, codes, residual);
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
    tolerance =
        Math.max(tolerance, (float) (options.toleranceRelative() * FittedRow.norm(left, d)));
    int steps = 0;
    while (steps < options.steps()
        && fit.count() < d
        && !(tolerance > 0 && FittedRow.norm(left, d) <= tolerance)) {
      fitted.products(atoms, left, products);
      int pick = choice.best(products, n, allowed, options.sign(), true);
      if (pick < 0 || products[pick] == 0 || !Float.isFinite(products[pick])) {
        return;
      }
      allowed[pick] = false;
      steps++;
      if (!fit.add(pick, productsWithSupport(atoms, pick), product(atoms, pick, x))) {
        continue;
      }
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
      products[s] = fitted.product(atoms, fit.atoms()[s], atom);
    }
    products[fit.count()] = fitted.product(atoms, pick, atom);
    return products;
  }

  private void leave(float[] x, HostMatrix atoms, double[] left) {
    fitted.leave(x, atoms, fit.atoms(), fit.values(), fit.count(), left);
  }

  private double product(HostMatrix atoms, int j, float[] with) {
    return ScalarScoring.dot(atoms, j, with, scratch.atom(atoms.columns()));
  }
}
