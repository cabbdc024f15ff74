package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;

/** Products of sparse codes: whole atoms, four at a time. */
final class VectorSparseAlgebra extends SparseAlgebra {
  private final Workers workers;
  private final Slot[] slots;
  private final Workers.Task decode = this::decodeRows;
  private final Workers.Task dot = this::dotRows;
  private final Workers.Task coalesce = this::coalesceRows;

  private int[] indices;
  private float[] values;
  private int[] counts;
  private long[] offsets;
  private int k;
  private HostMatrix atoms;
  private HostMatrix dense;
  private float[] bias;
  private Write write;
  private float[] dots;
  private FixedWidthCodes merged;

  VectorSparseAlgebra(Memory memory, Workers workers) {
    super(memory);
    this.workers = workers;
    this.slots = new Slot[workers.count()];
    trim();
  }

  /** What one worker keeps between rows: a dense row, four widened atoms, an order of slots. */
  private static final class Slot {
    final float[][] widened = new float[4][0];
    float[] row = {};
    long[] order = {};

    void grow(int d) {
      row = Grow.floats(row, d);
      for (int i = 0; i < widened.length; i++) {
        widened[i] = Grow.floats(widened[i], d);
      }
    }
  }

  void trim() {
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot();
    }
  }

  @Override
  protected void decodeKernel(
      SlottedCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    read(codes);
    values = ((HostFloats) codes.values()).array();
    decodeAll(codes.rows(), atoms, bias, write, out);
  }

  @Override
  protected void decodeKernel(CsrCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    read(codes);
    values = ((HostFloats) codes.values()).array();
    decodeAll(codes.rows(), atoms, bias, write, out);
  }

  @Override
  protected void sampledDotKernel(Matrix g, Matrix atoms, SlottedCodes codes, Floats out) {
    read(codes);
    dotAll(codes.rows(), g, atoms, out);
  }

  @Override
  protected void sampledDotKernel(Matrix g, Matrix atoms, CsrCodes codes, Floats out) {
    read(codes);
    dotAll(codes.rows(), g, atoms, out);
  }

  private void read(SlottedCodes codes) {
    indices = ((HostInts) codes.indices()).array();
    counts = ((HostInts) codes.counts()).array();
    offsets = null;
    k = codes.k();
  }

  private void read(CsrCodes codes) {
    indices = ((HostInts) codes.columns()).array();
    offsets = ((HostLongs) codes.offsets()).array();
  }

  /** Lets go of the arrays of handles, which may be closed now. */
  private void forget() {
    indices = null;
    values = null;
    counts = null;
    offsets = null;
    bias = null;
    dots = null;
  }

  private int begin(int row) {
    return offsets == null ? row * k : (int) offsets[row];
  }

  private int end(int row) {
    return offsets == null ? row * k + counts[row] : (int) offsets[row + 1];
  }

  private void decodeAll(int rows, Matrix atoms, Floats bias, Write write, Matrix out) {
    this.atoms = (HostMatrix) atoms;
    this.bias = bias == null ? null : ((HostFloats) bias).array();
    this.write = write;
    this.dense = (HostMatrix) out;
    try {
      workers.run(decode, rows, workers.chunk(rows, 16));
    } finally {
      forget();
    }
  }

  private void decodeRows(int worker, int from, int to) {
    Slot slot = slots[worker];
    int d = atoms.columns();
    slot.grow(d);
    float[] sum = slot.row;
    for (int row = from; row < to; row++) {
      if (write == Write.ACCUMULATE) {
        dense.readRow(row, 0, d, sum, 0);
        if (bias != null) {
          Sums.add(sum, 0, 1, bias, 0, d);
        }
      } else if (bias != null) {
        System.arraycopy(bias, 0, sum, 0, d);
      } else {
        Arrays.fill(sum, 0, d, 0);
      }
      addAtoms(slot, begin(row), end(row), d);
      dense.writeRow(row, 0, d, sum, 0);
    }
  }

  private void addAtoms(Slot slot, int from, int to, int d) {
    float[] sum = slot.row;
    int e = from;
    for (; e <= to - 4; e += 4) {
      Sums.add4(
          sum,
          0,
          values,
          e,
          atom(slot, e, 0),
          at(e),
          atom(slot, e + 1, 1),
          at(e + 1),
          atom(slot, e + 2, 2),
          at(e + 2),
          atom(slot, e + 3, 3),
          at(e + 3),
          d);
    }
    for (; e < to; e++) {
      Sums.add(sum, 0, values[e], atom(slot, e, 0), at(e), d);
    }
  }

  private void dotAll(int rows, Matrix g, Matrix atoms, Floats out) {
    this.dense = (HostMatrix) g;
    this.atoms = (HostMatrix) atoms;
    this.dots = ((HostFloats) out).array();
    try {
      workers.run(dot, rows, workers.chunk(rows, 16));
    } finally {
      forget();
    }
  }

  private void dotRows(int worker, int from, int to) {
    Slot slot = slots[worker];
    int d = atoms.columns();
    slot.grow(d);
    for (int row = from; row < to; row++) {
      float[] x = dense.floats(row, slot.row);
      int at = dense.floatOffset(row);
      int end = end(row);
      int e = begin(row);
      for (; e <= end - 4; e += 4) {
        Sums.dot4(
            x,
            at,
            dots,
            e,
            atom(slot, e, 0),
            at(e),
            atom(slot, e + 1, 1),
            at(e + 1),
            atom(slot, e + 2, 2),
            at(e + 2),
            atom(slot, e + 3, 3),
            at(e + 3),
            d);
      }
      for (; e < end; e++) {
        dots[e] = Sums.dot(x, at, atom(slot, e, 0), at(e), d);
      }
      if (offsets == null) {
        Arrays.fill(dots, end, (row + 1) * k, 0);
      }
    }
  }

  /** The array that holds the atom of entry e as float32, from {@link #at} on. */
  private float[] atom(Slot slot, int e, int which) {
    return atoms.floats(indices[e], slot.widened[which]);
  }

  private int at(int e) {
    return atoms.floatOffset(indices[e]);
  }

  @Override
  protected void coalesceKernel(SlottedCodes codes, FixedWidthCodes out) {
    read(codes);
    values = ((HostFloats) codes.values()).array();
    merged = out;
    try {
      workers.run(coalesce, codes.rows(), 64);
    } finally {
      forget();
    }
  }

  private void coalesceRows(int worker, int from, int to) {
    Slot slot = slots[worker];
    if (slot.order.length < k) {
      slot.order = new long[k];
    }
    for (int row = from; row < to; row++) {
      coalesceRow(row, slot.order);
    }
  }

  private void coalesceRow(int row, long[] order) {
    int from = begin(row);
    int entries = end(row) - from;
    for (int slot = 0; slot < entries; slot++) {
      order[slot] = (long) indices[from + slot] << 32 | slot;
    }
    Arrays.sort(order, 0, entries);
    int[] outIndices = ((HostInts) merged.indices()).array();
    float[] outValues = ((HostFloats) merged.values()).array();
    int count = 0;
    int previous = -1;
    double sum = 0;
    for (int s = 0; s < entries; s++) {
      int index = (int) (order[s] >> 32);
      sum = index == previous ? sum : 0;
      count += index == previous ? 0 : 1;
      sum += values[from + (int) order[s]];
      outIndices[from + count - 1] = index;
      outValues[from + count - 1] = (float) sum;
      previous = index;
    }
    Arrays.fill(outIndices, from + count, from + k, -1);
    Arrays.fill(outValues, from + count, from + k, 0);
    ((HostInts) merged.counts()).array()[row] = count;
  }
}
