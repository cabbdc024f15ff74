package org.pursuit.data;

/**
 * A matrix [rows, columns] of which few rows are not zero, as a dictionary's gradient: the active
 * rows' ids in ascending order [capacity], their elements F32 [capacity, columns], and the number
 * of active rows as a step scalar.
 */
public final class RowSparseMatrix implements AutoCloseable {
  private final int rows;
  private final Ints rowIds;
  private final Matrix elements;
  private final Ints count;

  private RowSparseMatrix(int rows, Ints rowIds, Matrix elements, Ints count) {
    this.rows = rows;
    this.rowIds = rowIds;
    this.elements = elements;
    this.count = count;
  }

  static RowSparseMatrix allocate(Memory memory, int rows, int columns, int capacity) {
    if (rows < 0 || capacity < 0) {
      throw new IllegalArgumentException(
          "shape: expected non-negative sizes, found " + rows + " rows, capacity " + capacity);
    }
    try (Together parts = new Together()) {
      Matrix elements = parts.add(memory.matrix(capacity, columns, DType.F32));
      Ints rowIds = parts.add(memory.ints(capacity));
      Ints count = parts.add(memory.ints(1));
      return parts.complete(new RowSparseMatrix(rows, rowIds, elements, count));
    }
  }

  /** Number of rows, active or not. */
  public int rows() {
    return rows;
  }

  /** Number of columns. */
  public int columns() {
    return elements.columns();
  }

  /** Number of active rows that fit. */
  public int capacity() {
    return elements.rows();
  }

  /** Ids of the active rows, ascending: [capacity]. */
  public Ints rowIds() {
    return rowIds;
  }

  /** Elements of the active rows: F32 [capacity, columns]. */
  public Matrix elements() {
    return elements;
  }

  /** Number of active rows: [1]. */
  public Ints count() {
    return count;
  }

  /** The memory that owns the parts. */
  public Memory memory() {
    return count.memory();
  }

  /** Whether {@link #close()} has been called. */
  public boolean isClosed() {
    return rowIds.isClosed() || elements.isClosed() || count.isClosed();
  }

  /** Frees every part, the rest too when one of them fails. */
  @Override
  public void close() {
    Closing.all(rowIds, elements, count);
  }

  @Override
  public String toString() {
    return "row-sparse matrix [" + rows + ", " + columns() + "], capacity " + capacity();
  }
}
