package org.pursuit.kernel;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Mask;

/**
 * Options of a selection from all rows together: keep the k first of the whole matrix by {@link
 * ScoreOrder}, of equal ones those of the lower row, then of the lower column. This is BatchTopK
 * (arXiv 2412.06410) and Mutual Choice (arXiv 2411.02124).
 *
 * @param k how many are kept of all, 0 or more; with fewer candidates all are
 * @param key what is ranked; default {@link SelectionKey#SIGNED}
 * @param relu whether selected values ≤ 0 are dropped (NaN stays), so that fewer are kept; default
 *     false
 * @param mask columns that take part [columns]; null for all
 * @param start a guess of the score of the last one selected [1], such as the threshold of the
 *     training step before; null for none. It may be anything and never changes the result: a guess
 *     that is a little too low saves the search for one, any other costs further readings
 */
public record GlobalTopK(long k, SelectionKey key, boolean relu, Mask mask, Floats start) {
  public GlobalTopK {
    if (k < 0) {
      throw new IllegalArgumentException("k: expected 0 or more, found " + k);
    }
    Check.required(key, "key");
  }

  /** The k largest scores. */
  public static GlobalTopK of(long k) {
    return new GlobalTopK(k, SelectionKey.SIGNED, false, null, null);
  }

  /** Ranked by {@code key}. */
  public GlobalTopK key(SelectionKey key) {
    return new GlobalTopK(k, key, relu, mask, start);
  }

  /** Ranked by absolute value. */
  public GlobalTopK byMagnitude() {
    return key(SelectionKey.MAGNITUDE);
  }

  /** With values ≤ 0 dropped after the selection. */
  public GlobalTopK withRelu() {
    return new GlobalTopK(k, key, true, mask, start);
  }

  /** Among the columns that {@code mask} sets. */
  public GlobalTopK mask(Mask mask) {
    return new GlobalTopK(k, key, relu, mask, start);
  }

  /** With a guess of the threshold. */
  public GlobalTopK start(Floats start) {
    return new GlobalTopK(k, key, relu, mask, start);
  }

  /** This selection as one of those that a fused encode fills; the scalars may be null. */
  public Selector.Global into(CsrCodes out, Floats threshold, Floats minPositive) {
    return new Selector.Global(this, out, threshold, minPositive);
  }
}
