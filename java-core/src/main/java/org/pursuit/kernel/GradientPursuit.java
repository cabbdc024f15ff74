package org.pursuit.kernel;

import org.pursuit.data.Ints;
import org.pursuit.data.Mask;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Sign;

/**
 * Options of gradient pursuit (Blumensath and Davies 2008). With the residual r = x − Σ w·D, a step
 * adds the atom of the best score to the support S, and moves all values of the support along the
 * gradient as far as lowers ‖r‖ most:
 *
 * <pre>
 *   g_s = ⟨r, D_s⟩ for s in S    c = Σ g_s·D_s    w += ⟨c, r⟩/⟨c, c⟩·g    and w = max(w, 0)
 * </pre>
 *
 * where the last is an option. The best atom may be one of the support: then the step moves its
 * values only. Scores are those of {@link MatchingPursuit}; the gradient is of atoms as they are.
 *
 * <p>{@link #withNonNegativeValues} is the rule by which "Dark Matter of SAEs" encodes with a
 * frozen decoder, there with {@link AtomScaling#AS_IS} and {@link Support#RECOMPUTED}.
 *
 * <p>Before each step a row stops when {@code ‖r‖ ≤ toleranceAbsolute} or {@code ‖r‖ ≤
 * toleranceRelative·‖x‖}, when no atom may be picked, or when {@code ⟨c, c⟩ ≤ epsilon}: the step
 * would be 0, and so would every later one. (Published code divides by 0 there.) An atom whose
 * squared norm is below the smallest normal float, or not finite, is never picked. Equal scores go
 * to the lower index.
 *
 * @param steps the most steps of a row, and so the most atoms, 1 to {@value #MAX_STEPS}
 * @param rowSteps steps of each row [rows], of which more than {@code steps} count as those and
 *     less than 0 as 0; null for {@code steps}
 * @param sign which correlations count; default {@link Sign#MAGNITUDE}
 * @param scaling of scores; default {@link AtomScaling#NORMALISED}
 * @param support whether an atom stays in the support when its value becomes 0; default {@link
 *     Support#PERSISTENT}
 * @param nonNegative whether values below 0 become 0 after each step; default false
 * @param epsilon the largest ⟨c, c⟩ at which a row stops; default 0
 * @param toleranceAbsolute in the units of x; default 0
 * @param toleranceRelative a fraction of the row's norm; default 0
 * @param atomMask atoms that may be picked [n]; null for all
 */
public record GradientPursuit(
    int steps,
    Ints rowSteps,
    Sign sign,
    AtomScaling scaling,
    Support support,
    boolean nonNegative,
    float epsilon,
    float toleranceAbsolute,
    float toleranceRelative,
    Mask atomMask) {
  /** The largest number of steps. */
  public static final int MAX_STEPS = 512;

  /** What belongs to the support. */
  public enum Support {
    /** Every atom that was picked (dictionary_learning's rule). */
    PERSISTENT,
    /** Atoms whose value is not 0, and the pick (the Dark Matter authors' rule). */
    RECOMPUTED
  }

  public GradientPursuit {
    Check.range(steps, 1, MAX_STEPS, "steps");
    Check.required(sign, "sign");
    Check.required(scaling, "scaling");
    Check.required(support, "support");
    Check.tolerance(epsilon, "epsilon");
    Check.tolerance(toleranceAbsolute, "toleranceAbsolute");
    Check.tolerance(toleranceRelative, "toleranceRelative");
  }

  /** At most {@code steps} steps by the textbook's rule. */
  public static GradientPursuit steps(int steps) {
    return new GradientPursuit(
        steps,
        null,
        Sign.MAGNITUDE,
        AtomScaling.NORMALISED,
        Support.PERSISTENT,
        false,
        0,
        0,
        0,
        null);
  }

  /** With a number of steps for each row; null for the same. */
  public GradientPursuit rowSteps(Ints rowSteps) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        toleranceAbsolute,
        toleranceRelative,
        atomMask);
  }

  /** With the given sign rule. */
  public GradientPursuit sign(Sign sign) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        toleranceAbsolute,
        toleranceRelative,
        atomMask);
  }

  /** With scores so scaled. */
  public GradientPursuit scaling(AtomScaling scaling) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        toleranceAbsolute,
        toleranceRelative,
        atomMask);
  }

  /** With the given support rule. */
  public GradientPursuit support(Support support) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        toleranceAbsolute,
        toleranceRelative,
        atomMask);
  }

  /** With signed correlations, and values of at least 0. */
  public GradientPursuit withNonNegativeValues() {
    return new GradientPursuit(
        steps,
        rowSteps,
        Sign.SIGNED,
        scaling,
        support,
        true,
        epsilon,
        toleranceAbsolute,
        toleranceRelative,
        atomMask);
  }

  /** Stopping at a small ⟨c, c⟩. */
  public GradientPursuit epsilon(float epsilon) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        toleranceAbsolute,
        toleranceRelative,
        atomMask);
  }

  /** Stopping at a residual norm. */
  public GradientPursuit toleranceAbsolute(float tolerance) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        tolerance,
        toleranceRelative,
        atomMask);
  }

  /** Stopping at a fraction of the row's norm. */
  public GradientPursuit toleranceRelative(float tolerance) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        toleranceAbsolute,
        tolerance,
        atomMask);
  }

  /** Among the atoms that {@code atomMask} sets; null for all. */
  public GradientPursuit atomMask(Mask atomMask) {
    return new GradientPursuit(
        steps,
        rowSteps,
        sign,
        scaling,
        support,
        nonNegative,
        epsilon,
        toleranceAbsolute,
        toleranceRelative,
        atomMask);
  }
}
