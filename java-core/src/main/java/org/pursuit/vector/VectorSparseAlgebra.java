package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;

/** Products of sparse codes: whole atoms, eight at a time. */
final class VectorSparseAlgebra extends SparseAlgebra {
  private final Workers workers;
  private final Slot[] slots;
  private final EntriesByAtom order;
  private final VectorGradients gradients;
  private final VectorCodesAlgebra algebra;
  private final Workers.Task decode = this::decodeRows;
  private final Workers.Task dot = this::dotRows;

  private int[] indices;
  private float[] values;
  private int[] counts;
  private long[] offsets;
  private int k;
  private HostMatrix atoms;
  private HostMatrix dense;
  private float[] mask;
  private float[] bias;
  private Write write;
  private float[] dots;

  VectorSparseAlgebra(Memory memory, Workers workers) {
    super(memory);
    this.workers = workers;
    this.slots = new Slot[workers.count()];
    this.order = new EntriesByAtom(workers);
    this.gradients = new VectorGradients(workers, order);
    this.algebra = new VectorCodesAlgebra(workers, order);
    trim();
  }

  /** What one worker keeps between rows: a dense row and the atoms at hand. */
  private static final class Slot {
    final float[][] atoms = new float[8][];
    final int[] at = new int[8];
    final float[] weights = new float[8];
    final float[] lanes = new float[8 * Lanes.COUNT];
    final float[] dots = new float[8];
    final float[][] widened = new float[8][0];
    float[] zeros = {};
    float[] row = {};

    void grow(int d) {
      row = Grow.floats(row, d);
      zeros = Grow.floats(zeros, d);
      for (int i = 0; i < widened.length; i++) {
        widened[i] = Grow.floats(widened[i], d);
      }
    }
  }

  void trim() {
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot();
    }
    order.trim();
    gradients.trim();
    algebra.trim();
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
    mask = null;
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
      int end = end(row);
      for (int e = begin(row); e < end; e += 8) {
        int count = take(slot, e, end);
        weigh(slot, e, count);
        Sums.add8(sum, slot.weights, slot.atoms, slot.at, d);
      }
      dense.writeRow(row, 0, d, sum, 0);
    }
    Arrays.fill(slot.atoms, null);
  }

  /** Takes the weights of the next entries; those of rows of 0 are 0. */
  private void weigh(Slot slot, int e, int count) {
    System.arraycopy(values, e, slot.weights, 0, count);
    Arrays.fill(slot.weights, count, 8, 0);
    for (int i = 0; i < count && mask != null; i++) {
      slot.weights[i] = mask[e + i] <= 0 ? 0 : slot.weights[i];
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
      for (int e = begin(row); e < end; e += 8) {
        int count = take(slot, e, end);
        Sums.dot8(x, at, slot.atoms, slot.at, d, slot.lanes, slot.dots);
        System.arraycopy(slot.dots, 0, dots, e, count);
      }
      if (offsets == null) {
        Arrays.fill(dots, end, (row + 1) * k, 0);
      }
    }
    Arrays.fill(slot.atoms, null);
  }

  /**
   * Finds the atoms of the next eight entries below {@code end}; a lacking or masked one is a row
   * of 0.
   */
  private int take(Slot slot, int e, int end) {
    int count = Math.min(8, end - e);
    for (int i = 0; i < 8; i++) {
      if (i < count && (mask == null || !(mask[e + i] <= 0))) {
        int index = indices[e + i];
        slot.atoms[i] = atoms.floats(index, slot.widened[i]);
        slot.at[i] = atoms.floatOffset(index);
      } else {
        slot.atoms[i] = slot.zeros;
        slot.at[i] = 0;
      }
    }
    return count;
  }

  @Override
  protected void decodeBackwardKernel(
      SlottedCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients wanted) {
    if (wanted.values() != null && write == Write.OVERWRITE) {
      int slots = codes.rows() * codes.k();
      Arrays.fill(((HostFloats) wanted.values()).array(), 0, slots, 0);
    }
    order.sort(codes, atoms.rows(), null);
    decodeBackward(codes.values(), atoms, g, write, wanted);
  }

  @Override
  protected void decodeBackwardKernel(
      CsrCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients wanted) {
    order.sort(codes, atoms.rows(), null);
    decodeBackward(codes.values(), atoms, g, write, wanted);
  }

  /** Of codes whose entries have been sorted. */
  private void decodeBackward(
      Floats values, Matrix atoms, Matrix g, Write write, DecodeGradients wanted) {
    if (wanted.bias() != null) {
      gradients.columnSums(g, write, wanted.bias());
    }
    gradients.outer(
        g,
        ((HostFloats) values).array(),
        write,
        wanted.atoms(),
        wanted.activeAtoms(),
        atoms,
        wanted.values());
  }

  @Override
  protected void encodeBackwardKernel(
      SlottedCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    order.sort(codes, weights.rows(), mask(codes.values(), wanted));
    read(codes);
    encodeBackward(codes.values(), gradient, x, weights, write, wanted);
  }

  @Override
  protected void encodeBackwardKernel(
      CsrCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    order.sort(codes, weights.rows(), mask(codes.values(), wanted));
    read(codes);
    encodeBackward(codes.values(), gradient, x, weights, write, wanted);
  }

  /** Where the numbers stand by which entries may be left out; null to take all. */
  private static float[] mask(Floats values, EncodeGradients wanted) {
    return wanted.activation() == Activation.RELU ? ((HostFloats) values).array() : null;
  }

  /** Of codes that have been read, and whose entries have been sorted. */
  private void encodeBackward(
      Floats codeValues,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    float[] slopes = ((HostFloats) gradient).array();
    if (wanted.x() != null) {
      values = slopes;
      mask = mask(codeValues, wanted);
      decodeAll(x.rows(), weights, null, write, wanted.x());
    }
    forget();
    if (wanted.bias() != null) {
      gradients.sums(slopes, write, ((HostFloats) wanted.bias()).array());
    }
    if (wanted.preBias() != null) {
      gradients.negativeWeightedSum(weights, slopes, write, wanted.preBias());
    }
    gradients.outer(x, slopes, write, wanted.weights(), wanted.activeWeights(), weights, null);
  }

  @Override
  protected void coalesceKernel(SlottedCodes codes, FixedWidthCodes out) {
    algebra.coalesce(codes, out);
  }

  @Override
  protected void axpbyKernel(
      float alpha, SlottedCodes a, float beta, SlottedCodes b, FixedWidthCodes out) {
    algebra.axpby(alpha, a, beta, b, out);
  }

  @Override
  protected void intersectKernel(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    algebra.intersect(a, b, out);
  }

  @Override
  protected void concatKernel(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    algebra.copy(a, 0, out);
    algebra.copy(b, a.rows(), out);
  }

  @Override
  protected void toCsrKernel(SlottedCodes codes, CsrCodes out) {
    algebra.toCsr(codes, out);
  }

  @Override
  protected void toFixedWidthKernel(CsrCodes codes, FixedWidthCodes out, Ints totals) {
    algebra.toFixedWidth(codes, out, totals);
  }

  @Override
  protected void transposeKernel(CsrCodes codes, CsrCodes out) {
    algebra.transpose(codes, out);
  }
}
