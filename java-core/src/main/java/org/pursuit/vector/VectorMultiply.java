package org.pursuit.vector;

import org.pursuit.data.DType;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.Multiply;

/**
 * Dense products with either factor transposed. The left factor's rows and the right one's columns
 * go to {@link Product}; where they lie across a matrix's rows they are collected element by
 * element, from cache lines that the next ones use too.
 */
final class VectorMultiply {
  /** Depth that is packed at once; what lies deeper is added, from a scratch of bounded size. */
  private static final int MAX_DEPTH = 1 << 18;

  private final Product product;
  private final Product.Rows rowsOfA = this::readRow;
  private final Product.Rows columnsOfA = this::readColumn;
  private final Product.Atoms rowsOfB = this::readRowOfB;
  private final Product.Atoms columnsOfB = this::readColumnOfB;
  private final Product.Consumer store = this::store;
  private final RowBuffers buffers;

  private HostMatrix a;
  private HostMatrix b;
  private HostMatrix c;
  private int depthFrom;
  private int depth;
  private float alpha;
  private float beta;

  VectorMultiply(Workers workers, Product product) {
    this.product = product;
    this.buffers = new RowBuffers(workers, 1);
  }

  void trim() {
    buffers.trim();
  }

  void multiply(HostMatrix a, HostMatrix b, Multiply options, HostMatrix c) {
    this.a = a;
    this.b = b;
    this.c = c;
    alpha = options.alpha();
    int all = options.transposeA() ? a.rows() : a.columns();
    for (depthFrom = 0; depthFrom == 0 || depthFrom < all; depthFrom += MAX_DEPTH) {
      depth = Math.min(MAX_DEPTH, all - depthFrom);
      beta = depthFrom == 0 ? options.beta() : 1;
      multiply(options);
    }
  }

  /** Adds the product of some depths. */
  private void multiply(Multiply options) {
    Product.Rows rows = options.transposeA() ? columnsOfA : rowsOfA;
    Product.Atoms atoms = options.transposeB() ? rowsOfB : columnsOfB;
    int group = Product.groupRows(depth);
    int end;
    for (int row = 0; row < c.rows(); row = end) {
      end = row + Math.min(group, c.rows() - row);
      product.multiply(rows, row, end, atoms, c.columns(), depth, null, store);
    }
  }

  private void readRow(int row, float[] target) {
    a.readRow(row, depthFrom, depth, target, 0);
  }

  private void readColumn(int column, float[] target) {
    readColumn(a, column, depthFrom, depth, target, 0);
  }

  private void readRowOfB(int row, int from, int count, float[] target, int at) {
    b.readRow(row, depthFrom + from, count, target, at);
  }

  private void readColumnOfB(int column, int from, int count, float[] target, int at) {
    readColumn(b, column, depthFrom + from, count, target, at);
  }

  private static void readColumn(
      HostMatrix matrix, int column, int from, int count, float[] target, int at) {
    if (matrix.dtype() == DType.F32) {
      for (int i = 0; i < count; i++) {
        target[at + i] = matrix.floats(from + i)[matrix.offset(from + i) + column];
      }
    } else {
      for (int i = 0; i < count; i++) {
        matrix.readRow(from + i, column, 1, target, at + i);
      }
    }
  }

  private void store(int worker, int row, float[] tile, int at, int firstColumn, int count) {
    if (beta == 0) {
      for (int i = at; i < at + count; i++) {
        tile[i] *= alpha;
      }
    } else {
      float[] old = buffers.row(worker, 0, count);
      c.readRow(row, firstColumn, count, old, 0);
      for (int i = 0; i < count; i++) {
        tile[at + i] = Math.fma(alpha, tile[at + i], beta * old[i]);
      }
    }
    c.writeRow(row, firstColumn, count, tile, at);
  }
}
