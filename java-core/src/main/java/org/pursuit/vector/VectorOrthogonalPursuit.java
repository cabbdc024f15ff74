package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.OrthogonalPursuit;

/**
 * Orthogonal matching pursuit on groups of rows: one product gives a group's correlations, and each
 * row then runs its steps alone, each a {@link GramSweep} and an {@link OrthogonalFit}.
 */
final class VectorOrthogonalPursuit {
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
  private OrthogonalPursuit options;
  private int[] picks;
  private float[] values;
  private int[] counts;
  private float[] correlations = {};
  private int groupFrom;

  /** What a worker needs for a row. */
  private static final class Scratch {
    final GramSweep sweep = new GramSweep();
    final Correlations.Best best = new Correlations.Best();
    OrthogonalFit fit = new OrthogonalFit(0);
    float[] left = {};
    float[] widened = {};
  }

  VectorOrthogonalPursuit(Workers workers, Product product, AtomWeights atomWeights) {
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
    this.x = x;
    this.atoms = atoms;
    this.gram = gram;
    this.options = options;
    this.residual = residual;
    picks = ((HostInts) codes.indices()).array();
    values = ((HostFloats) codes.values()).array();
    counts = ((HostInts) codes.counts()).array();
    try {
      atomWeights.measure(atoms, options.atomMask(), true);
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
    if (own.fit.capacity() < options.steps()) {
      own.fit = new OrthogonalFit(options.steps());
    }
    for (int i = from; i < to; i++) {
      int b = groupFrom + i;
      own.fit.clear();
      pursueRow(own, i);
      store(own.fit, b);
      if (residual != null) {
        leave(own, b);
        residual.writeRow(b, 0, d, own.left, 0);
      }
    }
  }

  private void pursueRow(Scratch own, int i) {
    leave(own, groupFrom + i);
    double norm = norm(own.left);
    if (!Double.isFinite(norm)) {
      return; // no finite correlation
    }
    float tolerance =
        Math.max(options.toleranceAbsolute(), (float) (options.toleranceRelative() * norm));
    int n = atoms.rows();
    int at = i * n;
    int steps = 0;
    OrthogonalFit fit = own.fit;
    while (steps < options.steps() && !(tolerance > 0 && norm(own.left) <= tolerance)) {
      int pick = best(own, at, n);
      if (pick < 0 || own.best.product == 0 || !Float.isFinite(own.best.product)) {
        return;
      }
      boolean added = fit.add(gram, pick, correlations[at + pick]);
      if (added) {
        steps++;
        if (options.nonNegative()) {
          fit.keepPositive(gram, correlations, at);
        }
        if (tolerance > 0) {
          leave(own, groupFrom + i);
        }
      }
      correlations[at + pick] =
          Float.NaN; // it is in the support, depends on it, or has left at once
    }
  }

  /** The best atom for what the fit leaves. */
  private int best(Scratch own, int at, int n) {
    Correlations.Best best = own.best;
    OrthogonalFit fit = own.fit;
    best.reset(options.sign() == Sign.SIGNED ? Float.NEGATIVE_INFINITY : 0);
    own.sweep.find(
        gram,
        correlations,
        at,
        n,
        fit.atoms(),
        fit.values(),
        fit.count(),
        atomWeights.weights(),
        options.sign() == Sign.MAGNITUDE,
        best);
    return best.atom;
  }

  /** What the fit leaves of a row, with one rounding a slot. */
  private void leave(Scratch own, int b) {
    int d = atoms.columns();
    x.readRow(b, 0, d, own.left, 0);
    for (int s = 0; s < own.fit.count(); s++) {
      int j = own.fit.atoms()[s];
      float[] atom = atoms.floats(j, own.widened);
      Sums.add(own.left, 0, -own.fit.values()[s], atom, atoms.floatOffset(j), d);
    }
  }

  private double norm(float[] left) {
    double sum = 0;
    for (int i = 0; i < atoms.columns(); i++) {
      sum += (double) left[i] * left[i];
    }
    return Math.sqrt(sum);
  }

  private void store(OrthogonalFit fit, int b) {
    int base = b * options.steps();
    System.arraycopy(fit.atoms(), 0, picks, base, fit.count());
    System.arraycopy(fit.values(), 0, values, base, fit.count());
    Arrays.fill(picks, base + fit.count(), base + options.steps(), -1);
    Arrays.fill(values, base + fit.count(), base + options.steps(), 0);
    counts[b] = fit.count();
  }
}
