package org.pursuit.kernel;

import org.pursuit.data.Mask;
import org.pursuit.kernel.MatchingPursuit.Sign;

/**
 * Options of orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad 1993; with a Gram as by
 * Rubinstein, Zibulevsky and Elad 2008). With the residual r, a step picks the atom of the best
 * {@code ⟨r, D_j⟩ / ‖D_j‖} that is not in the support yet, adds it, and fits all values of the
 * support anew: {@code γ = argmin ‖x − Σ γ_s·D_s‖²}. So r is orthogonal to every atom of the
 * support.
 *
 * <p>Before each step a row stops when {@code ‖r‖ ≤ toleranceAbsolute} or {@code ‖r‖ ≤
 * toleranceRelative·‖x‖}, when no atom may be picked, when the support has as many atoms as they
 * have elements, or when the best correlation is 0 or not finite. An atom whose squared norm is
 * below the smallest normal float, or not finite, is never picked. Equal scores go to the lower
 * index.
 *
 * <p>An atom that depends on the support, of which {@code ‖D_j‖²} leaves no more than {@value
 * #DEPENDENCE} of itself orthogonal to it, is masked for that row, and the step that picked it adds
 * none. (scikit-learn ends the row there.)
 *
 * <p>With {@code nonNegative} the values are those of {@code argmin ‖x − Σ γ_s·D_s‖², γ ≥ 0} over
 * the support, found by the active set of Lawson and Hanson (1974): where the free fit has a value
 * that is not positive, values move towards it until the first of them reaches 0, its atom leaves
 * the support, and the rest is fitted anew. An atom that has left may be picked again; one that
 * would leave in the step that picked it is masked for that row.
 *
 * @param steps the most picks of a row, and so the most atoms, 1 to {@value #MAX_STEPS}
 * @param sign which correlations count; default {@link Sign#MAGNITUDE}
 * @param toleranceAbsolute in the units of x; default 0
 * @param toleranceRelative a fraction of the row's norm; default 0
 * @param atomMask atoms that may be picked [n]; null for all
 * @param nonNegative whether values are kept positive; only with {@link Sign#POSITIVE}; default
 *     false
 */
public record OrthogonalPursuit(
    int steps,
    Sign sign,
    float toleranceAbsolute,
    float toleranceRelative,
    Mask atomMask,
    boolean nonNegative) {
  /** The largest number of steps. */
  public static final int MAX_STEPS = 512;

  /** The part of an atom's squared norm that must be orthogonal to the support. */
  public static final double DEPENDENCE = 1e-5;

  public OrthogonalPursuit {
    Check.range(steps, 1, MAX_STEPS, "steps");
    Check.required(sign, "sign");
    Check.tolerance(toleranceAbsolute, "toleranceAbsolute");
    Check.tolerance(toleranceRelative, "toleranceRelative");
    if (nonNegative && sign != Sign.POSITIVE) {
      throw new IllegalArgumentException("nonNegative: expected sign POSITIVE, found " + sign);
    }
  }

  /** At most {@code steps} atoms by the textbook's rule. */
  public static OrthogonalPursuit steps(int steps) {
    return new OrthogonalPursuit(steps, Sign.MAGNITUDE, 0, 0, null, false);
  }

  /** With the given sign rule. */
  public OrthogonalPursuit sign(Sign sign) {
    return new OrthogonalPursuit(
        steps, sign, toleranceAbsolute, toleranceRelative, atomMask, nonNegative);
  }

  /** Stopping at a residual norm. */
  public OrthogonalPursuit toleranceAbsolute(float tolerance) {
    return new OrthogonalPursuit(steps, sign, tolerance, toleranceRelative, atomMask, nonNegative);
  }

  /** Stopping at a fraction of the row's norm. */
  public OrthogonalPursuit toleranceRelative(float tolerance) {
    return new OrthogonalPursuit(steps, sign, toleranceAbsolute, tolerance, atomMask, nonNegative);
  }

  /** Among the atoms that {@code atomMask} sets; null for all. */
  public OrthogonalPursuit atomMask(Mask atomMask) {
    return new OrthogonalPursuit(
        steps, sign, toleranceAbsolute, toleranceRelative, atomMask, nonNegative);
  }

  /** With positive correlations and positive values only. */
  public OrthogonalPursuit withNonNegativeValues() {
    return new OrthogonalPursuit(
        steps, Sign.POSITIVE, toleranceAbsolute, toleranceRelative, atomMask, true);
  }
}
