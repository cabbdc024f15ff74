package org.pursuit.scalar;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.CapacityException;
import org.pursuit.data.Floats;
import org.pursuit.data.HostActiveRows;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.Write;

/** Gradients of products of codes with dense matrices, one entry after another. */
final class ScalarGradients {
  private final Scratch scratch;

  ScalarGradients(Scratch scratch) {
    this.scratch = scratch;
  }

  void decodeBackward(
      Entries codes, Matrix atoms, Matrix g, Write write, DecodeGradients gradients) {
    HostMatrix rows = (HostMatrix) g;
    if (gradients.values() != null) {
      dots(codes, (HostMatrix) atoms, rows, write, gradients.values());
    }
    if (gradients.bias() != null) {
      columnSums(rows, write, gradients.bias());
    }
    if (gradients.atoms() != null) {
      int count = sort(codes, atoms.rows());
      outer(codes.values(), rows, count, write, (HostMatrix) gradients.atoms());
    }
    if (gradients.activeAtoms() != null) {
      int count = sort(codes, atoms.rows());
      outer(codes.values(), rows, count, write, gradients.activeAtoms());
    }
  }

  private void dots(Entries codes, HostMatrix atoms, HostMatrix g, Write write, Floats out) {
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

  /** Sorts the entries by index, those of one index in their order; how many there are. */
  private int sort(Entries codes, int n) {
    long[] order = scratch.ranks(codes.indices().length);
    int[] rowOf = scratch.rows(codes.indices().length);
    int count = 0;
    for (int b = 0; b < codes.rows(); b++) {
      for (int e = codes.begin(b); e < codes.end(b); e++) {
        order[count++] = (long) Objects.checkIndex(codes.indices()[e], n) << 32 | e;
        rowOf[e] = b;
      }
    }
    Arrays.sort(order, 0, count);
    return count;
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
      named[(int) (scratch.ranks(count)[s] >> 32)] = true;
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
    long[] order = scratch.ranks(count);
    int[] rowOf = scratch.rows(0);
    float[] row = scratch.x(d);
    double[] sums = scratch.sums(d);
    out.readRow(outRow, 0, d, row, 0);
    for (int i = 0; i < d; i++) {
      sums[i] = accumulate ? row[i] : 0;
    }
    for (; s < count && order[s] >> 32 == j; s++) {
      int e = (int) order[s];
      rows.readRow(rowOf[e], 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        sums[i] += (double) weights[e] * row[i];
      }
    }
    for (int i = 0; i < d; i++) {
      row[i] = (float) sums[i];
    }
    out.writeRow(outRow, 0, d, row, 0);
    return s;
  }
}
