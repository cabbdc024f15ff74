package org.pursuit.bench.cli;

import org.pursuit.Backend;
import org.pursuit.BackendMemoryException;
import org.pursuit.HostBackend;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.MatchingPursuit;

/** Matching pursuit over a model's atoms, by the cheaper of its two algorithms. */
final class PursuitEncoder implements Encoder<PursuitTape> {
  /** The largest dictionary with a Gram, which then has 1 GiB. */
  private static final int MOST_GRAM_ATOMS = 16_384;

  /**
   * What adding a Gram's element to a correlation costs, in multiply-adds of a dense product: the
   * one streams from cache or memory, the other runs in registers.
   */
  private static final int GRAM_STEP_COST = 8;

  private final Backend backend;
  private final SparseModel model;
  private final MatchingPursuit options;
  private final Gram gram;

  /**
   * @param rows the number of rows that will be encoded
   */
  PursuitEncoder(Backend backend, SparseModel model, MatchingPursuit options, long rows) {
    this.backend = backend;
    this.model = model;
    this.options = options;
    this.gram = gramPays(rows, model.n(), model.d(), options.steps()) ? gram() : null;
  }

  /**
   * Whether the Gram's n²·d multiply-adds, a product for the first step and its cheap later steps
   * are fewer than a product for every step.
   */
  static boolean gramPays(long rows, int n, int d, int steps) {
    double product = (double) rows * n * d;
    double withGram = (double) n * n * d + product + (double) rows * steps * n * GRAM_STEP_COST;
    return n <= MOST_GRAM_ATOMS && withGram < steps * product;
  }

  /** Null where there is no room for it; on the host, where it would take half of what is free. */
  private Gram gram() {
    Runtime java = Runtime.getRuntime();
    long free = java.maxMemory() - (java.totalMemory() - java.freeMemory());
    long bytes = (long) model.n() * model.n() * Float.BYTES;
    if (backend instanceof HostBackend && bytes > free / 2) {
      return null;
    }
    try {
      Gram made = backend.gram(model.n());
      backend.pursuits().gram(model.atoms(), made);
      return made;
    } catch (BackendMemoryException e) {
      return null;
    }
  }

  @Override
  public PursuitTape newCodes(int rows) {
    return backend.pursuitTape(rows, options.steps());
  }

  @Override
  public Floats shift() {
    return model.decoderBias();
  }

  @Override
  public void encode(Matrix rows, PursuitTape tape) {
    encode(rows, tape, null);
  }

  /** {@link #encode(Matrix, PursuitTape)}, which also gives what is left of the rows. */
  void encode(Matrix rows, PursuitTape tape, Matrix residual) {
    if (gram == null) {
      backend.pursuits().matchingPursuit(rows, model.atoms(), options, tape, residual);
    } else {
      backend.pursuits().matchingPursuit(rows, model.atoms(), gram, options, tape, residual);
    }
  }

  /** Floating-point operations for a row: the products and what a Gram's steps add. */
  double flops() {
    double product = 2.0 * model.n() * model.d();
    return gram == null ? options.steps() * product : product + 2.0 * options.steps() * model.n();
  }

  @Override
  public String description() {
    return String.join(
        ", ",
        "matching pursuit",
        "k = " + Format.count(options.steps()),
        Words.spell(options.sign()),
        "reselection " + Words.spell(options.reselection()),
        Words.spell(options.scaling()),
        algorithm());
  }

  /** Which algorithm was chosen. */
  String algorithm() {
    return gram == null
        ? "by products of the residual"
        : "by a Gram of " + Format.count(model.n(), "atom");
  }

  @Override
  public void close() {
    if (gram != null) {
      gram.close();
    }
  }
}
