package org.pursuit.kernel;

import org.pursuit.data.Codes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;

/**
 * A selection that a fused encode runs on the scores while they are in cache, and its output: what
 * the method of {@link Selection} with the same options would make of the scores.
 */
public sealed interface Selector {
  /** The codes that it fills. */
  Codes out();

  /**
   * The first k of each row.
   *
   * @param options which and how many
   * @param out codes [rows, k]
   */
  record RowTopK(TopK options, FixedWidthCodes out) implements Selector {
    public RowTopK {
      Check.required(options, "options");
      Check.required(out, "out");
    }
  }

  /**
   * Every entry that passes a threshold. Where they do not fit, {@code out} is left empty and a
   * {@code CapacityException} tells how many there are, as {@link
   * Selection#thresholdSelect(org.pursuit.data.Matrix, ThresholdSelect, CsrCodes)} has it.
   *
   * @param options which
   * @param out codes [rows, n]
   */
  record Threshold(ThresholdSelect options, CsrCodes out) implements Selector {
    public Threshold {
      Check.required(options, "options");
      Check.required(out, "out");
    }
  }

  /**
   * The first k of each row, by column, of the entries that pass a threshold.
   *
   * @param options which
   * @param out codes [rows, k], ascending by index
   * @param totals how many entries of each row pass, kept or not [rows]; or null
   */
  record ThresholdSlots(ThresholdSelect options, FixedWidthCodes out, Ints totals)
      implements Selector {
    public ThresholdSlots {
      Check.required(options, "options");
      Check.required(out, "out");
    }
  }

  /**
   * The first k of all rows together. Scores are seen once, so that no guess may drop any: {@link
   * GlobalTopK#start} is allowed and has no effect.
   *
   * @param options which and how many
   * @param out codes [rows, n] with room for k entries, or for rows·n where these are fewer
   * @param threshold what the last one selected was ranked by, as {@link Selection#globalTopK} has
   *     it [1]; or null
   * @param minPositive the smallest value above 0 that is selected; NaN if there is none [1]; or
   *     null
   */
  record Global(GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive)
      implements Selector {
    public Global {
      Check.required(options, "options");
      Check.required(out, "out");
    }
  }
}
