package org.pursuit.contract;

import org.pursuit.data.DType;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;

/**
 * The oracle of scores: {@code normalise(x) − preBias} in double, and how large the numbers were
 * from which each element is computed, to which its rounding error is proportional.
 */
final class PreparedRows {
  private static final double LAYER_NORM_EPSILON = 1e-5;
  private static final double UNIT_FLOOR = 1e-12;

  private final int rows;
  private final int columns;
  private final int terms;
  private final double[] values;
  private final double[] magnitudes;
  private final Estimate centres;
  private final Estimate scales;

  PreparedRows(Dense x, RowNormalisation normalisation, float[] preBias) {
    this.rows = x.rows();
    this.columns = x.columns();
    this.terms = normalisation == RowNormalisation.NONE ? 1 : columns;
    this.values = new double[rows * columns];
    this.magnitudes = new double[rows * columns];
    this.centres = new Estimate(rows);
    this.scales = new Estimate(rows);
    for (int row = 0; row < rows; row++) {
      switch (normalisation) {
        case NONE -> copy(x, row);
        case UNIT -> unit(x, row);
        case LAYER_NORM -> layerNorm(x, row);
      }
    }
    if (preBias != null) {
      for (int i = 0; i < values.length; i++) {
        values[i] -= preBias[i % columns];
        magnitudes[i] += Math.abs(preBias[i % columns]);
      }
    }
  }

  /** Scores x·Wᵀ + bias of small integers, which float32 holds exactly. */
  static Dense exactScores(Dense x, Dense weights, float[] bias) {
    float[] scores =
        new PreparedRows(x, RowNormalisation.NONE, null)
            .scores(weights, bias, Activation.IDENTITY)
            .exactly(DType.F32);
    return new Dense(x.rows(), weights.rows(), scores);
  }

  private void copy(Dense x, int row) {
    for (int i = 0; i < columns; i++) {
      set(row, i, x.at(row, i), Math.abs(x.at(row, i)));
    }
    centres.add(row, 0);
    scales.add(row, 1, 0);
  }

  private void unit(Dense x, int row) {
    double scale = Math.max(Math.sqrt(squares(x, row, 0)), UNIT_FLOOR);
    for (int i = 0; i < columns; i++) {
      double value = x.at(row, i) / scale;
      set(row, i, value, Math.abs(value));
    }
    centres.add(row, 0);
    scales.add(row, scale, terms * scale);
  }

  /** An error of the mean shifts every element; one of the deviation scales it. */
  private void layerNorm(Dense x, int row) {
    double mean = 0;
    double largest = 0;
    for (int i = 0; i < columns; i++) {
      mean += (double) x.at(row, i) / columns;
      largest = Math.max(largest, Math.abs(x.at(row, i)));
    }
    double scale = columns <= 1 ? 0 : Math.sqrt(squares(x, row, mean) / (columns - 1));
    double divisor = scale + LAYER_NORM_EPSILON;
    for (int i = 0; i < columns; i++) {
      double value = (x.at(row, i) - mean) / divisor;
      set(row, i, value, largest * (2 + Math.abs(value)) / divisor);
    }
    centres.add(row, mean, terms * largest);
    scales.add(row, scale, terms * largest);
  }

  private void set(int row, int column, double value, double magnitude) {
    values[row * columns + column] = value;
    magnitudes[row * columns + column] = magnitude;
  }

  private double squares(Dense x, int row, double centre) {
    double sum = 0;
    for (int i = 0; i < columns; i++) {
      sum += (x.at(row, i) - centre) * (x.at(row, i) - centre);
    }
    return sum;
  }

  /** The rows themselves. */
  Estimate rows() {
    Estimate prepared = new Estimate(values.length);
    for (int i = 0; i < values.length; i++) {
      prepared.add(i, values[i], terms * magnitudes[i]);
    }
    return prepared;
  }

  /** What the normalisation subtracted from each row. */
  Estimate centres() {
    return centres;
  }

  /** What the normalisation divided each row by. */
  Estimate scales() {
    return scales;
  }

  /** The scores against {@code weights} [rows, n]. */
  Estimate scores(Dense weights, float[] bias, Activation activation) {
    int n = weights.rows();
    Estimate scores = new Estimate(rows * n);
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < n; j++) {
        int at = row * n + j;
        for (int i = 0; i < columns; i++) {
          double weight = weights.at(j, i);
          scores.add(
              at,
              values[row * columns + i] * weight,
              magnitudes[row * columns + i] * Math.abs(weight));
        }
        scores.add(at, bias == null ? 0 : bias[j]);
      }
    }
    if (activation == Activation.RELU) {
      scores.relu();
    }
    return scores;
  }
}
