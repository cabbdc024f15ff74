package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product: a panel of {@link #ROWS} rows times a panel of {@link #COLUMNS} atoms,
 * kept in vector registers: two vectors of atoms, and as many rows as the compiler keeps there
 * without a spill. On 16 registers that is 5 (6 rows spill one sum, whose way through memory halves
 * the speed), on 32 registers 12.
 *
 * <p>Panels hold one depth after another: {@code rows[depth·ROWS + row]}, {@code
 * atoms[depth·COLUMNS + atom]}. Each element of the tile is one chain of fused multiply-adds in
 * ascending depth.
 */
final class MicroKernel {
  private static final int L = Lanes.COUNT;

  /** Rows of a panel. */
  static final int ROWS = Lanes.bits() >= 512 ? 12 : 5;

  /** Atoms of a panel. */
  static final int COLUMNS = 2 * L;

  private MicroKernel() {}

  /**
   * Adds the product of two panels to a tile.
   *
   * @param depth number of depths, from {@code rowsAt} and {@code atomsAt} on
   * @param stride distance of the tile's rows
   */
  static void multiply(
      float[] rows,
      int rowsAt,
      float[] atoms,
      int atomsAt,
      int depth,
      float[] tile,
      int tileAt,
      int stride) {
    if (ROWS == 12) {
      multiply12(rows, rowsAt, atoms, atomsAt, depth, tile, tileAt, stride);
    } else {
      multiply5(rows, rowsAt, atoms, atomsAt, depth, tile, tileAt, stride);
    }
  }

  private static void multiply5(
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
      int r = rowsAt + i * 5;
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

  private static void multiply12(
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
    FloatVector c50 = load(tile, at + 5 * s);
    FloatVector c51 = load(tile, at + 5 * s + L);
    FloatVector c60 = load(tile, at + 6 * s);
    FloatVector c61 = load(tile, at + 6 * s + L);
    FloatVector c70 = load(tile, at + 7 * s);
    FloatVector c71 = load(tile, at + 7 * s + L);
    FloatVector c80 = load(tile, at + 8 * s);
    FloatVector c81 = load(tile, at + 8 * s + L);
    FloatVector c90 = load(tile, at + 9 * s);
    FloatVector c91 = load(tile, at + 9 * s + L);
    FloatVector d00 = load(tile, at + 10 * s);
    FloatVector d01 = load(tile, at + 10 * s + L);
    FloatVector d10 = load(tile, at + 11 * s);
    FloatVector d11 = load(tile, at + 11 * s + L);
    for (int i = 0; i < depth; i++) {
      FloatVector b0 = load(atoms, atomsAt + i * COLUMNS);
      FloatVector b1 = load(atoms, atomsAt + i * COLUMNS + L);
      int r = rowsAt + i * 12;
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
      a = splat(rows[r + 5]);
      c50 = a.fma(b0, c50);
      c51 = a.fma(b1, c51);
      a = splat(rows[r + 6]);
      c60 = a.fma(b0, c60);
      c61 = a.fma(b1, c61);
      a = splat(rows[r + 7]);
      c70 = a.fma(b0, c70);
      c71 = a.fma(b1, c71);
      a = splat(rows[r + 8]);
      c80 = a.fma(b0, c80);
      c81 = a.fma(b1, c81);
      a = splat(rows[r + 9]);
      c90 = a.fma(b0, c90);
      c91 = a.fma(b1, c91);
      a = splat(rows[r + 10]);
      d00 = a.fma(b0, d00);
      d01 = a.fma(b1, d01);
      a = splat(rows[r + 11]);
      d10 = a.fma(b0, d10);
      d11 = a.fma(b1, d11);
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
    c50.intoArray(tile, at + 5 * s);
    c51.intoArray(tile, at + 5 * s + L);
    c60.intoArray(tile, at + 6 * s);
    c61.intoArray(tile, at + 6 * s + L);
    c70.intoArray(tile, at + 7 * s);
    c71.intoArray(tile, at + 7 * s + L);
    c80.intoArray(tile, at + 8 * s);
    c81.intoArray(tile, at + 8 * s + L);
    c90.intoArray(tile, at + 9 * s);
    c91.intoArray(tile, at + 9 * s + L);
    d00.intoArray(tile, at + 10 * s);
    d01.intoArray(tile, at + 10 * s + L);
    d10.intoArray(tile, at + 11 * s);
    d11.intoArray(tile, at + 11 * s + L);
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
