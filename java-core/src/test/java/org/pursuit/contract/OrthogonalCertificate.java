package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.support.Dense;
import org.pursuit.support.Same;
import org.pursuit.support.Slots;

/**
 * Checks an orthogonal pursuit step by step in double: every pick is the best for what least
 * squares on the picks before it leave, up to rounding, the row stopped where it had to, the values
 * are those of least squares, and the residual is what they leave of the row.
 *
 * <p>A correlation is computed from as many roundings as a product has terms and the support has
 * atoms, of numbers of the size of the row and of what was subtracted; and errors of the values add
 * to it that are larger by the condition of the support.
 */
final class OrthogonalCertificate {
  private static final double UNIT_ROUNDOFF = 0x1p-24;

  private final Dense x;
  private final double[][] atoms;
  private final Dense stored;
  private final OrthogonalPursuit options;
  private final boolean[] mask;
  private final double gramRoundoff;

  /** For rows of {@code x} and those atoms that {@code mask} sets; null for all. */
  OrthogonalCertificate(Dense x, Dense atoms, OrthogonalPursuit options, boolean[] mask) {
    this(x, atoms, options, mask, 0);
  }

  /**
   * As above, with correlations from a Gram.
   *
   * @param gramRoundoff how far its elements may be off, beyond float32
   */
  OrthogonalCertificate(
      Dense x, Dense atoms, OrthogonalPursuit options, boolean[] mask, double gramRoundoff) {
    this.x = x;
    this.gramRoundoff = gramRoundoff;
    this.stored = atoms;
    this.options = options;
    this.mask = mask;
    this.atoms = new double[atoms.rows()][];
    for (int j = 0; j < atoms.rows(); j++) {
      this.atoms[j] = doubles(atoms.row(j));
    }
  }

  /** Checks codes and their residuals. */
  void check(Slots codes, Dense residual, String description) {
    codes.assertWellFormed(description);
    for (int row = 0; row < x.rows(); row++) {
      int count = codes.counts()[row];
      int[] picks = Arrays.copyOfRange(codes.indices(), row * codes.k(), row * codes.k() + count);
      for (int step = 0; step <= count; step++) {
        String place = description + ", row " + row + ", step " + step;
        checkStep(row, picks, step, step < count, place);
      }
      checkValues(codes, row, picks, residual, description + ", row " + row);
    }
  }

  private void checkStep(int row, int[] picks, int step, boolean picked, String place) {
    double[] whole = doubles(x.row(row));
    int[] support = Arrays.copyOf(picks, step);
    LeastSquaresTwin fit = new LeastSquaresTwin(atoms, support);
    double[] left = fit.residual(whole);
    double error = error(fit, support, whole);
    double scoreError = error + gramRoundoff * taken(fit.values(whole), support);
    double norm = LeastSquaresTwin.norm(left);
    double tolerance =
        Math.max(
            options.toleranceAbsolute(),
            options.toleranceRelative() * LeastSquaresTwin.norm(whole));
    double best = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < atoms.length; j++) {
      if (allowed(j, support) && fit.independence(j) > 2 * OrthogonalPursuit.DEPENDENCE) {
        best = Math.max(best, score(j, left));
      }
    }
    if (picked) {
      int pick = picks[step];
      assertThat(allowed(pick, support)).as(place + ": atom " + pick + " is allowed").isTrue();
      assertThat(fit.independence(pick))
          .as(place + ": independence of atom " + pick)
          .isGreaterThan(OrthogonalPursuit.DEPENDENCE / 2);
      assertThat(norm).as(place + ": not yet done").isGreaterThanOrEqualTo(tolerance - error);
      assertThat(score(pick, left) + 2 * scoreError)
          .as(place + ": score of atom " + pick + " against the best")
          .isGreaterThanOrEqualTo(best);
    } else if (step < options.steps() && norm > tolerance + error) {
      assertThat(best).as(place + ": stopped early").isLessThanOrEqualTo(scoreError);
    }
  }

  private void checkValues(Slots codes, int row, int[] picks, Dense residual, String description) {
    double[] whole = doubles(x.row(row));
    LeastSquaresTwin fit = new LeastSquaresTwin(atoms, picks);
    double[] expected = fit.values(whole);
    double error = error(fit, picks, whole);
    float[] left = x.row(row);
    for (int s = 0; s < picks.length; s++) {
      double norm = LeastSquaresTwin.norm(atoms[picks[s]]);
      assertThat(Math.abs(codes.value(row, s) - expected[s]) * norm)
          .as("%s: slot %d, %s and %s", description, s, codes.value(row, s), expected[s])
          .isLessThanOrEqualTo(error);
      for (int i = 0; i < left.length; i++) {
        left[i] = Math.fma(-codes.value(row, s), stored.at(picks[s], i), left[i]);
      }
    }
    Same.bits(residual.row(row), left, description + ": residual");
    for (int pick : picks) {
      double along = LeastSquaresTwin.dot(doubles(left), atoms[pick]);
      assertThat(Math.abs(along) / LeastSquaresTwin.norm(atoms[pick]))
          .as("%s: what is left along atom %d", description, pick)
          .isLessThanOrEqualTo(error);
    }
  }

  /** How far a score may be off. */
  private double error(LeastSquaresTwin fit, int[] support, double[] whole) {
    double size = LeastSquaresTwin.norm(whole) + taken(fit.values(whole), support);
    int roundings = whole.length + 4 * support.length + 16;
    return roundings * UNIT_ROUNDOFF * size / fit.smallestIndependence();
  }

  /** The sizes of what values take. */
  private double taken(double[] values, int[] support) {
    double size = 0;
    for (int s = 0; s < support.length; s++) {
      size += Math.abs(values[s]) * LeastSquaresTwin.norm(atoms[support[s]]);
    }
    return size;
  }

  private boolean allowed(int j, int[] support) {
    return LeastSquaresTwin.dot(atoms[j], atoms[j]) >= Float.MIN_NORMAL
        && (mask == null || mask[j])
        && Arrays.stream(support).noneMatch(s -> s == j);
  }

  private double score(int j, double[] left) {
    double score = LeastSquaresTwin.dot(atoms[j], left) / LeastSquaresTwin.norm(atoms[j]);
    return options.sign() == Sign.MAGNITUDE ? Math.abs(score) : score;
  }

  static double[] doubles(float[] values) {
    double[] widened = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      widened[i] = values[i];
    }
    return widened;
  }
}
