package org.pursuit.bench.cli;

import org.pursuit.bench.support.Table;

/**
 * Checks pursuits: a row is its decoded code plus its residual, up to the rounding of as many steps
 * as were taken.
 */
final class ResidualCheck {
  /** Rounding of a step of the pursuit and of the decoding, in units of the row's norm. */
  private static final double ALLOWED_ERROR_OF_STEP = 4 * 0x1p-23;

  private int pursuits;
  private boolean passed = true;
  private double largestError;
  private double allowedError;

  /** Checks the rows of one pursuit, all of dimension {@code d}. */
  void add(float[] rows, float[] decoded, float[] residual, int d, int steps) {
    double allowed = (steps + 1) * ALLOWED_ERROR_OF_STEP;
    double error = 0;
    for (int row = 0; row < rows.length; row += d) {
      error = Math.max(error, relativeError(rows, decoded, residual, row, row + d));
    }
    pursuits++;
    passed &= error <= allowed;
    largestError = Math.max(largestError, error);
    allowedError = Math.max(allowedError, allowed);
  }

  /** ‖x − decoded − residual‖ / ‖x‖; NaN counts as the largest error. */
  private static double relativeError(
      float[] x, float[] decoded, float[] residual, int from, int to) {
    double difference = 0;
    double norm = 0;
    for (int i = from; i < to; i++) {
      double left = (double) x[i] - decoded[i] - residual[i];
      difference += left * left;
      norm += (double) x[i] * x[i];
    }
    return Math.sqrt(norm == 0 ? difference : difference / norm);
  }

  boolean passed() {
    return passed;
  }

  /** Adds the outcome to a table of two columns. */
  void describe(Table table) {
    table
        .row(
            "check",
            "decoded codes + residual = rows in "
                + pursuits
                + " pursuits: "
                + (passed ? "passed" : "FAILED"))
        .row(
            "",
            "largest error "
                + Format.scientific(largestError)
                + " of a row's norm, allowed "
                + Format.scientific(allowedError));
  }
}
