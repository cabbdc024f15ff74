package org.pursuit.support;

import java.util.Arrays;
import org.pursuit.data.RowSparseMatrix;

/** A row-sparse matrix in the test's own hands: the active rows' ids and their elements. */
@SuppressWarnings("ArrayRecordComponent") // never compared as a record
public record ActiveRows(int[] ids, Dense elements) {
  /** What {@code matrix} holds. */
  public static ActiveRows of(RowSparseMatrix matrix) {
    int count = matrix.count().download()[0];
    int[] ids = Arrays.copyOf(matrix.rowIds().download(), count);
    float[] values = matrix.elements().download();
    int d = matrix.columns();
    return new ActiveRows(ids, new Dense(count, d, Arrays.copyOf(values, count * d)));
  }

  /** The whole matrix [rows, columns]. */
  public Dense dense(int rows) {
    Dense made = Dense.zeros(rows, elements.columns());
    for (int p = 0; p < ids.length; p++) {
      System.arraycopy(
          elements.row(p), 0, made.values(), ids[p] * elements.columns(), elements.columns());
    }
    return made;
  }
}
