package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Pursuits;

/**
 * Pursuits on groups of rows. Without a Gram every step multiplies the group's search.residuals
 * with all atoms, and the product's tiles are searched as they come. With one, the first product's
 * correlations are kept and each row then runs its steps alone.
 */
final class VectorPursuits extends Pursuits {
  /** Correlations that a group keeps, where there is a Gram. */
  private static final int KEPT_CORRELATIONS = 1 << 22;

  /** Rows for which packing the atoms still pays. */
  private static final int LEAST_ROWS = 48;

  private final Workers workers;
  private final Product product;
  private final GramProduct gramProduct;
  private final AtomWeights atomWeights;
  private final ResidualSearch search;
  private final VectorFittedPursuits fitted;
  private final VectorPursuitGradients gradients;
  private final Product.Rows inputRows = this::readInput;
  private final Product.Consumer keep = this::keepCorrelations;
  private final ResidualSearch.Excluded excludePicks = this::excludePicks;
  private final Workers.Task load = this::loadRows;
  private final Workers.Task step = this::stepRows;
  private final Workers.Task pursue = this::pursueRows;
  private final float[][] widened;

  private HostMatrix x;
  private HostMatrix atoms;
  private HostMatrix gram;
  private MatchingPursuit options;
  private int[] picks;
  private float[] coefficients;
  private int[] counts;
  private boolean magnitude;

  /** Squared norm of each atom, and the weight of its correlation in the score; NaN excludes it. */
  private float[] squares = {};

  private float[] weights = {};
  private float[] correlations = {};

  /** The group's tolerances; rows from groupFrom. */
  private float[] tolerances = {};

  private int groupFrom;

  VectorPursuits(Memory memory, Workers workers, Product product) {
    super(memory);
    this.workers = workers;
    this.product = product;
    this.gramProduct = new GramProduct(workers, product);
    this.atomWeights = new AtomWeights(workers);
    this.search = new ResidualSearch(product);
    this.fitted = new VectorFittedPursuits(workers, product, atomWeights, search);
    this.gradients = new VectorPursuitGradients(workers);
    this.widened = new float[workers.count()][0];
  }

  void trim() {
    atomWeights.trim();
    fitted.trim();
    gradients.trim();
    search.trim();
    squares = weights = correlations = tolerances = new float[0];
    Arrays.fill(widened, new float[0]);
  }

  @Override
  protected void gramKernel(Matrix atoms, int from, Gram gram) {
    gramProduct.compute((HostMatrix) atoms, from, (HostMatrix) gram.products());
  }

  @Override
  protected void matchingPursuitBackwardKernel(
      PursuitTape tape,
      Matrix residual,
      Matrix atoms,
      MatchingPursuit options,
      Matrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    this.gradients.compute(
        tape,
        (HostMatrix) residual,
        (HostMatrix) atoms,
        options.scaling(),
        (HostMatrix) gResidual,
        gValues,
        gradients);
  }

  @Override
  protected void orthogonalMatchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    fitted.pursue(
        (HostMatrix) x,
        (HostMatrix) atoms,
        gram == null ? null : (HostMatrix) gram.products(),
        options,
        codes,
        (HostMatrix) residual);
  }

  @Override
  protected void gradientPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    fitted.pursue(
        (HostMatrix) x,
        (HostMatrix) atoms,
        gram == null ? null : (HostMatrix) gram.products(),
        options,
        codes,
        (HostMatrix) residual);
  }

  private void readInput(int row, float[] target) {
    x.readRow(row, 0, x.columns(), target, 0);
  }

  @Override
  protected void matchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      MatchingPursuit options,
      PursuitTape tape,
      Matrix residual) {
    this.x = (HostMatrix) x;
    this.atoms = (HostMatrix) atoms;
    this.gram = gram == null ? null : (HostMatrix) gram.products();
    this.options = options;
    magnitude = options.sign() == Sign.MAGNITUDE;
    picks = ((HostInts) tape.indices()).array();
    coefficients = ((HostFloats) tape.values()).array();
    counts = ((HostInts) tape.counts()).array();
    atomWeights.measure(
        this.atoms, options.atomMask(), options.scaling() == AtomScaling.NORMALISED);
    squares = atomWeights.squares();
    weights = atomWeights.weights();
    try {
      pursueGroups(residual == null ? null : (HostMatrix) residual);
    } finally {
      picks = null; // a closed tape's arrays must not live on here
      coefficients = null;
      counts = null;
    }
  }

  private void pursueGroups(HostMatrix residual) {
    int group = groupRows(x.rows());
    int rows;
    for (groupFrom = 0; groupFrom < x.rows(); groupFrom += rows) {
      rows = Math.min(group, x.rows() - groupFrom);
      grow(rows);
      workers.run(load, rows, workers.chunk(rows, 64));
      if (gram == null) {
        pursueByProducts(rows);
      } else {
        product.multiply(inputRows, groupFrom, groupFrom + rows, atoms, null, keep);
        workers.run(pursue, rows, 1);
      }
      if (residual != null) {
        storeResiduals(residual, rows);
      }
    }
  }

  private int groupRows(int rows) {
    return gram == null
        ? Math.max(1, Math.min(rows, Product.groupRows(atoms.columns())))
        : rowsWithCorrelations(rows, atoms.rows(), atoms.columns());
  }

  /** Rows of a group that keeps all its correlations. */
  static int rowsWithCorrelations(int rows, int n, int d) {
    int most = Product.groupRows(d);
    most = Math.clamp(KEPT_CORRELATIONS / Math.max(1, n), LEAST_ROWS, most);
    return Math.max(1, Math.min(rows, most));
  }

  private void grow(int rows) {
    search.grow(rows, atoms.columns());
    tolerances = Grow.floats(tolerances, rows);
    if (gram != null) {
      correlations = Grow.floats(correlations, rows * atoms.rows());
    }
  }

  /** Starts the group's rows {@code from … to}. */
  private void loadRows(int worker, int from, int to) {
    int d = atoms.columns();
    for (int i = from; i < to; i++) {
      x.readRow(groupFrom + i, 0, d, search.residuals, i * d);
      double norm = norm(i);
      tolerances[i] =
          Math.max(options.toleranceAbsolute(), (float) (options.toleranceRelative() * norm));
      search.running[i] = allFinite(i) && !(tolerances[i] > 0 && norm <= tolerances[i]);
      counts[groupFrom + i] = 0;
      int base = (groupFrom + i) * options.steps();
      Arrays.fill(picks, base, base + options.steps(), -1);
      Arrays.fill(coefficients, base, base + options.steps(), 0);
    }
  }

  /** A row that holds NaN or ∞ has no finite correlation, so it takes no step. */
  private boolean allFinite(int i) {
    int d = atoms.columns();
    float[] residuals = search.residuals;
    float zero = 0;
    for (int e = i * d; e < (i + 1) * d; e++) {
      zero += residuals[e] * 0;
    }
    return zero == 0;
  }

  private double norm(int i) {
    int d = atoms.columns();
    float[] residuals = search.residuals;
    double sum = 0;
    for (int e = i * d; e < (i + 1) * d; e++) {
      sum += (double) residuals[e] * residuals[e];
    }
    return Math.sqrt(sum);
  }

  private void storeResiduals(HostMatrix residual, int rows) {
    int d = atoms.columns();
    for (int i = 0; i < rows; i++) {
      residual.writeRow(groupFrom + i, 0, d, search.residuals, i * d);
    }
  }

  /**
   * Takes the step to {@code pick}: writes it to the tape and subtracts it from the residual. Says
   * whether the row goes on; leaves everything as it is when the step cannot be taken.
   */
  private boolean takeStep(int worker, int i, int pick, float product) {
    float c = options.scaling() == AtomScaling.NORMALISED ? product / squares[pick] : product;
    if (c == 0 || !Float.isFinite(c)) {
      return false;
    }
    int base = (groupFrom + i) * options.steps();
    int taken = counts[groupFrom + i]++;
    boolean last = options.reselection() == Reselection.STOP && picked(base, taken, pick);
    picks[base + taken] = pick;
    coefficients[base + taken] = c;
    int d = atoms.columns();
    float[] scratch = widened[worker] = Grow.floats(widened[worker], d);
    float[] atom = atoms.floats(pick, scratch);
    Sums.add(search.residuals, i * d, -c, atom, atoms.floatOffset(pick), d);
    boolean converged = tolerances[i] > 0 && norm(i) <= tolerances[i];
    return !last && !converged;
  }

  private boolean picked(int base, int taken, int pick) {
    for (int s = base; s < base + taken; s++) {
      if (picks[s] == pick) {
        return true;
      }
    }
    return false;
  }

  private void pursueByProducts(int rows) {
    boolean forbid = options.reselection() == Reselection.FORBID;
    ResidualSearch.Excluded excluded = forbid ? excludePicks : null;
    for (int t = 0;
        t < options.steps() && search.find(rows, atoms, weights, options.sign(), excluded);
        t++) {
      workers.run(step, rows, workers.chunk(rows, 16));
    }
  }

  private void excludePicks(int i, float[] tile, int at, int column, int count) {
    int base = (groupFrom + i) * options.steps();
    for (int s = base; s < base + counts[groupFrom + i]; s++) {
      if (picks[s] >= column && picks[s] < column + count) {
        tile[at + picks[s] - column] = Float.NaN;
      }
    }
  }

  private void stepRows(int worker, int from, int to) {
    for (int i = from; i < to; i++) {
      Correlations.Best best = search.bests[i];
      search.running[i] =
          search.running[i] && best.atom >= 0 && takeStep(worker, i, best.atom, best.product);
    }
  }

  private void keepCorrelations(int worker, int row, float[] tile, int at, int column, int count) {
    System.arraycopy(tile, at, correlations, (row - groupFrom) * atoms.rows() + column, count);
  }

  private void pursueRows(int worker, int from, int to) {
    for (int i = from; i < to; i++) {
      if (search.running[i]) {
        pursueRow(worker, i);
      }
    }
  }

  /** The array that holds a row of the Gram from its {@link HostMatrix#floatOffset} on. */
  private float[] gramRow(int worker, int atom) {
    if (gram.dtype() == DType.F32) {
      return gram.floats(atom);
    }
    float[] row = widened[worker] = Grow.floats(widened[worker], atoms.rows());
    gram.readRow(atom, 0, atoms.rows(), row, 0);
    return row;
  }

  private void pursueRow(int worker, int i) {
    int n = atoms.rows();
    int at = i * n;
    Correlations.Best best = search.bests[i];
    float start = ResidualSearch.start(options.sign());
    best.reset(start);
    Correlations.find(correlations, at, weights, 0, n, magnitude, best);
    while (best.atom >= 0) {
      int pick = best.atom;
      boolean goesOn = takeStep(worker, i, pick, correlations[at + pick]);
      if (!goesOn || counts[groupFrom + i] == options.steps()) {
        return;
      }
      if (options.reselection() == Reselection.FORBID) {
        correlations[at + pick] = Float.NaN;
      }
      float c = coefficients[(groupFrom + i) * options.steps() + counts[groupFrom + i] - 1];
      best.reset(start);
      float[] products = gramRow(worker, pick);
      int from = gram.floatOffset(pick);
      Correlations.updateAndFind(correlations, at, c, products, from, weights, n, magnitude, best);
    }
  }
}
