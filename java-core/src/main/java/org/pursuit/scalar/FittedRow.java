package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;

/** A row that some atoms approximate: what their values leave of it, and where these are stored. */
final class FittedRow {
  private final Scratch scratch;

  FittedRow(Scratch scratch) {
    this.scratch = scratch;
  }

  /** What values leave of x, in double. */
  void leave(
      float[] x, HostMatrix atoms, int[] support, double[] values, int count, double[] left) {
    int d = atoms.columns();
    float[] atom = scratch.atom(d);
    for (int i = 0; i < d; i++) {
      left[i] = x[i];
    }
    for (int s = 0; s < count; s++) {
      atoms.readRow(support[s], 0, d, atom, 0);
      for (int i = 0; i < d; i++) {
        left[i] -= values[s] * atom[i];
      }
    }
  }

  /** Products of all atoms with a row. */
  void products(HostMatrix atoms, double[] with, float[] products) {
    for (int j = 0; j < atoms.rows(); j++) {
      products[j] = (float) product(atoms, j, with);
    }
  }

  double product(HostMatrix atoms, int j, double[] with) {
    float[] atom = atoms.floats(j, scratch.atom(atoms.columns()));
    int at = atoms.floatOffset(j);
    double sum = 0;
    for (int i = 0; i < atoms.columns(); i++) {
      sum += with[i] * atom[at + i];
    }
    return sum;
  }

  static double norm(double[] r, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += r[i] * r[i];
    }
    return Math.sqrt(sum);
  }

  /** Stores a row's code, and what its values as they are stored leave of x, which is used up. */
  void store(
      float[] x,
      HostMatrix atoms,
      int[] support,
      double[] values,
      int count,
      int b,
      FixedWidthCodes codes,
      HostMatrix residual) {
    int[] indices = ((HostInts) codes.indices()).array();
    float[] stored = ((HostFloats) codes.values()).array();
    int base = b * codes.k();
    for (int s = 0; s < count; s++) {
      indices[base + s] = support[s];
      stored[base + s] = (float) values[s];
    }
    Arrays.fill(indices, base + count, base + codes.k(), -1);
    Arrays.fill(stored, base + count, base + codes.k(), 0);
    ((HostInts) codes.counts()).array()[b] = count;
    if (residual == null) {
      return;
    }
    int d = atoms.columns();
    float[] atom = scratch.atom(d);
    for (int s = 0; s < count; s++) {
      atoms.readRow(support[s], 0, d, atom, 0);
      for (int i = 0; i < d; i++) {
        x[i] = Math.fma(-stored[base + s], atom[i], x[i]);
      }
    }
    residual.writeRow(b, 0, d, x, 0);
  }
}
