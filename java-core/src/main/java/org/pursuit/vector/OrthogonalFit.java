package org.pursuit.vector;

import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.OrthogonalPursuit;

/**
 * Values of a support by least squares, in double. The inverse of Cholesky's factor grows by a row
 * with every atom: the coordinates, in the atoms, of the direction that is new in the atom and
 * orthogonal to the others. So a new atom adds a multiple of its row to the values.
 *
 * <pre>
 *   w = M·G[S, j]    left = G[j, j] − ‖w‖²    m = (e_j − Mᵀ·w)/√left    γ += ⟨m, p⟩·m
 * </pre>
 *
 * with p the products of the support's atoms with the row.
 */
final class OrthogonalFit extends Fit {
  /** M, row after row: row i has i + 1 elements. */
  private final double[] inverse;

  private final double[] along;
  private final double[] fresh;
  private final double[] products;
  private final double[] kept;
  private final boolean[] leaves;

  OrthogonalFit(int capacity) {
    super(capacity);
    inverse = new double[capacity * (capacity + 1) / 2];
    along = new double[capacity];
    fresh = new double[capacity];
    products = new double[capacity];
    kept = new double[capacity];
    leaves = new boolean[capacity];
  }

  /**
   * Adds an atom and fits all values.
   *
   * @param product of the atom with the row
   * @return false, and nothing is changed, if it depends on the others
   */
  boolean add(HostMatrix gram, int atom, double product) {
    kept[count] = 0;
    boolean added = append(gram, atom, product);
    round();
    return added;
  }

  private boolean append(HostMatrix gram, int atom, double product) {
    float[] row = gram.floats(atom);
    int at = gram.offset(atom);
    double left = row[at + atom];
    for (int i = 0, m = 0; i < count; m += ++i) {
      double sum = 0;
      for (int l = 0; l <= i; l++) {
        sum += inverse[m + l] * row[at + atoms[l]];
      }
      along[i] = sum;
      left -= sum * sum;
    }
    if (!(left > OrthogonalPursuit.DEPENDENCE * row[at + atom])) {
      return false;
    }
    double scale = 1 / Math.sqrt(left);
    for (int i = 0; i < count; i++) {
      double sum = 0;
      for (int l = i; l < count; l++) {
        sum += inverse[l * (l + 1) / 2 + i] * along[l];
      }
      fresh[i] = -sum * scale;
    }
    fresh[count] = scale;
    atoms[count] = atom;
    products[count] = product;
    fitted[count] = 0;
    count++;
    double taken = 0;
    for (int i = 0; i < count; i++) {
      taken += fresh[i] * products[i];
    }
    int m = (count - 1) * count / 2;
    for (int i = 0; i < count; i++) {
      inverse[m + i] = fresh[i];
      fitted[i] += taken * fresh[i];
    }
    return true;
  }

  /**
   * Lets atoms leave until all values are positive; see {@link OrthogonalPursuit}.
   *
   * @param correlations of the row with all atoms, from {@code from} on; those of atoms that leave
   *     are put back
   */
  void keepPositive(HostMatrix gram, float[] correlations, int from) {
    while (true) {
      double part = 2;
      for (int i = 0; i < count; i++) {
        part = Math.min(part, partToZero(i));
      }
      if (part == 2) {
        System.arraycopy(fitted, 0, kept, 0, count);
        round();
        return;
      }
      for (int i = 0; i < count; i++) {
        leaves[i] = partToZero(i) <= part;
        kept[i] += part * (fitted[i] - kept[i]);
      }
      int all = count;
      count = 0;
      for (int i = 0; i < all; i++) {
        if (leaves[i]) {
          correlations[from + atoms[i]] = (float) products[i];
        } else {
          kept[count] = kept[i];
          append(gram, atoms[i], products[i]);
        }
      }
    }
  }

  /** The part of the way from the value that was kept to the new one that leads to 0; 2 if none. */
  private double partToZero(int i) {
    if (fitted[i] > 0) {
      return 2;
    }
    return kept[i] == 0 ? 0 : kept[i] / (kept[i] - fitted[i]);
  }
}
