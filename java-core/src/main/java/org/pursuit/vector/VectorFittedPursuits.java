package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.GradientPursuit.Support;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.OrthogonalPursuit;

/**
 * Pursuits that move all values of a row's support at every step, on groups of rows: one product
 * gives a group's correlations, and each row then runs its steps alone, each a {@link GramSweep}
 * and a {@link Fit}.
 */
final class VectorFittedPursuits {
  private final Workers workers;
  private final Product product;
  private final AtomWeights atomWeights;
  private final Product.Rows inputRows = this::readInput;
  private final Product.Consumer keep = this::keepCorrelations;
  private final Workers.Task pursue = this::pursueRows;
  private final Scratch[] scratch;

  private HostMatrix x;
  private HostMatrix atoms;
  private HostMatrix gram;
  private HostMatrix residual;

  /** The rule, of which the other is null. */
  private OrthogonalPursuit orthogonal;

  private GradientPursuit gradient;
  private Sign sign;
  private int steps;
  private float toleranceAbsolute;
  private float toleranceRelative;
  private int[] rowSteps;
  private int[] picks;
  private float[] values;
  private int[] counts;
  private float[] correlations = {};
  private int groupFrom;

  /** What a worker needs for a row. */
  private static final class Scratch {
    final GramSweep sweep = new GramSweep();
    final Correlations.Best best = new Correlations.Best();
    OrthogonalFit orthogonal = new OrthogonalFit(0);
    GradientFit gradient = new GradientFit(0);
    float[] left = {};
    float[] widened = {};
  }

  VectorFittedPursuits(Workers workers, Product product, AtomWeights atomWeights) {
    this.workers = workers;
    this.product = product;
    this.atomWeights = atomWeights;
    this.scratch = new Scratch[workers.count()];
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  void trim() {
    correlations = new float[0];
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  void pursue(
      HostMatrix x,
      HostMatrix atoms,
      HostMatrix gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      HostMatrix residual) {
    orthogonal = options;
    gradient = null;
    sign = options.sign();
    steps = options.steps();
    toleranceAbsolute = options.toleranceAbsolute();
    toleranceRelative = options.toleranceRelative();
    atomWeights.measure(atoms, options.atomMask(), true);
    pursueGroups(x, atoms, gram, codes, residual);
  }

  void pursue(
      HostMatrix x,
      HostMatrix atoms,
      HostMatrix gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      HostMatrix residual) {
    orthogonal = null;
    gradient = options;
    sign = options.sign();
    steps = options.steps();
    toleranceAbsolute = options.toleranceAbsolute();
    toleranceRelative = options.toleranceRelative();
    rowSteps = options.rowSteps() == null ? null : ((HostInts) options.rowSteps()).array();
    atomWeights.measure(atoms, options.atomMask(), options.scaling() == AtomScaling.NORMALISED);
    pursueGroups(x, atoms, gram, codes, residual);
  }

  private void pursueGroups(
      HostMatrix x, HostMatrix atoms, HostMatrix gram, FixedWidthCodes codes, HostMatrix residual) {
    this.x = x;
    this.atoms = atoms;
    this.gram = gram;
    this.residual = residual;
    picks = ((HostInts) codes.indices()).array();
    values = ((HostFloats) codes.values()).array();
    counts = ((HostInts) codes.counts()).array();
    try {
      int n = atoms.rows();
      int group = VectorPursuits.rowsWithCorrelations(x.rows(), n, atoms.columns());
      int rows;
      for (groupFrom = 0; groupFrom < x.rows(); groupFrom += rows) {
        rows = Math.min(group, x.rows() - groupFrom);
        correlations = Grow.floats(correlations, rows * n);
        product.multiply(inputRows, groupFrom, groupFrom + rows, atoms, null, keep);
        workers.run(pursue, rows, 1);
      }
    } finally {
      picks = null; // a closed code's arrays must not live on here
      values = null;
      counts = null;
      rowSteps = null;
      for (Scratch own : scratch) {
        own.sweep.release();
      }
    }
  }

  private void readInput(int row, float[] target) {
    x.readRow(row, 0, x.columns(), target, 0);
  }

  private void keepCorrelations(int worker, int row, float[] tile, int at, int column, int count) {
    System.arraycopy(tile, at, correlations, (row - groupFrom) * atoms.rows() + column, count);
  }

  private void pursueRows(int worker, int from, int to) {
    Scratch own = scratch[worker];
    int d = atoms.columns();
    own.left = Grow.floats(own.left, d);
    own.widened = Grow.floats(own.widened, d);
    for (int i = from; i < to; i++) {
      Fit fit = orthogonal != null ? pursueOrthogonally(own, i) : pursueGradient(own, i);
      store(fit, groupFrom + i);
      if (residual != null) {
        leave(own, fit, groupFrom + i);
        residual.writeRow(groupFrom + i, 0, d, own.left, 0);
      }
    }
  }

  /**
   * The norm at which the row of an empty fit stops; NaN if it is not finite, and takes no step.
   */
  private float begin(Scratch own, Fit fit, int i) {
    fit.clear();
    leave(own, fit, groupFrom + i);
    double norm = norm(own.left);
    return Double.isFinite(norm)
        ? Math.max(toleranceAbsolute, (float) (toleranceRelative * norm))
        : Float.NaN;
  }

  /** Whether a row goes on. */
  private boolean above(float tolerance, Scratch own) {
    return !(tolerance > 0 && norm(own.left) <= tolerance) && tolerance >= 0;
  }

  private Fit pursueOrthogonally(Scratch own, int i) {
    if (own.orthogonal.capacity() < steps) {
      own.orthogonal = new OrthogonalFit(steps);
    }
    OrthogonalFit fit = own.orthogonal;
    float tolerance = begin(own, fit, i);
    int at = i * atoms.rows();
    int taken = 0;
    while (taken < steps && fit.count() < atoms.columns() && above(tolerance, own)) {
      int pick = best(own, fit, at);
      if (pick < 0 || own.best.product == 0 || !Float.isFinite(own.best.product)) {
        return fit;
      }
      if (fit.add(gram, pick, correlations[at + pick])) {
        taken++;
        if (orthogonal.nonNegative()) {
          fit.keepPositive(gram, correlations, at);
        }
        if (tolerance > 0) {
          leave(own, fit, groupFrom + i);
        }
      }
      // It is in the support, depends on it, or has left at once.
      correlations[at + pick] = Float.NaN;
    }
    return fit;
  }

  private Fit pursueGradient(Scratch own, int i) {
    if (own.gradient.capacity() < steps) {
      own.gradient = new GradientFit(steps);
    }
    GradientFit fit = own.gradient;
    float tolerance = begin(own, fit, i);
    int at = i * atoms.rows();
    int most = rowSteps == null ? steps : Math.min(steps, rowSteps[groupFrom + i]);
    for (int taken = 0; taken < most && above(tolerance, own); taken++) {
      int pick = best(own, fit, at);
      if (pick < 0 || !Float.isFinite(own.best.product)) {
        break;
      }
      fit.add(pick);
      if (!fit.move(gram, correlations, at, gradient.nonNegative(), gradient.epsilon())) {
        break;
      }
      if (gradient.support() == Support.RECOMPUTED) {
        fit.dropZeros();
      }
      fit.round();
      if (tolerance > 0) {
        leave(own, fit, groupFrom + i);
      }
    }
    fit.dropZeros();
    fit.round();
    return fit;
  }

  /** The best atom for what the fit leaves. */
  private int best(Scratch own, Fit fit, int at) {
    Correlations.Best best = own.best;
    best.reset(sign == Sign.SIGNED ? Float.NEGATIVE_INFINITY : 0);
    own.sweep.find(
        gram,
        correlations,
        at,
        atoms.rows(),
        fit.atoms(),
        fit.values(),
        fit.count(),
        atomWeights.weights(),
        sign == Sign.MAGNITUDE,
        best);
    return best.atom;
  }

  /** What the fit leaves of a row, with one rounding a slot. */
  private void leave(Scratch own, Fit fit, int b) {
    int d = atoms.columns();
    x.readRow(b, 0, d, own.left, 0);
    for (int s = 0; s < fit.count(); s++) {
      int j = fit.atoms()[s];
      float[] atom = atoms.floats(j, own.widened);
      Sums.add(own.left, 0, -fit.values()[s], atom, atoms.floatOffset(j), d);
    }
  }

  private double norm(float[] left) {
    double sum = 0;
    for (int i = 0; i < atoms.columns(); i++) {
      sum += (double) left[i] * left[i];
    }
    return Math.sqrt(sum);
  }

  private void store(Fit fit, int b) {
    int base = b * steps;
    System.arraycopy(fit.atoms(), 0, picks, base, fit.count());
    System.arraycopy(fit.values(), 0, values, base, fit.count());
    Arrays.fill(picks, base + fit.count(), base + steps, -1);
    Arrays.fill(values, base + fit.count(), base + steps, 0);
    counts[b] = fit.count();
  }
}
