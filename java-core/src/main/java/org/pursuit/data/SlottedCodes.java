package org.pursuit.data;

/**
 * Codes with the same number of slots in every row: indices [rows, k], values [rows, k], counts
 * [rows]. Slots at or past a row's count hold index −1 and value 0.
 */
public abstract sealed class SlottedCodes extends Codes permits FixedWidthCodes, PursuitTape {
  private final int rows;
  private final int k;
  private final Ints indices;
  private final Floats values;
  private final Ints counts;

  SlottedCodes(Parts parts) {
    super(parts.indices, parts.values, parts.counts);
    this.rows = parts.rows;
    this.k = parts.k;
    this.indices = parts.indices;
    this.values = parts.values;
    this.counts = parts.counts;
  }

  /** Number of rows. */
  public final int rows() {
    return rows;
  }

  /** Number of slots a row. */
  public final int k() {
    return k;
  }

  /** Atom indices, row-major [rows, k]. */
  public final Ints indices() {
    return indices;
  }

  /** Values, row-major [rows, k]. */
  public final Floats values() {
    return values;
  }

  /** Number of filled slots in each row. */
  public final Ints counts() {
    return counts;
  }

  /**
   * Copies codes in: indices and values row-major [rows, k], counts [rows].
   *
   * @throws IllegalArgumentException if a length is another, a count lies outside 0 … k, an index
   *     before it is negative, or a slot at or past it holds something else than −1 and 0
   */
  public final void upload(int[] rowIndices, float[] rowValues, int[] rowCounts) {
    Vectors.requireLength(indices, indices.length(), rowIndices.length);
    Vectors.requireLength(values, values.length(), rowValues.length);
    Vectors.requireLength(counts, rows, rowCounts.length);
    for (int row = 0; row < rows; row++) {
      requireWellFormed(row, rowIndices, rowValues, rowCounts[row]);
    }
    indices.upload(rowIndices);
    values.upload(rowValues);
    counts.upload(rowCounts);
  }

  private void requireWellFormed(int row, int[] rowIndices, float[] rowValues, int count) {
    if (count < 0 || count > k) {
      throw new IllegalArgumentException(
          "counts: row " + row + " expects 0 to " + k + ", found " + count);
    }
    for (int slot = 0; slot < k; slot++) {
      int at = row * k + slot;
      boolean filled = slot < count;
      if (filled ? rowIndices[at] < 0 : rowIndices[at] != -1 || rowValues[at] != 0) {
        throw new IllegalArgumentException(
            "slots: row "
                + row
                + ", slot "
                + slot
                + " expects "
                + (filled ? "an index of 0 or more" : "index -1 and value 0")
                + ", found index "
                + rowIndices[at]
                + " and value "
                + rowValues[at]);
      }
    }
  }

  @Override
  public final Memory memory() {
    return counts.memory();
  }

  @Override
  public final boolean isClosed() {
    return indices.isClosed() || values.isClosed() || counts.isClosed();
  }

  /** The three arrays, allocated together or not at all. */
  record Parts(int rows, int k, Ints indices, Floats values, Ints counts) {
    static Parts allocate(Memory memory, int rows, int k) {
      if (rows < 0 || k < 0) {
        throw new IllegalArgumentException(
            "shape: expected non-negative sizes, found [" + rows + ", " + k + "]");
      }
      long slots = (long) rows * k;
      try (Together parts = new Together()) {
        Ints indices = parts.add(memory.ints(slots));
        Floats values = parts.add(memory.floats(slots));
        Ints counts = parts.add(memory.ints(rows));
        return parts.complete(new Parts(rows, k, indices, values, counts));
      }
    }
  }
}
