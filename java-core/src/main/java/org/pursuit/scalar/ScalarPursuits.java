package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.ScoreOrder;

/** Pursuits, row after row and step after step. */
final class ScalarPursuits extends Pursuits {
  private final Scratch scratch;
  private final ScalarPursuitGradients gradients;
  private final float[] stored = new float[1];

  ScalarPursuits(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
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
    measureAtoms((HostMatrix) atoms);
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

  /** Squared norms, and inverse norms, of all atoms. */
  private void measureAtoms(HostMatrix atoms) {
    float[] squares = scratch.norms(atoms.rows());
    float[] inverse = scratch.inverseNorms(atoms.rows());
    for (int j = 0; j < atoms.rows(); j++) {
      float[] atom = atoms.floats(j, scratch.atom(atoms.columns()));
      int at = atoms.floatOffset(j);
      double sum = 0;
      for (int i = 0; i < atoms.columns(); i++) {
        sum += (double) atom[at + i] * atom[at + i];
      }
      squares[j] = (float) sum;
      inverse[j] = (float) (1 / Math.sqrt(sum));
    }
  }

  /** Runs the steps of one row; r holds the row on entry and its residual on return. */
  private void pursueRow(
      float[] r, int b, HostMatrix atoms, Gram gram, MatchingPursuit options, PursuitTape tape) {
    int d = atoms.columns();
    float[] squares = scratch.norms(atoms.rows());
    float[] products = scratch.scores(atoms.rows());
    boolean[] allowed = allowedAtoms(atoms.rows(), squares, options);
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
      int pick = bestAtom(products, atoms.rows(), allowed, options);
      if (pick < 0) {
        break;
      }
      float c =
          options.scaling() == AtomScaling.NORMALISED
              ? products[pick] / squares[pick]
              : products[pick];
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

  private boolean[] allowedAtoms(int n, float[] squares, MatchingPursuit options) {
    boolean[] allowed = scratch.flags(n);
    for (int j = 0; j < n; j++) {
      allowed[j] = squares[j] >= Float.MIN_NORMAL && squares[j] < Float.POSITIVE_INFINITY;
    }
    if (options.atomMask() != null) {
      boolean[] mask = ((HostMask) options.atomMask()).array();
      for (int j = 0; j < n; j++) {
        allowed[j] &= mask[j];
      }
    }
    return allowed;
  }

  /** The allowed atom of the best score, or −1 when none may be picked. */
  private int bestAtom(float[] products, int n, boolean[] allowed, MatchingPursuit options) {
    float[] inverse = scratch.inverseNorms(n);
    int best = -1;
    int bestKey = Integer.MIN_VALUE;
    for (int j = 0; j < n; j++) {
      float score =
          options.scaling() == AtomScaling.NORMALISED ? products[j] * inverse[j] : products[j];
      if (!allowed[j] || (options.sign() == Sign.POSITIVE && score <= 0)) {
        continue;
      }
      int key =
          options.sign() == Sign.MAGNITUDE
              ? ScoreOrder.magnitudeKey(score)
              : ScoreOrder.signedKey(score);
      if (best < 0 || key > bestKey) {
        best = j;
        bestKey = key;
      }
    }
    return best;
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
