package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product: a panel of {@link #ROWS} rows times a panel of {@link #COLUMNS} atoms,
 * kept in vector registers. Two vectors of atoms and as many rows as leave one register for a row's
 * element: 6 of the 16 registers' machine, 12 of the 32 registers'.
 *
 * <p>Panels hold one depth after another: {@code rows[depth·ROWS + row]}, {@code
 * atoms[depth·COLUMNS + atom]}. Each result is one chain of fused multiply-adds in ascending depth,
 * added to the tile at the end.
 */
final class MicroKernel {
  private static final int L = Lanes.COUNT;

  /** Rows of a panel. */
  static final int ROWS = Lanes.bits() >= 512 ? 12 : 6;

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
      multiply6(rows, rowsAt, atoms, atomsAt, depth, tile, tileAt, stride);
    }
  }

  private static void multiply6(
      float[] rows,
      int rowsAt,
      float[] atoms,
      int atomsAt,
      int depth,
      float[] tile,
      int at,
      int s) {
    FloatVector c00 = FloatVector.zero(Lanes.FLOATS);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c40 = c00;
    FloatVector c41 = c00;
    FloatVector c50 = c00;
    FloatVector c51 = c00;
    for (int i = 0; i < depth; i++) {
      FloatVector b0 = load(atoms, atomsAt + i * COLUMNS);
      FloatVector b1 = load(atoms, atomsAt + i * COLUMNS + L);
      int r = rowsAt + i * 6;
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
    }
    add(tile, at, c00, c01);
    add(tile, at + s, c10, c11);
    add(tile, at + 2 * s, c20, c21);
    add(tile, at + 3 * s, c30, c31);
    add(tile, at + 4 * s, c40, c41);
    add(tile, at + 5 * s, c50, c51);
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
    FloatVector c00 = FloatVector.zero(Lanes.FLOATS);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c40 = c00;
    FloatVector c41 = c00;
    FloatVector c50 = c00;
    FloatVector c51 = c00;
    FloatVector c60 = c00;
    FloatVector c61 = c00;
    FloatVector c70 = c00;
    FloatVector c71 = c00;
    FloatVector c80 = c00;
    FloatVector c81 = c00;
    FloatVector c90 = c00;
    FloatVector c91 = c00;
    FloatVector d00 = c00;
    FloatVector d01 = c00;
    FloatVector d10 = c00;
    FloatVector d11 = c00;
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
    add(tile, at, c00, c01);
    add(tile, at + s, c10, c11);
    add(tile, at + 2 * s, c20, c21);
    add(tile, at + 3 * s, c30, c31);
    add(tile, at + 4 * s, c40, c41);
    add(tile, at + 5 * s, c50, c51);
    add(tile, at + 6 * s, c60, c61);
    add(tile, at + 7 * s, c70, c71);
    add(tile, at + 8 * s, c80, c81);
    add(tile, at + 9 * s, c90, c91);
    add(tile, at + 10 * s, d00, d01);
    add(tile, at + 11 * s, d10, d11);
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }

  private static void add(float[] tile, int at, FloatVector left, FloatVector right) {
    load(tile, at).add(left).intoArray(tile, at);
    load(tile, at + L).add(right).intoArray(tile, at + L);
  }
}
