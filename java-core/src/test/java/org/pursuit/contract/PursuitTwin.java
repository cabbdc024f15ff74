package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.support.Dense;
import org.pursuit.support.Slots;

/**
 * Matching pursuit as the textbook has it, in double: the oracle for data on which float32 is exact
 * too, which it asserts.
 */
final class PursuitTwin {
  private final Dense atoms;
  private final MatchingPursuit options;
  private final boolean[] mask;
  private final Dense residual;
  private final Slots tape;

  /** Pursues every row of {@code x} among the atoms that {@code mask} sets; null for all. */
  PursuitTwin(Dense x, Dense atoms, MatchingPursuit options, boolean[] mask) {
    this.atoms = atoms;
    this.options = options;
    this.mask = mask;
    this.residual = Dense.zeros(x.rows(), x.columns());
    this.tape = Slots.empty(x.rows(), options.steps());
    for (int row = 0; row < x.rows(); row++) {
      pursue(row, x.row(row));
    }
  }

  /** The expected picks. */
  Slots tape() {
    return tape;
  }

  /** The expected residuals. */
  Dense residual() {
    return residual;
  }

  private void pursue(int row, float[] r) {
    double tolerance = Math.max(options.toleranceAbsolute(), options.toleranceRelative() * norm(r));
    boolean[] picked = new boolean[atoms.rows()];
    boolean stopped = false;
    while (tape.counts()[row] < options.steps() && !stopped && norm(r) > tolerance) {
      int pick = best(r, picked);
      if (pick < 0 || product(pick, r) == 0) {
        break;
      }
      double c = product(pick, r);
      if (options.scaling() == AtomScaling.NORMALISED) {
        c /= square(pick);
      }
      tape.add(row, pick, exact(c));
      stopped = options.reselection() == Reselection.STOP && picked[pick];
      picked[pick] = true;
      for (int i = 0; i < r.length; i++) {
        r[i] = exact(r[i] - c * atoms.at(pick, i));
      }
    }
    System.arraycopy(r, 0, residual.values(), row * r.length, r.length);
  }

  /** The first atom of the best score, or −1. */
  private int best(float[] r, boolean[] picked) {
    int best = -1;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < atoms.rows(); j++) {
      double score = score(j, r);
      boolean allowed =
          square(j) >= Float.MIN_NORMAL
              && (mask == null || mask[j])
              && !(options.reselection() == Reselection.FORBID && picked[j])
              && !(options.sign() == Sign.POSITIVE && score <= 0);
      if (allowed && score > bestScore) {
        best = j;
        bestScore = score;
      }
    }
    return best;
  }

  private double score(int j, float[] r) {
    double score = product(j, r);
    if (options.scaling() == AtomScaling.NORMALISED) {
      score /= Math.sqrt(square(j));
    }
    return options.sign() == Sign.MAGNITUDE ? Math.abs(score) : score;
  }

  private double product(int j, float[] r) {
    double sum = 0;
    for (int i = 0; i < r.length; i++) {
      sum += (double) r[i] * atoms.at(j, i);
    }
    return exact(sum);
  }

  private double square(int j) {
    double sum = 0;
    for (int i = 0; i < atoms.columns(); i++) {
      sum += (double) atoms.at(j, i) * atoms.at(j, i);
    }
    return sum;
  }

  private static double norm(float[] r) {
    double sum = 0;
    for (float element : r) {
      sum += (double) element * element;
    }
    return Math.sqrt(sum);
  }

  private static float exact(double value) {
    assertThat((double) (float) value).as("exact in float32").isEqualTo(value);
    return (float) value;
  }
}
