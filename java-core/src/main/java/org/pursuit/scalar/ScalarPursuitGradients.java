package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.CapacityException;
import org.pursuit.data.Floats;
import org.pursuit.data.HostActiveRows;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Write;

/**
 * Gradients of a matching pursuit. The number s of every step comes first, row after row; then the
 * atoms' gradient, some columns at a time, so that what is summed in double stays small.
 */
final class ScalarPursuitGradients {
  /** Columns of the atoms' gradient that are summed at once. */
  private static final int COLUMNS = 16;

  private final Scratch scratch;

  ScalarPursuitGradients(Scratch scratch) {
    this.scratch = scratch;
  }

  void compute(
      PursuitTape tape,
      HostMatrix residual,
      HostMatrix atoms,
      AtomScaling scaling,
      HostMatrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    int d = atoms.columns();
    double[] s = scratch.steps(tape.rows() * tape.k());
    for (int b = 0; b < tape.rows(); b++) {
      double[] g = scratch.gradient(d);
      read(gResidual, b, 0, d, g);
      stepBack(tape, b, atoms, scaling, gValues, g, s);
      if (gradients.x() != null) {
        write(g, 0, (HostMatrix) gradients.x(), b, 0, d, gradients.xWrite());
      }
    }
    if (gradients.activeAtoms() != null) {
      activate(tape, gradients);
    }
    if (gradients.atoms() != null || gradients.activeAtoms() != null) {
      for (int from = 0; from < d; from += COLUMNS) {
        int width = Math.min(COLUMNS, d - from);
        sumColumns(tape, residual, atoms, scaling, gResidual, s, from, width, gradients);
      }
    }
  }

  /** Makes the rows of atoms that a step picked active. */
  private void activate(PursuitTape tape, PursuitGradients gradients) {
    RowSparseMatrix out = gradients.activeAtoms();
    boolean[] named = scratch.flags(out.rows());
    Arrays.fill(named, 0, out.rows(), false);
    for (int b = 0; b < tape.rows(); b++) {
      for (int slot = last(tape, b); slot >= b * tape.k(); slot--) {
        named[indices(tape)[slot]] = true;
      }
    }
    boolean keep = gradients.atomsWrite() == Write.ACCUMULATE;
    int needed = HostActiveRows.activate(out, named, keep);
    if (needed > out.capacity()) {
      throw CapacityException.ofActiveRows(needed);
    }
  }

  /** The numbers s of a row's steps; g is the residual's gradient, and becomes the row's. */
  private void stepBack(
      PursuitTape tape,
      int b,
      HostMatrix atoms,
      AtomScaling scaling,
      Floats gValues,
      double[] g,
      double[] s) {
    int[] indices = indices(tape);
    int d = atoms.columns();
    for (int slot = last(tape, b); slot >= b * tape.k(); slot--) {
      float[] atom = scratch.atom(d);
      atoms.readRow(indices[slot], 0, d, atom, 0);
      double product = 0;
      double square = 0;
      for (int i = 0; i < d; i++) {
        product += g[i] * atom[i];
        square += (double) atom[i] * atom[i];
      }
      double q = gValues == null ? 0 : ((HostFloats) gValues).array()[slot];
      s[slot] = (q - product) / (scaling == AtomScaling.NORMALISED ? square : 1);
      for (int i = 0; i < d; i++) {
        g[i] += s[slot] * atom[i];
      }
    }
  }

  /** Columns {@code from … from + width} of the atoms' gradient. */
  private void sumColumns(
      PursuitTape tape,
      HostMatrix residual,
      HostMatrix atoms,
      AtomScaling scaling,
      HostMatrix gResidual,
      double[] s,
      int from,
      int width,
      PursuitGradients gradients) {
    int[] indices = indices(tape);
    float[] values = ((HostFloats) tape.values()).array();
    double[] sums = scratch.sums(atoms.rows() * width);
    Arrays.fill(sums, 0, atoms.rows() * width, 0);
    double[] r = scratch.left(width);
    double[] g = scratch.gradient(width);
    float[] atom = scratch.atom(width);
    for (int b = 0; b < tape.rows(); b++) {
      read(residual, b, from, width, r);
      read(gResidual, b, from, width, g);
      for (int slot = last(tape, b); slot >= b * tape.k(); slot--) {
        atoms.readRow(indices[slot], from, width, atom, 0);
        double c = values[slot];
        double own = scaling == AtomScaling.NORMALISED ? -c : c;
        for (int i = 0; i < width; i++) {
          sums[indices[slot] * width + i] += s[slot] * (r[i] + own * atom[i]) - c * g[i];
          r[i] += c * atom[i];
          g[i] += s[slot] * atom[i];
        }
      }
    }
    RowSparseMatrix active = gradients.activeAtoms();
    if (active == null) {
      HostMatrix out = (HostMatrix) gradients.atoms();
      for (int j = 0; j < atoms.rows(); j++) {
        write(sums, j * width, out, j, from, width, gradients.atomsWrite());
      }
      return;
    }
    int[] ids = ((HostInts) active.rowIds()).array();
    for (int p = 0; p < ((HostInts) active.count()).array()[0]; p++) {
      HostMatrix out = (HostMatrix) active.elements();
      write(sums, ids[p] * width, out, p, from, width, Write.ACCUMULATE);
    }
  }

  private static int[] indices(PursuitTape tape) {
    return ((HostInts) tape.indices()).array();
  }

  /** The slot of a row's last step. */
  private static int last(PursuitTape tape, int b) {
    return b * tape.k() + ((HostInts) tape.counts()).array()[b] - 1;
  }

  /** Part of a row, or zeros where there is no matrix. */
  private void read(HostMatrix matrix, int row, int from, int width, double[] target) {
    float[] read = scratch.x(width);
    if (matrix == null) {
      Arrays.fill(target, 0, width, 0);
      return;
    }
    matrix.readRow(row, from, width, read, 0);
    for (int i = 0; i < width; i++) {
      target[i] = read[i];
    }
  }

  private void write(
      double[] sums, int at, HostMatrix out, int row, int from, int width, Write write) {
    float[] written = scratch.x(width);
    out.readRow(row, from, width, written, 0);
    for (int i = 0; i < width; i++) {
      written[i] = (float) (sums[at + i] + (write == Write.ACCUMULATE ? written[i] : 0));
    }
    out.writeRow(row, from, width, written, 0);
  }
}
