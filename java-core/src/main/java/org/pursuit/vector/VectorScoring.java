package org.pursuit.vector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.pursuit.CapacityException;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.Write;

/** Scores by the register-blocked product; selections read its tiles. */
final class VectorScoring extends Scoring {
  private final Workers workers;
  private final Product product;
  private final VectorScoreSteps steps;
  private final RowPreparation preparation = new RowPreparation();
  private final Product.Consumer store = this::storeTile;
  private final Product.Consumer select = this::selectTile;
  private final Workers.Task normalise = this::normaliseRows;
  private final Workers.Task finish = this::finishRows;
  private final float[][] lines;
  private final List<FusedTopK> rowSelections = new ArrayList<>();
  private final List<FusedThreshold> thresholdSelections = new ArrayList<>();
  private final List<FusedGlobalTopK> globalSelections = new ArrayList<>();

  /** Those of the call, in its order. */
  private final List<FusedSelection> selections = new ArrayList<>();

  private int groupFrom;
  private boolean relu;
  private HostMatrix x;
  private HostMatrix out;
  private float[] centres;
  private float[] scales;

  VectorScoring(Memory memory, VectorSelection selection, Workers workers, Product product) {
    super(memory, selection);
    this.workers = workers;
    this.product = product;
    this.steps = new VectorScoreSteps(workers);
    this.lines = new float[workers.count()][0];
  }

  void trim() {
    Arrays.fill(lines, new float[0]);
    rowSelections.clear();
    thresholdSelections.clear();
    globalSelections.clear();
    steps.trim();
  }

  @Override
  protected void normaliseKernel(
      Matrix x,
      RowNormalisation normalisation,
      Floats preBias,
      Matrix out,
      Floats centre,
      Floats scale) {
    preparation.of(x, normalisation, preBias);
    this.x = (HostMatrix) x;
    this.out = (HostMatrix) out;
    centres = centre == null ? null : ((HostFloats) centre).array();
    scales = scale == null ? null : ((HostFloats) scale).array();
    try {
      workers.run(normalise, x.rows(), workers.chunk(x.rows(), 64));
    } finally {
      centres = null;
      scales = null;
    }
  }

  private void normaliseRows(int worker, int from, int to) {
    int d = x.columns();
    float[] row = lines[worker] = Grow.floats(lines[worker], d);
    for (int b = from; b < to; b++) {
      if (centres != null || scales != null) {
        x.readRow(b, 0, d, row, 0);
        double centre = preparation.centre(row, d);
        if (centres != null) {
          centres[b] = (float) centre;
        }
        if (scales != null) {
          scales[b] = preparation.scale(row, d, centre);
        }
      }
      preparation.read(b, row);
      out.writeRow(b, 0, d, row, 0);
    }
  }

  @Override
  protected void normaliseBackwardKernel(
      Matrix x, RowNormalisation normalisation, Matrix g, Write write, Matrix out) {
    steps.normaliseBackward((HostMatrix) x, normalisation, (HostMatrix) g, write, (HostMatrix) out);
  }

  @Override
  protected void weighKernel(
      Matrix z, Floats columnWeights, Matrix gradientScores, float beta, Matrix out) {
    steps.weigh((HostMatrix) z, columnWeights, (HostMatrix) gradientScores, beta, (HostMatrix) out);
  }

  @Override
  protected void closenessKernel(Matrix cosines, Matrix out) {
    steps.closeness((HostMatrix) cosines, (HostMatrix) out);
  }

  @Override
  protected void closenessBackwardKernel(Matrix cosines, Matrix g, Write write, Matrix out) {
    steps.closenessBackward((HostMatrix) cosines, (HostMatrix) g, write, (HostMatrix) out);
  }

  @Override
  protected void scoreKernel(Matrix x, Matrix weights, Floats bias, Score options, Matrix out) {
    this.out = (HostMatrix) out;
    multiply(x, weights, bias, options, store);
  }

  private void storeTile(int worker, int row, float[] tile, int at, int column, int count) {
    activate(tile, at, count);
    out.writeRow(row, column, count, tile, at);
  }

  @Override
  protected void encodeKernel(
      Matrix x, Matrix weights, Floats bias, Score options, List<? extends Selector> selectors) {
    int n = weights.rows();
    int rowWise = 0;
    int byThreshold = 0;
    int global = 0;
    for (int s = 0; s < selectors.size(); s++) {
      switch (selectors.get(s)) {
        case Selector.RowTopK topK -> rows(rowWise++).of(topK.options(), topK.out());
        case Selector.Threshold t -> threshold(byThreshold++).of(t.options(), n, t.out());
        case Selector.ThresholdSlots t ->
            threshold(byThreshold++).of(t.options(), n, t.out(), t.totals());
        case Selector.Global g ->
            global(global++).of(g.options(), n, g.out(), g.threshold(), g.minPositive());
      }
    }
    try {
      multiply(x, weights, bias, options, select);
      long needed = 0;
      for (int s = 0; s < selections.size(); s++) {
        needed = Math.max(needed, selections.get(s).end());
      }
      if (needed > 0) {
        throw new CapacityException(needed);
      }
    } finally {
      selections.clear();
    }
  }

  private FusedTopK rows(int i) {
    if (i == rowSelections.size()) {
      rowSelections.add(new FusedTopK(workers.count()));
    }
    selections.add(rowSelections.get(i));
    return rowSelections.get(i);
  }

  private FusedThreshold threshold(int i) {
    if (i == thresholdSelections.size()) {
      thresholdSelections.add(new FusedThreshold(workers.count()));
    }
    selections.add(thresholdSelections.get(i));
    return thresholdSelections.get(i);
  }

  private FusedGlobalTopK global(int i) {
    if (i == globalSelections.size()) {
      globalSelections.add(new FusedGlobalTopK(workers.count()));
    }
    selections.add(globalSelections.get(i));
    return globalSelections.get(i);
  }

  private void selectTile(int worker, int row, float[] tile, int at, int column, int count) {
    activate(tile, at, count);
    for (int s = 0; s < selections.size(); s++) {
      selections.get(s).consume(worker, row, tile, at, column, count);
    }
  }

  private void finishRows(int worker, int from, int to) {
    for (int s = 0; s < selections.size(); s++) {
      for (int i = from; i < to; i++) {
        selections.get(s).finish(worker, groupFrom + i);
      }
    }
  }

  /** Runs the product group by group; a fused selection begins and ends with each. */
  private void multiply(
      Matrix x, Matrix weights, Floats bias, Score options, Product.Consumer consumer) {
    preparation.of(x, options.normalisation(), options.preBias());
    relu = options.activation() == Activation.RELU;
    float[] biases = bias == null ? null : ((HostFloats) bias).array();
    int group = Product.groupRows(x.columns());
    for (groupFrom = 0; groupFrom < x.rows(); groupFrom += group) {
      int groupTo = Math.min(x.rows(), groupFrom + group);
      if (consumer == select) {
        for (int s = 0; s < selections.size(); s++) {
          selections.get(s).begin(groupFrom, groupTo);
        }
      }
      product.multiply(preparation, groupFrom, groupTo, (HostMatrix) weights, biases, consumer);
      if (consumer == select) {
        for (int s = 0; s < selections.size(); s++) {
          selections.get(s).settle();
        }
        workers.run(finish, groupTo - groupFrom, workers.chunk(groupTo - groupFrom, 32));
      }
    }
  }

  private void activate(float[] tile, int at, int count) {
    if (!relu) {
      return;
    }
    int i = 0;
    for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromArray(Lanes.FLOATS, tile, at + i);
      v.blend(0f, v.compare(VectorOperators.LE, 0f)).intoArray(tile, at + i);
    }
    for (; i < count; i++) {
      tile[at + i] = tile[at + i] <= 0 ? 0 : tile[at + i];
    }
  }
}
