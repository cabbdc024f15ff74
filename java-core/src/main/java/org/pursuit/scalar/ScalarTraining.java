package org.pursuit.scalar;

import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Training;

/** Dense steps, element by element. */
final class ScalarTraining extends Training {
  private final Scratch scratch;

  ScalarTraining(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
  }

  @Override
  protected void axpbyKernel(float alpha, Matrix x, float beta, Matrix y) {
    int d = x.columns();
    float[] added = scratch.x(d);
    float[] row = scratch.atom(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, added, 0);
      ((HostMatrix) y).readRow(b, 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        double sum = (double) alpha * added[i];
        row[i] = (float) (beta == 0 ? sum : sum + (double) beta * row[i]);
      }
      ((HostMatrix) y).writeRow(b, 0, d, row, 0);
    }
  }
}
