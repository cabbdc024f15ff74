package org.pursuit.scalar;

import java.util.Arrays;
import java.util.List;
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

/** Scores, one inner product after another. */
final class ScalarScoring extends Scoring {
  private final ScalarSelection selection;
  private final Scratch scratch;

  ScalarScoring(Memory memory, ScalarSelection selection, Scratch scratch) {
    super(memory, selection);
    this.selection = selection;
    this.scratch = scratch;
  }

  @Override
  protected void normaliseKernel(
      Matrix x,
      RowNormalisation normalisation,
      Floats preBias,
      Matrix out,
      Floats centre,
      Floats scale) {
    float[] row = scratch.x(x.columns());
    float[] centreAndScale = scratch.statistics();
    for (int b = 0; b < x.rows(); b++) {
      prepare((HostMatrix) x, b, normalisation, preBias, row, centreAndScale);
      ((HostMatrix) out).writeRow(b, 0, x.columns(), row, 0);
      if (centre != null) {
        ((HostFloats) centre).array()[b] = centreAndScale[0];
      }
      if (scale != null) {
        ((HostFloats) scale).array()[b] = centreAndScale[1];
      }
    }
  }

  @Override
  protected void normaliseBackwardKernel(
      Matrix x, RowNormalisation normalisation, Matrix g, Write write, Matrix out) {
    int d = x.columns();
    float[] row = scratch.x(d);
    float[] gradient = scratch.atom(d);
    float[] added = scratch.scores(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, row, 0);
      ((HostMatrix) g).readRow(b, 0, d, gradient, 0);
      ((HostMatrix) out).readRow(b, 0, d, added, 0);
      Slope slope = Slope.of(row, gradient, d, normalisation);
      for (int i = 0; i < d; i++) {
        double tilted = slope.tilt == 0 ? 0 : (row[i] - slope.centre) * slope.tilt; // ∞·0 is NaN
        double v = (gradient[i] - slope.shift - tilted) * slope.gain;
        added[i] = (float) (write == Write.OVERWRITE ? v : v + added[i]);
      }
      ((HostMatrix) out).writeRow(b, 0, d, added, 0);
    }
  }

  /** {@code ∂x = (g − shift − (x − centre)·tilt)·gain}. */
  private record Slope(double shift, double centre, double tilt, double gain) {
    static Slope of(float[] row, float[] gradient, int d, RowNormalisation normalisation) {
      double mean = 0;
      double meanGradient = 0;
      if (normalisation == RowNormalisation.LAYER_NORM) {
        for (int i = 0; i < d; i++) {
          mean += row[i];
          meanGradient += gradient[i];
        }
        mean /= d;
        meanGradient /= d;
      }
      double dot = 0;
      for (int i = 0; i < d; i++) {
        dot += gradient[i] * (row[i] - mean);
      }
      double squares = squares(row, d, mean);
      return switch (normalisation) {
        case NONE -> new Slope(0, 0, 0, 1);
        case UNIT -> {
          double norm = Math.sqrt(squares);
          boolean above = !(norm <= RowNormalisation.UNIT_FLOOR);
          yield above
              ? new Slope(0, 0, dot / squares, 1 / norm)
              : new Slope(0, 0, 0, 1.0 / RowNormalisation.UNIT_FLOOR);
        }
        case LAYER_NORM -> {
          double s = d == 1 ? 0 : Math.sqrt(squares / (d - 1));
          double gain = 1 / (s + RowNormalisation.LAYER_NORM_EPSILON);
          yield new Slope(meanGradient, mean, s == 0 ? 0 : dot * gain / (s * (d - 1)), gain);
        }
      };
    }
  }

  @Override
  protected void weighKernel(
      Matrix z, Floats columnWeights, Matrix gradientScores, float beta, Matrix out) {
    int n = z.columns();
    float[] row = scratch.x(n);
    float[] gradient = scratch.atom(n);
    for (int b = 0; b < z.rows(); b++) {
      ((HostMatrix) z).readRow(b, 0, n, row, 0);
      if (gradientScores != null) {
        ((HostMatrix) gradientScores).readRow(b, 0, n, gradient, 0);
      }
      for (int j = 0; j < n; j++) {
        double weight = columnWeights == null ? 1 : ((HostFloats) columnWeights).array()[j];
        double raised = gradientScores == null ? 1 : 1 + (double) beta * Math.abs(gradient[j]);
        row[j] = (float) (row[j] * weight * raised);
      }
      ((HostMatrix) out).writeRow(b, 0, n, row, 0);
    }
  }

  @Override
  protected void closenessKernel(Matrix cosines, Matrix out) {
    float[] row = scratch.x(cosines.columns());
    for (int b = 0; b < cosines.rows(); b++) {
      ((HostMatrix) cosines).readRow(b, 0, cosines.columns(), row, 0);
      for (int j = 0; j < cosines.columns(); j++) {
        row[j] = (float) (2 - Math.sqrt(Math.max(2 - 2.0 * row[j], 0)));
      }
      ((HostMatrix) out).writeRow(b, 0, cosines.columns(), row, 0);
    }
  }

  @Override
  protected void closenessBackwardKernel(Matrix cosines, Matrix g, Write write, Matrix out) {
    int n = cosines.columns();
    float[] row = scratch.x(n);
    float[] gradient = scratch.atom(n);
    float[] added = scratch.scores(n);
    for (int b = 0; b < cosines.rows(); b++) {
      ((HostMatrix) cosines).readRow(b, 0, n, row, 0);
      ((HostMatrix) g).readRow(b, 0, n, gradient, 0);
      ((HostMatrix) out).readRow(b, 0, n, added, 0);
      for (int j = 0; j < n; j++) {
        double v = row[j] >= 1 ? 0 : gradient[j] / Math.sqrt(2 - 2.0 * row[j]);
        added[j] = (float) (write == Write.OVERWRITE ? v : v + added[j]);
      }
      ((HostMatrix) out).writeRow(b, 0, n, added, 0);
    }
  }

  @Override
  protected void scoreKernel(Matrix x, Matrix weights, Floats bias, Score options, Matrix out) {
    for (int b = 0; b < x.rows(); b++) {
      float[] scores = scoreRow(x, b, weights, bias, options);
      ((HostMatrix) out).writeRow(b, 0, weights.rows(), scores, 0);
    }
  }

  @Override
  protected void encodeKernel(
      Matrix x, Matrix weights, Floats bias, Score options, List<? extends Selector> selectors) {
    int n = weights.rows();
    float[][] scores = new float[x.rows()][];
    for (int b = 0; b < x.rows(); b++) {
      scores[b] = Arrays.copyOf(scoreRow(x, b, weights, bias, options), n);
    }
    long needed = 0;
    for (Selector selector : selectors) {
      needed = Math.max(needed, selection.select(ScoreRows.of(scores, n), selector));
    }
    if (needed > 0) {
      throw new CapacityException(needed);
    }
  }

  private float[] scoreRow(Matrix x, int b, Matrix weights, Floats bias, Score options) {
    int d = x.columns();
    int n = weights.rows();
    float[] row = scratch.x(d);
    prepare(
        (HostMatrix) x, b, options.normalisation(), options.preBias(), row, scratch.statistics());
    float[] biases = bias == null ? null : ((HostFloats) bias).array();
    float[] scores = scratch.scores(n);
    for (int j = 0; j < n; j++) {
      double sum = dot((HostMatrix) weights, j, row, scratch.atom(d));
      float score = (float) (biases == null ? sum : sum + biases[j]);
      scores[j] = options.activation() == Activation.RELU ? Math.max(score, 0f) : score;
    }
    return scores;
  }

  /** The inner product of an atom with a row, in double. */
  static double dot(HostMatrix atoms, int j, float[] row, float[] atomScratch) {
    float[] atom = atoms.floats(j, atomScratch);
    int at = atoms.floatOffset(j);
    double sum = 0;
    for (int i = 0; i < atoms.columns(); i++) {
      sum += (double) row[i] * atom[at + i];
    }
    return sum;
  }

  /** Puts {@code normalise(x_b) − preBias} into {@code row}, and the row's centre and scale. */
  private static void prepare(
      HostMatrix x,
      int b,
      RowNormalisation normalisation,
      Floats preBias,
      float[] row,
      float[] centreAndScale) {
    int d = x.columns();
    x.readRow(b, 0, d, row, 0);
    float centre = 0;
    float scale = 1;
    float divisor = 1;
    switch (normalisation) {
      case NONE -> {}
      case UNIT -> {
        scale = Math.max((float) Math.sqrt(squares(row, d, 0)), RowNormalisation.UNIT_FLOOR);
        divisor = scale;
      }
      case LAYER_NORM -> {
        double sum = 0;
        for (int i = 0; i < d; i++) {
          sum += row[i];
        }
        double mean = sum / d;
        centre = (float) mean;
        scale = d == 1 ? 0 : (float) Math.sqrt(squares(row, d, mean) / (d - 1));
        divisor = scale + RowNormalisation.LAYER_NORM_EPSILON;
      }
    }
    float[] subtracted = preBias == null ? null : ((HostFloats) preBias).array();
    for (int i = 0; i < d; i++) {
      float normalised =
          normalisation == RowNormalisation.NONE ? row[i] : (row[i] - centre) / divisor;
      row[i] = subtracted == null ? normalised : normalised - subtracted[i];
    }
    centreAndScale[0] = centre;
    centreAndScale[1] = scale;
  }

  private static double squares(float[] row, int d, double centre) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      double difference = row[i] - centre;
      sum += difference * difference;
    }
    return sum;
  }
}
