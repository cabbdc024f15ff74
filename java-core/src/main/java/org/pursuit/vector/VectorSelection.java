package org.pursuit.vector;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
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
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;

/** Selections by group maxima; see {@link RunningTopK}. */
final class VectorSelection extends Selection {
  private final Workers workers;
  private final Slot[] slots;
  private final ColumnList columnList = new ColumnList();
  private final Workers.Task task = this::selectRows;
  private final VectorThresholdSelect thresholdSelect;
  private final VectorGlobalTopK globalTopK;
  private final VectorColumnTopK columnTopK;
  private final VectorRowPrefix rowPrefix;
  private HostMatrix scores;
  private HostMatrix values;
  private TopK options;
  private FixedWidthCodes out;

  VectorSelection(Memory memory, Workers workers) {
    super(memory);
    this.workers = workers;
    this.slots = new Slot[workers.count()];
    this.thresholdSelect = new VectorThresholdSelect(workers);
    this.globalTopK = new VectorGlobalTopK(workers);
    this.columnTopK = new VectorColumnTopK(workers);
    this.rowPrefix = new VectorRowPrefix(workers);
    trim();
  }

  /** What one worker keeps between rows. */
  private static final class Slot {
    final RunningTopK selection = new RunningTopK();
    float[] scores = {};
    float[] values = {};
    float[] candidates = {};
    final RunningTopK.Scratch scratch = new RunningTopK.Scratch();
  }

  void trim() {
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot();
    }
    thresholdSelect.trim();
    globalTopK.trim();
    columnTopK.trim();
    rowPrefix.trim();
  }

  @Override
  protected void topKKernel(Matrix scores, Matrix values, TopK options, FixedWidthCodes out) {
    this.scores = (HostMatrix) scores;
    this.values = (HostMatrix) values;
    this.options = options;
    this.out = out;
    if (options.mask() != null) {
      columnList.read((HostMask) options.mask());
    }
    workers.run(task, scores.rows(), Math.clamp(65_536 / Math.max(1, scores.columns()), 1, 64));
  }

  @Override
  protected void thresholdSelectKernel(Matrix scores, ThresholdSelect options, CsrCodes out) {
    thresholdSelect.select((HostMatrix) scores, options, out);
  }

  @Override
  protected void thresholdSelectKernel(
      Matrix scores, ThresholdSelect options, FixedWidthCodes out, Ints totals) {
    thresholdSelect.select((HostMatrix) scores, options, out, (HostInts) totals);
  }

  @Override
  protected void globalTopKKernel(
      Matrix scores, GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive) {
    globalTopK.select(
        (HostMatrix) scores, options, out, (HostFloats) threshold, (HostFloats) minPositive);
  }

  private void selectRows(int worker, int from, int to) {
    Slot slot = slots[worker];
    int n = scores.columns();
    slot.scores = Grow.floats(slot.scores, scores.dtype() == DType.F32 ? 0 : n);
    slot.values = Grow.floats(slot.values, values.dtype() == DType.F32 ? 0 : n);
    for (int row = from; row < to; row++) {
      selectRow(slot, row);
    }
  }

  private void selectRow(Slot slot, int row) {
    float[] scoreRow = scores.floats(row, slot.scores);
    int at = scores.floatOffset(row);
    float[] valueRow = values == scores ? scoreRow : values.floats(row, slot.values);
    int keep = rowK(options, row);
    RunningTopK selection = slot.selection;
    selection.begin(candidates(options, keep), options.key());
    if (options.mask() == null) {
      selection.consume(scoreRow, at, scores.columns(), 0, slot.scratch);
    } else {
      slot.candidates = Grow.floats(slot.candidates, columnList.size());
      columnList.gather(scoreRow, at, 0, columnList.size(), slot.candidates);
      selection.consume(
          slot.candidates, 0, columnList.size(), columnList.columns(), 0, slot.scratch);
    }
    selection.finish(row, keep, options, valueRow, values.floatOffset(row), out, slot.scratch);
  }

  /** The k of a row. */
  static int rowK(TopK options, int row) {
    if (options.rowK() == null) {
      return options.k();
    }
    return Math.clamp(((HostInts) options.rowK()).array()[row], 0, options.k());
  }

  /** How many of the first must be known to keep k of them. */
  static int candidates(TopK options, int keep) {
    return options.tieRule() == TieRule.DROP && keep > 0 ? keep + 1 : keep;
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
