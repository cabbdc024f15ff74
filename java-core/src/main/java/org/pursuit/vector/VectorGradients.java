package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.CapacityException;
import org.pursuit.data.Floats;
import org.pursuit.data.HostActiveRows;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Write;

/**
 * Sums over the entries of codes, atom after atom: what an atom's entries add up to, and the inner
 * products of the atom with their rows, in one reading of the rows. Atoms and sums are read and
 * written in the order of memory, each once; rows come from cache where there are not too many.
 */
final class VectorGradients {
  /** Rows that a worker adds up at once, and into how many such chunks rows are cut at most. */
  private static final int LEAST_CHUNK = 256;

  private static final int MOST_CHUNKS = 64;

  /** Whether sums and inner products of eight rows fit into registers together. */
  private static final boolean EIGHT_AT_ONCE = Lanes.COUNT == 16;

  private final Workers workers;
  private final EntriesByAtom order;
  private final Slot[] slots;
  private final Workers.Task sumAtoms = this::sumAtoms;
  private final Workers.Task sumChunks = this::sumChunks;
  private boolean[] named = {};
  private float[] totals = {};

  private HostMatrix rows;
  private float[] weights;
  private HostMatrix out;
  private int[] ids;
  private boolean onTop;
  private HostMatrix atoms;
  private float[] dots;
  private boolean accumulate;
  private float[] parts = {};
  private int chunk;

  VectorGradients(Workers workers, EntriesByAtom order) {
    this.workers = workers;
    this.order = order;
    this.slots = new Slot[workers.count()];
    trim();
  }

  /** What one worker keeps: a sum, an atom, the rows at hand. */
  private static final class Slot {
    final float[][] rows = new float[8][];
    final int[] at = new int[8];
    final float[] weights = new float[8];
    final float[] lanes = new float[8 * Lanes.COUNT];
    final float[] dots = new float[8];
    final float[][] widened = new float[8][0];
    float[] zeros = {};
    float[] sum = {};
    float[] atom = {};

    void grow(int d) {
      sum = Grow.floats(sum, d);
      atom = Grow.floats(atom, d);
      zeros = Grow.floats(zeros, d);
      for (int i = 0; i < widened.length; i++) {
        widened[i] = Grow.floats(widened[i], d);
      }
    }
  }

  void trim() {
    named = new boolean[0];
    totals = new float[0];
    parts = new float[0];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot();
    }
  }

  /**
   * {@code out[j] = Σ weights[e]·rows[b]} over the sorted entries e of rows b with index j, into a
   * dense matrix, a row-sparse one or neither; and {@code dots[e] = ⟨atoms[j], rows[b]⟩}, unless it
   * is null.
   */
  void outer(
      Matrix rows,
      float[] weights,
      Write write,
      Matrix dense,
      RowSparseMatrix active,
      Matrix atoms,
      Floats dots) {
    this.rows = (HostMatrix) rows;
    this.weights = weights;
    this.atoms = (HostMatrix) atoms;
    this.dots = dots == null ? null : ((HostFloats) dots).array();
    accumulate = write == Write.ACCUMULATE;
    onTop = accumulate;
    out = (HostMatrix) dense;
    int needed = active == null ? 0 : activate(active);
    boolean fits = active == null || needed <= active.capacity();
    try {
      if (active != null && fits) {
        out = (HostMatrix) active.elements();
        ids = ((HostInts) active.rowIds()).array();
        onTop = true;
      }
      int units = ids == null ? order.atoms() : needed;
      if (out != null || dots != null) {
        workers.run(sumAtoms, units, workers.chunk(units, 16));
      }
    } finally {
      forget();
    }
    if (!fits) {
      throw CapacityException.ofActiveRows(needed);
    }
  }

  private int activate(RowSparseMatrix active) {
    if (named.length < order.atoms()) {
      named = new boolean[order.atoms()];
    }
    for (int j = 0; j < order.atoms(); j++) {
      named[j] = order.endOf(j) > order.beginOf(j);
    }
    return HostActiveRows.activate(active, named, accumulate);
  }

  private void forget() {
    weights = null;
    ids = null;
    dots = null;
  }

  private void sumAtoms(int worker, int from, int to) {
    Slot slot = slots[worker];
    slot.grow(rows.columns());
    for (int unit = from; unit < to; unit++) {
      int atom = ids == null ? unit : ids[unit];
      int begin = order.beginOf(atom);
      int end = order.endOf(atom);
      if (out != null && !(onTop && begin == end)) {
        sumAtom(slot, unit, atom, begin, end);
      } else if (dots != null) {
        dotAtom(slot, atom, begin, end);
      }
    }
    Arrays.fill(slot.rows, null);
  }

  private void sumAtom(Slot slot, int outRow, int atom, int begin, int end) {
    int d = rows.columns();
    if (begin == end) {
      out.writeRow(outRow, 0, d, slot.zeros, 0);
      return;
    }
    if (onTop) {
      out.readRow(outRow, 0, d, slot.sum, 0);
    } else {
      Arrays.fill(slot.sum, 0, d, 0);
    }
    if (dots == null) {
      for (int s = begin; s < end; s += 8) {
        take(slot, s, end, 8);
        Sums.add8(slot.sum, slot.weights, slot.rows, slot.at, d);
      }
    } else {
      float[] x = atoms.floats(atom, slot.atom);
      int at = atoms.floatOffset(atom);
      int s = begin;
      for (; EIGHT_AT_ONCE && s + 4 < end; s += 8) {
        take(slot, s, end, 8);
        Sums.addAndDot8(
            slot.sum, slot.weights, slot.rows, slot.at, x, at, d, slot.lanes, slot.dots);
        put(slot, s, Math.min(s + 8, end));
      }
      for (; s < end; s += 4) {
        take(slot, s, end, 4);
        Sums.addAndDot4(
            slot.sum, slot.weights, slot.rows, slot.at, x, at, d, slot.lanes, slot.dots);
        put(slot, s, Math.min(s + 4, end));
      }
    }
    out.writeRow(outRow, 0, d, slot.sum, 0);
  }

  private void dotAtom(Slot slot, int atom, int begin, int end) {
    if (begin == end) {
      return;
    }
    float[] x = atoms.floats(atom, slot.atom);
    int at = atoms.floatOffset(atom);
    for (int s = begin; s < end; s += 8) {
      take(slot, s, end, 8);
      Sums.dot8(x, at, slot.rows, slot.at, rows.columns(), slot.lanes, slot.dots);
      put(slot, s, Math.min(s + 8, end));
    }
  }

  /** Finds the rows of the next sorted entries; a lacking one is a row of 0. */
  private void take(Slot slot, int s, int end, int many) {
    for (int i = 0; i < many; i++) {
      if (s + i < end) {
        int row = order.rows()[s + i];
        slot.rows[i] = rows.floats(row, slot.widened[i]);
        slot.at[i] = rows.floatOffset(row);
        slot.weights[i] = weights[order.entries()[s + i]];
      } else {
        slot.rows[i] = slot.zeros;
        slot.at[i] = 0;
        slot.weights[i] = 0;
      }
    }
  }

  private void put(Slot slot, int begin, int end) {
    for (int s = begin; s < end; s++) {
      int e = order.entries()[s];
      dots[e] = accumulate ? dots[e] + slot.dots[s - begin] : slot.dots[s - begin];
    }
  }

  /** {@code out[j] = Σ numbers[e]} over the sorted entries e with index j. */
  void sums(float[] numbers, Write write, float[] out) {
    for (int j = 0; j < order.atoms(); j++) {
      float sum = total(numbers, j);
      out[j] = write == Write.ACCUMULATE ? out[j] + sum : sum;
    }
  }

  private float total(float[] numbers, int atom) {
    double sum = 0;
    int end = order.endOf(atom);
    for (int s = order.beginOf(atom); s < end; s++) {
      sum += numbers[order.entries()[s]];
    }
    return (float) sum;
  }

  /** {@code out = −Σ_j (Σ numbers[e])·rows[j]} over the atoms j with entries e. */
  void negativeWeightedSum(Matrix rows, float[] numbers, Write write, Floats out) {
    totals = Grow.floats(totals, order.atoms());
    for (int j = 0; j < order.atoms(); j++) {
      totals[j] = total(numbers, j);
    }
    weights = totals;
    columnSums(rows, write, out);
  }

  /** {@code out = Σ_b rows[b]}. */
  void columnSums(Matrix rows, Write write, Floats out) {
    this.rows = (HostMatrix) rows;
    int d = rows.columns();
    chunk = Math.max(LEAST_CHUNK, Math.ceilDiv(rows.rows(), MOST_CHUNKS));
    int chunks = Math.ceilDiv(rows.rows(), chunk);
    parts = Grow.floats(parts, chunks * d);
    try {
      workers.run(sumChunks, chunks, 1);
    } finally {
      forget();
    }
    float[] sums = ((HostFloats) out).array();
    if (write == Write.OVERWRITE) {
      Arrays.fill(sums, 0, d, 0);
    }
    for (int part = 0; part < chunks; part++) {
      Sums.add(sums, 0, 1, parts, part * d, d);
    }
  }

  /** Sums over chunks of rows, whose number depends on nothing but that of the rows. */
  private void sumChunks(int worker, int from, int to) {
    Slot slot = slots[worker];
    int d = rows.columns();
    slot.grow(d);
    for (int part = from; part < to; part++) {
      Arrays.fill(slot.sum, 0, d, 0);
      int end = Math.min((part + 1) * chunk, rows.rows());
      for (int b = part * chunk; b < end; ) {
        int found = 0;
        for (; b < end && found < 8; b++) {
          if (weights == null || order.endOf(b) > order.beginOf(b)) {
            slot.rows[found] = rows.floats(b, slot.widened[found]);
            slot.at[found] = rows.floatOffset(b);
            slot.weights[found++] = weights == null ? 1 : -weights[b];
          }
        }
        for (; found < 8; found++) {
          slot.rows[found] = slot.zeros;
          slot.at[found] = 0;
          slot.weights[found] = 0;
        }
        Sums.add8(slot.sum, slot.weights, slot.rows, slot.at, d);
      }
      System.arraycopy(slot.sum, 0, parts, part * d, d);
    }
    Arrays.fill(slot.rows, null);
  }
}
