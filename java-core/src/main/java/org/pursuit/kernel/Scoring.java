package org.pursuit.kernel;

import java.util.List;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;

/** Scores of rows against atoms: the dense product, and the selection fused with it. */
public abstract class Scoring extends KernelFamily {
  private final Check check;
  private final Selection selection;

  /**
   * @param selection the same backend's selections, whose checks the fused encode shares
   */
  protected Scoring(Memory memory, Selection selection) {
    super(memory, "Scoring");
    this.check = new Check(memory);
    this.selection = selection;
  }

  /**
   * The rows as the product sees them: {@code normalise(x) − preBias}.
   *
   * @param x rows [rows, d]
   * @param preBias [d], or null
   * @param out [rows, d]; may be x itself
   * @param centre receives what the normalisation subtracted from each row [rows], or null
   * @param scale receives what it divided by [rows], or null; see {@link RowNormalisation}
   */
  public final void normalise(
      Matrix x,
      RowNormalisation normalisation,
      Floats preBias,
      Matrix out,
      Floats centre,
      Floats scale) {
    check.handle(x, "x");
    Check.required(normalisation, "normalisation");
    check.optional(preBias, x.columns(), "preBias");
    check.matrix(out, x.rows(), x.columns(), "out");
    if (out != x) {
      Check.apart(out, "out", x, "x");
    }
    check.optional(centre, x.rows(), "centre");
    check.optional(scale, x.rows(), "scale");
    KernelEvent event = begin();
    try {
      out.touch();
      normaliseKernel(x, normalisation, preBias, out, centre, scale);
    } finally {
      end(event, "normalise", x.rows(), x.columns(), 0);
    }
  }

  /**
   * Dense scores: {@code out = activation((normalise(x) − preBias)·Wᵀ + bias)}, accumulated in
   * float32.
   *
   * @param x rows [rows, d]
   * @param weights one atom a row [n, d]
   * @param bias [n], or null
   * @param out [rows, n]
   */
  public final void score(Matrix x, Matrix weights, Floats bias, Score options, Matrix out) {
    checkOperands(x, weights, bias, options);
    check.matrix(out, x.rows(), weights.rows(), "out");
    Check.apart(out, "out", x, "x");
    Check.apart(out, "out", weights, "weights");
    KernelEvent event = begin();
    try {
      out.touch();
      scoreKernel(x, weights, bias, options, out);
    } finally {
      end(event, "score", x.rows(), weights.rows(), 0);
    }
  }

  /**
   * Selects from the scores that {@link #score} would give, without ever storing them all: each
   * selector reads a tile while it is in cache.
   *
   * @param x rows [rows, d]
   * @param weights one atom a row [n, d]
   * @param bias [n], or null
   * @param selectors at least one; each has its own k, mask and output
   */
  public final void encode(
      Matrix x, Matrix weights, Floats bias, Score options, List<? extends Selector> selectors) {
    checkOperands(x, weights, bias, options);
    Check.required(selectors, "selectors");
    if (selectors.isEmpty()) {
      throw new IllegalArgumentException("selectors: expected at least one, found none");
    }
    for (Selector selector : selectors) {
      Check.required(selector, "selector");
      switch (selector) {
        case Selector.RowTopK s ->
            selection.checkTopK(s.options(), x.rows(), weights.rows(), s.out());
      }
    }
    checkDistinct(selectors);
    KernelEvent event = begin();
    try {
      encodeKernel(x, weights, bias, options, selectors);
    } finally {
      end(event, "encode", x.rows(), weights.rows(), 0);
    }
  }

  /** {@link #encode(Matrix, Matrix, Floats, Score, List)} with one selector. */
  public final void encode(
      Matrix x, Matrix weights, Floats bias, Score options, Selector selector) {
    Check.required(selector, "selector");
    encode(x, weights, bias, options, List.of(selector));
  }

  private static void checkDistinct(List<? extends Selector> selectors) {
    for (int i = 1; i < selectors.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (selectors.get(i).out() == selectors.get(j).out()) {
          throw new IllegalArgumentException(
              "selectors: expected an output of its own for each, found the same at "
                  + j
                  + ", "
                  + i);
        }
      }
    }
  }

  private void checkOperands(Matrix x, Matrix weights, Floats bias, Score options) {
    check.handle(x, "x");
    check.columns(weights, x.columns(), "weights");
    check.optional(bias, weights.rows(), "bias");
    Check.required(options, "options");
    check.optional(options.preBias(), x.columns(), "preBias");
  }

  /** Computes {@link #normalise}; the arguments have been checked. */
  protected abstract void normaliseKernel(
      Matrix x,
      RowNormalisation normalisation,
      Floats preBias,
      Matrix out,
      Floats centre,
      Floats scale);

  /** Computes {@link #score}; the arguments have been checked. */
  protected abstract void scoreKernel(
      Matrix x, Matrix weights, Floats bias, Score options, Matrix out);

  /** Computes {@link #encode}; the arguments have been checked. */
  protected abstract void encodeKernel(
      Matrix x, Matrix weights, Floats bias, Score options, List<? extends Selector> selectors);
}
