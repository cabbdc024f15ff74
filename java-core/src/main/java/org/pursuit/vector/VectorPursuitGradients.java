package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.pursuit.CapacityException;
import org.pursuit.data.DType;
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
 * Gradients of a matching pursuit. Workers share the rows for the number s of every step; then, for
 * some columns at a time, the rows again, whose steps leave what they add to their atoms, and then
 * the atoms, which sum what was left for them in the order of the slots. So sums depend neither on
 * the workers nor on how many columns are taken at once.
 */
final class VectorPursuitGradients {
  private static final int L = Lanes.COUNT;

  /** Numbers that the steps leave at once, and columns that are taken where these would be few. */
  private static final int CONTRIBUTIONS = 1 << 22;

  private static final int COLUMN_UNIT = 16;

  private final Workers workers;
  private final Workers.Task stepBack = this::stepBack;
  private final Workers.Task contribute = this::contribute;
  private final Workers.Task sum = this::sum;
  private final float[][] widened;
  private final float[][] lefts;
  private final float[][] gradientRows;

  private HostMatrix residual;
  private HostMatrix atoms;
  private HostMatrix gResidual;
  private PursuitGradients gradients;
  private boolean normalised;
  private int[] picks;
  private float[] coefficients;
  private int[] counts;
  private float[] gValues;
  private int k;

  /** The number s of each slot. */
  private float[] steps = {};

  /** Filled slots by atom, in ascending order; where an atom's begin. */
  private int[] slots = {};

  private int[] starts = {};
  private float[] contributions = {};
  private int fromColumn;
  private int columns;

  /** Where the atoms' sums go: a row an atom, or a row of each of these atoms. */
  private HostMatrix out;

  private int[] ids;
  private int units;
  private boolean accumulate;
  private boolean[] named = {};

  VectorPursuitGradients(Workers workers) {
    this.workers = workers;
    this.widened = new float[workers.count()][0];
    this.lefts = new float[workers.count()][0];
    this.gradientRows = new float[workers.count()][0];
  }

  void trim() {
    steps = contributions = new float[0];
    slots = starts = new int[0];
    named = new boolean[0];
    Arrays.fill(widened, new float[0]);
    Arrays.fill(lefts, new float[0]);
    Arrays.fill(gradientRows, new float[0]);
  }

  void compute(
      PursuitTape tape,
      HostMatrix residual,
      HostMatrix atoms,
      AtomScaling scaling,
      HostMatrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    this.residual = residual;
    this.atoms = atoms;
    this.gResidual = gResidual;
    this.gradients = gradients;
    this.gValues = gValues == null ? null : ((HostFloats) gValues).array();
    normalised = scaling == AtomScaling.NORMALISED;
    picks = ((HostInts) tape.indices()).array();
    coefficients = ((HostFloats) tape.values()).array();
    counts = ((HostInts) tape.counts()).array();
    k = tape.k();
    steps = Grow.floats(steps, picks.length);
    try {
      workers.run(stepBack, tape.rows(), workers.chunk(tape.rows(), 16));
      if (gradients.atoms() != null || gradients.activeAtoms() != null) {
        sortByAtom(tape.rows());
        open();
        sumColumns(tape.rows());
      }
    } finally {
      ids = null;
      picks = null; // a closed tape's arrays must not live on here
      coefficients = null;
      counts = null;
      this.gValues = null;
    }
  }

  /** The slot of a row's last step. */
  private int last(int row) {
    return row * k + counts[row] - 1;
  }

  private void stepBack(int worker, int from, int to) {
    int d = atoms.columns();
    float[] g = gradientRows[worker] = Grow.floats(gradientRows[worker], d);
    float[] scratch = widened[worker] = Grow.floats(widened[worker], d);
    for (int b = from; b < to; b++) {
      read(gResidual, b, 0, d, g);
      for (int slot = last(b); slot >= b * k; slot--) {
        float[] atom = atoms.floats(picks[slot], scratch);
        int at = atoms.floatOffset(picks[slot]);
        float q = gValues == null ? 0 : gValues[slot];
        float s = q - Sums.dot(g, 0, atom, at, d);
        steps[slot] = normalised ? s / Sums.dot(atom, at, atom, at, d) : s;
        Sums.add(g, 0, steps[slot], atom, at, d);
      }
      if (gradients.x() != null) {
        boolean onTop = gradients.xWrite() == Write.ACCUMULATE;
        write(g, (HostMatrix) gradients.x(), b, 0, d, onTop, scratch);
      }
    }
  }

  /** A stable counting sort. */
  private void sortByAtom(int rows) {
    int n = atoms.rows();
    starts = Grow.ints(starts, n + 1);
    Arrays.fill(starts, 0, n + 1, 0);
    for (int b = 0; b < rows; b++) {
      for (int slot = b * k; slot <= last(b); slot++) {
        starts[picks[slot]]++;
      }
    }
    int end = 0;
    for (int j = 0; j <= n; j++) {
      end += starts[j];
      starts[j] = end;
    }
    slots = Grow.ints(slots, end);
    for (int b = rows - 1; b >= 0; b--) {
      for (int slot = last(b); slot >= b * k; slot--) {
        slots[--starts[picks[slot]]] = slot;
      }
    }
  }

  /** Makes ready what the atoms' sums are written to. */
  private void open() {
    accumulate = gradients.atomsWrite() == Write.ACCUMULATE;
    out = (HostMatrix) gradients.atoms();
    units = atoms.rows();
    RowSparseMatrix active = gradients.activeAtoms();
    if (active == null) {
      return;
    }
    if (named.length < atoms.rows()) {
      named = new boolean[atoms.rows()];
    }
    for (int j = 0; j < atoms.rows(); j++) {
      named[j] = starts[j + 1] > starts[j];
    }
    units = HostActiveRows.activate(active, named, accumulate);
    if (units > active.capacity()) {
      throw CapacityException.ofActiveRows(units);
    }
    accumulate = true; // on what was there, or zeros
    out = (HostMatrix) active.elements();
    ids = ((HostInts) active.rowIds()).array();
  }

  private void sumColumns(int rows) {
    int d = atoms.columns();
    int most = CONTRIBUTIONS / Math.max(1, picks.length);
    int width = most < COLUMN_UNIT ? Math.max(1, most) : most / COLUMN_UNIT * COLUMN_UNIT;
    for (fromColumn = 0; fromColumn < d; fromColumn += columns) {
      columns = Math.min(width, d - fromColumn);
      contributions = Grow.floats(contributions, picks.length * columns);
      workers.run(contribute, rows, workers.chunk(rows, 16));
      workers.run(sum, units, workers.chunk(units, 64));
    }
  }

  /** What the steps of some rows add to columns of their atoms. */
  private void contribute(int worker, int from, int to) {
    float[] scratch = widened[worker] = Grow.floats(widened[worker], columns);
    float[] r = lefts[worker] = Grow.floats(lefts[worker], columns);
    float[] g = gradientRows[worker] = Grow.floats(gradientRows[worker], columns);
    for (int b = from; b < to; b++) {
      read(residual, b, fromColumn, columns, r);
      read(gResidual, b, fromColumn, columns, g);
      for (int slot = last(b); slot >= b * k; slot--) {
        float[] atom = scratch;
        int at = 0;
        if (atoms.dtype() == DType.F32) {
          atom = atoms.floats(picks[slot]);
          at = atoms.offset(picks[slot]) + fromColumn;
        } else {
          atoms.readRow(picks[slot], fromColumn, columns, scratch, 0);
        }
        float c = coefficients[slot];
        float own = normalised ? -c : c;
        step(r, g, atom, at, steps[slot], c, own, contributions, slot * columns, columns);
      }
    }
  }

  /** {@code out = s·(r + own·atom) − c·g}, then {@code r += c·atom} and {@code g += s·atom}. */
  private static void step(
      float[] r,
      float[] g,
      float[] atom,
      int at,
      float s,
      float c,
      float own,
      float[] out,
      int outAt,
      int count) {
    FloatVector weight = FloatVector.broadcast(Lanes.FLOATS, s);
    FloatVector taken = FloatVector.broadcast(Lanes.FLOATS, c);
    FloatVector owned = FloatVector.broadcast(Lanes.FLOATS, own);
    int i = 0;
    for (; i <= count - L; i += L) {
      FloatVector a = FloatVector.fromArray(Lanes.FLOATS, atom, at + i);
      FloatVector left = FloatVector.fromArray(Lanes.FLOATS, r, i);
      FloatVector gradient = FloatVector.fromArray(Lanes.FLOATS, g, i);
      FloatVector pulled = a.fma(owned, left).mul(weight);
      gradient.fma(taken.neg(), pulled).intoArray(out, outAt + i);
      a.fma(taken, left).intoArray(r, i);
      a.fma(weight, gradient).intoArray(g, i);
    }
    for (; i < count; i++) {
      float a = atom[at + i];
      out[outAt + i] = Math.fma(g[i], -c, Math.fma(a, own, r[i]) * s);
      r[i] = Math.fma(a, c, r[i]);
      g[i] = Math.fma(a, s, g[i]);
    }
  }

  /** Sums what was left for some atoms. */
  private void sum(int worker, int from, int to) {
    float[] total = lefts[worker] = Grow.floats(lefts[worker], columns);
    float[] scratch = gradientRows[worker] = Grow.floats(gradientRows[worker], columns);
    for (int unit = from; unit < to; unit++) {
      int j = ids == null ? unit : ids[unit];
      if (starts[j] == starts[j + 1] && accumulate) {
        continue;
      }
      Arrays.fill(total, 0, columns, 0);
      for (int i = starts[j]; i < starts[j + 1]; i++) {
        Sums.add(total, 0, 1, contributions, slots[i] * columns, columns);
      }
      write(total, out, unit, fromColumn, columns, accumulate, scratch);
    }
  }

  /** Part of a row, or zeros where there is no matrix. */
  private static void read(HostMatrix matrix, int row, int from, int count, float[] target) {
    if (matrix == null) {
      Arrays.fill(target, 0, count, 0);
    } else {
      matrix.readRow(row, from, count, target, 0);
    }
  }

  /** Writes part of a row; {@code values} are used up. */
  private static void write(
      float[] values,
      HostMatrix out,
      int row,
      int from,
      int count,
      boolean accumulate,
      float[] scratch) {
    if (accumulate) {
      out.readRow(row, from, count, scratch, 0);
      Sums.add(values, 0, 1, scratch, 0, count);
    }
    out.writeRow(row, from, count, values, 0);
  }
}
