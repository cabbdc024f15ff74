package org.pursuit.kernel;

import org.pursuit.data.Ints;
import org.pursuit.data.Longs;

/**
 * Options of a selection from columns: keep the first rows of each column by {@link ScoreOrder}, of
 * equal ones those with the lower id. This is Feature Choice (arXiv 2411.02124) within a batch, and
 * the top-activating examples of a latent over a corpus.
 *
 * <p>A corpus is passed in batches: with {@link Write#ACCUMULATE} the output's entries compete with
 * the batch's, so that any division into batches gives bitwise the same as one call.
 *
 * @param columnM how many each column keeps [columns], taken as 0 when negative and as the output's
 *     m when larger; null for m in every column
 * @param key what is ranked; default {@link SelectionKey#SIGNED}
 * @param relu whether values ≤ 0 do not compete (NaN does); default false
 * @param firstRow id of row 0; row b has {@code firstRow + b}. Default 0
 * @param rowIds each row's id [rows], 0 or more and no two alike; null for those from {@code
 *     firstRow} on
 * @param write whether what the output holds is lost or competes; default {@link Write#OVERWRITE}
 */
public record ColumnTopK(
    Ints columnM, SelectionKey key, boolean relu, long firstRow, Longs rowIds, Write write) {
  public ColumnTopK {
    Check.required(key, "key");
    Check.required(write, "write");
    if (firstRow < 0) {
      throw new IllegalArgumentException("firstRow: expected 0 or more, found " + firstRow);
    }
  }

  /** The largest scores, rows counted from 0. */
  public static ColumnTopK plain() {
    return new ColumnTopK(null, SelectionKey.SIGNED, false, 0, null, Write.OVERWRITE);
  }

  /** With a budget for each column. */
  public ColumnTopK columnM(Ints columnM) {
    return new ColumnTopK(columnM, key, relu, firstRow, rowIds, write);
  }

  /** Ranked by {@code key}. */
  public ColumnTopK key(SelectionKey key) {
    return new ColumnTopK(columnM, key, relu, firstRow, rowIds, write);
  }

  /** Ranked by absolute value. */
  public ColumnTopK byMagnitude() {
    return key(SelectionKey.MAGNITUDE);
  }

  /** Without values ≤ 0. */
  public ColumnTopK withRelu() {
    return new ColumnTopK(columnM, key, true, firstRow, rowIds, write);
  }

  /** With ids counted from {@code firstRow}. */
  public ColumnTopK firstRow(long firstRow) {
    return new ColumnTopK(columnM, key, relu, firstRow, rowIds, write);
  }

  /** With an id for each row. */
  public ColumnTopK rowIds(Longs rowIds) {
    return new ColumnTopK(columnM, key, relu, firstRow, rowIds, write);
  }

  /** Whose entries compete with those that the output holds. */
  public ColumnTopK accumulating() {
    return new ColumnTopK(columnM, key, relu, firstRow, rowIds, Write.ACCUMULATE);
  }
}
