package org.pursuit.kernel;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.data.Mask;

/**
 * Options of a row-wise selection: keep the k first of each row.
 *
 * @param k the most that a row keeps, 0 to {@value #MAX_K}
 * @param key what is ranked; default {@link SelectionKey#SIGNED}
 * @param order arrangement of the output; default {@link OutputOrder#BY_SCORE}
 * @param tieRule ties at the boundary; default {@link TieRule#LOWEST_INDEX}
 * @param relu whether selected values ≤ 0 are dropped (NaN stays), so that a row may keep fewer;
 *     default false: zeros are kept and counted
 * @param rowK each row's own k [rows], taken as 0 when negative and as {@code k} when larger; null
 *     for the same k in every row
 * @param mask columns that take part [columns]; null for all
 */
public record TopK(
    int k,
    SelectionKey key,
    OutputOrder order,
    TieRule tieRule,
    boolean relu,
    Ints rowK,
    Mask mask) {
  /** The largest k. */
  public static final int MAX_K = 4096;

  public TopK {
    Check.range(k, 0, MAX_K, "k");
    Check.required(key, "key");
    Check.required(order, "order");
    Check.required(tieRule, "tieRule");
  }

  /** The k largest scores, by score. */
  public static TopK of(int k) {
    return new TopK(
        k, SelectionKey.SIGNED, OutputOrder.BY_SCORE, TieRule.LOWEST_INDEX, false, null, null);
  }

  /** Ranked by {@code key}. */
  public TopK key(SelectionKey key) {
    return new TopK(k, key, order, tieRule, relu, rowK, mask);
  }

  /** Ranked by absolute value: AbsTopK. */
  public TopK byMagnitude() {
    return key(SelectionKey.MAGNITUDE);
  }

  /** Arranged as {@code order} says. */
  public TopK order(OutputOrder order) {
    return new TopK(k, key, order, tieRule, relu, rowK, mask);
  }

  /** With the given rule for ties at the boundary. */
  public TopK tieRule(TieRule tieRule) {
    return new TopK(k, key, order, tieRule, relu, rowK, mask);
  }

  /** With values ≤ 0 dropped after the selection. */
  public TopK withRelu() {
    return new TopK(k, key, order, tieRule, true, rowK, mask);
  }

  /** With a k for each row. */
  public TopK rowK(Ints rowK) {
    return new TopK(k, key, order, tieRule, relu, rowK, mask);
  }

  /** Among the columns that {@code mask} sets. */
  public TopK mask(Mask mask) {
    return new TopK(k, key, order, tieRule, relu, rowK, mask);
  }

  /** This selection as one of those that a fused encode fills. */
  public Selector.RowTopK into(FixedWidthCodes out) {
    return new Selector.RowTopK(this, out);
  }
}
