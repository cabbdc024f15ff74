package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Mask;

/**
 * The atoms of a pursuit: their squared norms, and the weights of their correlations in the score,
 * which are inverse norms, or 1. A weight of NaN excludes an atom: it is masked, or its squared
 * norm is below the smallest normal float, or not finite.
 */
final class AtomWeights {
  private final Workers workers;
  private final Workers.Task measure = this::measure;
  private final float[][] widened;

  private HostMatrix atoms;
  private boolean[] mask;
  private boolean normalised;
  private float[] squares = {};
  private float[] weights = {};

  AtomWeights(Workers workers) {
    this.workers = workers;
    this.widened = new float[workers.count()][0];
  }

  void trim() {
    squares = weights = new float[0];
    Arrays.fill(widened, new float[0]);
  }

  /** Measures the atoms of a call. */
  void measure(HostMatrix atoms, Mask atomMask, boolean normalised) {
    this.atoms = atoms;
    this.mask = atomMask == null ? null : ((HostMask) atomMask).array();
    this.normalised = normalised;
    squares = Grow.floats(squares, atoms.rows());
    weights = Grow.floats(weights, atoms.rows());
    workers.run(measure, atoms.rows(), workers.chunk(atoms.rows(), 256));
    mask = null; // a closed mask's array must not live on here
  }

  float[] squares() {
    return squares;
  }

  float[] weights() {
    return weights;
  }

  private void measure(int worker, int from, int to) {
    int d = atoms.columns();
    float[] scratch = widened[worker] = Grow.floats(widened[worker], d);
    for (int j = from; j < to; j++) {
      float[] atom = atoms.floats(j, scratch);
      int at = atoms.floatOffset(j);
      float square = Sums.dot(atom, at, atom, at, d);
      squares[j] = square;
      boolean usable = square >= Float.MIN_NORMAL && square < Float.POSITIVE_INFINITY;
      if (!usable || (mask != null && !mask[j])) {
        weights[j] = Float.NaN;
      } else {
        weights[j] = normalised ? (float) (1 / Math.sqrt(square)) : 1;
      }
    }
  }
}
