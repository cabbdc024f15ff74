package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.Training;

/**
 * Symmetric systems by {@code L·D·Lᵀ}, in double precision. Column after column of the factor is
 * computed by all threads, a row each; right sides are shared out among them.
 */
final class VectorSolve {
  private static final int ROWS_AT_ONCE = 64;

  private final Workers workers;
  private final Workers.Task column = this::columnOfFactor;
  private final Workers.Task substitute = this::substituteRows;
  private double[][] factor = {};
  private double[] pivots = {};
  private double[][] sides = {};
  private float[] line = {};
  private final float[] one = new float[1];

  private int n;
  private int at;

  VectorSolve(Workers workers) {
    this.workers = workers;
  }

  void trim() {
    factor = new double[0][];
    pivots = new double[0];
    sides = new double[0][];
    line = new float[0];
  }

  void solve(HostMatrix a, float ridge, HostMatrix b, HostMatrix x) {
    n = a.rows();
    read(a, ridge);
    for (at = 0; at < n; at++) {
      workers.run(column, n - at, ROWS_AT_ONCE);
      pivots[at] = factor[at][at];
      if (!(pivots[at] > 0)) {
        fillNaN(x);
        throw Training.notPositiveDefinite(at);
      }
    }
    readSides(b);
    workers.run(substitute, b.columns(), 1);
    write(x);
  }

  private void read(HostMatrix a, float ridge) {
    if (factor.length < n) {
      factor = new double[n][n];
      pivots = new double[n];
      line = new float[n];
    }
    for (int i = 0; i < n; i++) {
      a.readRow(i, 0, i + 1, line, 0);
      for (int j = 0; j <= i; j++) {
        factor[i][j] = line[j];
      }
      factor[i][i] += ridge;
    }
  }

  /**
   * Column {@code at} of the factor times its pivot, in rows {@code at + from … at + to}: {@code
   * c_ij = a_ij − Σ_k c_ik·c_jk / d_k}.
   */
  private void columnOfFactor(int worker, int from, int to) {
    double[] pivotRow = factor[at];
    for (int i = at + from; i < at + to; i++) {
      double[] row = factor[i];
      double sum = row[at];
      for (int k = 0; k < at; k++) {
        sum -= row[k] * (pivotRow[k] / pivots[k]);
      }
      row[at] = sum;
    }
  }

  private void readSides(HostMatrix b) {
    if (sides.length < b.columns() || (sides.length > 0 && sides[0].length < n)) {
      sides = new double[b.columns()][n];
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < b.columns(); j++) {
        b.readRow(i, j, 1, one, 0);
        sides[j][i] = one[0];
      }
    }
  }

  private void substituteRows(int worker, int from, int to) {
    for (int j = from; j < to; j++) {
      double[] y = sides[j];
      for (int i = 0; i < n; i++) {
        double[] row = factor[i];
        double sum = y[i];
        for (int k = 0; k < i; k++) {
          sum -= row[k] * y[k];
        }
        y[i] = sum / pivots[i];
      }
      // Now y = D⁻¹·L⁻¹·b: what is left is the transpose of L = C·D⁻¹.
      for (int i = n - 1; i > 0; i--) {
        double[] row = factor[i];
        for (int k = 0; k < i; k++) {
          y[k] -= row[k] / pivots[k] * y[i];
        }
      }
    }
  }

  private void write(HostMatrix x) {
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < x.columns(); j++) {
        one[0] = (float) sides[j][i];
        x.writeRow(i, j, 1, one, 0);
      }
    }
  }

  private static void fillNaN(HostMatrix x) {
    float[] row = new float[x.columns()];
    Arrays.fill(row, Float.NaN);
    for (int i = 0; i < x.rows(); i++) {
      x.writeRow(i, 0, x.columns(), row, 0);
    }
  }
}
