package org.pursuit.scalar;

import java.util.Arrays;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;

/** Products of sparse codes, one entry after another. */
final class ScalarSparseAlgebra extends SparseAlgebra {
  private final Scratch scratch;
  private final ScalarGradients gradients;
  private final ScalarCodesAlgebra algebra;

  ScalarSparseAlgebra(Memory memory, Scratch scratch) {
    super(memory);
    this.scratch = scratch;
    this.gradients = new ScalarGradients(scratch);
    this.algebra = new ScalarCodesAlgebra(scratch);
  }

  @Override
  protected void decodeKernel(
      SlottedCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    int[] indices = ((HostInts) codes.indices()).array();
    float[] values = ((HostFloats) codes.values()).array();
    int[] counts = ((HostInts) codes.counts()).array();
    for (int b = 0; b < codes.rows(); b++) {
      int from = b * codes.k();
      decodeRow(indices, values, from, from + counts[b], b, atoms, bias, write, out);
    }
  }

  @Override
  protected void decodeKernel(CsrCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    long[] offsets = ((HostLongs) codes.offsets()).array();
    int[] columns = ((HostInts) codes.columns()).array();
    float[] values = ((HostFloats) codes.values()).array();
    for (int b = 0; b < codes.rows(); b++) {
      int from = (int) offsets[b];
      decodeRow(columns, values, from, (int) offsets[b + 1], b, atoms, bias, write, out);
    }
  }

  private void decodeRow(
      int[] indices,
      float[] values,
      int from,
      int to,
      int b,
      Matrix atoms,
      Floats bias,
      Write write,
      Matrix out) {
    int d = atoms.columns();
    float[] row = scratch.x(d);
    double[] sums = scratch.sums(d);
    Arrays.fill(sums, 0, d, 0);
    if (write == Write.ACCUMULATE) {
      ((HostMatrix) out).readRow(b, 0, d, row, 0);
      for (int i = 0; i < d; i++) {
        sums[i] = row[i];
      }
    }
    if (bias != null) {
      float[] biases = ((HostFloats) bias).array();
      for (int i = 0; i < d; i++) {
        sums[i] += biases[i];
      }
    }
    for (int e = from; e < to; e++) {
      float[] atom = ((HostMatrix) atoms).floats(indices[e], scratch.atom(d));
      int at = ((HostMatrix) atoms).floatOffset(indices[e]);
      for (int i = 0; i < d; i++) {
        sums[i] += (double) values[e] * atom[at + i];
      }
    }
    for (int i = 0; i < d; i++) {
      row[i] = (float) sums[i];
    }
    ((HostMatrix) out).writeRow(b, 0, d, row, 0);
  }

  @Override
  protected void sampledDotKernel(Matrix g, Matrix atoms, SlottedCodes codes, Floats out) {
    int[] indices = ((HostInts) codes.indices()).array();
    int[] counts = ((HostInts) codes.counts()).array();
    float[] dots = ((HostFloats) out).array();
    for (int b = 0; b < codes.rows(); b++) {
      int from = b * codes.k();
      dotRow(g, b, atoms, indices, from, from + counts[b], dots);
      Arrays.fill(dots, from + counts[b], from + codes.k(), 0);
    }
  }

  @Override
  protected void sampledDotKernel(Matrix g, Matrix atoms, CsrCodes codes, Floats out) {
    long[] offsets = ((HostLongs) codes.offsets()).array();
    int[] columns = ((HostInts) codes.columns()).array();
    for (int b = 0; b < codes.rows(); b++) {
      dotRow(
          g, b, atoms, columns, (int) offsets[b], (int) offsets[b + 1], ((HostFloats) out).array());
    }
  }

  private void dotRow(
      Matrix g, int b, Matrix atoms, int[] indices, int from, int to, float[] dots) {
    int d = atoms.columns();
    float[] row = scratch.x(d);
    ((HostMatrix) g).readRow(b, 0, d, row, 0);
    for (int e = from; e < to; e++) {
      dots[e] = (float) ScalarScoring.dot((HostMatrix) atoms, indices[e], row, scratch.atom(d));
    }
  }

  @Override
  protected void decodeBackwardKernel(
      SlottedCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients wanted) {
    gradients.decodeBackward(HostEntries.of(codes), atoms, g, write, wanted);
  }

  @Override
  protected void decodeBackwardKernel(
      CsrCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients wanted) {
    gradients.decodeBackward(HostEntries.of(codes), atoms, g, write, wanted);
  }

  @Override
  protected void encodeBackwardKernel(
      SlottedCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    gradients.encodeBackward(HostEntries.of(codes), gradient, x, weights, write, wanted);
  }

  @Override
  protected void encodeBackwardKernel(
      CsrCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    gradients.encodeBackward(HostEntries.of(codes), gradient, x, weights, write, wanted);
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
    algebra.concat(a, b, out);
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
