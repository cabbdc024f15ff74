package org.pursuit.bench.cli;

/**
 * The fraction of variance that reconstructions leave unexplained, {@code Σ‖x − x̂‖² / Σ‖x − m‖²}
 * with the mean m of each column, in one pass over the rows.
 *
 * <p>Columns are followed by Welford's recurrence, in double precision and row by row: it does not
 * cancel where means are large, and the result does not depend on how the rows came in batches.
 */
final class Fvu {
  private final int columns;
  private final double[] mean;
  private final double[] squares;
  private long rows;
  private double residual;

  Fvu(int columns) {
    this.columns = columns;
    this.mean = new double[columns];
    this.squares = new double[columns];
  }

  /** Adds {@code count} rows and their reconstructions, both row-major from the arrays' starts. */
  void add(float[] x, float[] reconstruction, int count) {
    for (int row = 0; row < count; row++) {
      int at = row * columns;
      rows++;
      addToColumns(x, at, 1.0 / rows);
      residual += squaredDistance(x, reconstruction, at);
    }
  }

  private void addToColumns(float[] x, int at, double weight) {
    for (int column = 0; column < columns; column++) {
      double delta = x[at + column] - mean[column];
      mean[column] += delta * weight;
      squares[column] += delta * (x[at + column] - mean[column]);
    }
  }

  private double squaredDistance(float[] x, float[] reconstruction, int at) {
    double sum = 0;
    for (int column = 0; column < columns; column++) {
      double difference = (double) x[at + column] - reconstruction[at + column];
      sum += difference * difference;
    }
    return sum;
  }

  /** The fraction so far; NaN where the rows do not vary or are not finite. */
  double value() {
    double variance = 0;
    for (double square : squares) {
      variance += square;
    }
    return variance > 0 ? residual / variance : Double.NaN;
  }
}
