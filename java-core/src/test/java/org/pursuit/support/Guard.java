package org.pursuit.support;

import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;

/** A view in the middle of a larger matrix whose other elements must stay as they are. */
final class Guard implements AutoCloseable {
  private static final int ABOVE = 2;
  private static final int BELOW = 1;
  private static final int LEFT = 3;
  private static final int RIGHT = 5;
  private static final float SENTINEL = -77;

  private final Matrix outer;
  private final Matrix inner;

  private Guard(Matrix outer, Matrix inner) {
    this.outer = outer;
    this.inner = inner;
  }

  static Guard around(int rows, int columns, DType dtype, Backend backend) {
    Matrix outer = backend.matrix(ABOVE + rows + BELOW, LEFT + columns + RIGHT, dtype);
    float[] sentinels = new float[(int) outer.size()];
    Arrays.fill(sentinels, SENTINEL);
    outer.upload(sentinels);
    return new Guard(outer, outer.rows(ABOVE, ABOVE + rows).columns(LEFT, LEFT + columns));
  }

  Matrix inner() {
    return inner;
  }

  void check() {
    float[] values = outer.download();
    for (int row = 0; row < outer.rows(); row++) {
      for (int column = 0; column < outer.columns(); column++) {
        float found = values[row * outer.columns() + column];
        if (found != SENTINEL && !inside(row, column)) {
          fail(
              "%s was written outside itself: %s at row %d, column %d",
              inner, found, row - ABOVE, column - LEFT);
        }
      }
    }
  }

  private boolean inside(int row, int column) {
    return row >= ABOVE
        && row < ABOVE + inner.rows()
        && column >= LEFT
        && column < LEFT + inner.columns();
  }

  @Override
  public void close() {
    outer.close();
  }
}
