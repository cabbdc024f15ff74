package org.pursuit.vector;

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
 * with p the products of the support's atoms with the row, and G those of atoms.
 */
final class OrthogonalFit extends Fit {
  /** M, row after row: row i has i + 1 elements. */
  private final double[] inverse;

  private final double[] along;
  private final double[] fresh;
  private final double[] products;
  private final double[] kept;
  private final boolean[] leaves;

  /** Products of an atom with the support's and itself. */
  private final double[] withSupport;

  /** Atoms that were picked and are not in the support; with it at most one a step. */
  private final int[] passedOver;

  private int passed;

  OrthogonalFit(int capacity) {
    super(capacity);
    inverse = new double[capacity * (capacity + 1) / 2];
    along = new double[capacity];
    fresh = new double[capacity];
    products = new double[capacity];
    kept = new double[capacity];
    leaves = new boolean[capacity];
    withSupport = new double[capacity + 1];
    passedOver = new int[capacity];
  }

  /** Bytes of a fit, about. */
  static long bytes(int capacity) {
    return (long) capacity * (capacity + 1) / 2 * Double.BYTES
        + (long) capacity * (6 * Double.BYTES + 4 * Integer.BYTES);
  }

  @Override
  void clear() {
    super.clear();
    passed = 0;
  }

  /**
   * Takes a step to a pick, which is not to be picked again unless it leaves later.
   *
   * @param product of the pick with the row
   * @param correlations of the row with all atoms, from {@code from} on, in which picks become NaN;
   *     null if there are none
   */
  void take(
      SupportProducts source,
      int pick,
      double product,
      boolean nonNegative,
      float[] correlations,
      int from) {
    if (add(source, pick, product) && nonNegative) {
      keepPositive(source, correlations, from);
    }
    if (correlations != null) {
      correlations[from + pick] = Float.NaN;
    } else if (count == 0 || atoms[count - 1] != pick) {
      passedOver[passed++] = pick; // it depends on the support, or has left at once
    }
  }

  @Override
  void exclude(float[] tile, int at, int first, int length) {
    exclude(atoms, count, tile, at, first, length);
    exclude(passedOver, passed, tile, at, first, length);
  }

  private static void exclude(int[] picks, int count, float[] tile, int at, int first, int length) {
    for (int i = 0; i < count; i++) {
      if (picks[i] >= first && picks[i] < first + length) {
        tile[at + picks[i] - first] = Float.NaN;
      }
    }
  }

  /**
   * Adds an atom and fits all values.
   *
   * @param product of the atom with the row
   * @return false, and nothing is changed, if it depends on the others
   */
  private boolean add(SupportProducts source, int atom, double product) {
    kept[count] = 0;
    boolean added = append(source, atom, product);
    round();
    return added;
  }

  private boolean append(SupportProducts source, int atom, double product) {
    source.of(atom, atoms, count, withSupport);
    double own = withSupport[count];
    double left = own;
    for (int i = 0, m = 0; i < count; m += ++i) {
      double sum = 0;
      for (int l = 0; l <= i; l++) {
        sum += inverse[m + l] * withSupport[l];
      }
      along[i] = sum;
      left -= sum * sum;
    }
    if (!(left > OrthogonalPursuit.DEPENDENCE * own)) {
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
   * @param correlations of the row with all atoms, from {@code from} on, in which those of atoms
   *     that leave are put back; null if there are none
   */
  private void keepPositive(SupportProducts source, float[] correlations, int from) {
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
        if (!leaves[i]) {
          kept[count] = kept[i];
          append(source, atoms[i], products[i]);
        } else if (correlations != null) {
          correlations[from + atoms[i]] = (float) products[i];
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
