package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.GradientPursuit.Support;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;

/** Gradient pursuit by its definition, with residual and direction in full. It needs no Gram. */
final class ScalarGradientPursuit {
  private final Scratch scratch;
  private final ScalarAtoms choice;
  private final FittedRow fitted;
  private int[] support = {};
  private double[] values = {};
  private double[] gradient = {};
  private int count;

  ScalarGradientPursuit(Scratch scratch, ScalarAtoms choice) {
    this.scratch = scratch;
    this.choice = choice;
    this.fitted = new FittedRow(scratch);
  }

  void pursue(
      HostMatrix x,
      HostMatrix atoms,
      GradientPursuit options,
      FixedWidthCodes codes,
      HostMatrix residual) {
    choice.measure(atoms);
    if (support.length < options.steps()) {
      support = new int[options.steps()];
      values = new double[options.steps()];
      gradient = new double[options.steps()];
    }
    float[] row = scratch.x(x.columns());
    for (int b = 0; b < x.rows(); b++) {
      x.readRow(b, 0, x.columns(), row, 0);
      int steps = options.steps();
      if (options.rowSteps() != null) {
        steps = Math.min(steps, ((HostInts) options.rowSteps()).array()[b]);
      }
      count = 0;
      pursueRow(row, atoms, steps, options);
      dropZeros();
      fitted.store(row, atoms, support, values, count, b, codes, residual);
    }
  }

  private void pursueRow(float[] x, HostMatrix atoms, int steps, GradientPursuit options) {
    int n = atoms.rows();
    int d = atoms.columns();
    boolean[] allowed = choice.allowed(n, options.atomMask());
    boolean normalised = options.scaling() == AtomScaling.NORMALISED;
    float[] products = scratch.scores(n);
    double[] left = scratch.left(d);
    fitted.leave(x, atoms, support, values, count, left);
    double tolerance =
        Math.max(
            options.toleranceAbsolute(),
            (float) (options.toleranceRelative() * FittedRow.norm(left, d)));
    for (int step = 0; step < steps; step++) {
      if (tolerance > 0 && FittedRow.norm(left, d) <= tolerance) {
        return;
      }
      fitted.products(atoms, left, products);
      int pick = choice.best(products, n, allowed, options.sign(), normalised);
      if (pick < 0 || !Float.isFinite(products[pick])) {
        return;
      }
      add(pick);
      if (!move(atoms, left, options)) {
        return;
      }
      if (options.support() == Support.RECOMPUTED) {
        dropZeros();
      }
      fitted.leave(x, atoms, support, values, count, left);
    }
  }

  /** Adds an atom to the support, if it is not there. */
  private void add(int atom) {
    for (int s = 0; s < count; s++) {
      if (support[s] == atom) {
        return;
      }
    }
    support[count] = atom;
    values[count++] = 0;
  }

  /** Moves the values along the gradient; false if that leads nowhere. */
  private boolean move(HostMatrix atoms, double[] left, GradientPursuit options) {
    int d = atoms.columns();
    double[] direction = scratch.gradient(d);
    Arrays.fill(direction, 0, d, 0);
    for (int s = 0; s < count; s++) {
      gradient[s] = fitted.product(atoms, support[s], left);
      float[] atom = scratch.atom(d);
      atoms.readRow(support[s], 0, d, atom, 0);
      for (int i = 0; i < d; i++) {
        direction[i] += gradient[s] * atom[i];
      }
    }
    double along = 0;
    double square = 0;
    for (int i = 0; i < d; i++) {
      along += direction[i] * left[i];
      square += direction[i] * direction[i];
    }
    if (!(square > options.epsilon())) {
      return false;
    }
    for (int s = 0; s < count; s++) {
      values[s] += along / square * gradient[s];
      if (options.nonNegative() && values[s] < 0) {
        values[s] = 0;
      }
    }
    return true;
  }

  /** Atoms without a value leave. */
  private void dropZeros() {
    int stay = 0;
    for (int s = 0; s < count; s++) {
      if (values[s] != 0) {
        support[stay] = support[s];
        values[stay++] = values[s];
      }
    }
    count = stay;
  }
}
