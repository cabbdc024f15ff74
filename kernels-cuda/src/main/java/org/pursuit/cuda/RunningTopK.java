package org.pursuit.cuda;

import java.util.List;
import org.pursuit.kernel.Selector;

/**
 * The row selections of a fused encode: scores arrive in chunks of columns and are gone afterwards;
 * each row's threshold and candidates stay on the device between the chunks.
 *
 * <p>One tile of rows at a time: {@link #begin}, {@link #consume} for every chunk in ascending
 * order of columns, {@link #finish}. All selectors read a chunk in the same sweep. Every call is
 * ordered by the backend's stream and returns at once. Nothing is allocated once the workspace has
 * grown to the largest tile.
 */
interface RunningTopK {
  /**
   * Begins the selections of a tile of rows.
   *
   * @param selectors what is selected, and the codes it goes to
   * @param firstRow row of the codes that row 0 of the tile is
   * @param rows rows of the tile
   * @param columns columns of all chunks together
   */
  void begin(List<? extends Selector> selectors, int firstRow, int rows, int columns);

  /**
   * Takes the scores of columns {@code firstColumn … firstColumn + columns} into account: {@code
   * activation(scores + bias)}, computed as they are read; the chunk stays as it is.
   *
   * @param scores device address of float32 scores [rows, columns]; fastest when a multiple of 16
   * @param stride elements between rows; fastest when a multiple of 4
   * @param firstColumn column of the first score; the chunks before it have been consumed
   * @param columns columns of the chunk, any number
   * @param bias device address of float32 [columns of all chunks], or 0
   * @param relu whether max(0, a) is taken, NaN staying NaN
   */
  void consume(long scores, long stride, int firstColumn, int columns, long bias, boolean relu);

  /** Writes the rows of every selector's codes. */
  void finish();
}
