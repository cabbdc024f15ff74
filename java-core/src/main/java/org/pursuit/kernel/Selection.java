package org.pursuit.kernel;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;

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

  /**
   * Every entry whose score passes a threshold; see {@link ThresholdSelect} for the rules.
   *
   * <p>How many there are is known only then. Where they do not fit into {@code out}, it is left
   * empty and an {@code org.pursuit.CapacityException} tells how many there are: thrown here by a
   * backend that computes on the host, else at the next wait.
   *
   * @param scores [rows, n]
   * @param out codes [rows, n]
   */
  public final void thresholdSelect(Matrix scores, ThresholdSelect options, CsrCodes out) {
    check.handle(scores, "scores");
    checkThresholdSelect(options, scores.rows(), scores.columns(), out);
    KernelEvent event = begin();
    try {
      thresholdSelectKernel(scores, options, out);
    } finally {
      end(event, "thresholdSelect", scores.rows(), scores.columns(), 0);
    }
  }

  /**
   * The first k of each row, by column, of the entries whose score passes a threshold; see {@link
   * ThresholdSelect} for the rules.
   *
   * @param scores [rows, n]
   * @param out codes [rows, k], ascending by index
   * @param totals how many entries of each row pass, kept or not [rows]; or null
   */
  public final void thresholdSelect(
      Matrix scores, ThresholdSelect options, FixedWidthCodes out, Ints totals) {
    check.handle(scores, "scores");
    checkThresholdSelect(options, scores.rows(), scores.columns(), out, totals);
    KernelEvent event = begin();
    try {
      thresholdSelectKernel(scores, options, out, totals);
    } finally {
      end(event, "thresholdSelect", scores.rows(), scores.columns(), out.k());
    }
  }

  /**
   * The first k of the whole matrix by score; see {@link GlobalTopK} for the rules.
   *
   * @param scores [rows, n]
   * @param out codes [rows, n] with room for k entries, or for rows·n where these are fewer
   * @param threshold what the last one selected was ranked by, its score or magnitude, −0.0 as
   *     +0.0, whether {@code relu} drops it or not; NaN if nothing is selected [1]; or null
   * @param minPositive the smallest value above 0 that is selected; NaN if there is none [1]; or
   *     null
   */
  public final void globalTopK(
      Matrix scores, GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive) {
    check.handle(scores, "scores");
    checkGlobalTopK(options, scores.rows(), scores.columns(), out, threshold, minPositive);
    long most = Math.min(options.k(), scores.size());
    KernelEvent event = begin();
    try {
      globalTopKKernel(scores, options, out, threshold, minPositive);
    } finally {
      end(
          event,
          "globalTopK",
          scores.rows(),
          scores.columns(),
          (int) Math.min(most, Integer.MAX_VALUE));
    }
  }

  /**
   * The first rows of each column by score; see {@link ColumnTopK} for the rules.
   *
   * @param scores [rows, n]
   * @param out codes [n, m], each column's by score, equal ones by row id
   */
  public final void columnTopK(Matrix scores, ColumnTopK options, ColumnCodes out) {
    check.handle(scores, "scores");
    checkColumnTopK(scores.rows(), options, out);
    check.shape(out.columns(), out.m(), scores.columns(), out.m(), "out");
    KernelEvent event = begin();
    try {
      columnTopKKernel(scores, options, out);
    } finally {
      end(event, "columnTopK", scores.rows(), scores.columns(), out.m());
    }
  }

  /**
   * The first rows of each column by value among the entries of codes; absent ones do not compete.
   *
   * @param codes [rows, k], every index below n and at most once in a row: a tape is coalesced
   *     first
   * @param out codes [n, m], each column's by score, equal ones by row id
   */
  public final void columnTopK(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
    check.codes(codes, "codes");
    checkColumnTopK(codes.rows(), options, out);
    KernelEvent event = begin();
    try {
      columnTopKKernel(codes, options, out);
    } finally {
      end(event, "columnTopK", codes.rows(), out.columns(), out.m());
    }
  }

  /**
   * The first rows of each column by value among the entries of codes; absent ones do not compete.
   *
   * @param codes [rows, n]
   * @param out codes [n, m], each column's by score, equal ones by row id
   */
  public final void columnTopK(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
    check.codes(codes, "codes");
    checkColumnTopK(codes.rows(), options, out);
    check.shape(out.columns(), out.m(), codes.columnCount(), out.m(), "out");
    KernelEvent event = begin();
    try {
      columnTopKKernel(codes, options, out);
    } finally {
      end(event, "columnTopK", codes.rows(), out.columns(), out.m());
    }
  }

  private void checkColumnTopK(int rows, ColumnTopK options, ColumnCodes out) {
    Check.required(options, "options");
    check.optional(options.rowIds(), rows, "rowIds");
    check.codes(out, "out");
    check.optional(options.columnM(), out.columns(), "columnM");
  }

  /**
   * The first of each row by energy, as many as come closest to a target; see {@link RowPrefix} for
   * the rules.
   *
   * @param scores f [rows, n]; the codes hold the scores themselves
   * @param norms what each column's scores are multiplied by, such as the norms of atoms [n]; null
   *     for ones
   * @param targets t of each row [rows]
   * @param out codes [rows, k] by energy, k up to {@value TopK#MAX_K}; a row that keeps more has
   *     its first k
   * @param totals how many entries each row keeps by definition [rows]; or null
   */
  public final void rowPrefixSelect(
      Matrix scores,
      Floats norms,
      Floats targets,
      RowPrefix options,
      FixedWidthCodes out,
      Ints totals) {
    check.handle(scores, "scores");
    check.optional(norms, scores.columns(), "norms");
    Check.required(targets, "targets");
    check.optional(targets, scores.rows(), "targets");
    Check.required(options, "options");
    check.codes(out, "out");
    Check.range(out.k(), 0, TopK.MAX_K, "out.k");
    check.shape(out.rows(), out.k(), scores.rows(), out.k(), "out");
    check.optional(totals, scores.rows(), "totals");
    Check.totals(totals, out);
    KernelEvent event = begin();
    try {
      rowPrefixSelectKernel(scores, norms, targets, options, out, totals);
    } finally {
      end(event, "rowPrefixSelect", scores.rows(), scores.columns(), out.k());
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

  /** The checks of a selection by thresholds from [rows, columns] scores, wherever they are. */
  final void checkThresholdSelect(ThresholdSelect options, int rows, int columns, CsrCodes out) {
    checkThresholds(options, columns);
    check.codes(out, "out");
    check.shape(out.rows(), out.columnCount(), rows, columns, "out");
  }

  /** The checks of a selection by thresholds to slots; {@code totals} may be null. */
  final void checkThresholdSelect(
      ThresholdSelect options, int rows, int columns, FixedWidthCodes out, Ints totals) {
    checkThresholds(options, columns);
    check.codes(out, "out");
    check.shape(out.rows(), out.k(), rows, out.k(), "out");
    check.optional(totals, rows, "totals");
    Check.totals(totals, out);
  }

  private void checkThresholds(ThresholdSelect options, int columns) {
    Check.required(options, "options");
    check.handle(options.thresholds(), "thresholds");
    long thresholds = options.thresholds().length();
    if (thresholds != 1 && thresholds != columns) {
      throw new IllegalArgumentException(
          "thresholds: expected [1] or [" + columns + "], found [" + thresholds + "]");
    }
    check.optional(options.mask(), columns, "mask");
  }

  /** The checks of a selection from all of [rows, columns] scores, wherever they are. */
  final void checkGlobalTopK(
      GlobalTopK options,
      int rows,
      int columns,
      CsrCodes out,
      Floats threshold,
      Floats minPositive) {
    Check.required(options, "options");
    check.optional(options.mask(), columns, "mask");
    check.optional(options.start(), 1, "start");
    check.codes(out, "out");
    check.shape(out.rows(), out.columnCount(), rows, columns, "out");
    long most = Math.min(options.k(), (long) rows * columns);
    if (out.capacity() < most) {
      throw new IllegalArgumentException(
          "out: expected a capacity of " + most + " or more, found " + out.capacity());
    }
    check.optional(threshold, 1, "threshold");
    check.optional(minPositive, 1, "minPositive");
  }

  /** Computes {@link #topK}; the arguments have been checked. */
  protected abstract void topKKernel(
      Matrix scores, Matrix values, TopK options, FixedWidthCodes out);

  /** Computes {@link #thresholdSelect(Matrix, ThresholdSelect, CsrCodes)}. */
  protected abstract void thresholdSelectKernel(
      Matrix scores, ThresholdSelect options, CsrCodes out);

  /**
   * Computes {@link #thresholdSelect(Matrix, ThresholdSelect, FixedWidthCodes, Ints)}; {@code
   * totals} may be null.
   */
  protected abstract void thresholdSelectKernel(
      Matrix scores, ThresholdSelect options, FixedWidthCodes out, Ints totals);

  /** Computes {@link #globalTopK}; the arguments have been checked. */
  protected abstract void globalTopKKernel(
      Matrix scores, GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive);

  /** Computes {@link #columnTopK(Matrix, ColumnTopK, ColumnCodes)}. */
  protected abstract void columnTopKKernel(Matrix scores, ColumnTopK options, ColumnCodes out);

  /** Computes {@link #columnTopK(SlottedCodes, ColumnTopK, ColumnCodes)}. */
  protected abstract void columnTopKKernel(SlottedCodes codes, ColumnTopK options, ColumnCodes out);

  /** Computes {@link #columnTopK(CsrCodes, ColumnTopK, ColumnCodes)}. */
  protected abstract void columnTopKKernel(CsrCodes codes, ColumnTopK options, ColumnCodes out);

  /** Computes {@link #rowPrefixSelect}; {@code norms} and {@code totals} may be null. */
  protected abstract void rowPrefixSelectKernel(
      Matrix scores,
      Floats norms,
      Floats targets,
      RowPrefix options,
      FixedWidthCodes out,
      Ints totals);
}
