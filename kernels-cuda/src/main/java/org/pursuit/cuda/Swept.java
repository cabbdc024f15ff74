package org.pursuit.cuda;

import org.pursuit.data.Floats;
import org.pursuit.kernel.Comparison;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.ThresholdSelect;

/** A selection of a fused encode that is neither of rows' first: where it keeps what it selects. */
abstract class Swept {
  static final int BY_MAGNITUDE = 1;
  static final int OR_EQUAL = 2;

  /**
   * Tells where the scratch begins.
   *
   * @return how many bytes of it are needed, a multiple of 16
   */
  abstract long layOut(long address);

  /** Begins; the scratch is there. */
  abstract void begin();

  /** Takes the chunk into account that is shown; chunks come as {@link CudaScoring} cuts them. */
  abstract void consume();

  /** Writes the codes; all chunks have been consumed. */
  abstract void finish();

  static long aligned(long bytes) {
    return (bytes + 15) & -16;
  }

  static int flags(SelectionKey key) {
    return key == SelectionKey.MAGNITUDE ? BY_MAGNITUDE : 0;
  }

  static int flags(ThresholdSelect options) {
    return flags(options.key())
        | (options.comparison() == Comparison.GREATER_OR_EQUAL ? OR_EQUAL : 0);
  }

  /** 0 where one threshold serves all columns. */
  static int stride(Floats thresholds) {
    return thresholds.length() == 1 ? 0 : 1;
  }
}
