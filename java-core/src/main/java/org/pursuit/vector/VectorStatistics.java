package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.BiasAdaptation;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Write;

/** Statistics, row by row; those of columns and latents are classes of their own. */
final class VectorStatistics extends Statistics {
  private static final int L = Lanes.COUNT;

  /** Numbers that are summed in float32 before their sum is added in double. */
  private static final int SUMMED = 4096;

  private final Workers workers;
  private final Workers.Task rowTask = this::computeRows;
  private final Workers.Task sumTask = this::sumChunks;
  private final VectorColumnStatistics columns;
  private final TotalVariance totalVariance;
  private final VectorLatents latents = new VectorLatents();
  private final VectorUnitRows unitRows;
  private final VectorSegments segments;
  private final VectorCooccurrence cooccurrence;
  private final float[][] widenedX;
  private final float[][] widenedY;

  private RowStatistic statistic;
  private HostMatrix x;
  private HostMatrix y;
  private float[] out;
  private float[] values;
  private boolean[] mask;
  private double[] chunkSums = {};

  /** What is computed of a row, or of a pair of rows. */
  private enum RowStatistic {
    SQUARED_ERROR,
    NORM,
    COSINE
  }

  VectorStatistics(Memory memory, Workers workers) {
    super(memory);
    this.workers = workers;
    this.columns = new VectorColumnStatistics(workers);
    this.totalVariance = new TotalVariance(workers);
    this.unitRows = new VectorUnitRows(workers);
    this.segments = new VectorSegments(workers);
    this.cooccurrence = new VectorCooccurrence(workers);
    this.widenedX = new float[workers.count()][0];
    this.widenedY = new float[workers.count()][0];
  }

  void trim() {
    Arrays.fill(widenedX, new float[0]);
    Arrays.fill(widenedY, new float[0]);
    chunkSums = new double[0];
    columns.trim();
    totalVariance.trim();
    latents.trim();
    unitRows.trim();
    cooccurrence.trim();
  }

  @Override
  protected void squaredErrorsKernel(Matrix x, Matrix y, Floats out) {
    compute(RowStatistic.SQUARED_ERROR, x, y, out);
  }

  @Override
  protected void normsKernel(Matrix x, Floats out) {
    compute(RowStatistic.NORM, x, x, out);
  }

  @Override
  protected void cosinesKernel(Matrix x, Matrix y, Floats out) {
    compute(RowStatistic.COSINE, x, y, out);
  }

  private void compute(RowStatistic statistic, Matrix x, Matrix y, Floats out) {
    this.statistic = statistic;
    this.x = (HostMatrix) x;
    this.y = (HostMatrix) y;
    this.out = array(out);
    try {
      workers.run(rowTask, x.rows(), workers.chunk(x.rows(), 64));
    } finally {
      this.out = null; // a closed handle's array must not live on here
    }
  }

  private void computeRows(int worker, int from, int to) {
    int d = x.columns();
    float[] scratchX = widenedX[worker] = Grow.floats(widenedX[worker], d);
    float[] scratchY = widenedY[worker] = Grow.floats(widenedY[worker], d);
    for (int b = from; b < to; b++) {
      float[] left = x.floats(b, scratchX);
      float[] right = x == y ? left : y.floats(b, scratchY);
      int leftAt = x.floatOffset(b);
      int rightAt = y.floatOffset(b);
      out[b] =
          switch (statistic) {
            case SQUARED_ERROR -> Sums.squaredDistance(left, leftAt, right, rightAt, d);
            case NORM -> (float) Math.sqrt(Sums.dot(left, leftAt, left, leftAt, d));
            case COSINE -> cosine(left, leftAt, right, rightAt, d);
          };
    }
  }

  /** Three products, of which the second and third find their rows in the cache. */
  private static float cosine(float[] x, int xAt, float[] y, int yAt, int d) {
    float dot = Sums.dot(x, xAt, y, yAt, d);
    double norms = Math.sqrt(Sums.dot(x, xAt, x, xAt, d)) * Math.sqrt(Sums.dot(y, yAt, y, yAt, d));
    return norms == 0 ? 0 * dot : (float) (dot / norms);
  }

  @Override
  protected void sumKernel(Floats values, Mask mask, Floats out) {
    int length = (int) values.length();
    int chunks = Math.ceilDiv(length, SUMMED);
    chunkSums = chunkSums.length >= chunks ? chunkSums : new double[chunks];
    this.values = array(values);
    this.mask = mask == null ? null : ((HostMask) mask).array();
    try {
      workers.run(sumTask, chunks, workers.chunk(chunks, 16));
    } finally {
      this.values = null;
      this.mask = null;
    }
    double sum = 0;
    for (int chunk = 0; chunk < chunks; chunk++) {
      sum += chunkSums[chunk];
    }
    array(out)[0] = (float) sum;
  }

  private void sumChunks(int worker, int from, int to) {
    for (int chunk = from; chunk < to; chunk++) {
      int begin = chunk * SUMMED;
      int end = (int) Math.min((long) begin + SUMMED, values.length);
      chunkSums[chunk] = mask == null ? sum(values, begin, end) : sum(values, mask, begin, end);
    }
  }

  private static float sum(float[] values, int from, int to) {
    FloatVector even = FloatVector.zero(Lanes.FLOATS);
    FloatVector odd = even;
    int i = from;
    for (; i <= to - 2 * L; i += 2 * L) {
      even = even.add(FloatVector.fromArray(Lanes.FLOATS, values, i));
      odd = odd.add(FloatVector.fromArray(Lanes.FLOATS, values, i + L));
    }
    float tail = 0;
    for (; i < to; i++) {
      tail += values[i];
    }
    return Sums.total(even.add(odd)) + tail;
  }

  private static float sum(float[] values, boolean[] mask, int from, int to) {
    FloatVector sum = FloatVector.zero(Lanes.FLOATS);
    int i = from;
    for (; i <= to - L; i += L) {
      VectorMask<Float> taken = VectorMask.fromArray(Lanes.FLOATS, mask, i);
      sum = sum.add(FloatVector.fromArray(Lanes.FLOATS, values, i), taken);
    }
    float tail = 0;
    for (; i < to; i++) {
      tail += mask[i] ? values[i] : 0;
    }
    return Sums.total(sum) + tail;
  }

  @Override
  protected void totalVarianceKernel(Matrix x, Mask mask, Floats out) {
    boolean[] taken = mask == null ? null : ((HostMask) mask).array();
    array(out)[0] = (float) totalVariance.of((HostMatrix) x, taken);
  }

  @Override
  protected void quotientsKernel(float factor, Floats a, Floats b, Floats out) {
    float[] numerators = a == null ? null : array(a);
    float[] denominators = array(b);
    float[] quotients = array(out);
    for (int i = 0; i < quotients.length; i++) {
      float numerator = numerators == null ? 1 : numerators[i];
      float quotient = (float) ((double) factor * numerator / denominators[i]);
      quotients[i] = denominators[i] == 0 ? 0 * numerator : quotient;
    }
  }

  @Override
  protected void columnStatisticsKernel(
      Matrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    columns.compute(x, fired, write, fires, maxima, sums);
  }

  @Override
  protected void columnStatisticsKernel(
      SlottedCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    columns.compute(codes, fired, write, fires, maxima, sums);
  }

  @Override
  protected void columnStatisticsKernel(
      CsrCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    columns.compute(codes, fired, write, fires, maxima, sums);
  }

  @Override
  protected void sinceFiredKernel(Longs fires, long rows, Longs since) {
    VectorLatents.sinceFired(fires, rows, since);
  }

  @Override
  protected void deadLatentsKernel(Longs since, long limit, Mask dead, Ints count) {
    VectorLatents.deadLatents(since, limit, dead, count);
  }

  @Override
  protected void densityKernel(Longs fires, long rows, Floats out) {
    VectorLatents.density(fires, rows, out);
  }

  @Override
  protected void movingAverageKernel(Floats observed, float momentum, Floats average) {
    VectorLatents.movingAverage(observed, momentum, average);
  }

  @Override
  protected void adaptBiasKernel(
      BiasAdaptation options,
      Longs fires,
      Floats maxima,
      long rows,
      Ints groups,
      Floats targets,
      Floats bias) {
    latents.adaptBias(options, fires, maxima, rows, groups, targets, bias);
  }

  @Override
  protected void unitRowsKernel(Matrix x, float epsilon) {
    unitRows.unitRows((HostMatrix) x, epsilon);
  }

  @Override
  protected void projectGradientKernel(Matrix atoms, Matrix gradient) {
    unitRows.project((HostMatrix) atoms, (HostMatrix) gradient, null, gradient.rows());
  }

  @Override
  protected void projectGradientKernel(Matrix atoms, RowSparseMatrix gradient) {
    int[] rowIds = ((HostInts) gradient.rowIds()).array();
    int count = ((HostInts) gradient.count()).array()[0];
    unitRows.project((HostMatrix) atoms, (HostMatrix) gradient.elements(), rowIds, count);
  }

  @Override
  protected void segmentReduceKernel(
      FixedWidthCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    this.segments.reduce(HostEntries.of(codes), segments, firstColumn, reduction, write, out);
  }

  @Override
  protected void segmentReduceKernel(
      CsrCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    this.segments.reduce(HostEntries.of(codes), segments, firstColumn, reduction, write, out);
  }

  @Override
  protected void cooccurrenceKernel(
      FixedWidthCodes x,
      FixedWidthCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    cooccurrence.cooccurrence(
        HostEntries.of(x), HostEntries.of(y), fired, firstColumn, columns, n, write, counts);
  }

  @Override
  protected void cooccurrenceKernel(
      CsrCodes x,
      CsrCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    cooccurrence.cooccurrence(
        HostEntries.of(x), HostEntries.of(y), fired, firstColumn, columns, n, write, counts);
  }

  @Override
  protected void neighboursKernel(Longs counts, int firstColumn, int n, ColumnCodes out) {
    cooccurrence.neighbours(counts, firstColumn, n, out);
  }

  @Override
  protected void jaccardKernel(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out) {
    cooccurrence.jaccard(counts, firstColumn, firesX, firesY, out);
  }

  @Override
  protected void npmiKernel(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out) {
    cooccurrence.npmi(counts, firstColumn, firesX, firesY, rows, out);
  }

  private static float[] array(Floats floats) {
    return ((HostFloats) floats).array();
  }
}
