package org.pursuit.data;

/**
 * For each column the rows that it ranks first: row ids [columns, m] (64-bit, so that they may
 * count a whole corpus), values [columns, m], counts [columns]. Slots at or past a column's count
 * hold row id −1 and value 0.
 */
public final class ColumnCodes extends Codes {
  private final int columns;
  private final int m;
  private final Longs rowIds;
  private final Floats values;
  private final Ints counts;

  private ColumnCodes(int columns, int m, Longs rowIds, Floats values, Ints counts) {
    super(rowIds, values, counts);
    this.columns = columns;
    this.m = m;
    this.rowIds = rowIds;
    this.values = values;
    this.counts = counts;
  }

  static ColumnCodes allocate(Memory memory, int columns, int m) {
    if (columns < 0 || m < 0) {
      throw new IllegalArgumentException(
          "shape: expected non-negative sizes, found [" + columns + ", " + m + "]");
    }
    long slots = (long) columns * m;
    try (Together parts = new Together()) {
      Longs rowIds = parts.add(memory.longs(slots));
      Floats values = parts.add(memory.floats(slots));
      Ints counts = parts.add(memory.ints(columns));
      return parts.complete(new ColumnCodes(columns, m, rowIds, values, counts));
    }
  }

  /** Number of columns. */
  public int columns() {
    return columns;
  }

  /** Number of slots a column. */
  public int m() {
    return m;
  }

  /** Row ids, column after column: [columns, m]. */
  public Longs rowIds() {
    return rowIds;
  }

  /** Values, column after column: [columns, m]. */
  public Floats values() {
    return values;
  }

  /** Number of filled slots of each column. */
  public Ints counts() {
    return counts;
  }

  @Override
  public Memory memory() {
    return counts.memory();
  }

  @Override
  public boolean isClosed() {
    return rowIds.isClosed() || values.isClosed() || counts.isClosed();
  }

  @Override
  public String toString() {
    return "column codes [" + columns + ", " + m + "]";
  }
}
