package org.pursuit.kernel;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;

/** Selections from a score matrix: scores in, sparse codes out. Exact on every backend. */
public abstract class Selection extends KernelFamily {
  private final Check check;

  protected Selection(Memory memory) {
    super(memory, "Selection");
    this.check = new Check(memory);
  }

  /**
   * The first k of each row by score; see {@link TopK} for the rules.
   *
   * @param scores [rows, n]
   * @param out codes [rows, k]
   */
  public final void topK(Matrix scores, TopK options, FixedWidthCodes out) {
    topK(scores, scores, options, out);
  }

  /**
   * The first k of each row by {@code scores}; the codes hold the entries of {@code values} there.
   *
   * @param scores what is ranked [rows, n]
   * @param values what is stored [rows, n]; ReLU acts on these
   * @param out codes [rows, k]
   */
  public final void topK(Matrix scores, Matrix values, TopK options, FixedWidthCodes out) {
    check.handle(scores, "scores");
    check.matrix(values, scores.rows(), scores.columns(), "values");
    checkTopK(options, scores.rows(), scores.columns(), out);
    KernelEvent event = begin();
    try {
      topKKernel(scores, values, options, out);
    } finally {
      end(event, "topK", scores.rows(), scores.columns(), options.k());
    }
  }

  /** The checks of a row selection from [rows, columns] scores, wherever they come from. */
  final void checkTopK(TopK options, int rows, int columns, FixedWidthCodes out) {
    Check.required(options, "options");
    check.optional(options.rowK(), rows, "rowK");
    check.optional(options.mask(), columns, "mask");
    check.codes(out, "out");
    check.shape(out.rows(), out.k(), rows, options.k(), "out");
  }

  /** Computes {@link #topK}; the arguments have been checked. */
  protected abstract void topKKernel(
      Matrix scores, Matrix values, TopK options, FixedWidthCodes out);
}
