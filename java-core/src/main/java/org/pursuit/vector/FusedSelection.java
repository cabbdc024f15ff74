package org.pursuit.vector;

/**
 * A selection that reads the tiles of a product. For each group of rows: {@link #begin}, {@link
 * #consume} for all pieces of its rows, {@link #settle}, {@link #finish} for each row; after the
 * last group {@link #end}. What it makes does not depend on which thread brings a piece.
 */
interface FusedSelection {
  /** Begins rows {@code from … to}. */
  void begin(int from, int to);

  /**
   * Takes columns {@code column … column + count} of a row into account: {@code tile[at … at +
   * count)}. A row's pieces ascend, and one thread at a time brings them.
   */
  void consume(int worker, int row, float[] tile, int at, int column, int count);

  /** Knows that all pieces of the group have come. */
  default void settle() {}

  /** Finishes a row of the group; threads share these calls. */
  default void finish(int worker, int row) {}

  /**
   * Finishes the whole selection.
   *
   * @return how many entries would have had to fit; 0 if all did
   */
  default long end() {
    return 0;
  }
}
