package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Mask;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.OrthogonalPursuit;

/**
 * Pursuits that move all values of a row's support at every step, on groups of rows. With a Gram
 * one product gives a group's correlations, and each row then runs its steps alone, each a {@link
 * GramSweep} and a {@link Fit}. Without one every step searches the product of the group's
 * residuals with all atoms, and each row keeps its fit from step to step.
 */
final class VectorFittedPursuits {
  /** Fits that a group keeps. */
  private static final long FIT_BYTES = 64L << 20;

  private final Workers workers;
  private final Product product;
  private final AtomWeights atomWeights;
  private final ResidualSearch search;
  private final FittedRule rule = new FittedRule();
  private final Product.Rows inputRows = this::readInput;
  private final Product.Consumer keep = this::keepCorrelations;
  private final ResidualSearch.Excluded exclude = this::exclude;
  private final Workers.Task pursue = this::pursueRows;
  private final Workers.Task load = this::loadRows;
  private final Workers.Task step = this::stepRows;
  private final Workers.Task store = this::storeRows;
  private final Scratch[] scratch;

  private HostMatrix x;
  private HostMatrix atoms;
  private HostMatrix gram;
  private HostMatrix residual;
  private float[] correlations = {};

  /** The fits of a group without a Gram, of each kind of rule, and its tolerances. */
  private final Fit[][] fits = new Fit[FittedRule.KINDS][0];

  private float[] tolerances = {};
  private int groupFrom;
  private int taken;

  /** What a worker needs for a row. */
  private static final class Scratch {
    final FittedRule.Scratch row = new FittedRule.Scratch();
    final GramSweep sweep = new GramSweep();
    final Correlations.Best best = new Correlations.Best();
    final Fit[] fits = new Fit[FittedRule.KINDS];
  }

  VectorFittedPursuits(
      Workers workers, Product product, AtomWeights atomWeights, ResidualSearch search) {
    this.workers = workers;
    this.product = product;
    this.atomWeights = atomWeights;
    this.search = search;
    this.scratch = new Scratch[workers.count()];
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  void trim() {
    correlations = tolerances = new float[0];
    Arrays.fill(fits, new Fit[0]);
    Arrays.setAll(scratch, worker -> new Scratch());
  }

  /**
   * Pursues orthogonally.
   *
   * @param gram null for residual products
   */
  void pursue(
      HostMatrix x,
      HostMatrix atoms,
      HostMatrix gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      HostMatrix residual) {
    rule.orthogonal(options);
    pursue(x, atoms, gram, options.atomMask(), true, codes, residual);
  }

  /**
   * Pursues along gradients.
   *
   * @param gram null for residual products
   */
  void pursue(
      HostMatrix x,
      HostMatrix atoms,
      HostMatrix gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      HostMatrix residual) {
    rule.gradient(options);
    boolean normalised = options.scaling() == AtomScaling.NORMALISED;
    pursue(x, atoms, gram, options.atomMask(), normalised, codes, residual);
  }

  private void pursue(
      HostMatrix x,
      HostMatrix atoms,
      HostMatrix gram,
      Mask atomMask,
      boolean normalised,
      FixedWidthCodes codes,
      HostMatrix residual) {
    this.x = x;
    this.atoms = atoms;
    this.gram = gram;
    this.residual = residual;
    atomWeights.measure(atoms, atomMask, normalised);
    rule.begin(x, atoms, gram, codes);
    try {
      int group = groupRows();
      int rows;
      for (groupFrom = 0; groupFrom < x.rows(); groupFrom += rows) {
        rows = Math.min(group, x.rows() - groupFrom);
        if (gram == null) {
          pursueByProducts(rows);
        } else {
          correlations = Grow.floats(correlations, rows * atoms.rows());
          product.multiply(inputRows, groupFrom, groupFrom + rows, atoms, null, keep);
          workers.run(pursue, rows, 1);
        }
      }
    } finally {
      rule.release();
      for (Scratch own : scratch) {
        own.sweep.release();
      }
    }
  }

  private int groupRows() {
    int n = atoms.rows();
    int d = atoms.columns();
    if (gram != null) {
      return VectorPursuits.rowsWithCorrelations(x.rows(), n, d);
    }
    long most = Math.min(Product.groupRows(d), FIT_BYTES / rule.fitBytes());
    return Math.clamp(most, 1, Math.max(1, x.rows()));
  }

  private void readInput(int row, float[] target) {
    x.readRow(row, 0, x.columns(), target, 0);
  }

  private void keepCorrelations(int worker, int row, float[] tile, int at, int column, int count) {
    System.arraycopy(tile, at, correlations, (row - groupFrom) * atoms.rows() + column, count);
  }

  private void pursueRows(int worker, int from, int to) {
    Scratch own = scratch[worker];
    rule.begin(own.row);
    Fit fit = own.fits[rule.kind()] = rule.fit(own.fits[rule.kind()]);
    for (int i = from; i < to; i++) {
      pursueRow(own, fit, i);
      rule.store(fit, groupFrom + i);
      if (residual != null) {
        rule.leave(own.row, fit, groupFrom + i, own.row.left, 0);
        residual.writeRow(groupFrom + i, 0, atoms.columns(), own.row.left, 0);
      }
    }
  }

  private void pursueRow(Scratch own, Fit fit, int i) {
    float[] left = own.row.left;
    int b = groupFrom + i;
    int at = i * atoms.rows();
    float tolerance = rule.begin(fit, b, left, 0);
    int most = rule.stepsOf(b);
    for (int step = 0; step < most && rule.goesOn(fit, tolerance, left, 0); step++) {
      findBest(own, fit, at);
      int pick = own.best.atom;
      if (!rule.picks(own.best)
          || !rule.take(own.row, fit, b, pick, correlations, at, left, 0, tolerance)) {
        return;
      }
    }
  }

  /** The best atom for what the fit leaves. */
  private void findBest(Scratch own, Fit fit, int at) {
    Sign sign = rule.sign();
    own.best.reset(ResidualSearch.start(sign));
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
        own.best);
  }

  private void pursueByProducts(int rows) {
    search.grow(rows, atoms.columns());
    tolerances = Grow.floats(tolerances, rows);
    if (fits[rule.kind()].length < rows) {
      fits[rule.kind()] = Arrays.copyOf(fits[rule.kind()], rows);
    }
    workers.run(load, rows, workers.chunk(rows, 16));
    for (taken = 0;
        taken < rule.steps()
            && search.find(rows, atoms, atomWeights.weights(), rule.sign(), exclude);
        taken++) {
      workers.run(step, rows, workers.chunk(rows, 16));
    }
    workers.run(store, rows, workers.chunk(rows, 16));
  }

  private void exclude(int row, float[] tile, int at, int first, int count) {
    fits[rule.kind()][row].exclude(tile, at, first, count);
  }

  private void loadRows(int worker, int from, int to) {
    Fit[] fits = this.fits[rule.kind()];
    for (int i = from; i < to; i++) {
      int b = groupFrom + i;
      int at = i * atoms.columns();
      fits[i] = rule.fit(fits[i]);
      tolerances[i] = rule.begin(fits[i], b, search.residuals, at);
      search.running[i] =
          rule.stepsOf(b) > 0 && rule.goesOn(fits[i], tolerances[i], search.residuals, at);
    }
  }

  private void stepRows(int worker, int from, int to) {
    Scratch own = scratch[worker];
    rule.begin(own.row);
    for (int i = from; i < to; i++) {
      if (search.running[i]) {
        search.running[i] = takeStep(own.row, i);
      }
    }
  }

  /** Takes a step of a row; whether it goes on. */
  private boolean takeStep(FittedRule.Scratch own, int i) {
    Fit fit = fits[rule.kind()][i];
    Correlations.Best best = search.bests[i];
    float[] left = search.residuals;
    int at = i * atoms.columns();
    int b = groupFrom + i;
    return rule.picks(best)
        && rule.take(own, fit, b, best.atom, null, 0, left, at, tolerances[i])
        && taken + 1 < rule.stepsOf(b)
        && rule.goesOn(fit, tolerances[i], left, at);
  }

  private void storeRows(int worker, int from, int to) {
    for (int i = from; i < to; i++) {
      rule.store(fits[rule.kind()][i], groupFrom + i);
      if (residual != null) {
        int at = i * atoms.columns();
        residual.writeRow(groupFrom + i, 0, atoms.columns(), search.residuals, at);
      }
    }
  }
}
