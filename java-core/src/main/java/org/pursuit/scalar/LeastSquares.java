package org.pursuit.scalar;

import org.pursuit.kernel.OrthogonalPursuit;

/**
 * Values of a support by least squares: the normal equations of its atoms, solved by Cholesky's
 * factors anew each time.
 */
final class LeastSquares {
  private int capacity;
  private int[] atoms = {};
  private double[] products = {};
  private double[] targets = {};
  private double[] factor = {};
  private double[] values = {};
  private double[] kept = {};
  private int[] stays = {};
  private int count;

  /** Begins with no atom; there is room for {@code capacity}. */
  void clear(int capacity) {
    if (this.capacity < capacity) {
      this.capacity = capacity;
      atoms = new int[capacity];
      products = new double[capacity * capacity];
      factor = new double[capacity * capacity];
      targets = new double[capacity];
      values = new double[capacity];
      kept = new double[capacity];
      stays = new int[capacity];
    }
    count = 0;
  }

  int count() {
    return count;
  }

  int[] atoms() {
    return atoms;
  }

  double[] values() {
    return values;
  }

  /**
   * Adds an atom and fits all values.
   *
   * @param withOthers its products with the atoms so far, and with itself
   * @param target its product with what is fitted
   * @return false, and nothing is changed, if it depends on the others
   */
  boolean add(int atom, double[] withOthers, double target) {
    for (int i = 0; i <= count; i++) {
      products[count * capacity + i] = withOthers[i];
    }
    atoms[count] = atom;
    targets[count] = target;
    kept[count] = 0;
    if (!factorRow(count)) {
      return false;
    }
    count++;
    solve();
    return true;
  }

  /** A row of Cholesky's factor, from those before it; whether it leaves enough of the atom. */
  private boolean factorRow(int row) {
    int at = row * capacity;
    double left = products[at + row];
    for (int i = 0; i < row; i++) {
      double sum = products[at + i];
      for (int l = 0; l < i; l++) {
        sum -= factor[at + l] * factor[i * capacity + l];
      }
      factor[at + i] = sum / factor[i * capacity + i];
      left -= factor[at + i] * factor[at + i];
    }
    factor[at + row] = Math.sqrt(left);
    return left > OrthogonalPursuit.DEPENDENCE * products[at + row];
  }

  private void solve() {
    for (int i = 0; i < count; i++) {
      double sum = targets[i];
      for (int l = 0; l < i; l++) {
        sum -= factor[i * capacity + l] * values[l];
      }
      values[i] = sum / factor[i * capacity + i];
    }
    for (int i = count - 1; i >= 0; i--) {
      double sum = values[i];
      for (int l = i + 1; l < count; l++) {
        sum -= factor[l * capacity + i] * values[l];
      }
      values[i] = sum / factor[i * capacity + i];
    }
  }

  /**
   * Lets atoms leave until all values are positive; see {@link OrthogonalPursuit}.
   *
   * @param left is set for each atom that leaves
   */
  void keepPositive(boolean[] left) {
    while (true) {
      double part = 2;
      for (int i = 0; i < count; i++) {
        part = Math.min(part, partToZero(i));
      }
      if (part == 2) {
        System.arraycopy(values, 0, kept, 0, count);
        return;
      }
      int stay = 0;
      for (int i = 0; i < count; i++) {
        if (partToZero(i) <= part) {
          left[atoms[i]] = true;
        } else {
          kept[i] += part * (values[i] - kept[i]);
          stays[stay++] = i;
        }
      }
      compact(stay);
      solve();
    }
  }

  /** The part of the way from the value that was kept to the new one that leads to 0; 2 if none. */
  private double partToZero(int i) {
    if (values[i] > 0) {
      return 2;
    }
    return kept[i] == 0 ? 0 : kept[i] / (kept[i] - values[i]);
  }

  /** Leaves only those atoms that stay. */
  private void compact(int stay) {
    for (int i = 0; i < stay; i++) {
      int from = stays[i];
      atoms[i] = atoms[from];
      targets[i] = targets[from];
      kept[i] = kept[from];
      for (int l = 0; l <= i; l++) {
        products[i * capacity + l] = products[from * capacity + stays[l]];
      }
    }
    count = stay;
    for (int i = 0; i < count; i++) {
      factorRow(i);
    }
  }
}
