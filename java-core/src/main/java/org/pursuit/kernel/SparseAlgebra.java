package org.pursuit.kernel;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;

/** Products of sparse codes with dense matrices, and the algebra of codes themselves. */
public abstract class SparseAlgebra extends KernelFamily {
  private final Check check;

  protected SparseAlgebra(Memory memory) {
    super(memory, "SparseAlgebra");
    this.check = new Check(memory);
  }

  /**
   * {@code out_b = Σ_s value[b, s]·atoms[index[b, s]] + bias}, summed in the order of the slots.
   *
   * @param codes [rows, k], selection or tape
   * @param atoms [n, d]; every index lies below n
   * @param bias [d], or null
   * @param out [rows, d]
   */
  public final void decode(SlottedCodes codes, Matrix atoms, Floats bias, Matrix out) {
    decode(codes, atoms, bias, Write.OVERWRITE, out);
  }

  /** {@link #decode(SlottedCodes, Matrix, Floats, Matrix)}, overwriting or accumulating. */
  public final void decode(SlottedCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    check.codes(codes, "codes");
    checkDecode(codes.rows(), atoms, bias, write, out);
    KernelEvent event = begin();
    try {
      out.touch();
      decodeKernel(codes, atoms, bias, write, out);
    } finally {
      end(event, "decode", codes.rows(), atoms.columns(), codes.k());
    }
  }

  /**
   * {@code out_b = Σ_e value[e]·atoms[column[e]] + bias} over the entries of row b, in their order.
   *
   * @param codes [rows, n]
   * @param atoms [n, d]
   * @param bias [d], or null
   * @param out [rows, d]
   */
  public final void decode(CsrCodes codes, Matrix atoms, Floats bias, Matrix out) {
    decode(codes, atoms, bias, Write.OVERWRITE, out);
  }

  /** {@link #decode(CsrCodes, Matrix, Floats, Matrix)}, overwriting or accumulating. */
  public final void decode(CsrCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    check.codes(codes, "codes");
    checkDecode(codes.rows(), atoms, bias, write, out);
    check.matrix(atoms, codes.columnCount(), atoms.columns(), "atoms");
    KernelEvent event = begin();
    try {
      out.touch();
      decodeKernel(codes, atoms, bias, write, out);
    } finally {
      end(event, "decode", codes.rows(), atoms.columns(), 0);
    }
  }

  /**
   * {@code out[b, s] = ⟨g_b, atoms[index[b, s]]⟩}: the gradient of a decoded code's values, or
   * scores at chosen places. Empty slots give 0.
   *
   * @param g [rows, d]
   * @param atoms [n, d]; every index lies below n
   * @param codes [rows, k], of which only indices and counts are read
   * @param out [rows·k], in the layout of the codes' values
   */
  public final void sampledDot(Matrix g, Matrix atoms, SlottedCodes codes, Floats out) {
    check.codes(codes, "codes");
    check.handle(atoms, "atoms");
    check.matrix(g, codes.rows(), atoms.columns(), "g");
    check.handle(out, "out");
    check.length(out.length(), codes.values().length(), "out");
    KernelEvent event = begin();
    try {
      sampledDotKernel(g, atoms, codes, out);
    } finally {
      end(event, "sampledDot", codes.rows(), atoms.columns(), codes.k());
    }
  }

  /**
   * {@code out[e] = ⟨g_b, atoms[column[e]]⟩} for every entry e of row b.
   *
   * @param g [rows, d]
   * @param atoms [n, d]
   * @param codes [rows, n], of which only offsets and columns are read
   * @param out [capacity], in the layout of the codes' values
   */
  public final void sampledDot(Matrix g, Matrix atoms, CsrCodes codes, Floats out) {
    check.codes(codes, "codes");
    check.handle(atoms, "atoms");
    check.matrix(atoms, codes.columnCount(), atoms.columns(), "atoms");
    check.matrix(g, codes.rows(), atoms.columns(), "g");
    check.handle(out, "out");
    check.length(out.length(), codes.capacity(), "out");
    KernelEvent event = begin();
    try {
      sampledDotKernel(g, atoms, codes, out);
    } finally {
      end(event, "sampledDot", codes.rows(), atoms.columns(), 0);
    }
  }

  /**
   * Merges repeated atoms: each distinct index of a row once, in ascending order, with the sum of
   * its values in slot order. A sum of zero stays as an entry.
   *
   * @param codes [rows, k], usually a tape
   * @param out [rows, k]
   */
  public final void coalesce(SlottedCodes codes, FixedWidthCodes out) {
    check.codes(codes, "codes");
    check.codes(out, "out");
    check.shape(out.rows(), out.k(), codes.rows(), codes.k(), "out");
    if (out == codes) {
      throw new IllegalArgumentException("out: expected other codes than the input");
    }
    KernelEvent event = begin();
    try {
      coalesceKernel(codes, out);
    } finally {
      end(event, "coalesce", codes.rows(), codes.k(), codes.k());
    }
  }

  private void checkDecode(int rows, Matrix atoms, Floats bias, Write write, Matrix out) {
    check.handle(atoms, "atoms");
    check.optional(bias, atoms.columns(), "bias");
    Check.required(write, "write");
    check.matrix(out, rows, atoms.columns(), "out");
    Check.apart(out, "out", atoms, "atoms");
  }

  /** Computes {@link #decode(SlottedCodes, Matrix, Floats, Write, Matrix)}. */
  protected abstract void decodeKernel(
      SlottedCodes codes, Matrix atoms, Floats bias, Write write, Matrix out);

  /** Computes {@link #decode(CsrCodes, Matrix, Floats, Write, Matrix)}. */
  protected abstract void decodeKernel(
      CsrCodes codes, Matrix atoms, Floats bias, Write write, Matrix out);

  /** Computes {@link #sampledDot(Matrix, Matrix, SlottedCodes, Floats)}. */
  protected abstract void sampledDotKernel(Matrix g, Matrix atoms, SlottedCodes codes, Floats out);

  /** Computes {@link #sampledDot(Matrix, Matrix, CsrCodes, Floats)}. */
  protected abstract void sampledDotKernel(Matrix g, Matrix atoms, CsrCodes codes, Floats out);

  /** Computes {@link #coalesce}. */
  protected abstract void coalesceKernel(SlottedCodes codes, FixedWidthCodes out);
}
