package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostMask;
import org.pursuit.kernel.TopK;

/** One selector of a fused encode: the running selections of a group's rows. */
final class FusedTopK implements FusedSelection {
  private final RunningTopK.Scratch[] scratches;
  private final float[][] gathered;
  private final ColumnList columnList = new ColumnList();
  private RunningTopK[] rows = {};
  private TopK options;
  private FixedWidthCodes out;
  private int groupFrom;

  FusedTopK(int workers) {
    scratches = new RunningTopK.Scratch[workers];
    Arrays.setAll(scratches, worker -> new RunningTopK.Scratch());
    gathered = new float[workers][0];
  }

  void of(TopK options, FixedWidthCodes out) {
    this.options = options;
    this.out = out;
    if (options.mask() != null) {
      columnList.read((HostMask) options.mask());
    }
  }

  @Override
  public void begin(int from, int to) {
    groupFrom = from;
    int had = rows.length;
    if (had < to - from) {
      rows = Arrays.copyOf(rows, to - from);
      for (int i = had; i < rows.length; i++) {
        rows[i] = new RunningTopK();
      }
    }
    for (int row = from; row < to; row++) {
      int keep = VectorSelection.rowK(options, row);
      rows[row - from].begin(VectorSelection.candidates(options, keep), options.key());
    }
  }

  @Override
  public void consume(int worker, int row, float[] tile, int at, int column, int count) {
    RunningTopK.Scratch scratch = scratches[worker];
    RunningTopK selection = rows[row - groupFrom];
    if (options.mask() == null) {
      selection.consume(tile, at, count, column, scratch);
      return;
    }
    int from = columnList.position(column);
    int to = columnList.position(column + count);
    float[] listed = gathered[worker] = Grow.floats(gathered[worker], count);
    columnList.gather(tile, at - column, from, to, listed);
    selection.consume(listed, 0, to - from, columnList.columns(), from, scratch);
  }

  @Override
  public void finish(int worker, int row) {
    int keep = VectorSelection.rowK(options, row);
    rows[row - groupFrom].finish(row, keep, options, null, 0, out, scratches[worker]);
  }
}
