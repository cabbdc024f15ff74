package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.GradientPursuit.Support;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.OrthogonalPursuit;

/**
 * The rule of a pursuit that moves all values of a row's support at every step, its operands, and
 * what a step does to a row once its pick is known.
 */
final class FittedRule {
  /** Kinds of rules, each with fits of its own. */
  static final int KINDS = 2;

  /** The rule, of which the other is null. */
  private OrthogonalPursuit orthogonal;

  private GradientPursuit gradient;
  private Sign sign;
  private int steps;
  private float toleranceAbsolute;
  private float toleranceRelative;
  private int[] rowSteps;

  private HostMatrix x;
  private HostMatrix atoms;
  private HostMatrix gram;
  private int[] picks;
  private float[] values;
  private int[] counts;

  /** What a worker needs for a row; {@code left} is there for the row's residual. */
  static final class Scratch {
    final SupportProducts products = new SupportProducts();
    float[] left = {};
    float[] widened = {};
    float[] direction = {};
  }

  void orthogonal(OrthogonalPursuit options) {
    orthogonal = options;
    gradient = null;
    sign = options.sign();
    steps = options.steps();
    toleranceAbsolute = options.toleranceAbsolute();
    toleranceRelative = options.toleranceRelative();
  }

  void gradient(GradientPursuit options) {
    orthogonal = null;
    gradient = options;
    sign = options.sign();
    steps = options.steps();
    toleranceAbsolute = options.toleranceAbsolute();
    toleranceRelative = options.toleranceRelative();
    rowSteps = options.rowSteps() == null ? null : ((HostInts) options.rowSteps()).array();
  }

  /**
   * Takes the operands of a call.
   *
   * @param gram null if there is none
   */
  void begin(HostMatrix x, HostMatrix atoms, HostMatrix gram, FixedWidthCodes codes) {
    this.x = x;
    this.atoms = atoms;
    this.gram = gram;
    picks = ((HostInts) codes.indices()).array();
    values = ((HostFloats) codes.values()).array();
    counts = ((HostInts) codes.counts()).array();
  }

  /** Forgets arrays that must not live on here when they are closed. */
  void release() {
    picks = null;
    values = null;
    counts = null;
    rowSteps = null;
  }

  Sign sign() {
    return sign;
  }

  int steps() {
    return steps;
  }

  /** The most steps of a row. */
  int stepsOf(int b) {
    return rowSteps == null || gradient == null ? steps : Math.min(steps, rowSteps[b]);
  }

  int kind() {
    return orthogonal != null ? 0 : 1;
  }

  /** A fit that is large enough: the one of this kind that there was, or a new one. */
  Fit fit(Fit had) {
    if (had != null && had.capacity() >= steps) {
      return had;
    }
    return orthogonal != null ? new OrthogonalFit(steps) : new GradientFit(steps);
  }

  /** Bytes of a fit, about. */
  long fitBytes() {
    return orthogonal != null ? OrthogonalFit.bytes(steps) : GradientFit.bytes(steps);
  }

  /** Begins the rows of a worker. */
  void begin(Scratch own) {
    int d = atoms.columns();
    own.products.begin(atoms, gram);
    own.left = Grow.floats(own.left, d);
    own.widened = Grow.floats(own.widened, d);
    own.direction = Grow.floats(own.direction, d);
  }

  /**
   * Begins a row.
   *
   * @param left receives the row, from {@code at} on
   * @return the norm at which it stops; NaN if it is not finite, and takes no step
   */
  float begin(Fit fit, int b, float[] left, int at) {
    fit.clear();
    x.readRow(b, 0, atoms.columns(), left, at);
    double norm = norm(left, at);
    return Double.isFinite(norm)
        ? Math.max(toleranceAbsolute, (float) (toleranceRelative * norm))
        : Float.NaN;
  }

  /** Whether a row goes on with so many atoms and this residual. */
  boolean goesOn(Fit fit, float tolerance, float[] left, int at) {
    return !(tolerance > 0 && norm(left, at) <= tolerance)
        && tolerance >= 0
        && (orthogonal == null || fit.count() < atoms.columns());
  }

  /** Whether the best atom may be picked. */
  boolean picks(Correlations.Best best) {
    return best.atom >= 0
        && Float.isFinite(best.product)
        && (orthogonal == null || best.product != 0);
  }

  /**
   * Takes a step of a row; false if it leads nowhere.
   *
   * @param correlations of the row with all atoms, from {@code from} on; null if there are none
   * @param left the row's residual, from {@code at} on: as it is before the step, where there is no
   *     float32 Gram, and afterwards as it is then
   * @param tolerance of the row; where it is 0 and there is a float32 Gram, or correlations and an
   *     orthogonal fit, nobody asks for the residual
   */
  boolean take(
      Scratch own,
      Fit fit,
      int b,
      int pick,
      float[] correlations,
      int from,
      float[] left,
      int at,
      float tolerance) {
    if (orthogonal != null) {
      double product = correlations != null ? correlations[from + pick] : product(own, b, pick);
      ((OrthogonalFit) fit)
          .take(own.products, pick, product, orthogonal.nonNegative(), correlations, from);
    } else if (!move(own, (GradientFit) fit, pick, correlations, from, left, at)) {
      return false;
    }
    boolean byAtoms = correlations == null || (gradient != null && !SupportProducts.read(gram));
    if (byAtoms || tolerance > 0) {
      leave(own, fit, b, left, at);
    }
    return true;
  }

  /** The product of a row as it was given with an atom. */
  private double product(Scratch own, int b, int atom) {
    x.readRow(b, 0, atoms.columns(), own.direction, 0);
    return own.products.with(own.direction, 0, atom);
  }

  private boolean move(
      Scratch own,
      GradientFit fit,
      int pick,
      float[] correlations,
      int from,
      float[] left,
      int at) {
    boolean positive = gradient.nonNegative();
    float epsilon = gradient.epsilon();
    fit.add(pick);
    boolean moved =
        SupportProducts.read(gram)
            ? fit.move(gram, correlations, from, positive, epsilon)
            : fit.move(atoms, left, at, own.widened, own.direction, positive, epsilon);
    if (moved && gradient.support() == Support.RECOMPUTED) {
      fit.dropZeros();
    }
    fit.round();
    return moved;
  }

  /** What the fit leaves of a row, with one rounding a slot. */
  void leave(Scratch own, Fit fit, int b, float[] left, int at) {
    int d = atoms.columns();
    x.readRow(b, 0, d, left, at);
    for (int s = 0; s < fit.count(); s++) {
      int j = fit.atoms()[s];
      float[] atom = atoms.floats(j, own.widened);
      Sums.add(left, at, -fit.values()[s], atom, atoms.floatOffset(j), d);
    }
  }

  private double norm(float[] left, int at) {
    double sum = 0;
    for (int i = at; i < at + atoms.columns(); i++) {
      sum += (double) left[i] * left[i];
    }
    return Math.sqrt(sum);
  }

  /** Stores the code of a row that has ended. */
  void store(Fit fit, int b) {
    if (gradient != null) {
      ((GradientFit) fit).dropZeros();
      fit.round();
    }
    int base = b * steps;
    System.arraycopy(fit.atoms(), 0, picks, base, fit.count());
    System.arraycopy(fit.values(), 0, values, base, fit.count());
    Arrays.fill(picks, base + fit.count(), base + steps, -1);
    Arrays.fill(values, base + fit.count(), base + steps, 0);
    counts[b] = fit.count();
  }
}
