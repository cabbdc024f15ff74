package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Write;

/** What stands before and after the score product, row by row. */
final class VectorScoreSteps {
  private static final int L = Lanes.COUNT;

  private final Workers workers;
  private final RowBuffers buffers;
  private final Workers.Task normaliseBack = this::normaliseBackRows;
  private final Workers.Task weigh = this::weighRows;
  private final Workers.Task close = this::closeRows;
  private final Workers.Task closeBack = this::closeBackRows;

  private HostMatrix x;
  private HostMatrix g;
  private HostMatrix out;
  private boolean accumulate;
  private RowNormalisation normalisation;
  private float[] weights;
  private float beta;

  VectorScoreSteps(Workers workers) {
    this.workers = workers;
    this.buffers = new RowBuffers(workers, 3);
  }

  void trim() {
    buffers.trim();
  }

  void normaliseBackward(
      HostMatrix x, RowNormalisation normalisation, HostMatrix g, Write write, HostMatrix out) {
    this.normalisation = normalisation;
    backward(normaliseBack, x, g, write, out);
  }

  void closenessBackward(HostMatrix cosines, HostMatrix g, Write write, HostMatrix out) {
    backward(closeBack, cosines, g, write, out);
  }

  private void backward(Workers.Task task, HostMatrix x, HostMatrix g, Write w, HostMatrix out) {
    this.x = x;
    this.g = g;
    this.out = out;
    accumulate = w == Write.ACCUMULATE;
    workers.run(task, x.rows(), workers.chunk(x.rows(), 64));
  }

  private void normaliseBackRows(int worker, int from, int to) {
    int d = x.columns();
    for (int b = from; b < to; b++) {
      float[] row = x.floats(b, buffers.row(worker, 0, d));
      float[] gradient = g.floats(b, buffers.row(worker, 1, d));
      float[] target = out.floats(b, buffers.row(worker, 2, d));
      normaliseBack(
          row, x.floatOffset(b), gradient, g.floatOffset(b), target, out.floatOffset(b), d);
      write(b, target);
    }
  }

  /** {@code ∂x = (g − shift − (x − centre)·tilt)·gain}; sums are double, as the forward's are. */
  private void normaliseBack(
      float[] row, int rowAt, float[] g, int gAt, float[] out, int at, int d) {
    double mean = 0;
    double shift = 0;
    if (normalisation == RowNormalisation.LAYER_NORM) {
      for (int i = 0; i < d; i++) {
        mean += row[rowAt + i];
        shift += g[gAt + i];
      }
      mean /= d;
      shift /= d;
    }
    double squares = 0;
    double dot = 0;
    for (int i = 0; i < d && normalisation != RowNormalisation.NONE; i++) {
      double difference = row[rowAt + i] - mean;
      squares += difference * difference;
      dot += difference * g[gAt + i];
    }
    double gain = 1;
    double tilt = 0;
    if (normalisation == RowNormalisation.UNIT) {
      double norm = Math.sqrt(squares);
      boolean floored = norm <= RowNormalisation.UNIT_FLOOR;
      gain = 1 / (floored ? RowNormalisation.UNIT_FLOOR : norm);
      tilt = floored ? 0 : dot / squares;
    } else if (normalisation == RowNormalisation.LAYER_NORM) {
      double s = d == 1 ? 0 : Math.sqrt(squares / (d - 1));
      gain = 1 / (s + RowNormalisation.LAYER_NORM_EPSILON);
      tilt = s == 0 ? 0 : dot * gain / (s * (d - 1));
    }
    slope(row, rowAt, g, gAt, (float) shift, (float) mean, (float) tilt, (float) gain, out, at, d);
  }

  private void slope(
      float[] row,
      int rowAt,
      float[] g,
      int gAt,
      float shift,
      float mean,
      float tilt,
      float gain,
      float[] out,
      int at,
      int d) {
    FloatVector zero = FloatVector.zero(Lanes.FLOATS);
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector tilted = tilt == 0 ? zero : load(row, rowAt + i).sub(mean).mul(tilt);
      FloatVector v = load(g, gAt + i).sub(shift).sub(tilted).mul(gain);
      (accumulate ? v.add(load(out, at + i)) : v).intoArray(out, at + i);
    }
    for (; i < d; i++) {
      float tilted = tilt == 0 ? 0 : (row[rowAt + i] - mean) * tilt;
      float v = (g[gAt + i] - shift - tilted) * gain;
      out[at + i] = accumulate ? v + out[at + i] : v;
    }
  }

  void weigh(HostMatrix z, Floats columnWeights, HostMatrix q, float beta, HostMatrix out) {
    this.x = z;
    this.g = q;
    this.out = out;
    this.beta = beta;
    weights = columnWeights == null ? null : ((HostFloats) columnWeights).array();
    try {
      workers.run(weigh, z.rows(), workers.chunk(z.rows(), 64));
    } finally {
      weights = null; // a closed handle's array must not live on here
    }
  }

  private void weighRows(int worker, int from, int to) {
    int n = x.columns();
    for (int b = from; b < to; b++) {
      float[] row = x.floats(b, buffers.row(worker, 0, n));
      float[] q = g == null ? null : g.floats(b, buffers.row(worker, 1, n));
      float[] target = out.floats(b, buffers.row(worker, 2, n));
      int qAt = g == null ? 0 : g.floatOffset(b);
      weighRow(row, x.floatOffset(b), q, qAt, target, out.floatOffset(b), n);
      write(b, target);
    }
  }

  private void weighRow(float[] z, int zAt, float[] q, int qAt, float[] out, int at, int n) {
    FloatVector one = FloatVector.broadcast(Lanes.FLOATS, 1);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = load(z, zAt + i);
      v = weights == null ? v : v.mul(load(weights, i));
      v = q == null ? v : v.mul(load(q, qAt + i).abs().mul(beta).add(one));
      v.intoArray(out, at + i);
    }
    for (; i < n; i++) {
      float v = z[zAt + i];
      v = weights == null ? v : v * weights[i];
      out[at + i] = q == null ? v : v * (Math.abs(q[qAt + i]) * beta + 1);
    }
  }

  void closeness(HostMatrix cosines, HostMatrix out) {
    this.x = cosines;
    this.out = out;
    workers.run(close, cosines.rows(), workers.chunk(cosines.rows(), 64));
  }

  private void closeRows(int worker, int from, int to) {
    int n = x.columns();
    for (int b = from; b < to; b++) {
      float[] row = x.floats(b, buffers.row(worker, 0, n));
      float[] target = out.floats(b, buffers.row(worker, 2, n));
      closeRow(row, x.floatOffset(b), target, out.floatOffset(b), n);
      write(b, target);
    }
  }

  private static void closeRow(float[] c, int cAt, float[] out, int at, int n) {
    FloatVector two = FloatVector.broadcast(Lanes.FLOATS, 2);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector square = two.sub(load(c, cAt + i).mul(2));
      square = square.blend(0, square.compare(VectorOperators.LT, 0f));
      two.sub(square.sqrt()).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      float square = 2 - 2 * c[cAt + i];
      out[at + i] = 2 - (float) Math.sqrt(square < 0 ? 0 : square);
    }
  }

  private void closeBackRows(int worker, int from, int to) {
    int n = x.columns();
    for (int b = from; b < to; b++) {
      float[] row = x.floats(b, buffers.row(worker, 0, n));
      float[] gradient = g.floats(b, buffers.row(worker, 1, n));
      float[] target = out.floats(b, buffers.row(worker, 2, n));
      closeBackRow(
          row, x.floatOffset(b), gradient, g.floatOffset(b), target, out.floatOffset(b), n);
      write(b, target);
    }
  }

  private void closeBackRow(float[] c, int cAt, float[] g, int gAt, float[] out, int at, int n) {
    FloatVector two = FloatVector.broadcast(Lanes.FLOATS, 2);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector cosine = load(c, cAt + i);
      FloatVector v = load(g, gAt + i).div(two.sub(cosine.mul(2)).sqrt());
      v = v.blend(0, cosine.compare(VectorOperators.GE, 1f));
      (accumulate ? v.add(load(out, at + i)) : v).intoArray(out, at + i);
    }
    for (; i < n; i++) {
      float cosine = c[cAt + i];
      float v = cosine >= 1 ? 0 : g[gAt + i] / (float) Math.sqrt(2 - 2 * cosine);
      out[at + i] = accumulate ? v + out[at + i] : v;
    }
  }

  private void write(int row, float[] from) {
    if (out.dtype() != DType.F32) {
      out.writeRow(row, 0, out.columns(), from, 0);
    }
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }
}
