package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Statistics;

/** Statistics, row by row. */
final class VectorStatistics extends Statistics {
  private final Workers workers;
  private final Workers.Task squaredErrors = this::squaredErrorsOfRows;
  private final float[][] widenedX;
  private final float[][] widenedY;

  private HostMatrix x;
  private HostMatrix y;
  private float[] errors;

  VectorStatistics(Memory memory, Workers workers) {
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
  protected void squaredErrorsKernel(Matrix x, Matrix y, Floats out) {
    this.x = (HostMatrix) x;
    this.y = (HostMatrix) y;
    this.errors = ((HostFloats) out).array();
    try {
      workers.run(squaredErrors, x.rows(), workers.chunk(x.rows(), 64));
    } finally {
      errors = null; // a closed handle's array must not live on here
    }
  }

  private void squaredErrorsOfRows(int worker, int from, int to) {
    int d = x.columns();
    float[] scratchX = widenedX[worker] = Grow.floats(widenedX[worker], d);
    float[] scratchY = widenedY[worker] = Grow.floats(widenedY[worker], d);
    for (int b = from; b < to; b++) {
      float[] left = x.floats(b, scratchX);
      float[] right = y.floats(b, scratchY);
      errors[b] = Sums.squaredDistance(left, x.floatOffset(b), right, y.floatOffset(b), d);
    }
  }
}
