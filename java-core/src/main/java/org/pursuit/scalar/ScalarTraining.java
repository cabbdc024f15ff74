package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Adam;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.Philox;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/** Dense steps, element by element. */
final class ScalarTraining extends Training {
  private final Scratch scratch;
  private final int[] words = new int[4];

  ScalarTraining(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
  }

  @Override
  protected void axpbyKernel(float alpha, Matrix x, float beta, Matrix y) {
    int d = x.columns();
    float[] added = scratch.x(d);
    float[] row = scratch.atom(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, added, 0);
      ((HostMatrix) y).readRow(b, 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        double sum = (double) alpha * added[i];
        row[i] = (float) (beta == 0 ? sum : sum + (double) beta * row[i]);
      }
      ((HostMatrix) y).writeRow(b, 0, d, row, 0);
    }
  }

  @Override
  protected void scaleKernel(Floats factor, Matrix x, Matrix y) {
    axpbyKernel(array(factor)[0], x, 0, y);
  }

  @Override
  protected void exponentialsKernel(Floats x, Floats out) {
    float[] logarithms = array(x);
    float[] written = array(out);
    for (int i = 0; i < written.length; i++) {
      written[i] = (float) Math.exp(logarithms[i]);
    }
  }

  @Override
  protected void multiplyKernel(Matrix a, Matrix b, Multiply options, Matrix c) {
    int depth = options.transposeA() ? a.rows() : a.columns();
    int n = c.columns();
    double[] sums = scratch.sums(n);
    float[] row = scratch.x(n);
    for (int i = 0; i < c.rows(); i++) {
      Arrays.fill(sums, 0, n, 0);
      for (int l = 0; l < depth; l++) {
        double left = options.transposeA() ? element(a, l, i) : element(a, i, l);
        for (int j = 0; j < n; j++) {
          sums[j] += left * (options.transposeB() ? element(b, j, l) : element(b, l, j));
        }
      }
      ((HostMatrix) c).readRow(i, 0, n, row, 0);
      for (int j = 0; j < n; j++) {
        double product = options.alpha() * sums[j];
        row[j] =
            (float) (options.beta() == 0 ? product : product + (double) options.beta() * row[j]);
      }
      ((HostMatrix) c).writeRow(i, 0, n, row, 0);
    }
  }

  @Override
  protected void solveKernel(Matrix a, float ridge, Matrix b, Matrix x) {
    int n = a.rows();
    double[][] lower = new double[n][];
    float[] row = scratch.x(Math.max(n, b.columns()));
    for (int i = 0; i < n; i++) {
      ((HostMatrix) a).readRow(i, 0, n, row, 0);
      lower[i] = new double[i + 1];
      for (int j = 0; j <= i; j++) {
        double sum = i == j ? (double) row[i] + ridge : row[j];
        for (int k = 0; k < j; k++) {
          sum -= lower[i][k] * lower[j][k];
        }
        lower[i][j] = i == j ? Math.sqrt(sum) : sum / lower[j][j];
      }
      if (!(lower[i][i] > 0)) {
        fillNaN((HostMatrix) x);
        throw notPositiveDefinite(i);
      }
    }
    for (int column = 0; column < b.columns(); column++) {
      double[] y = new double[n];
      for (int i = 0; i < n; i++) {
        double sum = element(b, i, column);
        for (int k = 0; k < i; k++) {
          sum -= lower[i][k] * y[k];
        }
        y[i] = sum / lower[i][i];
      }
      for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++) {
          y[i] -= lower[k][i] * y[k];
        }
        y[i] /= lower[i][i];
        row[0] = (float) y[i];
        ((HostMatrix) x).writeRow(i, column, 1, row, 0);
      }
    }
  }

  private void fillNaN(HostMatrix x) {
    float[] row = scratch.x(x.columns());
    Arrays.fill(row, Float.NaN);
    for (int i = 0; i < x.rows(); i++) {
      x.writeRow(i, 0, x.columns(), row, 0);
    }
  }

  private float element(Matrix matrix, int row, int column) {
    float[] one = scratch.atom(1);
    ((HostMatrix) matrix).readRow(row, column, 1, one, 0);
    return one[0];
  }

  @Override
  protected void columnSumsKernel(Matrix x, float factor, Write write, Floats out) {
    int d = x.columns();
    double[] sums = scratch.sums(d);
    Arrays.fill(sums, 0, d, 0);
    float[] row = scratch.x(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        sums[i] += row[i];
      }
    }
    for (int i = 0; i < d; i++) {
      store(factor * sums[i], write, array(out), i);
    }
  }

  @Override
  protected void gatherRowsKernel(Matrix x, Ints rows, Matrix out) {
    float[] row = scratch.x(x.columns());
    for (int b = 0; b < out.rows(); b++) {
      ((HostMatrix) x).readRow(array(rows)[b], 0, x.columns(), row, 0);
      ((HostMatrix) out).writeRow(b, 0, x.columns(), row, 0);
    }
  }

  @Override
  protected void scatterRowsKernel(Matrix x, Ints rows, Write write, Matrix out) {
    int d = x.columns();
    float[] added = scratch.x(d);
    float[] row = scratch.atom(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, added, 0);
      ((HostMatrix) out).readRow(array(rows)[b], 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        row[i] = write == Write.OVERWRITE ? added[i] : row[i] + added[i];
      }
      ((HostMatrix) out).writeRow(array(rows)[b], 0, d, row, 0);
    }
  }

  @Override
  protected void gateKernel(Matrix a, Gate gate, Floats threshold, Matrix out) {
    int n = a.columns();
    float[] row = scratch.x(n);
    for (int b = 0; b < a.rows(); b++) {
      ((HostMatrix) a).readRow(b, 0, n, row, 0);
      for (int j = 0; j < n; j++) {
        float open = gate.kind() == Gate.Kind.STEP ? 1 : row[j];
        row[j] = isOpen(row[j], theta(threshold, j)) ? open : 0;
      }
      ((HostMatrix) out).writeRow(b, 0, n, row, 0);
    }
  }

  @Override
  protected void gateBackwardKernel(
      Matrix a,
      Gate gate,
      Floats threshold,
      Matrix g,
      Write write,
      Matrix gradientA,
      Floats gradientThreshold) {
    int n = a.columns();
    float[] row = scratch.x(n);
    float[] gradient = scratch.atom(n);
    float[] out = scratch.scores(n);
    double[] sums = scratch.sums(n);
    Arrays.fill(sums, 0, n, 0);
    for (int b = 0; b < a.rows(); b++) {
      ((HostMatrix) a).readRow(b, 0, n, row, 0);
      ((HostMatrix) g).readRow(b, 0, n, gradient, 0);
      if (gradientA != null) {
        ((HostMatrix) gradientA).readRow(b, 0, n, out, 0);
      }
      for (int j = 0; j < n; j++) {
        float theta = theta(threshold, j);
        boolean passes = gate.kind() != Gate.Kind.STEP && isOpen(row[j], theta);
        store(passes ? gradient[j] : 0, write, out, j);
        if (Math.abs(row[j] - theta) < 0.5f * gate.bandwidth()) {
          sums[j] += gradient[j];
        }
      }
      if (gradientA != null) {
        ((HostMatrix) gradientA).writeRow(b, 0, n, out, 0);
      }
    }
    if (gradientThreshold != null) {
      thresholdGradient(gate, array(threshold), sums, n, write, array(gradientThreshold));
    }
  }

  private static void thresholdGradient(
      Gate gate, float[] threshold, double[] sums, int n, Write write, float[] out) {
    double shared = 0;
    for (int j = 0; j < n; j++) {
      float theta = threshold[threshold.length == 1 ? 0 : j];
      double weight = gate.kind() == Gate.Kind.STEP ? 1 : theta;
      double gradient = -weight / gate.bandwidth() * sums[j];
      gradient *= gate.logThreshold() ? theta : 1;
      shared += gradient;
      if (threshold.length > 1) {
        store(gradient, write, out, j);
      }
    }
    if (threshold.length == 1) {
      store(shared, write, out, 0);
    }
  }

  /** A NaN lies above every threshold, and nothing above one that is NaN. */
  private static boolean isOpen(float a, float theta) {
    return !(a <= theta) && !Float.isNaN(theta);
  }

  private static float theta(Floats threshold, int column) {
    if (threshold == null) {
      return 0;
    }
    return array(threshold)[threshold.length() == 1 ? 0 : column];
  }

  @Override
  protected void sumOfSquaresKernel(Matrix x, Ints count, Write write, Floats out) {
    float[] row = scratch.x(x.columns());
    int rows = count == null ? x.rows() : array(count)[0];
    double sum = 0;
    for (int b = 0; b < rows; b++) {
      ((HostMatrix) x).readRow(b, 0, x.columns(), row, 0);
      for (int i = 0; i < x.columns(); i++) {
        sum += (double) row[i] * row[i];
      }
    }
    store(sum, write, array(out), 0);
  }

  @Override
  protected void clipFactorKernel(Floats sumOfSquares, float maxNorm, Floats norm, Floats factor) {
    double root = Math.sqrt(array(sumOfSquares)[0]);
    if (norm != null) {
      array(norm)[0] = (float) root;
    }
    array(factor)[0] = (float) Math.min(1, maxNorm / (root + 1e-6));
  }

  @Override
  protected void adamKernel(
      Adam options,
      long step,
      Matrix gradient,
      Ints rowIds,
      Ints count,
      Floats factor,
      Matrix m,
      Matrix v,
      Matrix parameters) {
    int d = parameters.columns();
    double scale = factor == null ? 1 : array(factor)[0];
    float[] g = scratch.x(d);
    float[] first = scratch.atom(d);
    float[] second = scratch.scores(d);
    float[] p = scratch.norms(d);
    int rows = count == null ? gradient.rows() : array(count)[0];
    for (int i = 0; i < rows; i++) {
      int row = rowIds == null ? i : array(rowIds)[i];
      ((HostMatrix) gradient).readRow(i, 0, d, g, 0);
      ((HostMatrix) m).readRow(row, 0, d, first, 0);
      ((HostMatrix) v).readRow(row, 0, d, second, 0);
      ((HostMatrix) parameters).readRow(row, 0, d, p, 0);
      for (int j = 0; j < d; j++) {
        double scaled = scale * g[j];
        double mean = options.beta1() * (double) first[j] + (1 - options.beta1()) * scaled;
        double square =
            options.beta2() * (double) second[j] + (1 - options.beta2()) * scaled * scaled;
        double root = Math.sqrt(square) * options.rootCorrection(step) + options.epsilon();
        p[j] = (float) (options.kept() * (double) p[j] - options.stepSize(step) * mean / root);
        first[j] = (float) mean;
        second[j] = (float) square;
      }
      ((HostMatrix) m).writeRow(row, 0, d, first, 0);
      ((HostMatrix) v).writeRow(row, 0, d, second, 0);
      ((HostMatrix) parameters).writeRow(row, 0, d, p, 0);
    }
  }

  @Override
  protected void sampleKernel(Matrix mean, Matrix logVariance, Gaussian options, Matrix out) {
    int n = mean.columns();
    float[] row = scratch.x(n);
    float[] variances = scratch.atom(n);
    float[] noise = scratch.scores(n);
    for (int b = 0; b < mean.rows(); b++) {
      ((HostMatrix) mean).readRow(b, 0, n, row, 0);
      logVariances(logVariance, b, variances, n);
      Philox.normals(options.seed(), options.offset(), b, n, words, noise);
      for (int i = 0; i < n; i++) {
        double deviation = logVariance == null ? 1 : Math.exp(0.5 * clamped(variances[i], options));
        row[i] = (float) (row[i] + noise[i] * deviation);
      }
      ((HostMatrix) out).writeRow(b, 0, n, row, 0);
    }
  }

  @Override
  protected void sampleBackwardKernel(
      Matrix logVariance, Gaussian options, Matrix g, Write write, Matrix out) {
    int n = g.columns();
    float[] gradient = scratch.x(n);
    float[] variances = scratch.atom(n);
    float[] noise = scratch.scores(n);
    float[] row = scratch.norms(n);
    for (int b = 0; b < g.rows(); b++) {
      ((HostMatrix) g).readRow(b, 0, n, gradient, 0);
      ((HostMatrix) out).readRow(b, 0, n, row, 0);
      logVariances(logVariance, b, variances, n);
      Philox.normals(options.seed(), options.offset(), b, n, words, noise);
      for (int i = 0; i < n; i++) {
        double deviation = Math.exp(0.5 * variances[i]);
        boolean moves = clamped(variances[i], options) == variances[i];
        store(moves ? 0.5 * gradient[i] * noise[i] * deviation : 0, write, row, i);
      }
      ((HostMatrix) out).writeRow(b, 0, n, row, 0);
    }
  }

  @Override
  protected void divergenceKernel(Matrix mean, Matrix logVariance, Gaussian options, Floats out) {
    int n = mean.columns();
    float[] row = scratch.x(n);
    float[] variances = scratch.atom(n);
    for (int b = 0; b < mean.rows(); b++) {
      ((HostMatrix) mean).readRow(b, 0, n, row, 0);
      logVariances(logVariance, b, variances, n);
      double sum = 0;
      for (int i = 0; i < n; i++) {
        double centre = Math.clamp((double) row[i], -options.maxMean(), options.maxMean());
        double logarithm = logVariance == null ? 0 : clamped(variances[i], options);
        sum += 0.5 * (centre * centre + Math.exp(logarithm) - 1 - logarithm);
      }
      array(out)[b] = (float) sum;
    }
  }

  @Override
  protected void divergenceBackwardKernel(
      Matrix mean,
      Matrix logVariance,
      Gaussian options,
      float factor,
      Write write,
      Matrix gradientMean,
      Matrix gradientLogVariance) {
    int n = mean.columns();
    float[] row = scratch.x(n);
    float[] out = scratch.atom(n);
    for (int b = 0; b < mean.rows(); b++) {
      if (gradientMean != null) {
        ((HostMatrix) mean).readRow(b, 0, n, row, 0);
        ((HostMatrix) gradientMean).readRow(b, 0, n, out, 0);
        for (int i = 0; i < n; i++) {
          boolean outside = Math.abs(row[i]) > options.maxMean();
          store(outside ? 0 : (double) factor * row[i], write, out, i);
        }
        ((HostMatrix) gradientMean).writeRow(b, 0, n, out, 0);
      }
      if (gradientLogVariance != null) {
        ((HostMatrix) logVariance).readRow(b, 0, n, row, 0);
        ((HostMatrix) gradientLogVariance).readRow(b, 0, n, out, 0);
        for (int i = 0; i < n; i++) {
          boolean moves = clamped(row[i], options) == row[i];
          store(moves ? factor * 0.5 * Math.expm1(row[i]) : 0, write, out, i);
        }
        ((HostMatrix) gradientLogVariance).writeRow(b, 0, n, out, 0);
      }
    }
  }

  private static void logVariances(Matrix logVariance, int b, float[] row, int n) {
    if (logVariance != null) {
      ((HostMatrix) logVariance).readRow(b, 0, n, row, 0);
    }
  }

  private static float clamped(float logVariance, Gaussian options) {
    return Math.clamp(logVariance, options.minLogVariance(), options.maxLogVariance());
  }

  private static void store(double value, Write write, float[] out, int at) {
    out[at] = (float) (write == Write.OVERWRITE ? value : value + out[at]);
  }

  private static float[] array(Floats floats) {
    return ((HostFloats) floats).array();
  }

  private static int[] array(Ints ints) {
    return ((HostInts) ints).array();
  }
}
