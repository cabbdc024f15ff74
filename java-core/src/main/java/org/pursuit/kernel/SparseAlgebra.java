package org.pursuit.kernel;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.RowSparseMatrix;
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
    Check.other(out, codes, "the input");
    KernelEvent event = begin();
    try {
      coalesceKernel(codes, out);
    } finally {
      end(event, "coalesce", codes.rows(), codes.k(), codes.k());
    }
  }

  /**
   * {@code out = α·a + β·b}, the union of both by index: each index of a row of either once, in
   * ascending order, with the sum of its values, each times its factor. A sum of zero stays as an
   * entry, and so do the indices of codes whose factor is 0. With α = 1 − β the merge of two
   * modalities in VL-SAE (NeurIPS 2025).
   *
   * @param a [rows, ka], selection or tape
   * @param b [rows, kb]; may be a
   * @param out [rows, k] with k of at least ka + kb; other codes than the inputs
   */
  public final void axpby(
      float alpha, SlottedCodes a, float beta, SlottedCodes b, FixedWidthCodes out) {
    checkPair(a, b, out);
    Check.atLeast(out.k(), (long) a.k() + b.k(), "out", "slots");
    KernelEvent event = begin();
    try {
      axpbyKernel(alpha, a, beta, b, out);
    } finally {
      end(event, "axpbyCodes", a.rows(), out.k(), a.k() + b.k());
    }
  }

  /**
   * The indices that a row of both codes has, each once, in ascending order, with the sum of a's
   * values there.
   *
   * @param a [rows, ka], selection or tape
   * @param b [rows, kb], of which only indices and counts are read
   * @param out [rows, k] with k of at least the smaller of ka and kb; other codes than the inputs
   */
  public final void intersect(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    checkPair(a, b, out);
    Check.atLeast(out.k(), Math.min(a.k(), b.k()), "out", "slots");
    KernelEvent event = begin();
    try {
      intersectKernel(a, b, out);
    } finally {
      end(event, "intersect", a.rows(), out.k(), a.k() + b.k());
    }
  }

  private void checkPair(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    check.codes(a, "a");
    check.codes(b, "b");
    check.codes(out, "out");
    check.shape(b.rows(), b.k(), a.rows(), b.k(), "b");
    check.shape(out.rows(), out.k(), a.rows(), out.k(), "out");
    Check.other(out, a, "the inputs");
    Check.other(out, b, "the inputs");
  }

  /**
   * The rows of a, and after them those of b, each as it is.
   *
   * @param a [rows, ka]
   * @param b [more rows, kb]; may be a
   * @param out [rows + more rows, k] with k of at least ka and kb; other codes than the inputs
   */
  public final void concat(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    check.codes(a, "a");
    check.codes(b, "b");
    check.codes(out, "out");
    check.shape(out.rows(), out.k(), Math.addExact(a.rows(), b.rows()), out.k(), "out");
    Check.atLeast(out.k(), Math.max(a.k(), b.k()), "out", "slots");
    Check.other(out, a, "the inputs");
    Check.other(out, b, "the inputs");
    KernelEvent event = begin();
    try {
      concatKernel(a, b, out);
    } finally {
      end(event, "concat", out.rows(), out.k(), out.k());
    }
  }

  /**
   * The same codes row-compressed: each distinct index of a row once, in ascending order, with the
   * sum of its values in slot order.
   *
   * @param codes [rows, k], selection or tape; every index lies below n
   * @param out [rows, n]; where its capacity is too small it is left empty, and {@code
   *     org.pursuit.CapacityException} tells how many entries there are, at once on the host and at
   *     the next wait on a device
   */
  public final void toCsr(SlottedCodes codes, CsrCodes out) {
    check.codes(codes, "codes");
    check.codes(out, "out");
    check.shape(out.rows(), out.columnCount(), codes.rows(), out.columnCount(), "out");
    KernelEvent event = begin();
    try {
      toCsrKernel(codes, out);
    } finally {
      end(event, "toCsr", codes.rows(), out.columnCount(), codes.k());
    }
  }

  /**
   * The same codes with slots: the first k entries of each row, which are those of the lowest
   * indices.
   *
   * @param codes [rows, n]
   * @param out [rows, k]
   * @param totals how many entries each row has, whether they fit or not [rows]; null if nobody
   *     asks
   */
  public final void toFixedWidth(CsrCodes codes, FixedWidthCodes out, Ints totals) {
    check.codes(codes, "codes");
    check.codes(out, "out");
    check.shape(out.rows(), out.k(), codes.rows(), out.k(), "out");
    check.optional(totals, codes.rows(), "totals");
    Check.totals(totals, out);
    KernelEvent event = begin();
    try {
      toFixedWidthKernel(codes, out, totals);
    } finally {
      end(event, "toFixedWidth", codes.rows(), codes.columnCount(), out.k());
    }
  }

  /**
   * Rows become columns: from row-compressed to column-compressed codes and back.
   *
   * @param codes [rows, n]
   * @param out [n, rows], other codes than the input; where its capacity is too small, what {@link
   *     #toCsr} says holds
   */
  public final void transpose(CsrCodes codes, CsrCodes out) {
    check.codes(codes, "codes");
    check.codes(out, "out");
    check.shape(out.rows(), out.columnCount(), codes.columnCount(), codes.rows(), "out");
    Check.other(out, codes, "the input");
    KernelEvent event = begin();
    try {
      transposeKernel(codes, out);
    } finally {
      end(event, "transpose", codes.rows(), codes.columnCount(), 0);
    }
  }

  /**
   * Gradients of {@link #decode(SlottedCodes, Matrix, Floats, Matrix)} for the gradient g of its
   * output. An index may come more than once in a row. Every sum has one order, so that results are
   * bitwise the same from run to run.
   *
   * @param codes [rows, k], selection or tape
   * @param atoms [n, d]; every index lies below n
   * @param g [rows, d]
   * @param write whether what the gradients hold is replaced or added to
   * @param gradients what is wanted; its parts share no element with the inputs. Where more rows of
   *     a row-sparse matrix are active than fit it is left without any, and {@code
   *     org.pursuit.CapacityException} tells how many there are, at once on the host and at the
   *     next wait on a device; the other gradients are complete
   */
  public final void decodeBackward(
      SlottedCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients gradients) {
    check.codes(codes, "codes");
    checkDecodeBackward(codes.rows(), codes.values(), atoms, g, write, gradients);
    KernelEvent event = begin();
    try {
      touch(gradients.atoms(), gradients.activeAtoms());
      decodeBackwardKernel(codes, atoms, g, write, gradients);
    } finally {
      end(event, "decodeBackward", codes.rows(), atoms.columns(), codes.k());
    }
  }

  /**
   * Gradients of {@link #decode(CsrCodes, Matrix, Floats, Matrix)}; as {@link
   * #decodeBackward(SlottedCodes, Matrix, Matrix, Write, DecodeGradients)}.
   *
   * @param codes [rows, n]
   */
  public final void decodeBackward(
      CsrCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients gradients) {
    check.codes(codes, "codes");
    checkDecodeBackward(codes.rows(), codes.values(), atoms, g, write, gradients);
    check.matrix(atoms, codes.columnCount(), atoms.columns(), "atoms");
    KernelEvent event = begin();
    try {
      touch(gradients.atoms(), gradients.activeAtoms());
      decodeBackwardKernel(codes, atoms, g, write, gradients);
    } finally {
      end(event, "decodeBackward", codes.rows(), atoms.columns(), 0);
    }
  }

  private void checkDecodeBackward(
      int rows, Floats values, Matrix atoms, Matrix g, Write write, DecodeGradients gradients) {
    check.handle(atoms, "atoms");
    int n = atoms.rows();
    int d = atoms.columns();
    check.matrix(g, rows, d, "g");
    Check.required(write, "write");
    Check.required(gradients, "gradients");
    check.optional(gradients.values(), values.length(), "gradients.values");
    Check.other(gradients.values(), "gradients.values", values, "codes");
    checkGradient(gradients.atoms(), n, d, "gradients.atoms", atoms, "atoms", g, "g");
    RowSparseMatrix active = gradients.activeAtoms();
    check.optional(active, n, d, "gradients.activeAtoms");
    Check.optionalApart(active, "gradients.activeAtoms", atoms, "atoms");
    Check.optionalApart(active, "gradients.activeAtoms", g, "g");
    check.optional(gradients.bias(), d, "gradients.bias");
    Check.other(gradients.bias(), "gradients.bias", values, "codes");
    Check.other(gradients.bias(), "gradients.bias", gradients.values(), "gradients.values");
  }

  /** An optional gradient of the given shape that is apart from two inputs. */
  private void checkGradient(
      Matrix gradient,
      int rows,
      int columns,
      String name,
      Matrix one,
      String oneName,
      Matrix other,
      String otherName) {
    check.optional(gradient, rows, columns, name);
    Check.optionalApart(gradient, name, one, oneName);
    Check.optionalApart(gradient, name, other, otherName);
  }

  /** Notes a write to those that are given. */
  private static void touch(Matrix dense, RowSparseMatrix active) {
    if (dense != null) {
      dense.touch();
    }
    if (active != null) {
      active.elements().touch();
    }
  }

  /**
   * Gradients of the pre-activations {@code ⟨x_b, weights_j⟩ + bias_j} at the places that codes
   * have selected, from a gradient that is 0 everywhere else: of {@link Scoring#encode} with its
   * selection held fixed. Every sum has one order, so that results are bitwise the same from run to
   * run.
   *
   * @param codes [rows, k], of which the values matter only where {@code gradients} has an
   *     activation
   * @param gradient [rows·k] in the layout of the codes' values; what stands in empty slots does
   *     not count
   * @param x [rows, d], what was multiplied with the weights
   * @param weights [n, d]; every index lies below n
   * @param write whether what the gradients hold is replaced or added to
   * @param gradients what is wanted; its parts share no element with the inputs. Of a row-sparse
   *     matrix that is too small, what {@link #decodeBackward(SlottedCodes, Matrix, Matrix, Write,
   *     DecodeGradients)} says holds
   */
  public final void encodeBackward(
      SlottedCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients gradients) {
    check.codes(codes, "codes");
    checkEncodeBackward(codes.rows(), codes.values(), gradient, x, weights, write, gradients);
    KernelEvent event = begin();
    try {
      touch(gradients.weights(), gradients.activeWeights());
      touch(gradients.x(), null);
      encodeBackwardKernel(codes, gradient, x, weights, write, gradients);
    } finally {
      end(event, "encodeBackward", codes.rows(), weights.columns(), codes.k());
    }
  }

  /**
   * As {@link #encodeBackward(SlottedCodes, Floats, Matrix, Matrix, Write, EncodeGradients)}, for
   * row-compressed codes.
   *
   * @param codes [rows, n]
   * @param gradient [capacity], in the layout of the codes' values
   */
  public final void encodeBackward(
      CsrCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients gradients) {
    check.codes(codes, "codes");
    checkEncodeBackward(codes.rows(), codes.values(), gradient, x, weights, write, gradients);
    check.matrix(weights, codes.columnCount(), weights.columns(), "weights");
    KernelEvent event = begin();
    try {
      touch(gradients.weights(), gradients.activeWeights());
      touch(gradients.x(), null);
      encodeBackwardKernel(codes, gradient, x, weights, write, gradients);
    } finally {
      end(event, "encodeBackward", codes.rows(), weights.columns(), 0);
    }
  }

  private void checkEncodeBackward(
      int rows,
      Floats values,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients gradients) {
    check.handle(gradient, "gradient");
    check.length(gradient.length(), values.length(), "gradient");
    check.handle(weights, "weights");
    int n = weights.rows();
    int d = weights.columns();
    check.matrix(x, rows, d, "x");
    Check.required(write, "write");
    Check.required(gradients, "gradients");
    checkGradient(gradients.weights(), n, d, "gradients.weights", weights, "weights", x, "x");
    RowSparseMatrix active = gradients.activeWeights();
    check.optional(active, n, d, "gradients.activeWeights");
    Check.optionalApart(active, "gradients.activeWeights", weights, "weights");
    Check.optionalApart(active, "gradients.activeWeights", x, "x");
    checkGradient(gradients.x(), rows, d, "gradients.x", weights, "weights", x, "x");
    if (gradients.x() != null) {
      Check.optionalApart(gradients.weights(), "gradients.weights", gradients.x(), "gradients.x");
      Check.optionalApart(active, "gradients.activeWeights", gradients.x(), "gradients.x");
    }
    check.optional(gradients.bias(), n, "gradients.bias");
    Check.other(gradients.bias(), "gradients.bias", gradient, "gradient");
    Check.other(gradients.bias(), "gradients.bias", values, "codes");
    check.optional(gradients.preBias(), d, "gradients.preBias");
    Check.other(gradients.preBias(), "gradients.preBias", gradient, "gradient");
    Check.other(gradients.preBias(), "gradients.preBias", values, "codes");
    Check.other(gradients.preBias(), "gradients.preBias", gradients.bias(), "gradients.bias");
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

  /** Computes {@link #decodeBackward(SlottedCodes, Matrix, Matrix, Write, DecodeGradients)}. */
  protected abstract void decodeBackwardKernel(
      SlottedCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients gradients);

  /** Computes {@link #decodeBackward(CsrCodes, Matrix, Matrix, Write, DecodeGradients)}. */
  protected abstract void decodeBackwardKernel(
      CsrCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients gradients);

  /**
   * Computes {@link #encodeBackward(SlottedCodes, Floats, Matrix, Matrix, Write, EncodeGradients)}.
   */
  protected abstract void encodeBackwardKernel(
      SlottedCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients gradients);

  /** Computes {@link #encodeBackward(CsrCodes, Floats, Matrix, Matrix, Write, EncodeGradients)}. */
  protected abstract void encodeBackwardKernel(
      CsrCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients gradients);

  /** Computes {@link #coalesce}. */
  protected abstract void coalesceKernel(SlottedCodes codes, FixedWidthCodes out);

  /** Computes {@link #axpby}. */
  protected abstract void axpbyKernel(
      float alpha, SlottedCodes a, float beta, SlottedCodes b, FixedWidthCodes out);

  /** Computes {@link #intersect}. */
  protected abstract void intersectKernel(SlottedCodes a, SlottedCodes b, FixedWidthCodes out);

  /** Computes {@link #concat}. */
  protected abstract void concatKernel(SlottedCodes a, SlottedCodes b, FixedWidthCodes out);

  /** Computes {@link #toCsr}. */
  protected abstract void toCsrKernel(SlottedCodes codes, CsrCodes out);

  /** Computes {@link #toFixedWidth}. */
  protected abstract void toFixedWidthKernel(CsrCodes codes, FixedWidthCodes out, Ints totals);

  /** Computes {@link #transpose}. */
  protected abstract void transposeKernel(CsrCodes codes, CsrCodes out);
}
