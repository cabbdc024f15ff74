package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.support.Dense;
import org.pursuit.support.Slots;

/**
 * Checks a float32 pursuit step by step in double: every pick is the best on its own residual up to
 * rounding, every coefficient is right, and the row stopped where it had to.
 *
 * <p>A correlation's rounding error is bounded by ε·‖D_j‖ with ε proportional to the numbers that
 * went into the residual, ‖x‖ + Σ|c|·‖D‖, and to the number of roundings: one for each of the d
 * terms of the product, and a few for each step.
 */
final class PursuitCertificate {
  private static final double UNIT_ROUNDOFF = 0x1p-24;

  private final Dense x;
  private final Dense atoms;
  private final MatchingPursuit options;
  private final boolean[] mask;
  private final double[] norms;

  /** For rows of {@code x} and those atoms that {@code mask} sets; null for all. */
  PursuitCertificate(Dense x, Dense atoms, MatchingPursuit options, boolean[] mask) {
    this.x = x;
    this.atoms = atoms;
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
    private final double tolerance;
    private final boolean[] picked = new boolean[norms.length];
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
      this.went = norm(r);
      this.tolerance = Math.max(options.toleranceAbsolute(), options.toleranceRelative() * went);
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
      double product = dot(atoms.row(pick), r);
      double square = norms[pick] * norms[pick];
      boolean normalised = options.scaling() == AtomScaling.NORMALISED;
      assertThat(key(pick))
          .as(place() + ": score of atom " + pick + " against the best")
          .isGreaterThanOrEqualTo(bestKey() - 2 * scoreError());
      if (options.sign() == Sign.POSITIVE) {
        assertThat(c).as(place() + ": coefficient").isPositive();
      }
      double expected = normalised ? product / square : product;
      double bound = normalised ? error() / norms[pick] : error() * norms[pick];
      assertThat(Math.abs(c - expected))
          .as("%s: coefficient %s, expected %s", place(), c, expected)
          .isLessThanOrEqualTo(bound + 4 * UNIT_ROUNDOFF * Math.abs(expected));
    }

    private void subtract(int pick, float c) {
      picked[pick] = true;
      went += Math.abs(c) * norms[pick];
      for (int i = 0; i < r.length; i++) {
        double part = (double) c * atoms.at(pick, i);
        r[i] -= part;
        magnitudes[i] += Math.abs(part);
      }
    }

    private void checkStop() {
      double best = options.sign() == Sign.SIGNED ? Math.abs(bestKey()) : bestKey();
      if (norm(r) > tolerance + error()) {
        assertThat(best).as(place() + ": stopped early").isLessThanOrEqualTo(2 * scoreError());
      }
    }

    /** The best key of all atoms that may be picked; −∞ without any. */
    private double bestKey() {
      double best = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < norms.length; j++) {
        best = allowed(j) ? Math.max(best, key(j)) : best;
      }
      return best == Double.NEGATIVE_INFINITY && options.sign() == Sign.SIGNED ? 0 : best;
    }

    private boolean allowed(int j) {
      return norms[j] * norms[j] >= Float.MIN_NORMAL
          && (mask == null || mask[j])
          && !(options.reselection() == Reselection.FORBID && picked[j]);
    }

    private double key(int j) {
      double score = dot(atoms.row(j), r);
      if (options.scaling() == AtomScaling.NORMALISED) {
        score /= norms[j];
      }
      return options.sign() == Sign.MAGNITUDE ? Math.abs(score) : score;
    }

    private double error() {
      return (r.length + 4 * step + 16) * UNIT_ROUNDOFF * went;
    }

    private double scoreError() {
      if (options.scaling() == AtomScaling.NORMALISED) {
        return error();
      }
      double largest = 0;
      for (double norm : norms) {
        largest = Math.max(largest, norm);
      }
      return error() * largest;
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
