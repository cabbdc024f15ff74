package org.pursuit.scalar;

import java.util.Arrays;
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

/** Statistics, element by element. */
final class ScalarStatistics extends Statistics {
  private final Scratch scratch;
  private final ScalarColumnStatistics columns;
  private final ScalarCooccurrence cooccurrence;

  ScalarStatistics(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
    this.columns = new ScalarColumnStatistics(scratch);
    this.cooccurrence = new ScalarCooccurrence(scratch);
  }

  @Override
  protected void squaredErrorsKernel(Matrix x, Matrix y, Floats out) {
    int d = x.columns();
    float[] left = scratch.x(d);
    float[] right = scratch.atom(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, left, 0);
      ((HostMatrix) y).readRow(b, 0, d, right, 0);
      double sum = 0;
      for (int i = 0; i < d; i++) {
        double error = (double) left[i] - right[i];
        sum += error * error;
      }
      array(out)[b] = (float) sum;
    }
  }

  @Override
  protected void normsKernel(Matrix x, Floats out) {
    int d = x.columns();
    float[] row = scratch.x(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, row, 0);
      array(out)[b] = (float) Math.sqrt(dot(row, row, d));
    }
  }

  @Override
  protected void cosinesKernel(Matrix x, Matrix y, Floats out) {
    int d = x.columns();
    float[] left = scratch.x(d);
    float[] right = scratch.atom(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, left, 0);
      ((HostMatrix) y).readRow(b, 0, d, right, 0);
      double norms = Math.sqrt(dot(left, left, d)) * Math.sqrt(dot(right, right, d));
      double dot = dot(left, right, d);
      array(out)[b] = (float) (norms == 0 ? 0 * dot : dot / norms);
    }
  }

  private static double dot(float[] x, float[] y, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }

  @Override
  protected void sumKernel(Floats values, Mask mask, Floats out) {
    double sum = 0;
    for (int i = 0; i < values.length(); i++) {
      if (takesPart(mask, i)) {
        sum += array(values)[i];
      }
    }
    array(out)[0] = (float) sum;
  }

  @Override
  protected void totalVarianceKernel(Matrix x, Mask mask, Floats out) {
    int d = x.columns();
    float[] row = scratch.x(d);
    double[] mean = scratch.sums(d);
    Arrays.fill(mean, 0, d, 0);
    int rows = 0;
    for (int b = 0; b < x.rows(); b++) {
      if (takesPart(mask, b)) {
        ((HostMatrix) x).readRow(b, 0, d, row, 0);
        rows++;
        for (int i = 0; i < d; i++) {
          mean[i] += row[i];
        }
      }
    }
    double sum = 0;
    for (int b = 0; b < x.rows(); b++) {
      if (takesPart(mask, b)) {
        ((HostMatrix) x).readRow(b, 0, d, row, 0);
        for (int i = 0; i < d; i++) {
          double deviation = row[i] - mean[i] / rows;
          sum += deviation * deviation;
        }
      }
    }
    array(out)[0] = (float) sum;
  }

  @Override
  protected void quotientsKernel(float factor, Floats a, Floats b, Floats out) {
    for (int i = 0; i < b.length(); i++) {
      float numerator = a == null ? 1 : array(a)[i];
      float denominator = array(b)[i];
      double quotient = (double) factor * numerator / denominator;
      array(out)[i] = denominator == 0 ? 0 * numerator : (float) quotient;
    }
  }

  private static boolean takesPart(Mask mask, int i) {
    return mask == null || ((HostMask) mask).array()[i];
  }

  @Override
  protected void columnStatisticsKernel(
      Matrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    columns.compute((HostMatrix) x, fired, write, fires, maxima, sums);
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
    ScalarLatents.sinceFired(fires, rows, since);
  }

  @Override
  protected void deadLatentsKernel(Longs since, long limit, Mask dead, Ints count) {
    ScalarLatents.deadLatents(since, limit, dead, count);
  }

  @Override
  protected void densityKernel(Longs fires, long rows, Floats out) {
    ScalarLatents.density(fires, rows, out);
  }

  @Override
  protected void movingAverageKernel(Floats observed, float momentum, Floats average) {
    ScalarLatents.movingAverage(observed, momentum, average);
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
    ScalarLatents.adaptBias(options, fires, maxima, rows, groups, targets, bias);
  }

  @Override
  protected void unitRowsKernel(Matrix x, float epsilon) {
    int d = x.columns();
    float[] row = scratch.x(d);
    for (int b = 0; b < x.rows(); b++) {
      ((HostMatrix) x).readRow(b, 0, d, row, 0);
      double norm = Math.sqrt(dot(row, row, d));
      if (norm != 0) {
        for (int i = 0; i < d; i++) {
          row[i] = (float) (row[i] / (norm + epsilon));
        }
        ((HostMatrix) x).writeRow(b, 0, d, row, 0);
      }
    }
  }

  @Override
  protected void projectGradientKernel(Matrix atoms, Matrix gradient) {
    for (int i = 0; i < gradient.rows(); i++) {
      project((HostMatrix) atoms, i, (HostMatrix) gradient, i);
    }
  }

  @Override
  protected void projectGradientKernel(Matrix atoms, RowSparseMatrix gradient) {
    int[] rowIds = ((HostInts) gradient.rowIds()).array();
    int count = ((HostInts) gradient.count()).array()[0];
    for (int i = 0; i < count; i++) {
      project((HostMatrix) atoms, rowIds[i], (HostMatrix) gradient.elements(), i);
    }
  }

  private void project(HostMatrix atoms, int atom, HostMatrix gradient, int row) {
    int d = atoms.columns();
    float[] g = scratch.x(d);
    float[] direction = scratch.atom(d);
    gradient.readRow(row, 0, d, g, 0);
    atoms.readRow(atom, 0, d, direction, 0);
    double square = dot(direction, direction, d);
    if (square != 0) {
      double along = dot(g, direction, d) / square;
      for (int i = 0; i < d; i++) {
        g[i] = (float) (g[i] - along * direction[i]);
      }
      gradient.writeRow(row, 0, d, g, 0);
    }
  }

  @Override
  protected void segmentReduceKernel(
      FixedWidthCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    cooccurrence.segmentReduce(HostEntries.of(codes), segments, firstColumn, reduction, write, out);
  }

  @Override
  protected void segmentReduceKernel(
      CsrCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    cooccurrence.segmentReduce(HostEntries.of(codes), segments, firstColumn, reduction, write, out);
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
    ScalarCooccurrence.cooccurrence(
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
    ScalarCooccurrence.cooccurrence(
        HostEntries.of(x), HostEntries.of(y), fired, firstColumn, columns, n, write, counts);
  }

  @Override
  protected void neighboursKernel(Longs counts, int firstColumn, int n, ColumnCodes out) {
    ScalarCooccurrence.neighbours(counts, firstColumn, n, out);
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
