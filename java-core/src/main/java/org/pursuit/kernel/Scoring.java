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
    Check.sameOrApart(out, "out", x, "x");
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
   * The gradient of {@link #normalise} in x, with centre and scale as functions of x:
   *
   * <pre>
   *   UNIT         ∂x = (g − x̂·⟨x̂, g⟩) / s      where ‖x‖ exceeds the floor, else g / s
   *   LAYER_NORM   ∂x = (g − mean(g) − (x − μ)·Σ g·(x − μ) / (s·(s + ε)·(d − 1))) / (s + ε)
   * </pre>
   *
   * where s = 0 the last term of LAYER_NORM is left out. A pre-bias has no part in it; its own
   * gradient is −Σ_b g_b.
   *
   * @param x the rows that were normalised [rows, d]
   * @param g the gradient of the normalised rows [rows, d]
   * @param out [rows, d]; may be g itself where it is overwritten
   */
  public final void normaliseBackward(
      Matrix x, RowNormalisation normalisation, Matrix g, Write write, Matrix out) {
    check.handle(x, "x");
    Check.required(normalisation, "normalisation");
    check.matrix(g, x.rows(), x.columns(), "g");
    Check.required(write, "write");
    check.matrix(out, x.rows(), x.columns(), "out");
    Check.apart(out, "out", x, "x");
    if (write == Write.OVERWRITE) {
      Check.sameOrApart(out, "out", g, "g");
    } else {
      Check.apart(out, "out", g, "g");
    }
    KernelEvent event = begin();
    try {
      out.touch();
      normaliseBackwardKernel(x, normalisation, g, write, out);
    } finally {
      end(event, "normaliseBackward", x.rows(), x.columns(), 0);
    }
  }

  /**
   * Scores to rank by that are not the values to keep: {@code out[b, j] = z[b, j]·w_j·(1 + β·|q[b,
   * j]|)}. With w the norms of the decoder's atoms this is SAELens' {@code
   * rescale_acts_by_decoder_norm}; with q = ∇L·Dᵀ, the gradient's products with the atoms, it is
   * the Gradient SAE's rule (arXiv 2411.10397; its normalisation of q and its β were not verified).
   * {@link Selection#topK(Matrix, Matrix, TopK, org.pursuit.data.FixedWidthCodes)} ranks by the
   * result and stores z. Selections pass no gradient on to q.
   *
   * @param z scores [rows, n]
   * @param columnWeights w [n], or null for 1
   * @param gradientScores q [rows, n], or null for 0
   * @param out [rows, n]; may be z itself
   */
  public final void weigh(
      Matrix z, Floats columnWeights, Matrix gradientScores, float beta, Matrix out) {
    check.handle(z, "z");
    check.optional(columnWeights, z.columns(), "columnWeights");
    check.matrix(out, z.rows(), z.columns(), "out");
    if (gradientScores != null) {
      check.matrix(gradientScores, z.rows(), z.columns(), "gradientScores");
      Check.apart(out, "out", gradientScores, "gradientScores");
    }
    Check.sameOrApart(out, "out", z, "z");
    KernelEvent event = begin();
    try {
      out.touch();
      weighKernel(z, columnWeights, gradientScores, beta, out);
    } finally {
      end(event, "weigh", z.rows(), z.columns(), 0);
    }
  }

  /**
   * VL-SAE's values: {@code out = 2 − √max(2 − 2c, 0)}, two less the distance of unit vectors whose
   * cosine is c. Rank by c and store this: in float32 it orders differently near c = 1, where its
   * slope has no bound.
   *
   * @param cosines c [rows, n]
   * @param out [rows, n]; may be c itself
   */
  public final void closeness(Matrix cosines, Matrix out) {
    check.handle(cosines, "cosines");
    check.matrix(out, cosines.rows(), cosines.columns(), "out");
    Check.sameOrApart(out, "out", cosines, "cosines");
    KernelEvent event = begin();
    try {
      out.touch();
      closenessKernel(cosines, out);
    } finally {
      end(event, "closeness", cosines.rows(), cosines.columns(), 0);
    }
  }

  /**
   * The gradient of {@link #closeness}: {@code ∂c = g / √(2 − 2c)}, and 0 where c ≥ 1.
   *
   * @param cosines c [rows, n]
   * @param g [rows, n]
   * @param out [rows, n]; may be g itself where it is overwritten
   */
  public final void closenessBackward(Matrix cosines, Matrix g, Write write, Matrix out) {
    check.handle(cosines, "cosines");
    check.matrix(g, cosines.rows(), cosines.columns(), "g");
    Check.required(write, "write");
    check.matrix(out, cosines.rows(), cosines.columns(), "out");
    Check.apart(out, "out", cosines, "cosines");
    if (write == Write.OVERWRITE) {
      Check.sameOrApart(out, "out", g, "g");
    } else {
      Check.apart(out, "out", g, "g");
    }
    KernelEvent event = begin();
    try {
      out.touch();
      closenessBackwardKernel(cosines, g, write, out);
    } finally {
      end(event, "closenessBackward", cosines.rows(), cosines.columns(), 0);
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
   * selector reads a tile while it is in cache. The product runs once for all of them.
   *
   * <p>Where what passes a threshold does not fit, only that selector's codes are left empty; of
   * several the {@code CapacityException} tells the largest number.
   *
   * @param x rows [rows, d]
   * @param weights one atom a row [n, d]
   * @param bias [n], or null
   * @param selectors at least one; each has its own options and outputs, and reads nothing that
   *     another one writes
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
        case Selector.Threshold s ->
            selection.checkThresholdSelect(s.options(), x.rows(), weights.rows(), s.out());
        case Selector.ThresholdSlots s ->
            selection.checkThresholdSelect(
                s.options(), x.rows(), weights.rows(), s.out(), s.totals());
        case Selector.Global s ->
            selection.checkGlobalTopK(
                s.options(), x.rows(), weights.rows(), s.out(), s.threshold(), s.minPositive());
      }
    }
    checkDistinct(selectors);
    checkApart(selectors);
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

  /** No selector reads the scalars that another one writes. */
  private static void checkApart(List<? extends Selector> selectors) {
    for (Selector writer : selectors) {
      if (!(writer instanceof Selector.Global written)) {
        continue;
      }
      for (Selector reader : selectors) {
        ThresholdSelect read =
            switch (reader) {
              case Selector.Threshold s -> s.options();
              case Selector.ThresholdSlots s -> s.options();
              default -> null;
            };
        if (read != null) {
          Check.other(written.threshold(), "threshold", read.thresholds(), "thresholds");
          Check.other(written.minPositive(), "minPositive", read.thresholds(), "thresholds");
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

  /** Computes {@link #normaliseBackward}. */
  protected abstract void normaliseBackwardKernel(
      Matrix x, RowNormalisation normalisation, Matrix g, Write write, Matrix out);

  /** Computes {@link #weigh}. */
  protected abstract void weighKernel(
      Matrix z, Floats columnWeights, Matrix gradientScores, float beta, Matrix out);

  /** Computes {@link #closeness}. */
  protected abstract void closenessKernel(Matrix cosines, Matrix out);

  /** Computes {@link #closenessBackward}. */
  protected abstract void closenessBackwardKernel(
      Matrix cosines, Matrix g, Write write, Matrix out);

  /** Computes {@link #score}; the arguments have been checked. */
  protected abstract void scoreKernel(
      Matrix x, Matrix weights, Floats bias, Score options, Matrix out);

  /** Computes {@link #encode}; the arguments have been checked. */
  protected abstract void encodeKernel(
      Matrix x, Matrix weights, Floats bias, Score options, List<? extends Selector> selectors);
}
