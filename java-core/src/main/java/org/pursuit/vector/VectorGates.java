package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Write;

/** Gates and their straight-through estimators. */
final class VectorGates {
  private static final int L = Lanes.COUNT;

  private final Workers workers;
  private final ColumnSums columnSums;
  private final RowBuffers buffers;
  private final Workers.Task open = this::openRows;
  private final ColumnSums.Row back = this::backRow;
  private float[] filled = {};

  private Gate gate;
  private HostMatrix a;
  private HostMatrix g;
  private HostMatrix out;
  private boolean accumulate;
  private float[] thresholds;

  VectorGates(Workers workers, ColumnSums columnSums) {
    this.workers = workers;
    this.columnSums = columnSums;
    this.buffers = new RowBuffers(workers, 3);
  }

  void trim() {
    buffers.trim();
    filled = new float[0];
  }

  void gate(HostMatrix a, Gate gate, Floats threshold, HostMatrix out) {
    this.gate = gate;
    this.a = a;
    this.out = out;
    thresholds = thresholds(threshold, a.columns());
    try {
      workers.run(open, a.rows(), workers.chunk(a.rows(), 64));
    } finally {
      thresholds = null; // a closed handle's array must not live on here
    }
  }

  /** A threshold for each column. */
  private float[] thresholds(Floats threshold, int columns) {
    if (threshold != null && threshold.length() == columns) {
      return ((HostFloats) threshold).array();
    }
    filled = Grow.floats(filled, columns);
    Arrays.fill(filled, 0, columns, threshold == null ? 0 : ((HostFloats) threshold).array()[0]);
    return filled;
  }

  private void openRows(int worker, int from, int to) {
    int n = a.columns();
    float[] scratch = buffers.row(worker, 0, n);
    float[] scratchOut = buffers.row(worker, 1, n);
    boolean step = gate.kind() == Gate.Kind.STEP;
    for (int b = from; b < to; b++) {
      float[] row = a.floats(b, scratch);
      float[] target = out.dtype() == DType.F32 ? out.floats(b) : scratchOut;
      int at = out.floatOffset(b);
      openRow(row, a.floatOffset(b), thresholds, step, target, at, n);
      if (out.dtype() != DType.F32) {
        out.writeRow(b, 0, n, target, at);
      }
    }
  }

  private static void openRow(
      float[] row, int rowAt, float[] thresholds, boolean step, float[] out, int at, int n) {
    FloatVector one = FloatVector.broadcast(Lanes.FLOATS, 1);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = load(row, rowAt + i);
      VectorMask<Float> shut = shut(v, load(thresholds, i));
      (step ? one : v).blend(0, shut).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      float v = row[rowAt + i];
      float opened = step ? 1 : v;
      out[at + i] = shut(v, thresholds[i]) ? 0 : opened;
    }
  }

  void backward(
      HostMatrix a,
      Gate gate,
      Floats threshold,
      HostMatrix g,
      Write write,
      HostMatrix gradientA,
      Floats gradientThreshold) {
    this.gate = gate;
    this.a = a;
    this.g = g;
    this.out = gradientA;
    accumulate = write == Write.ACCUMULATE;
    thresholds = thresholds(threshold, a.columns());
    try {
      float[] sums = columnSums.over(a.rows(), a.columns(), back);
      if (gradientThreshold != null) {
        finish(sums, ((HostFloats) gradientThreshold).array());
      }
    } finally {
      thresholds = null;
    }
  }

  /** Makes the thresholds' gradients of the sums of g within the rectangles. */
  private void finish(float[] sums, float[] out) {
    boolean step = gate.kind() == Gate.Kind.STEP;
    boolean shared = out.length == 1 && a.columns() != 1;
    double total = 0;
    for (int j = 0; j < a.columns(); j++) {
      float theta = thresholds[j];
      float gradient = -(step ? 1 : theta) / gate.bandwidth() * sums[j];
      gradient = gate.logThreshold() ? gradient * theta : gradient;
      total += gradient;
      if (!shared) {
        out[j] = accumulate ? out[j] + gradient : gradient;
      }
    }
    if (shared) {
      out[0] = (float) (accumulate ? out[0] + total : total);
    }
  }

  private void backRow(int worker, int b, float[] sums, int sumsAt) {
    int n = a.columns();
    float[] row = a.floats(b, buffers.row(worker, 0, n));
    float[] gradient = g.floats(b, buffers.row(worker, 1, n));
    addInside(
        row,
        a.floatOffset(b),
        gradient,
        g.floatOffset(b),
        thresholds,
        0.5f * gate.bandwidth(),
        sums,
        sumsAt,
        n);
    if (out != null) {
      float[] target = out.floats(b, buffers.row(worker, 2, n));
      int at = out.floatOffset(b);
      boolean step = gate.kind() == Gate.Kind.STEP;
      pass(
          row,
          a.floatOffset(b),
          gradient,
          g.floatOffset(b),
          thresholds,
          step,
          accumulate,
          target,
          at,
          n);
      if (out.dtype() != DType.F32) {
        out.writeRow(b, 0, n, target, at);
      }
    }
  }

  /** Adds the gradients of what lies within the rectangles. */
  private static void addInside(
      float[] row,
      int rowAt,
      float[] g,
      int gAt,
      float[] thresholds,
      float half,
      float[] sums,
      int at,
      int n) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorMask<Float> inside =
          load(row, rowAt + i)
              .sub(load(thresholds, i))
              .abs()
              .compare(VectorOperators.LT, FloatVector.broadcast(Lanes.FLOATS, half));
      FloatVector sum = load(sums, at + i);
      sum.blend(sum.add(load(g, gAt + i)), inside).intoArray(sums, at + i);
    }
    for (; i < n; i++) {
      if (Math.abs(row[rowAt + i] - thresholds[i]) < half) {
        sums[at + i] += g[gAt + i];
      }
    }
  }

  /** Passes on the gradients of what is open. */
  private static void pass(
      float[] row,
      int rowAt,
      float[] g,
      int gAt,
      float[] thresholds,
      boolean step,
      boolean accumulate,
      float[] out,
      int at,
      int n) {
    FloatVector zero = FloatVector.zero(Lanes.FLOATS);
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorMask<Float> shut = shut(load(row, rowAt + i), load(thresholds, i));
      FloatVector passed = step ? zero : load(g, gAt + i).blend(0, shut);
      (accumulate ? load(out, at + i).add(passed) : passed).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      float passed = step || shut(row[rowAt + i], thresholds[i]) ? 0 : g[gAt + i];
      out[at + i] = accumulate ? out[at + i] + passed : passed;
    }
  }

  /** A NaN lies above every threshold, and nothing above one that is NaN. */
  private static boolean shut(float a, float threshold) {
    return a <= threshold || Float.isNaN(threshold);
  }

  private static VectorMask<Float> shut(FloatVector a, FloatVector threshold) {
    return a.compare(VectorOperators.LE, threshold).or(threshold.test(VectorOperators.IS_NAN));
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }
}
