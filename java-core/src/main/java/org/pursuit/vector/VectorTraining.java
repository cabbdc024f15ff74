package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import org.pursuit.data.DType;
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
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/** Dense steps, row by row. */
final class VectorTraining extends Training {
  private static final int L = Lanes.COUNT;

  private final Workers workers;
  private final Workers.Task axpby = this::axpbyRows;
  private final Workers.Task gather = this::gatherRows;
  private final Workers.Task scatter = this::scatterColumns;
  private final ColumnSums.Row addRow = this::addRow;
  private final ColumnSums.Row addSquare = this::addSquare;
  private final RowBuffers buffers;
  private final ColumnSums columnSums;
  private final VectorMultiply multiply;
  private final VectorSolve solve;
  private final VectorGates gates;
  private final VectorAdam adam;
  private final VectorGaussian gaussian;

  private float alpha;
  private HostMatrix x;
  private float beta;
  private HostMatrix y;
  private int[] rowIds;
  private boolean accumulate;

  VectorTraining(Memory memory, Workers workers, Product product) {
    super(memory);
    this.workers = workers;
    this.buffers = new RowBuffers(workers, 2);
    this.columnSums = new ColumnSums(workers);
    this.multiply = new VectorMultiply(workers, product);
    this.solve = new VectorSolve(workers);
    this.gates = new VectorGates(workers, columnSums);
    this.adam = new VectorAdam(workers);
    this.gaussian = new VectorGaussian(workers);
  }

  void trim() {
    buffers.trim();
    columnSums.trim();
    multiply.trim();
    solve.trim();
    gates.trim();
    adam.trim();
    gaussian.trim();
  }

  @Override
  protected void axpbyKernel(float alpha, Matrix x, float beta, Matrix y) {
    this.alpha = alpha;
    this.x = (HostMatrix) x;
    this.beta = beta;
    this.y = (HostMatrix) y;
    workers.run(axpby, x.rows(), workers.chunk(x.rows(), 64));
  }

  @Override
  protected void scaleKernel(Floats factor, Matrix x, Matrix y) {
    axpbyKernel(((HostFloats) factor).array()[0], x, 0, y);
  }

  private void axpbyRows(int worker, int from, int to) {
    int d = x.columns();
    for (int b = from; b < to; b++) {
      float[] added = x.floats(b, buffers.row(worker, 0, d));
      float[] row = y.floats(b, buffers.row(worker, 1, d));
      int at = y.floatOffset(b);
      if (beta == 0) {
        scale(alpha, added, x.floatOffset(b), row, at, d);
      } else {
        axpby(alpha, added, x.floatOffset(b), beta, row, at, d);
      }
      if (y.dtype() != DType.F32) {
        y.writeRow(b, 0, d, row, at);
      }
    }
  }

  private static void scale(float alpha, float[] x, int xAt, float[] y, int yAt, int d) {
    int i = 0;
    for (; i <= d - L; i += L) {
      load(x, xAt + i).mul(alpha).intoArray(y, yAt + i);
    }
    for (; i < d; i++) {
      y[yAt + i] = alpha * x[xAt + i];
    }
  }

  private static void axpby(
      float alpha, float[] x, int xAt, float beta, float[] y, int yAt, int d) {
    FloatVector weight = FloatVector.broadcast(Lanes.FLOATS, alpha);
    int i = 0;
    for (; i <= d - L; i += L) {
      load(x, xAt + i).fma(weight, load(y, yAt + i).mul(beta)).intoArray(y, yAt + i);
    }
    for (; i < d; i++) {
      y[yAt + i] = Math.fma(x[xAt + i], alpha, y[yAt + i] * beta);
    }
  }

  @Override
  protected void exponentialsKernel(Floats x, Floats out) {
    float[] logarithms = ((HostFloats) x).array();
    float[] written = ((HostFloats) out).array();
    for (int i = 0; i < written.length; i++) {
      written[i] = (float) Math.exp(logarithms[i]);
    }
  }

  @Override
  protected void multiplyKernel(Matrix a, Matrix b, Multiply options, Matrix c) {
    multiply.multiply((HostMatrix) a, (HostMatrix) b, options, (HostMatrix) c);
  }

  @Override
  protected void solveKernel(Matrix a, float ridge, Matrix b, Matrix x) {
    solve.solve((HostMatrix) a, ridge, (HostMatrix) b, (HostMatrix) x);
  }

  @Override
  protected void columnSumsKernel(Matrix x, float factor, Write write, Floats out) {
    this.x = (HostMatrix) x;
    float[] sums = columnSums.over(x.rows(), x.columns(), addRow);
    float[] array = ((HostFloats) out).array();
    if (write == Write.OVERWRITE) {
      scale(factor, sums, 0, array, 0, x.columns());
    } else {
      axpby(factor, sums, 0, 1, array, 0, x.columns());
    }
  }

  private void addRow(int worker, int b, float[] sums, int at) {
    int d = x.columns();
    float[] row = x.floats(b, buffers.row(worker, 0, d));
    ColumnSums.add(row, x.floatOffset(b), sums, at, d);
  }

  @Override
  protected void gatherRowsKernel(Matrix x, Ints rows, Matrix out) {
    this.x = (HostMatrix) x;
    this.y = (HostMatrix) out;
    this.rowIds = ((HostInts) rows).array();
    try {
      workers.run(gather, out.rows(), workers.chunk(out.rows(), 64));
    } finally {
      rowIds = null; // a closed handle's array must not live on here
    }
  }

  private void gatherRows(int worker, int from, int to) {
    int d = x.columns();
    for (int b = from; b < to; b++) {
      float[] row = x.floats(rowIds[b], buffers.row(worker, 0, d));
      y.writeRow(b, 0, d, row, x.floatOffset(rowIds[b]));
    }
  }

  @Override
  protected void scatterRowsKernel(Matrix x, Ints rows, Write write, Matrix out) {
    this.x = (HostMatrix) x;
    this.y = (HostMatrix) out;
    this.rowIds = ((HostInts) rows).array();
    this.accumulate = write == Write.ACCUMULATE;
    try {
      // Equal rows meet in their order only where one thread takes them all: it takes columns.
      workers.run(scatter, x.columns(), Math.max(L, Math.ceilDiv(x.columns(), workers.count())));
    } finally {
      rowIds = null;
    }
  }

  private void scatterColumns(int worker, int from, int to) {
    int count = to - from;
    float[] row = buffers.row(worker, 0, count);
    float[] sum = buffers.row(worker, 1, count);
    for (int b = 0; b < x.rows(); b++) {
      x.readRow(b, from, count, row, 0);
      if (accumulate) {
        y.readRow(rowIds[b], from, count, sum, 0);
        ColumnSums.add(sum, 0, row, 0, count);
      }
      y.writeRow(rowIds[b], from, count, row, 0);
    }
  }

  @Override
  protected void gateKernel(Matrix a, Gate gate, Floats threshold, Matrix out) {
    gates.gate((HostMatrix) a, gate, threshold, (HostMatrix) out);
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
    gates.backward(
        (HostMatrix) a,
        gate,
        threshold,
        (HostMatrix) g,
        write,
        (HostMatrix) gradientA,
        gradientThreshold);
  }

  @Override
  protected void sumOfSquaresKernel(Matrix x, Ints count, Write write, Floats out) {
    this.x = (HostMatrix) x;
    int rows = count == null ? x.rows() : ((HostInts) count).array()[0];
    float[] sums = columnSums.over(rows, 1, addSquare);
    float[] array = ((HostFloats) out).array();
    array[0] = write == Write.OVERWRITE ? sums[0] : array[0] + sums[0];
  }

  private void addSquare(int worker, int b, float[] sums, int at) {
    int d = x.columns();
    float[] row = x.floats(b, buffers.row(worker, 0, d));
    int rowAt = x.floatOffset(b);
    sums[at] += Sums.dot(row, rowAt, row, rowAt, d);
  }

  @Override
  protected void clipFactorKernel(Floats sumOfSquares, float maxNorm, Floats norm, Floats factor) {
    double root = Math.sqrt(((HostFloats) sumOfSquares).array()[0]);
    if (norm != null) {
      ((HostFloats) norm).array()[0] = (float) root;
    }
    ((HostFloats) factor).array()[0] = (float) Math.min(1, maxNorm / (root + 1e-6));
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
    adam.step(
        options,
        step,
        (HostMatrix) gradient,
        rowIds,
        count,
        factor,
        (HostMatrix) m,
        (HostMatrix) v,
        (HostMatrix) parameters);
  }

  @Override
  protected void sampleKernel(Matrix mean, Matrix logVariance, Gaussian options, Matrix out) {
    gaussian.sample((HostMatrix) mean, (HostMatrix) logVariance, options, (HostMatrix) out);
  }

  @Override
  protected void sampleBackwardKernel(
      Matrix logVariance, Gaussian options, Matrix g, Write write, Matrix out) {
    gaussian.sampleBackward(
        (HostMatrix) logVariance, options, (HostMatrix) g, write, (HostMatrix) out);
  }

  @Override
  protected void divergenceKernel(Matrix mean, Matrix logVariance, Gaussian options, Floats out) {
    gaussian.divergence((HostMatrix) mean, (HostMatrix) logVariance, options, out);
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
    gaussian.divergenceBackward(
        (HostMatrix) mean,
        (HostMatrix) logVariance,
        options,
        factor,
        write,
        (HostMatrix) gradientMean,
        (HostMatrix) gradientLogVariance);
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }
}
