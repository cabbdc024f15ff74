package org.pursuit.kernel;

import org.pursuit.data.Codes;
import org.pursuit.data.FixedWidthCodes;

/** A selection that a fused encode runs on the scores while they are in cache, and its output. */
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
}
