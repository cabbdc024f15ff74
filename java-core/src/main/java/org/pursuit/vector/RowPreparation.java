package org.pursuit.vector;

import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.RowNormalisation;

/** Reads rows as the product sees them: {@code normalise(x) − preBias}. */
final class RowPreparation implements Product.Rows {
  private HostMatrix x;
  private RowNormalisation normalisation;
  private float[] preBias;

  void of(Matrix x, RowNormalisation normalisation, Floats preBias) {
    this.x = (HostMatrix) x;
    this.normalisation = normalisation;
    this.preBias = preBias == null ? null : ((HostFloats) preBias).array();
  }

  @Override
  public void read(int row, float[] target) {
    int d = x.columns();
    x.readRow(row, 0, d, target, 0);
    if (normalisation != RowNormalisation.NONE) {
      double centre = centre(target, d);
      normalise(target, d, (float) centre, divisor(scale(target, d, centre)));
    }
    if (preBias != null) {
      for (int i = 0; i < d; i++) {
        target[i] -= preBias[i];
      }
    }
  }

  /** What the normalisation subtracts from a raw row. */
  double centre(float[] row, int d) {
    if (normalisation != RowNormalisation.LAYER_NORM) {
      return 0;
    }
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += row[i];
    }
    return sum / d;
  }

  /** The row's standard deviation or norm, by which it is divided; 1 without normalisation. */
  float scale(float[] row, int d, double centre) {
    return switch (normalisation) {
      case NONE -> 1;
      case UNIT -> Math.max((float) Math.sqrt(squares(row, d, 0)), RowNormalisation.UNIT_FLOOR);
      case LAYER_NORM -> d == 1 ? 0 : (float) Math.sqrt(squares(row, d, centre) / (d - 1));
    };
  }

  private float divisor(float scale) {
    return normalisation == RowNormalisation.LAYER_NORM
        ? scale + RowNormalisation.LAYER_NORM_EPSILON
        : scale;
  }

  private static void normalise(float[] row, int d, float centre, float divisor) {
    for (int i = 0; i < d; i++) {
      row[i] = (row[i] - centre) / divisor;
    }
  }

  private static double squares(float[] row, int d, double centre) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      double difference = row[i] - centre;
      sum += difference * difference;
    }
    return sum;
  }
}
