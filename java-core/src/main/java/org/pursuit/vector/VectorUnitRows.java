package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.pursuit.data.DType;
import org.pursuit.data.HostMatrix;

/** What keeps atoms at unit norm: a row is read twice, the second time from the cache. */
final class VectorUnitRows {
  private static final int L = Lanes.COUNT;

  private final Workers workers;
  private final Workers.Task unit = this::unitRows;
  private final Workers.Task project = this::projectRows;
  private final float[][] widenedRows;
  private final float[][] widenedAtoms;

  private HostMatrix rows;
  private HostMatrix atoms;
  private float epsilon;
  private int[] rowIds;

  VectorUnitRows(Workers workers) {
    this.workers = workers;
    this.widenedRows = new float[workers.count()][0];
    this.widenedAtoms = new float[workers.count()][0];
  }

  void trim() {
    Arrays.fill(widenedRows, new float[0]);
    Arrays.fill(widenedAtoms, new float[0]);
  }

  void unitRows(HostMatrix x, float epsilon) {
    this.rows = x;
    this.epsilon = epsilon;
    workers.run(unit, x.rows(), workers.chunk(x.rows(), 64));
  }

  /**
   * Projects the first {@code count} rows.
   *
   * @param rowIds which atom is a row's; null for the row's own number
   */
  void project(HostMatrix atoms, HostMatrix gradient, int[] rowIds, int count) {
    this.rows = gradient;
    this.atoms = atoms;
    this.rowIds = rowIds;
    try {
      workers.run(project, count, workers.chunk(count, 64));
    } finally {
      this.rowIds = null; // a closed handle's array must not live on here
    }
  }

  private void unitRows(int worker, int from, int to) {
    int d = rows.columns();
    float[] scratch = widenedRows[worker] = Grow.floats(widenedRows[worker], d);
    for (int i = from; i < to; i++) {
      float[] row = rows.floats(i, scratch);
      int at = rows.floatOffset(i);
      float norm = (float) Math.sqrt(Sums.dot(row, at, row, at, d));
      if (norm != 0) {
        divide(row, at, d, norm + epsilon);
        write(i, row, at, d);
      }
    }
  }

  private void projectRows(int worker, int from, int to) {
    int d = rows.columns();
    float[] scratchRow = widenedRows[worker] = Grow.floats(widenedRows[worker], d);
    float[] scratchAtom = widenedAtoms[worker] = Grow.floats(widenedAtoms[worker], d);
    for (int i = from; i < to; i++) {
      int id = rowIds == null ? i : rowIds[i];
      float[] atom = atoms.floats(id, scratchAtom);
      int atomAt = atoms.floatOffset(id);
      float square = Sums.dot(atom, atomAt, atom, atomAt, d);
      if (square != 0) {
        float[] row = rows.floats(i, scratchRow);
        int at = rows.floatOffset(i);
        Sums.add(row, at, -(Sums.dot(row, at, atom, atomAt, d) / square), atom, atomAt, d);
        write(i, row, at, d);
      }
    }
  }

  /** Rounds a row that was widened to its format. */
  private void write(int i, float[] row, int at, int d) {
    if (rows.dtype() != DType.F32) {
      rows.writeRow(i, 0, d, row, at);
    }
  }

  private static void divide(float[] row, int at, int d, float divisor) {
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector.fromArray(Lanes.FLOATS, row, at + i).div(divisor).intoArray(row, at + i);
    }
    for (; i < d; i++) {
      row[at + i] /= divisor;
    }
  }
}
