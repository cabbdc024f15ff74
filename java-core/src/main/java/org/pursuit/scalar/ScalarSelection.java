package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.CapacityException;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.OutputOrder;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;

/** Selections by sorting. */
final class ScalarSelection extends Selection {
  private final Scratch scratch;
  private final ScalarGlobalTopK globalTopK = new ScalarGlobalTopK();
  private final ScalarColumnTopK columnTopK;
  private final ScalarRowPrefix rowPrefix;

  ScalarSelection(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
    this.columnTopK = new ScalarColumnTopK(scratch);
    this.rowPrefix = new ScalarRowPrefix(scratch);
  }

  @Override
  protected void topKKernel(Matrix scores, Matrix values, TopK options, FixedWidthCodes out) {
    int n = scores.columns();
    float[] scoreRow = scratch.scores(n);
    float[] valueRow = values == scores ? scoreRow : scratch.atom(n);
    for (int row = 0; row < scores.rows(); row++) {
      ((HostMatrix) scores).readRow(row, 0, n, scoreRow, 0);
      if (values != scores) {
        ((HostMatrix) values).readRow(row, 0, n, valueRow, 0);
      }
      select(scoreRow, valueRow, n, row, options, out);
    }
  }

  /** Selects from one row of n scores and values. */
  private void select(
      float[] scores, float[] values, int n, int row, TopK options, FixedWidthCodes out) {
    boolean[] mask = options.mask() == null ? null : ((HostMask) options.mask()).array();
    long[] ranks = scratch.ranks(n);
    int candidates = 0;
    for (int i = 0; i < n; i++) {
      if (mask == null || mask[i]) {
        ranks[candidates++] = ScoreOrder.rank(ScoreOrder.key(scores[i], options.key()), i);
      }
    }
    Arrays.sort(ranks, 0, candidates);
    int k = rowK(options, row);
    int from = Math.max(0, candidates - k);
    if (options.tieRule() == TieRule.DROP && from > 0) {
      int boundary = ScoreOrder.keyOf(ranks[from - 1]);
      while (from < candidates && ScoreOrder.keyOf(ranks[from]) == boundary) {
        from++;
      }
    }
    write(ranks, from, candidates, values, row, options, out);
  }

  private static int rowK(TopK options, int row) {
    if (options.rowK() == null) {
      return options.k();
    }
    return Math.clamp(((HostInts) options.rowK()).array()[row], 0, options.k());
  }

  /** Writes the entries of the ascending {@code ranks[from … to)} as a row of codes. */
  private static void write(
      long[] ranks, int from, int to, float[] values, int row, TopK options, FixedWidthCodes out) {
    int count = 0;
    for (int r = from; r < to; r++) {
      if (!options.relu() || !(values[ScoreOrder.indexOf(ranks[r])] <= 0)) {
        ranks[from + count++] = ranks[r];
      }
    }
    if (options.order() == OutputOrder.BY_INDEX) {
      for (int r = from; r < from + count; r++) {
        ranks[r] = ScoreOrder.rank(0, ScoreOrder.indexOf(ranks[r]));
      }
      Arrays.sort(ranks, from, from + count);
    }
    int[] indices = ((HostInts) out.indices()).array();
    float[] written = ((HostFloats) out.values()).array();
    int base = row * out.k();
    for (int slot = 0; slot < out.k(); slot++) {
      int index = slot < count ? ScoreOrder.indexOf(ranks[from + count - 1 - slot]) : -1;
      indices[base + slot] = index;
      written[base + slot] = index < 0 ? 0 : values[index];
    }
    ((HostInts) out.counts()).array()[row] = count;
  }

  @Override
  protected void thresholdSelectKernel(Matrix scores, ThresholdSelect options, CsrCodes out) {
    long found = ScalarThresholdSelect.select(rows(scores), options, out);
    if (found > out.capacity()) {
      throw new CapacityException(found);
    }
  }

  @Override
  protected void thresholdSelectKernel(
      Matrix scores, ThresholdSelect options, FixedWidthCodes out, Ints totals) {
    ScalarThresholdSelect.select(rows(scores), options, out, (HostInts) totals);
  }

  @Override
  protected void globalTopKKernel(
      Matrix scores, GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive) {
    globalTopK.select(rows(scores), options, out, (HostFloats) threshold, (HostFloats) minPositive);
  }

  private ScoreRows rows(Matrix scores) {
    return ScoreRows.of((HostMatrix) scores, scratch);
  }

  /**
   * What one selector of a fused encode makes of the scores.
   *
   * @return how many entries would have had to fit; 0 if all did
   */
  long select(ScoreRows scores, Selector selector) {
    switch (selector) {
      case Selector.RowTopK s -> {
        for (int b = 0; b < scores.rows(); b++) {
          float[] row = scores.row(b);
          select(row, row, scores.columns(), b, s.options(), s.out());
        }
      }
      case Selector.Threshold s -> {
        long found = ScalarThresholdSelect.select(scores, s.options(), s.out());
        return found > s.out().capacity() ? found : 0;
      }
      case Selector.ThresholdSlots s ->
          ScalarThresholdSelect.select(scores, s.options(), s.out(), (HostInts) s.totals());
      case Selector.Global s ->
          globalTopK.select(
              scores,
              s.options(),
              s.out(),
              (HostFloats) s.threshold(),
              (HostFloats) s.minPositive());
    }
    return 0;
  }

  @Override
  protected void columnTopKKernel(Matrix scores, ColumnTopK options, ColumnCodes out) {
    columnTopK.select((HostMatrix) scores, options, out);
  }

  @Override
  protected void columnTopKKernel(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
    columnTopK.select(codes, options, out);
  }

  @Override
  protected void columnTopKKernel(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
    columnTopK.select(codes, options, out);
  }

  @Override
  protected void rowPrefixSelectKernel(
      Matrix scores,
      Floats norms,
      Floats targets,
      RowPrefix options,
      FixedWidthCodes out,
      Ints totals) {
    rowPrefix.select(
        (HostMatrix) scores,
        (HostFloats) norms,
        (HostFloats) targets,
        options,
        out,
        (HostInts) totals);
  }
}
