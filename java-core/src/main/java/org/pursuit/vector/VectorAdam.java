package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Ints;
import org.pursuit.kernel.Adam;

/** Steps of Adam, row by row. */
final class VectorAdam {
  private static final int L = Lanes.COUNT;

  private final Workers workers;
  private final RowBuffers buffers;
  private final Workers.Task step = this::stepRows;

  private HostMatrix gradient;
  private int[] rowIds;
  private HostMatrix m;
  private HostMatrix v;
  private HostMatrix parameters;
  private float factor;
  private float beta1;
  private float beta2;
  private float epsilon;
  private float stepSize;
  private float rootCorrection;
  private float kept;

  VectorAdam(Workers workers) {
    this.workers = workers;
    this.buffers = new RowBuffers(workers, 4);
  }

  void trim() {
    buffers.trim();
  }

  void step(
      Adam options,
      long step,
      HostMatrix gradient,
      Ints rowIds,
      Ints count,
      Floats factor,
      HostMatrix m,
      HostMatrix v,
      HostMatrix parameters) {
    this.gradient = gradient;
    this.rowIds = rowIds == null ? null : ((HostInts) rowIds).array();
    this.m = m;
    this.v = v;
    this.parameters = parameters;
    this.factor = factor == null ? 1 : ((HostFloats) factor).array()[0];
    beta1 = options.beta1();
    beta2 = options.beta2();
    epsilon = options.epsilon();
    stepSize = options.stepSize(step);
    rootCorrection = options.rootCorrection(step);
    kept = options.kept();
    int rows = count == null ? gradient.rows() : ((HostInts) count).array()[0];
    try {
      workers.run(this.step, rows, workers.chunk(rows, 64));
    } finally {
      this.rowIds = null; // a closed handle's array must not live on here
    }
  }

  private void stepRows(int worker, int from, int to) {
    int d = parameters.columns();
    for (int i = from; i < to; i++) {
      int row = rowIds == null ? i : rowIds[i];
      float[] g = gradient.floats(i, buffers.row(worker, 0, d));
      float[] first = m.floats(row, buffers.row(worker, 1, d));
      float[] second = v.floats(row, buffers.row(worker, 2, d));
      float[] p = parameters.floats(row, buffers.row(worker, 3, d));
      int mAt = m.floatOffset(row);
      int vAt = v.floatOffset(row);
      int pAt = parameters.floatOffset(row);
      moments(g, gradient.floatOffset(i), first, mAt, second, vAt, d);
      move(first, mAt, second, vAt, p, pAt, d);
      write(m, row, first, mAt);
      write(v, row, second, vAt);
      write(parameters, row, p, pAt);
    }
  }

  private static void write(HostMatrix matrix, int row, float[] from, int at) {
    if (matrix.dtype() != DType.F32) {
      matrix.writeRow(row, 0, matrix.columns(), from, at);
    }
  }

  private void moments(float[] g, int gAt, float[] m, int mAt, float[] v, int vAt, int d) {
    FloatVector weight1 = splat(1 - beta1);
    FloatVector weight2 = splat(1 - beta2);
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector scaled = load(g, gAt + i).mul(factor);
      weight1.fma(scaled, load(m, mAt + i).mul(beta1)).intoArray(m, mAt + i);
      weight2.mul(scaled).fma(scaled, load(v, vAt + i).mul(beta2)).intoArray(v, vAt + i);
    }
    for (; i < d; i++) {
      float scaled = g[gAt + i] * factor;
      m[mAt + i] = Math.fma(1 - beta1, scaled, m[mAt + i] * beta1);
      v[vAt + i] = Math.fma((1 - beta2) * scaled, scaled, v[vAt + i] * beta2);
    }
  }

  private void move(float[] m, int mAt, float[] v, int vAt, float[] p, int pAt, int d) {
    FloatVector least = splat(epsilon);
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector root = load(v, vAt + i).sqrt().fma(splat(rootCorrection), least);
      FloatVector move = load(m, mAt + i).mul(stepSize).div(root);
      load(p, pAt + i).mul(kept).sub(move).intoArray(p, pAt + i);
    }
    for (; i < d; i++) {
      float root = Math.fma((float) Math.sqrt(v[vAt + i]), rootCorrection, epsilon);
      p[pAt + i] = p[pAt + i] * kept - m[mAt + i] * stepSize / root;
    }
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
