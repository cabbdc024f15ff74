package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.DType;
import org.pursuit.data.HostMatrix;

/** The inner products of a dictionary's atoms: the lower half is computed, and mirrored. */
final class GramProduct {
  /** Rows of products that become columns together, so that their cache lines are used whole. */
  private static final int MIRRORED_ROWS = 64;

  private final Workers workers;
  private final Product product;
  private final Product.Rows rows = this::readAtom;
  private final Product.Consumer store = this::storeTile;
  private final Workers.Task mirror = this::mirrorRows;
  private final float[][][] mirrored;
  private final short[][][] mirroredShorts;
  private final int[][] mirroredAt;
  private HostMatrix atoms;
  private HostMatrix products;
  private int mirrorFrom;

  GramProduct(Workers workers, Product product) {
    this.workers = workers;
    this.product = product;
    this.mirrored = new float[workers.count()][MIRRORED_ROWS][];
    this.mirroredShorts = new short[workers.count()][MIRRORED_ROWS][];
    this.mirroredAt = new int[workers.count()][MIRRORED_ROWS];
  }

  /** Computes rows and columns {@code from … atoms.rows()} of the products. */
  void compute(HostMatrix atoms, int from, HostMatrix products) {
    this.atoms = atoms;
    this.products = products;
    int group = Product.groupRows(atoms.columns());
    int end;
    for (int row = from; row < atoms.rows(); row = end) {
      end = row + Math.min(group, atoms.rows() - row);
      product.multiply(rows, row, end, (HostMatrix) atoms.rows(0, end), null, store);
    }
    mirrorFrom = from;
    workers.run(mirror, atoms.rows() - from, MIRRORED_ROWS);
  }

  private void readAtom(int row, float[] target) {
    atoms.readRow(row, 0, atoms.columns(), target, 0);
  }

  private void storeTile(int worker, int row, float[] tile, int at, int column, int count) {
    products.writeRow(row, column, count, tile, at);
  }

  /** Writes rows {@code from … to} of the products, as far as the diagonal, as columns too. */
  private void mirrorRows(int worker, int from, int to) {
    if (products.dtype() == DType.F32) {
      mirrorFloats(worker, from, to);
    } else {
      mirrorShorts(worker, from, to);
    }
  }

  private void mirrorFloats(int worker, int from, int to) {
    float[][] arrays = mirrored[worker];
    int[] offsets = mirroredAt[worker];
    int first = mirrorFrom + from;
    for (int i = 0; i < to - from; i++) {
      arrays[i] = products.floats(first + i);
      offsets[i] = products.offset(first + i);
    }
    for (int column = 0; column < mirrorFrom + to; column++) {
      float[] target = products.floats(column);
      int at = products.offset(column) + first;
      for (int i = Math.max(0, column - first); i < to - from; i++) {
        target[at + i] = arrays[i][offsets[i] + column];
      }
    }
    Arrays.fill(arrays, null);
  }

  private void mirrorShorts(int worker, int from, int to) {
    short[][] arrays = mirroredShorts[worker];
    int[] offsets = mirroredAt[worker];
    int first = mirrorFrom + from;
    for (int i = 0; i < to - from; i++) {
      arrays[i] = products.shorts(first + i);
      offsets[i] = products.offset(first + i);
    }
    for (int column = 0; column < mirrorFrom + to; column++) {
      short[] target = products.shorts(column);
      int at = products.offset(column) + first;
      for (int i = Math.max(0, column - first); i < to - from; i++) {
        target[at + i] = arrays[i][offsets[i] + column];
      }
    }
    Arrays.fill(arrays, null);
  }
}
