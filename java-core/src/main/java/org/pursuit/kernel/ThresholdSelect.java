package org.pursuit.kernel;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Mask;

/**
 * Options of a selection by thresholds: keep the entries whose score passes, such as {@code a_i >
 * θ_i} for JumpReLU (arXiv 2407.14435) or {@code a_i > 0} for ReLU. Comparisons follow {@link
 * ScoreOrder}: −0.0 equals +0.0, and NaN passes every threshold that is a number.
 *
 * @param thresholds one for all columns [1], such as a step scalar, or one for each [columns]
 * @param comparison what passes; default {@link Comparison#GREATER}
 * @param key what is compared; default {@link SelectionKey#SIGNED}. A magnitude is compared with
 *     the threshold itself, so that every score passes a negative one
 * @param mask columns that take part [columns]; null for all
 */
public record ThresholdSelect(
    Floats thresholds, Comparison comparison, SelectionKey key, Mask mask) {
  public ThresholdSelect {
    Check.required(thresholds, "thresholds");
    Check.required(comparison, "comparison");
    Check.required(key, "key");
  }

  /** Scores above {@code thresholds}. */
  public static ThresholdSelect above(Floats thresholds) {
    return new ThresholdSelect(thresholds, Comparison.GREATER, SelectionKey.SIGNED, null);
  }

  /** Scores not below {@code thresholds}. */
  public static ThresholdSelect atLeast(Floats thresholds) {
    return above(thresholds).comparison(Comparison.GREATER_OR_EQUAL);
  }

  /** With the given comparison. */
  public ThresholdSelect comparison(Comparison comparison) {
    return new ThresholdSelect(thresholds, comparison, key, mask);
  }

  /** With {@code key} compared. */
  public ThresholdSelect key(SelectionKey key) {
    return new ThresholdSelect(thresholds, comparison, key, mask);
  }

  /** With absolute values compared. */
  public ThresholdSelect byMagnitude() {
    return key(SelectionKey.MAGNITUDE);
  }

  /** Among the columns that {@code mask} sets. */
  public ThresholdSelect mask(Mask mask) {
    return new ThresholdSelect(thresholds, comparison, key, mask);
  }

  /** This selection as one of those that a fused encode fills. */
  public Selector.Threshold into(CsrCodes out) {
    return new Selector.Threshold(this, out);
  }

  /** This selection, cut to the first k of each row, as one of those that a fused encode fills. */
  public Selector.ThresholdSlots into(FixedWidthCodes out, Ints totals) {
    return new Selector.ThresholdSlots(this, out, totals);
  }
}
