package org.pursuit.scalar;

import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Statistics;

/** Statistics, element by element. */
final class ScalarStatistics extends Statistics {
  private final Scratch scratch;

  ScalarStatistics(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
  }

  @Override
  protected void squaredErrorsKernel(Matrix x, Matrix y, Floats out) {
    int d = x.columns();
    float[] left = scratch.x(d);
    float[] right = scratch.atom(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, left, 0);
      ((HostMatrix) y).readRow(b, 0, d, right, 0);
      double sum = 0;
      for (int i = 0; i < d; i++) {
        double error = (double) left[i] - right[i];
        sum += error * error;
      }
      ((HostFloats) out).array()[b] = (float) sum;
    }
  }
}
