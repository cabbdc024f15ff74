package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.pursuit.data.DType;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Training;

/** Dense steps, row by row. */
final class VectorTraining extends Training {
  private static final int L = Lanes.COUNT;

  private final Workers workers;
  private final Workers.Task axpby = this::axpbyRows;
  private final float[][] widenedX;
  private final float[][] widenedY;

  private float alpha;
  private HostMatrix x;
  private float beta;
  private HostMatrix y;

  VectorTraining(Memory memory, Workers workers) {
    super(memory);
    this.workers = workers;
    this.widenedX = new float[workers.count()][0];
    this.widenedY = new float[workers.count()][0];
  }

  void trim() {
    Arrays.fill(widenedX, new float[0]);
    Arrays.fill(widenedY, new float[0]);
  }

  @Override
  protected void axpbyKernel(float alpha, Matrix x, float beta, Matrix y) {
    this.alpha = alpha;
    this.x = (HostMatrix) x;
    this.beta = beta;
    this.y = (HostMatrix) y;
    workers.run(axpby, x.rows(), workers.chunk(x.rows(), 64));
  }

  private void axpbyRows(int worker, int from, int to) {
    int d = x.columns();
    float[] scratchX = widenedX[worker] = Grow.floats(widenedX[worker], d);
    float[] scratchY = widenedY[worker] = Grow.floats(widenedY[worker], d);
    for (int b = from; b < to; b++) {
      float[] added = x.floats(b, scratchX);
      float[] row = y.floats(b, scratchY);
      int at = y.floatOffset(b);
      if (beta == 0) {
        scale(alpha, added, x.floatOffset(b), row, at, d);
      } else {
        axpby(alpha, added, x.floatOffset(b), beta, row, at, d);
      }
      if (y.dtype() != DType.F32) {
        y.writeRow(b, 0, d, row, at);
      }
    }
  }

  private static void scale(float alpha, float[] x, int xAt, float[] y, int yAt, int d) {
    int i = 0;
    for (; i <= d - L; i += L) {
      load(x, xAt + i).mul(alpha).intoArray(y, yAt + i);
    }
    for (; i < d; i++) {
      y[yAt + i] = alpha * x[xAt + i];
    }
  }

  private static void axpby(
      float alpha, float[] x, int xAt, float beta, float[] y, int yAt, int d) {
    FloatVector weight = FloatVector.broadcast(Lanes.FLOATS, alpha);
    int i = 0;
    for (; i <= d - L; i += L) {
      load(x, xAt + i).fma(weight, load(y, yAt + i).mul(beta)).intoArray(y, yAt + i);
    }
    for (; i < d; i++) {
      y[yAt + i] = Math.fma(x[xAt + i], alpha, y[yAt + i] * beta);
    }
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }
}
