package org.pursuit.vector;

import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.Philox;
import org.pursuit.kernel.Write;

/**
 * Gaussians, row by row. Logarithms, angles and exponentials are Java's own, one number after
 * another: the Vector API's change their last bits when the compiler takes them over.
 */
final class VectorGaussian {
  private final Workers workers;
  private final RowBuffers buffers;
  private final Workers.Task sample = this::sampleRows;
  private final Workers.Task sampleBack = this::sampleBackRows;
  private final Workers.Task diverge = this::divergeRows;
  private final Workers.Task divergeBack = this::divergeBackRows;
  private final int[][] words;

  private HostMatrix mean;
  private HostMatrix logVariance;
  private HostMatrix g;
  private Gaussian options;
  private HostMatrix out;
  private HostMatrix outLogVariance;
  private boolean accumulate;
  private float factor;
  private float[] divergences;

  VectorGaussian(Workers workers) {
    this.workers = workers;
    this.buffers = new RowBuffers(workers, 4);
    this.words = new int[workers.count()][4];
  }

  void trim() {
    buffers.trim();
  }

  void sample(HostMatrix mean, HostMatrix logVariance, Gaussian options, HostMatrix out) {
    this.mean = mean;
    this.logVariance = logVariance;
    this.options = options;
    this.out = out;
    run(sample, mean.rows());
  }

  private void run(Workers.Task task, int rows) {
    workers.run(task, rows, workers.chunk(rows, 16));
  }

  private void sampleRows(int worker, int from, int to) {
    int n = mean.columns();
    float[] noise = buffers.row(worker, 0, n);
    for (int b = from; b < to; b++) {
      float[] row = mean.floats(b, buffers.row(worker, 1, n));
      int rowAt = mean.floatOffset(b);
      float[] target = out.floats(b, buffers.row(worker, 2, n));
      int at = out.floatOffset(b);
      Philox.normals(options.seed(), options.offset(), b, n, words[worker], noise);
      if (logVariance == null) {
        for (int i = 0; i < n; i++) {
          target[at + i] = row[rowAt + i] + noise[i];
        }
      } else {
        float[] variances = logVariance.floats(b, buffers.row(worker, 3, n));
        int variancesAt = logVariance.floatOffset(b);
        for (int i = 0; i < n; i++) {
          float deviation = (float) Math.exp(0.5f * clamped(variances[variancesAt + i]));
          target[at + i] = Math.fma(noise[i], deviation, row[rowAt + i]);
        }
      }
      write(out, b, target);
    }
  }

  void sampleBackward(
      HostMatrix logVariance, Gaussian options, HostMatrix g, Write write, HostMatrix out) {
    this.logVariance = logVariance;
    this.options = options;
    this.g = g;
    this.out = out;
    accumulate = write == Write.ACCUMULATE;
    run(sampleBack, g.rows());
  }

  private void sampleBackRows(int worker, int from, int to) {
    int n = g.columns();
    float[] noise = buffers.row(worker, 0, n);
    for (int b = from; b < to; b++) {
      float[] gradient = g.floats(b, buffers.row(worker, 1, n));
      int gAt = g.floatOffset(b);
      float[] target = out.floats(b, buffers.row(worker, 2, n));
      int at = out.floatOffset(b);
      float[] variances = logVariance.floats(b, buffers.row(worker, 3, n));
      int variancesAt = logVariance.floatOffset(b);
      Philox.normals(options.seed(), options.offset(), b, n, words[worker], noise);
      for (int i = 0; i < n; i++) {
        float v = variances[variancesAt + i];
        float slope = 0.5f * gradient[gAt + i] * noise[i] * (float) Math.exp(0.5f * v);
        store(clamped(v) == v ? slope : 0, target, at + i);
      }
      write(out, b, target);
    }
  }

  void divergence(HostMatrix mean, HostMatrix logVariance, Gaussian options, Floats out) {
    this.mean = mean;
    this.logVariance = logVariance;
    this.options = options;
    divergences = ((HostFloats) out).array();
    try {
      run(diverge, mean.rows());
    } finally {
      divergences = null; // a closed handle's array must not live on here
    }
  }

  private void divergeRows(int worker, int from, int to) {
    int n = mean.columns();
    float most = options.maxMean();
    for (int b = from; b < to; b++) {
      float[] row = mean.floats(b, buffers.row(worker, 1, n));
      int rowAt = mean.floatOffset(b);
      double sum = 0;
      for (int i = 0; i < n; i++) {
        double centre = Math.clamp(row[rowAt + i], -most, most);
        sum += centre * centre;
      }
      if (logVariance != null) {
        float[] variances = logVariance.floats(b, buffers.row(worker, 3, n));
        int variancesAt = logVariance.floatOffset(b);
        for (int i = 0; i < n; i++) {
          double v = clamped(variances[variancesAt + i]);
          sum += Math.expm1(v) - v;
        }
      }
      divergences[b] = (float) (0.5 * sum);
    }
  }

  void divergenceBackward(
      HostMatrix mean,
      HostMatrix logVariance,
      Gaussian options,
      float factor,
      Write write,
      HostMatrix gradientMean,
      HostMatrix gradientLogVariance) {
    this.mean = mean;
    this.logVariance = logVariance;
    this.options = options;
    this.factor = factor;
    accumulate = write == Write.ACCUMULATE;
    out = gradientMean;
    outLogVariance = gradientLogVariance;
    run(divergeBack, mean.rows());
  }

  private void divergeBackRows(int worker, int from, int to) {
    int n = mean.columns();
    for (int b = from; b < to; b++) {
      if (out != null) {
        float[] row = mean.floats(b, buffers.row(worker, 1, n));
        int rowAt = mean.floatOffset(b);
        float[] target = out.floats(b, buffers.row(worker, 2, n));
        int at = out.floatOffset(b);
        for (int i = 0; i < n; i++) {
          boolean outside = Math.abs(row[rowAt + i]) > options.maxMean();
          store(outside ? 0 : factor * row[rowAt + i], target, at + i);
        }
        write(out, b, target);
      }
      if (outLogVariance != null) {
        float[] variances = logVariance.floats(b, buffers.row(worker, 3, n));
        int variancesAt = logVariance.floatOffset(b);
        float[] target = outLogVariance.floats(b, buffers.row(worker, 2, n));
        int at = outLogVariance.floatOffset(b);
        for (int i = 0; i < n; i++) {
          float v = variances[variancesAt + i];
          store(clamped(v) == v ? factor * 0.5f * (float) Math.expm1(v) : 0, target, at + i);
        }
        write(outLogVariance, b, target);
      }
    }
  }

  private void store(float value, float[] target, int at) {
    target[at] = accumulate ? target[at] + value : value;
  }

  private float clamped(float v) {
    return Math.clamp(v, options.minLogVariance(), options.maxLogVariance());
  }

  private static void write(HostMatrix matrix, int row, float[] from) {
    if (matrix.dtype() != DType.F32) {
      matrix.writeRow(row, 0, matrix.columns(), from, 0);
    }
  }
}
