package org.pursuit.data;

/**
 * Row-compressed codes: row r's entries are {@code columns[offsets[r] … offsets[r + 1])} in
 * ascending column order, with their values. {@code capacity} entries fit.
 */
public final class CsrCodes extends Codes {
  private final int rows;
  private final int columnCount;
  private final Longs offsets;
  private final Ints columns;
  private final Floats values;

  private CsrCodes(int rows, int columnCount, Longs offsets, Ints columns, Floats values) {
    super(offsets, columns, values);
    this.rows = rows;
    this.columnCount = columnCount;
    this.offsets = offsets;
    this.columns = columns;
    this.values = values;
  }

  static CsrCodes allocate(Memory memory, int rows, int columnCount, long capacity) {
    if (rows < 0 || columnCount < 0) {
      throw new IllegalArgumentException(
          "shape: expected non-negative sizes, found [" + rows + ", " + columnCount + "]");
    }
    try (Together parts = new Together()) {
      Longs offsets = parts.add(memory.longs(rows + 1L));
      Ints columns = parts.add(memory.ints(capacity));
      Floats values = parts.add(memory.floats(capacity));
      return parts.complete(new CsrCodes(rows, columnCount, offsets, columns, values));
    }
  }

  /** Number of rows. */
  public int rows() {
    return rows;
  }

  /** Number of columns that an entry may lie in. */
  public int columnCount() {
    return columnCount;
  }

  /** Number of entries that fit. */
  public long capacity() {
    return values.length();
  }

  /** Where each row begins, and the end of the last one: [rows + 1]. */
  public Longs offsets() {
    return offsets;
  }

  /** Column of each entry: [capacity]. */
  public Ints columns() {
    return columns;
  }

  /** Value of each entry: [capacity]. */
  public Floats values() {
    return values;
  }

  /** Number of entries. Waits for the calls that write them. */
  public long nnz() {
    memory().synchronize();
    return offsets.download()[rows];
  }

  /**
   * Copies entries in.
   *
   * @throws IllegalArgumentException if the offsets do not ascend from 0 to the number of entries,
   *     the entries exceed the capacity, or a row's columns are not ascending within range
   */
  public void upload(long[] rowOffsets, int[] entryColumns, float[] entryValues) {
    requireWellFormed(rowOffsets, entryColumns, entryValues);
    int[] paddedColumns = new int[Vectors.arrayLength(columns, capacity())];
    float[] paddedValues = new float[paddedColumns.length];
    System.arraycopy(entryColumns, 0, paddedColumns, 0, entryColumns.length);
    System.arraycopy(entryValues, 0, paddedValues, 0, entryValues.length);
    offsets.upload(rowOffsets);
    columns.upload(paddedColumns);
    values.upload(paddedValues);
  }

  private void requireWellFormed(long[] rowOffsets, int[] entryColumns, float[] entryValues) {
    if (rowOffsets.length != rows + 1
        || rowOffsets[0] != 0
        || rowOffsets[rows] != entryColumns.length
        || entryColumns.length != entryValues.length
        || entryColumns.length > capacity()) {
      throw new IllegalArgumentException(
          "entries: expected "
              + (rows + 1)
              + " offsets from 0 to at most "
              + capacity()
              + " entries");
    }
    for (int row = 0; row < rows; row++) {
      if (rowOffsets[row + 1] < rowOffsets[row]) {
        throw new IllegalArgumentException("offsets: row " + row + " ends before it begins");
      }
    }
    for (int row = 0; row < rows; row++) {
      int previous = -1;
      for (int e = (int) rowOffsets[row]; e < rowOffsets[row + 1]; e++) {
        if (entryColumns[e] <= previous || entryColumns[e] >= columnCount) {
          throw new IllegalArgumentException(
              "columns: row "
                  + row
                  + " expects ascending columns below "
                  + columnCount
                  + ", found "
                  + entryColumns[e]
                  + " after "
                  + previous);
        }
        previous = entryColumns[e];
      }
    }
  }

  @Override
  public Memory memory() {
    return offsets.memory();
  }

  @Override
  public boolean isClosed() {
    return offsets.isClosed() || columns.isClosed() || values.isClosed();
  }

  @Override
  public String toString() {
    return "CSR codes [" + rows + ", " + columnCount + "], capacity " + capacity();
  }
}
