package org.pursuit.scalar;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.CapacityException;
import org.pursuit.data.Floats;
import org.pursuit.data.HostActiveRows;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.Write;

/** Gradients of products of codes with dense matrices, one entry after another. */
final class ScalarGradients {
  private final Scratch scratch;

  ScalarGradients(Scratch scratch) {
    this.scratch = scratch;
  }

  void decodeBackward(
      HostEntries codes, Matrix atoms, Matrix g, Write write, DecodeGradients gradients) {
    HostMatrix rows = (HostMatrix) g;
    if (gradients.values() != null) {
      dots(codes, (HostMatrix) atoms, rows, write, gradients.values());
    }
    if (gradients.bias() != null) {
      columnSums(rows, write, gradients.bias());
    }
    if (gradients.atoms() != null) {
      int count = sort(codes, atoms.rows(), Activation.IDENTITY);
      outer(codes.values(), rows, count, write, (HostMatrix) gradients.atoms());
    }
    if (gradients.activeAtoms() != null) {
      int count = sort(codes, atoms.rows(), Activation.IDENTITY);
      outer(codes.values(), rows, count, write, gradients.activeAtoms());
    }
  }

  private void dots(HostEntries codes, HostMatrix atoms, HostMatrix g, Write write, Floats out) {
    float[] dots = ((HostFloats) out).array();
    int d = atoms.columns();
    float[] row = scratch.x(d);
    for (int b = 0; b < codes.rows(); b++) {
      g.readRow(b, 0, d, row, 0);
      for (int e = codes.begin(b); e < codes.slotsEnd(b); e++) {
        boolean filled = e < codes.end(b);
        double dot =
            filled ? ScalarScoring.dot(atoms, codes.indices()[e], row, scratch.atom(d)) : 0;
        dots[e] = (float) (write == Write.ACCUMULATE ? dots[e] + dot : dot);
      }
    }
  }

  private void columnSums(HostMatrix g, Write write, Floats out) {
    float[] written = ((HostFloats) out).array();
    int d = g.columns();
    float[] row = scratch.x(d);
    double[] sums = scratch.sums(d);
    for (int i = 0; i < d; i++) {
      sums[i] = write == Write.ACCUMULATE ? written[i] : 0;
    }
    for (int b = 0; b < g.rows(); b++) {
      g.readRow(b, 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        sums[i] += row[i];
      }
    }
    for (int i = 0; i < d; i++) {
      written[i] = (float) sums[i];
    }
  }

  void encodeBackward(
      HostEntries codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients gradients) {
    float[] slopes = ((HostFloats) gradient).array();
    HostMatrix matrix = (HostMatrix) weights;
    int n = matrix.rows();
    if (gradients.x() != null) {
      rowSums(codes, slopes, matrix, write, gradients.activation(), (HostMatrix) gradients.x());
    }
    if (gradients.bias() != null) {
      float[] bias = ((HostFloats) gradients.bias()).array();
      int count = sort(codes, n, gradients.activation());
      for (int j = 0, s = 0; j < n; j++) {
        int end = runEnd(s, count, j);
        double sum = total(slopes, s, end);
        bias[j] = (float) (write == Write.ACCUMULATE ? bias[j] + sum : sum);
        s = end;
      }
    }
    if (gradients.preBias() != null) {
      int count = sort(codes, n, gradients.activation());
      preBias(slopes, matrix, count, write, ((HostFloats) gradients.preBias()).array());
    }
    if (gradients.weights() != null) {
      int count = sort(codes, n, gradients.activation());
      outer(slopes, (HostMatrix) x, count, write, (HostMatrix) gradients.weights());
    }
    if (gradients.activeWeights() != null) {
      int count = sort(codes, n, gradients.activation());
      outer(slopes, (HostMatrix) x, count, write, gradients.activeWeights());
    }
  }

  /** {@code out_b = Σ slopes[e]·weights[index[e]]} over the entries of row b. */
  private void rowSums(
      HostEntries codes,
      float[] slopes,
      HostMatrix weights,
      Write write,
      Activation activation,
      HostMatrix out) {
    int d = weights.columns();
    float[] row = scratch.x(d);
    double[] sums = scratch.sums(d);
    for (int b = 0; b < codes.rows(); b++) {
      out.readRow(b, 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        sums[i] = write == Write.ACCUMULATE ? row[i] : 0;
      }
      for (int e = codes.begin(b); e < codes.end(b); e++) {
        if (counts(codes, e, activation)) {
          weights.readRow(codes.indices()[e], 0, d, row, 0);
          for (int i = 0; i < d; i++) {
            sums[i] += (double) slopes[e] * row[i];
          }
        }
      }
      for (int i = 0; i < d; i++) {
        row[i] = (float) sums[i];
      }
      out.writeRow(b, 0, d, row, 0);
    }
  }

  /** {@code out = −Σ_j (Σ slopes[e])·weights_j} over the sorted entries e with index j. */
  private void preBias(float[] slopes, HostMatrix weights, int count, Write write, float[] out) {
    int d = weights.columns();
    float[] row = scratch.x(d);
    double[] sums = scratch.sums(d);
    for (int i = 0; i < d; i++) {
      sums[i] = write == Write.ACCUMULATE ? out[i] : 0;
    }
    for (int s = 0; s < count; ) {
      int j = index(s);
      int end = runEnd(s, count, j);
      double slope = total(slopes, s, end);
      weights.readRow(j, 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        sums[i] -= slope * row[i];
      }
      s = end;
    }
    for (int i = 0; i < d; i++) {
      out[i] = (float) sums[i];
    }
  }

  private static boolean counts(HostEntries codes, int e, Activation activation) {
    return activation == Activation.IDENTITY || !(codes.values()[e] <= 0);
  }

  /**
   * Sorts the entries that count by index, those of one index in their order; how many there are.
   */
  private int sort(HostEntries codes, int n, Activation activation) {
    long[] order = scratch.ranks(codes.indices().length);
    int[] rowOf = scratch.rows(codes.indices().length);
    int count = 0;
    for (int b = 0; b < codes.rows(); b++) {
      for (int e = codes.begin(b); e < codes.end(b); e++) {
        int index = Objects.checkIndex(codes.indices()[e], n);
        if (counts(codes, e, activation)) {
          order[count++] = (long) index << 32 | e;
          rowOf[e] = b;
        }
      }
    }
    Arrays.sort(order, 0, count);
    return count;
  }

  /** The index of a sorted entry. */
  private int index(int s) {
    return (int) (scratch.ranks(0)[s] >> 32);
  }

  /** Where the sorted entries of index j end that begin at s, if there are any. */
  private int runEnd(int s, int count, int j) {
    int end = s;
    while (end < count && index(end) == j) {
      end++;
    }
    return end;
  }

  /** The sum of the numbers of some sorted entries. */
  private double total(float[] numbers, int from, int to) {
    double sum = 0;
    for (int s = from; s < to; s++) {
      sum += numbers[(int) scratch.ranks(0)[s]];
    }
    return sum;
  }

  /** {@code out[j] = Σ weights[e]·rows[b]} over the sorted entries e of rows b with index j. */
  private void outer(float[] weights, HostMatrix rows, int count, Write write, HostMatrix out) {
    for (int j = 0, s = 0; j < out.rows(); j++) {
      s = sumRun(weights, rows, s, count, j, write == Write.ACCUMULATE, out, j);
    }
  }

  /** The same of the rows that an entry names. */
  private void outer(
      float[] weights, HostMatrix rows, int count, Write write, RowSparseMatrix out) {
    boolean[] named = scratch.flags(out.rows());
    Arrays.fill(named, 0, out.rows(), false);
    for (int s = 0; s < count; s++) {
      named[index(s)] = true;
    }
    int needed = HostActiveRows.activate(out, named, write == Write.ACCUMULATE);
    if (needed > out.capacity()) {
      throw CapacityException.ofActiveRows(needed);
    }
    int[] ids = ((HostInts) out.rowIds()).array();
    for (int p = 0, s = 0; p < needed; p++) {
      s = sumRun(weights, rows, s, count, ids[p], true, (HostMatrix) out.elements(), p);
    }
  }

  /**
   * Adds up the sorted entries of index j, which begin at s if there are any, into a row of {@code
   * out}; where they end.
   */
  private int sumRun(
      float[] weights,
      HostMatrix rows,
      int s,
      int count,
      int j,
      boolean accumulate,
      HostMatrix out,
      int outRow) {
    int d = rows.columns();
    int[] rowOf = scratch.rows(0);
    float[] row = scratch.x(d);
    double[] sums = scratch.sums(d);
    out.readRow(outRow, 0, d, row, 0);
    for (int i = 0; i < d; i++) {
      sums[i] = accumulate ? row[i] : 0;
    }
    int end = runEnd(s, count, j);
    for (int at = s; at < end; at++) {
      int e = (int) scratch.ranks(0)[at];
      rows.readRow(rowOf[e], 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        sums[i] += (double) weights[e] * row[i];
      }
    }
    for (int i = 0; i < d; i++) {
      row[i] = (float) sums[i];
    }
    out.writeRow(outRow, 0, d, row, 0);
    return end;
  }
}
