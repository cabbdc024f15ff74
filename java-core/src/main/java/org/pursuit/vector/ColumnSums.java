package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Sums over rows, column by column. Chunks of rows are added up apart and then in their order; how
 * rows are cut depends on nothing but their number, so that the threads have no part in a result.
 */
final class ColumnSums {
  /** Adds what a row contributes to {@code sums[at …]}. */
  interface Row {
    void add(int worker, int row, float[] sums, int at);
  }

  private static final int L = Lanes.COUNT;
  private static final int CHUNKS = 64;
  private static final int MIN_ROWS = 64;
  private static final int MIN_COLUMNS = 4096;

  private final Workers workers;
  private final Workers.Task addRows = this::addRows;
  private final Workers.Task addChunks = this::addChunks;
  private float[] sums = {};
  private int chunks;
  private int chunkRows;
  private int rows;
  private int columns;
  private Row row;

  ColumnSums(Workers workers) {
    this.workers = workers;
  }

  void trim() {
    sums = new float[0];
  }

  /** Adds up all rows; the sums stand in the result until the next call. */
  float[] over(int rows, int columns, Row row) {
    this.rows = rows;
    this.columns = columns;
    this.row = row;
    chunkRows = Math.max(MIN_ROWS, Math.ceilDiv(rows, CHUNKS));
    chunks = Math.max(1, Math.ceilDiv(rows, chunkRows));
    sums = Grow.floats(sums, Math.multiplyExact(chunks, columns));
    Arrays.fill(sums, 0, chunks * columns, 0);
    workers.run(addRows, chunks, 1);
    if (chunks > 1) {
      workers.run(addChunks, columns, MIN_COLUMNS);
    }
    this.row = null;
    return sums;
  }

  private void addRows(int worker, int from, int to) {
    for (int chunk = from; chunk < to; chunk++) {
      int end = Math.min(rows, (chunk + 1) * chunkRows);
      for (int b = chunk * chunkRows; b < end; b++) {
        row.add(worker, b, sums, chunk * columns);
      }
    }
  }

  private void addChunks(int worker, int from, int to) {
    for (int chunk = 1; chunk < chunks; chunk++) {
      add(sums, chunk * columns + from, sums, from, to - from);
    }
  }

  /** {@code sums += x}. */
  static void add(float[] x, int xAt, float[] sums, int at, int count) {
    int i = 0;
    for (; i <= count - L; i += L) {
      FloatVector.fromArray(Lanes.FLOATS, sums, at + i)
          .add(FloatVector.fromArray(Lanes.FLOATS, x, xAt + i))
          .intoArray(sums, at + i);
    }
    for (; i < count; i++) {
      sums[at + i] += x[xAt + i];
    }
  }
}
