package org.pursuit.kernel;

import org.pursuit.data.Mask;

/**
 * Options of matching pursuit. With the residual r, ip = ⟨r, D_j⟩ and ‖D_j‖ the norm of an atom, a
 * step picks the atom of the best score, writes its coefficient c to the tape and subtracts c·D_j:
 *
 * <pre>
 *   NORMALISED   score = ip / ‖D_j‖    c = ip / ‖D_j‖²     (Mallat and Zhang 1993; r never grows)
 *   AS_IS        score = ip            c = ip              (the MP-SAE authors' toy rule)
 * </pre>
 *
 * <p>Before each step a row stops when {@code ‖r‖ ≤ toleranceAbsolute} or {@code ‖r‖ ≤
 * toleranceRelative·‖x‖}, when no atom may be picked, or when the best coefficient is 0 or not
 * finite. An atom whose squared norm is below the smallest normal float, or not finite, is never
 * picked. Equal scores go to the lower index.
 *
 * @param steps the most steps a row takes, 1 to {@value #MAX_STEPS}
 * @param sign which correlations count; default {@link Sign#MAGNITUDE}
 * @param reselection whether an atom may be picked again; default {@link Reselection#ALLOW}
 * @param scaling default {@link AtomScaling#NORMALISED}
 * @param toleranceAbsolute in the units of x; default 0
 * @param toleranceRelative a fraction of the row's norm; default 0
 * @param atomMask atoms that may be picked [n]; null for all
 * @param precision to which the factors of dense products, residuals and atoms, may be rounded: of
 *     the first correlations where there is a Gram, and at every step without one. Picks and
 *     coefficients follow; what is left of a row, and tolerances, stay float32. Default {@link
 *     Precision#FLOAT32}, which host backends always compute
 */
public record MatchingPursuit(
    int steps,
    Sign sign,
    Reselection reselection,
    AtomScaling scaling,
    float toleranceAbsolute,
    float toleranceRelative,
    Mask atomMask,
    Precision precision) {
  /** The largest number of steps. */
  public static final int MAX_STEPS = 4096;

  /** Which correlations with the residual count. */
  public enum Sign {
    /** The largest correlation, whatever its sign (overcomplete's rule). */
    SIGNED,
    /** The largest positive correlation; a row without one stops (the MP-SAE authors' rule). */
    POSITIVE,
    /** The largest absolute correlation (the textbook's rule, and ITDA's). */
    MAGNITUDE
  }

  /** Whether an atom may be picked again. */
  public enum Reselection {
    /** It may; its coefficients add up. */
    ALLOW,
    /** It may not. */
    FORBID,
    /** It may, and that step is the row's last (the MP-SAE authors' rule). */
    STOP
  }

  /** How an atom's norm enters score and coefficient. */
  public enum AtomScaling {
    /** The textbook's rule for atoms of any norm; the residual never grows. */
    NORMALISED,
    /**
     * Atoms are taken as they are. The same as {@link #NORMALISED} for unit norms; may diverge
     * where a norm exceeds √2.
     */
    AS_IS
  }

  public MatchingPursuit {
    Check.range(steps, 1, MAX_STEPS, "steps");
    Check.required(sign, "sign");
    Check.required(reselection, "reselection");
    Check.required(scaling, "scaling");
    Check.tolerance(toleranceAbsolute, "toleranceAbsolute");
    Check.tolerance(toleranceRelative, "toleranceRelative");
    Check.required(precision, "precision");
  }

  /** At most {@code steps} steps by the textbook's rule. */
  public static MatchingPursuit steps(int steps) {
    return new MatchingPursuit(
        steps,
        Sign.MAGNITUDE,
        Reselection.ALLOW,
        AtomScaling.NORMALISED,
        0,
        0,
        null,
        Precision.FLOAT32);
  }

  /** With the given sign rule. */
  public MatchingPursuit sign(Sign sign) {
    return new MatchingPursuit(
        steps,
        sign,
        reselection,
        scaling,
        toleranceAbsolute,
        toleranceRelative,
        atomMask,
        precision);
  }

  /** With the given reselection rule. */
  public MatchingPursuit reselection(Reselection reselection) {
    return new MatchingPursuit(
        steps,
        sign,
        reselection,
        scaling,
        toleranceAbsolute,
        toleranceRelative,
        atomMask,
        precision);
  }

  /** With the given scaling. */
  public MatchingPursuit scaling(AtomScaling scaling) {
    return new MatchingPursuit(
        steps,
        sign,
        reselection,
        scaling,
        toleranceAbsolute,
        toleranceRelative,
        atomMask,
        precision);
  }

  /** Stopping at a residual norm. */
  public MatchingPursuit toleranceAbsolute(float tolerance) {
    return new MatchingPursuit(
        steps, sign, reselection, scaling, tolerance, toleranceRelative, atomMask, precision);
  }

  /** Stopping at a fraction of the row's norm. */
  public MatchingPursuit toleranceRelative(float tolerance) {
    return new MatchingPursuit(
        steps, sign, reselection, scaling, toleranceAbsolute, tolerance, atomMask, precision);
  }

  /** Among the atoms that {@code atomMask} sets; null for all. */
  public MatchingPursuit atomMask(Mask atomMask) {
    return new MatchingPursuit(
        steps,
        sign,
        reselection,
        scaling,
        toleranceAbsolute,
        toleranceRelative,
        atomMask,
        precision);
  }

  /** With factors of dense products rounded to no less than {@code precision}. */
  public MatchingPursuit precision(Precision precision) {
    return new MatchingPursuit(
        steps,
        sign,
        reselection,
        scaling,
        toleranceAbsolute,
        toleranceRelative,
        atomMask,
        precision);
  }
}
