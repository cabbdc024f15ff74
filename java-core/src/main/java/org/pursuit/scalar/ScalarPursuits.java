package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Pursuits;

/** Pursuits, row after row and step after step. */
final class ScalarPursuits extends Pursuits {
  private final Scratch scratch;
  private final ScalarAtoms choice;
  private final ScalarOrthogonalPursuit orthogonal;
  private final ScalarGradientPursuit gradient;
  private final ScalarPursuitGradients gradients;
  private final float[] stored = new float[1];

  ScalarPursuits(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
    this.choice = new ScalarAtoms(scratch);
    this.orthogonal = new ScalarOrthogonalPursuit(scratch, choice);
    this.gradient = new ScalarGradientPursuit(scratch, choice);
    this.gradients = new ScalarPursuitGradients(scratch);
  }

  @Override
  protected void gramKernel(Matrix atoms, int from, Gram gram) {
    HostMatrix dictionary = (HostMatrix) atoms;
    HostMatrix products = (HostMatrix) gram.products();
    int d = atoms.columns();
    float[] row = scratch.x(d);
    for (int i = from; i < atoms.rows(); i++) {
      dictionary.readRow(i, 0, d, row, 0);
      for (int j = 0; j <= i; j++) {
        float product = (float) ScalarScoring.dot(dictionary, j, row, scratch.atom(d));
        store(product, products, i, j);
        store(product, products, j, i);
      }
    }
  }

  private void store(float product, HostMatrix products, int i, int j) {
    stored[0] = product;
    products.writeRow(i, j, 1, stored, 0);
  }

  @Override
  protected void matchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      MatchingPursuit options,
      PursuitTape tape,
      Matrix residual) {
    choice.measure((HostMatrix) atoms);
    float[] r = scratch.x(x.columns());
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, x.columns(), r, 0);
      pursueRow(r, b, (HostMatrix) atoms, gram, options, tape);
      if (residual != null) {
        ((HostMatrix) residual).writeRow(b, 0, x.columns(), r, 0);
      }
    }
  }

  @Override
  protected void matchingPursuitBackwardKernel(
      PursuitTape tape,
      Matrix residual,
      Matrix atoms,
      MatchingPursuit options,
      Matrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    this.gradients.compute(
        tape,
        (HostMatrix) residual,
        (HostMatrix) atoms,
        options.scaling(),
        (HostMatrix) gResidual,
        gValues,
        gradients);
  }

  @Override
  protected void orthogonalMatchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    orthogonal.pursue((HostMatrix) x, (HostMatrix) atoms, options, codes, (HostMatrix) residual);
  }

  @Override
  protected void gradientPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    gradient.pursue((HostMatrix) x, (HostMatrix) atoms, options, codes, (HostMatrix) residual);
  }

  /** Runs the steps of one row; r holds the row on entry and its residual on return. */
  private void pursueRow(
      float[] r, int b, HostMatrix atoms, Gram gram, MatchingPursuit options, PursuitTape tape) {
    int d = atoms.columns();
    float[] squares = scratch.norms(atoms.rows());
    float[] products = scratch.scores(atoms.rows());
    boolean[] allowed = choice.allowed(atoms.rows(), options.atomMask());
    boolean normalised = options.scaling() == AtomScaling.NORMALISED;
    int[] indices = ((HostInts) tape.indices()).array();
    float[] values = ((HostFloats) tape.values()).array();
    int base = b * tape.k();
    float tolerance =
        Math.max(options.toleranceAbsolute(), (float) (options.toleranceRelative() * norm(r, d)));
    int step = 0;
    boolean stopped = false;
    while (step < options.steps() && !stopped && !(tolerance > 0 && norm(r, d) <= tolerance)) {
      if (gram == null || step == 0) {
        for (int j = 0; j < atoms.rows(); j++) {
          products[j] = (float) ScalarScoring.dot(atoms, j, r, scratch.atom(d));
        }
      }
      int pick = choice.best(products, atoms.rows(), allowed, options.sign(), normalised);
      if (pick < 0) {
        break;
      }
      float c = normalised ? products[pick] / squares[pick] : products[pick];
      if (c == 0 || !Float.isFinite(c)) {
        break;
      }
      stopped = options.reselection() == Reselection.STOP && contains(indices, base, step, pick);
      indices[base + step] = pick;
      values[base + step] = c;
      step++;
      subtract(r, d, c, atoms, pick);
      if (gram != null) {
        subtract(products, atoms.rows(), c, (HostMatrix) gram.products(), pick);
      }
      if (options.reselection() == Reselection.FORBID) {
        allowed[pick] = false;
      }
    }
    Arrays.fill(indices, base + step, base + tape.k(), -1);
    Arrays.fill(values, base + step, base + tape.k(), 0);
    ((HostInts) tape.counts()).array()[b] = step;
  }

  private static boolean contains(int[] indices, int from, int count, int pick) {
    for (int s = from; s < from + count; s++) {
      if (indices[s] == pick) {
        return true;
      }
    }
    return false;
  }

  private static double norm(float[] r, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += (double) r[i] * r[i];
    }
    return Math.sqrt(sum);
  }

  /** {@code target −= c·row}, rounded once. */
  private void subtract(float[] target, int length, float c, HostMatrix matrix, int row) {
    float[] subtracted = scratch.atom(length);
    matrix.readRow(row, 0, length, subtracted, 0);
    for (int i = 0; i < length; i++) {
      target[i] = Math.fma(-c, subtracted[i], target[i]);
    }
  }
}
