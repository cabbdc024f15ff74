package org.pursuit.vector;

import java.util.Arrays;

/** Rows of scratch for each worker; they grow to the longest asked for. */
final class RowBuffers {
  private final float[][][] rows;

  /**
   * Room for workers to work on some rows at a time.
   *
   * @param count rows a worker
   */
  RowBuffers(Workers workers, int count) {
    rows = new float[workers.count()][count][0];
  }

  /** Row {@code which} of a worker, of unknown contents. */
  float[] row(int worker, int which, int length) {
    return rows[worker][which] = Grow.floats(rows[worker][which], length);
  }

  void trim() {
    for (float[][] worker : rows) {
      Arrays.fill(worker, new float[0]);
    }
  }
}
