package org.pursuit.vector;

/** The support of a row and its values: in double, and as they are stored. */
abstract class Fit {
  final int[] atoms;
  final double[] fitted;
  int count;
  private final float[] values;

  Fit(int capacity) {
    atoms = new int[capacity];
    fitted = new double[capacity];
    values = new float[capacity];
  }

  final int capacity() {
    return atoms.length;
  }

  /** Begins a row. */
  void clear() {
    count = 0;
  }

  /** Excludes what may not be picked again from correlations with atoms {@code first} and on. */
  void exclude(float[] tile, int at, int first, int length) {}

  final int count() {
    return count;
  }

  final int[] atoms() {
    return atoms;
  }

  /** The values as they are stored. */
  final float[] values() {
    return values;
  }

  /** Stores the values. */
  final void round() {
    for (int i = 0; i < count; i++) {
      values[i] = (float) fitted[i];
    }
  }
}
