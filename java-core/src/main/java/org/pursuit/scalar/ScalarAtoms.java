package org.pursuit.scalar;

import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Mask;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.ScoreOrder;

/** The atoms of a pursuit: their norms, and the choice among them. */
final class ScalarAtoms {
  private final Scratch scratch;

  ScalarAtoms(Scratch scratch) {
    this.scratch = scratch;
  }

  /** Squared norms, and inverse norms, of all atoms. */
  void measure(HostMatrix atoms) {
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

  /** Which of n measured atoms a row may pick at first. */
  boolean[] allowed(int n, Mask atomMask) {
    float[] squares = scratch.norms(n);
    boolean[] allowed = scratch.flags(n);
    for (int j = 0; j < n; j++) {
      allowed[j] = squares[j] >= Float.MIN_NORMAL && squares[j] < Float.POSITIVE_INFINITY;
    }
    if (atomMask != null) {
      boolean[] mask = ((HostMask) atomMask).array();
      for (int j = 0; j < n; j++) {
        allowed[j] &= mask[j];
      }
    }
    return allowed;
  }

  /** The allowed atom of the best score, or −1 when none may be picked. */
  int best(float[] products, int n, boolean[] allowed, Sign sign, boolean normalised) {
    float[] inverse = scratch.inverseNorms(n);
    int best = -1;
    int bestKey = Integer.MIN_VALUE;
    for (int j = 0; j < n; j++) {
      float score = normalised ? products[j] * inverse[j] : products[j];
      if (!allowed[j] || (sign == Sign.POSITIVE && score <= 0)) {
        continue;
      }
      int key =
          sign == Sign.MAGNITUDE ? ScoreOrder.magnitudeKey(score) : ScoreOrder.signedKey(score);
      if (best < 0 || key > bestKey) {
        best = j;
        bestKey = key;
      }
    }
    return best;
  }
}
