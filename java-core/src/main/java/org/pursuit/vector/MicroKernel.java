package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product: a panel of {@link #ROWS} rows times a panel of {@link #COLUMNS} atoms,
 * kept in vector registers: five rows by two vectors of atoms. On AVX2's 16 registers a sixth row
 * spills a sum, whose way through memory halves the speed; on AVX-512 ten sums hide the latency of
 * the multiply-add as well as more, and the compiler boxes the vectors of a much longer body.
 *
 * <p>Panels hold one depth after another: {@code rows[depth·ROWS + row]}, {@code
 * atoms[depth·COLUMNS + atom]}. Each element of the tile is one chain of fused multiply-adds in
 * ascending depth.
 */
final class MicroKernel {
  private static final int L = Lanes.COUNT;

  /** Rows of a panel. */
  static final int ROWS = 5;

  /** Atoms of a panel. */
  static final int COLUMNS = 2 * L;

  private MicroKernel() {}

  /**
   * Adds the product of two panels to a tile.
   *
   * @param depth number of depths, from {@code rowsAt} and {@code atomsAt} on
   * @param s distance of the tile's rows
   */
  static void multiply(
      float[] rows,
      int rowsAt,
      float[] atoms,
      int atomsAt,
      int depth,
      float[] tile,
      int at,
      int s) {
    FloatVector c00 = load(tile, at);
    FloatVector c01 = load(tile, at + L);
    FloatVector c10 = load(tile, at + s);
    FloatVector c11 = load(tile, at + s + L);
    FloatVector c20 = load(tile, at + 2 * s);
    FloatVector c21 = load(tile, at + 2 * s + L);
    FloatVector c30 = load(tile, at + 3 * s);
    FloatVector c31 = load(tile, at + 3 * s + L);
    FloatVector c40 = load(tile, at + 4 * s);
    FloatVector c41 = load(tile, at + 4 * s + L);
    for (int i = 0; i < depth; i++) {
      FloatVector b0 = load(atoms, atomsAt + i * COLUMNS);
      FloatVector b1 = load(atoms, atomsAt + i * COLUMNS + L);
      int r = rowsAt + i * ROWS;
      FloatVector a = splat(rows[r]);
      c00 = a.fma(b0, c00);
      c01 = a.fma(b1, c01);
      a = splat(rows[r + 1]);
      c10 = a.fma(b0, c10);
      c11 = a.fma(b1, c11);
      a = splat(rows[r + 2]);
      c20 = a.fma(b0, c20);
      c21 = a.fma(b1, c21);
      a = splat(rows[r + 3]);
      c30 = a.fma(b0, c30);
      c31 = a.fma(b1, c31);
      a = splat(rows[r + 4]);
      c40 = a.fma(b0, c40);
      c41 = a.fma(b1, c41);
    }
    c00.intoArray(tile, at);
    c01.intoArray(tile, at + L);
    c10.intoArray(tile, at + s);
    c11.intoArray(tile, at + s + L);
    c20.intoArray(tile, at + 2 * s);
    c21.intoArray(tile, at + 2 * s + L);
    c30.intoArray(tile, at + 3 * s);
    c31.intoArray(tile, at + 3 * s + L);
    c40.intoArray(tile, at + 4 * s);
    c41.intoArray(tile, at + 4 * s + L);
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
