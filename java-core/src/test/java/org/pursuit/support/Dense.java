package org.pursuit.support;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.pursuit.data.DType;

/** A row-major matrix in the test's own hands: what was uploaded, or what is expected. */
@SuppressWarnings("ArrayRecordComponent") // never compared as a record
public record Dense(int rows, int columns, float[] values) {
  /** A matrix of zeros. */
  public static Dense zeros(int rows, int columns) {
    return new Dense(rows, columns, new float[rows * columns]);
  }

  /** A matrix whose rows are the given ones. */
  public static Dense ofRows(float[]... rows) {
    int columns = rows.length == 0 ? 0 : rows[0].length;
    Dense made = zeros(rows.length, columns);
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, made.values, row * columns, columns);
    }
    return made;
  }

  /** An element. */
  public float at(int row, int column) {
    return values[row * columns + column];
  }

  /** A copy of a row. */
  public float[] row(int row) {
    return Arrays.copyOfRange(values, row * columns, (row + 1) * columns);
  }

  /** A copy of rows {@code from} (inclusive) to {@code to} (exclusive). */
  public Dense rows(int from, int to) {
    return new Dense(to - from, columns, Arrays.copyOfRange(values, from * columns, to * columns));
  }

  /** A copy of some rows and some columns. */
  public Dense window(int fromRow, int toRow, int fromColumn, int toColumn) {
    float[][] cut = new float[toRow - fromRow][];
    for (int row = fromRow; row < toRow; row++) {
      cut[row - fromRow] = Arrays.copyOfRange(row(row), fromColumn, toColumn);
    }
    return ofRows(cut);
  }

  /** The elements as {@code dtype} stores them. */
  public Dense stored(DType dtype) {
    return new Dense(rows, columns, Rounding.stored(values, dtype));
  }

  /** Every element mapped. */
  public Dense map(DoubleUnaryOperator function) {
    float[] mapped = new float[values.length];
    for (int i = 0; i < mapped.length; i++) {
      mapped[i] = (float) function.applyAsDouble(values[i]);
    }
    return new Dense(rows, columns, mapped);
  }

  /** The 16-bit patterns of the elements. */
  public short[] bits(DType dtype) {
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Rounding.narrowed(values[i], dtype);
    }
    return bits;
  }
}
