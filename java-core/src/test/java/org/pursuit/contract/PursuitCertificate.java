package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import org.pursuit.data.DType;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.Precision;
import org.pursuit.support.Dense;
import org.pursuit.support.Factors;
import org.pursuit.support.Slots;

/**
 * Checks a pursuit step by step in double: every pick is the best on its own residual up to
 * rounding, every coefficient is right, the row stopped where it had to, and the residual is what
 * the tape leaves of the row.
 *
 * <p>The residual is replayed from the tape's own coefficients, so that a step inherits nothing
 * from the errors of earlier ones but what is in its correlations. These have three parts:
 *
 * <ul>
 *   <li>That of float32 is at most ε·‖D_j‖ with ε proportional to the numbers that went into the
 *       residual, ‖x‖ + Σ|c|·‖D‖, and to the number of roundings: one for each of the d terms of
 *       the product, and a few for each step.
 *   <li>That of a 16-bit Gram: step s took c_s times a rounded product G_sj, so that the
 *       correlation of atom j is off by at most Σ_s |c_s|·(u·|G_sj| + η), where u is the format's
 *       unit roundoff and η half of its smallest number.
 * </ul>
 */
final class PursuitCertificate {
  private static final double UNIT_ROUNDOFF = 0x1p-24;

  private final Dense x;
  private final Dense atoms;
  private final DType gram;
  private final MatchingPursuit options;
  private final boolean[] mask;
  private final double[] norms;

  /**
   * For rows of {@code x} and those atoms that {@code mask} sets; null for all.
   *
   * @param gram format of the Gram; null if there is none
   */
  PursuitCertificate(Dense x, Dense atoms, DType gram, MatchingPursuit options, boolean[] mask) {
    this.x = x;
    this.atoms = atoms;
    this.gram = gram;
    this.options = options;
    this.mask = mask;
    this.norms = new double[atoms.rows()];
    for (int j = 0; j < norms.length; j++) {
      norms[j] = Math.sqrt(dot(atoms.row(j), doubles(atoms.row(j))));
    }
  }

  /** Checks a tape and its residuals. */
  void check(Slots tape, Dense residual, String description) {
    tape.assertWellFormed(description);
    for (int row = 0; row < x.rows(); row++) {
      new Row(row, description + ", row " + row).check(tape, residual.row(row));
    }
  }

  /** One row's pursuit, replayed. */
  private final class Row {
    private final int row;
    private final String description;
    private final double[] r;
    private final double[] magnitudes;
    private final double norm;
    private final double tolerance;
    private final boolean[] picked = new boolean[norms.length];
    private final double[] gramErrors = new double[norms.length];
    private double went;
    private int step;

    Row(int row, String description) {
      this.row = row;
      this.description = description;
      this.r = doubles(x.row(row));
      this.magnitudes = doubles(x.row(row));
      for (int i = 0; i < r.length; i++) {
        magnitudes[i] = Math.abs(r[i]);
      }
      this.norm = norm(r);
      this.went = norm;
      this.tolerance = Math.max(options.toleranceAbsolute(), options.toleranceRelative() * norm);
    }

    void check(Slots tape, float[] residual) {
      boolean stopped = false;
      for (; step < tape.counts()[row]; step++) {
        assertThat(stopped).as(place() + ": goes on after a repeated pick").isFalse();
        int pick = tape.index(row, step);
        checkStep(pick, tape.value(row, step));
        stopped = options.reselection() == Reselection.STOP && picked[pick];
        subtract(pick, tape.value(row, step));
      }
      if (step < options.steps() && !stopped) {
        checkStop();
      }
      for (int i = 0; i < r.length; i++) {
        assertThat(Math.abs(residual[i] - r[i]))
            .as("%s: element %d of the residual is %s, expected %s", place(), i, residual[i], r[i])
            .isLessThanOrEqualTo((2 * step + 4) * UNIT_ROUNDOFF * magnitudes[i]);
      }
    }

    private void checkStep(int pick, float c) {
      assertThat(allowed(pick)).as(place() + ": atom " + pick + " may be picked").isTrue();
      assertThat(norm(r))
          .as(place() + ": not yet below the tolerance")
          .isGreaterThanOrEqualTo(tolerance - error());
      assertThat(key(pick) + scoreError(pick))
          .as(place() + ": score of atom " + pick + " against the best")
          .isGreaterThanOrEqualTo(best(-1));
      if (options.sign() == Sign.POSITIVE) {
        assertThat(c).as(place() + ": coefficient").isPositive();
      }
      double product = dot(atoms.row(pick), r);
      double divisor = normalised() ? norms[pick] * norms[pick] : 1;
      double expected = product / divisor;
      assertThat(Math.abs(c - expected))
          .as("%s: coefficient %s, expected %s", place(), c, expected)
          .isLessThanOrEqualTo(error(pick) / divisor + 4 * UNIT_ROUNDOFF * Math.abs(expected));
    }

    private void subtract(int pick, float c) {
      picked[pick] = true;
      went += Math.abs(c) * norms[pick];
      for (int i = 0; i < r.length; i++) {
        double part = (double) c * atoms.at(pick, i);
        r[i] -= part;
        magnitudes[i] += Math.abs(part);
      }
      if (gram != null && gram != DType.F32) {
        double[] atom = doubles(atoms.row(pick));
        for (int j = 0; j < norms.length; j++) {
          gramErrors[j] += Math.abs(c) * rounding(dot(atoms.row(j), atom));
        }
      }
    }

    /** What rounding to the Gram's format may do to a product. */
    private double rounding(double product) {
      return gram == DType.BF16
          ? 0x1p-8 * Math.abs(product) + 0x1p-134
          : 0x1p-11 * Math.abs(product) + 0x1p-25;
    }

    /** A step is refused where the best score is computed as 0, or is no score of a step. */
    private void checkStop() {
      if (norm(r) > tolerance + error()) {
        assertThat(best(-1)).as(place() + ": stopped early").isLessThanOrEqualTo(0);
        if (options.sign() == Sign.SIGNED && best(1) != Double.NEGATIVE_INFINITY) {
          assertThat(best(1)).as(place() + ": stopped early").isGreaterThanOrEqualTo(0);
        }
      }
    }

    /**
     * The best key of all atoms that may be picked, each its error higher (1) or lower (−1) than it
     * is; −∞ without any.
     */
    private double best(int side) {
      double best = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < norms.length; j++) {
        best = allowed(j) ? Math.max(best, key(j) + side * scoreError(j)) : best;
      }
      return best;
    }

    private boolean allowed(int j) {
      return norms[j] * norms[j] >= Float.MIN_NORMAL
          && (mask == null || mask[j])
          && !(options.reselection() == Reselection.FORBID && picked[j]);
    }

    private double key(int j) {
      double score = dot(atoms.row(j), r) / (normalised() ? norms[j] : 1);
      return options.sign() == Sign.MAGNITUDE ? Math.abs(score) : score;
    }

    private boolean normalised() {
      return options.scaling() == AtomScaling.NORMALISED;
    }

    private double scoreError(int j) {
      return error(j) / (normalised() ? norms[j] : 1);
    }

    /** How far the correlation of atom j may be off. */
    private double error(int j) {
      return (error() + factorError()) * norms[j] + gramErrors[j];
    }

    /** How far a precision below float32 may be off, for an atom of unit norm. */
    private double factorError() {
      double multiplied = gram == null ? norm(r) : norm;
      boolean exact = options.precision() == Precision.FLOAT32;
      return exact ? 0 : Factors.error(options.precision(), r.length) * multiplied;
    }

    /** How far float32 may be off, for an atom of unit norm. */
    private double error() {
      return (r.length + 4 * step + 16) * UNIT_ROUNDOFF * went;
    }

    private String place() {
      return description + ", step " + step;
    }
  }

  private static double norm(double[] r) {
    double sum = 0;
    for (double element : r) {
      sum += element * element;
    }
    return Math.sqrt(sum);
  }

  private static double dot(float[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] doubles(float[] values) {
    double[] widened = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      widened[i] = values[i];
    }
    return widened;
  }
}
