package org.pursuit.vector;

import org.pursuit.data.DType;
import org.pursuit.data.HostMatrix;

/**
 * Inner products of an atom with those of a support: read from a float32 Gram, else computed from
 * the atoms.
 */
final class SupportProducts {
  private HostMatrix atoms;
  private HostMatrix gram;
  private float[] widened = {};
  private float[] others = {};

  /** Whether a Gram's elements are as good as products of atoms. */
  static boolean read(HostMatrix gram) {
    return gram != null && gram.dtype() == DType.F32;
  }

  /**
   * Takes the operands of a call.
   *
   * @param gram null if there is none
   */
  void begin(HostMatrix atoms, HostMatrix gram) {
    this.atoms = atoms;
    this.gram = read(gram) ? gram : null;
    widened = Grow.floats(widened, atoms.columns());
    others = Grow.floats(others, atoms.columns());
  }

  /** Products with {@code count} atoms of a support, and then of the atom with itself. */
  void of(int atom, int[] support, int count, double[] products) {
    if (gram != null) {
      float[] row = gram.floats(atom);
      int at = gram.offset(atom);
      for (int i = 0; i < count; i++) {
        products[i] = row[at + support[i]];
      }
      products[count] = row[at + atom];
      return;
    }
    int d = atoms.columns();
    float[] own = atoms.floats(atom, widened);
    int at = atoms.floatOffset(atom);
    for (int i = 0; i < count; i++) {
      products[i] = with(own, at, support[i]);
    }
    products[count] = Sums.dot(own, at, own, at, d);
  }

  /** The product of an atom with a row of as many elements. */
  float with(float[] row, int at, int atom) {
    float[] other = atoms.floats(atom, others);
    return Sums.dot(row, at, other, atoms.floatOffset(atom), atoms.columns());
  }
}
