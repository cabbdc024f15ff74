package org.pursuit.bench.cli;

import org.pursuit.Backend;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.TopK;

/** Selects from the scores of a model's encoder, which are never stored. */
final class SelectionEncoder implements Encoder<FixedWidthCodes> {
  private final Backend backend;
  private final SparseModel model;
  private final TopK options;
  private final Score score;

  SelectionEncoder(Backend backend, SparseModel model, TopK options) {
    this.backend = backend;
    this.model = model;
    this.options = options;
    this.score = Score.plain().preBias(model.preBias());
  }

  @Override
  public FixedWidthCodes newCodes(int rows) {
    return backend.fixedWidthCodes(rows, options.k());
  }

  /** The pre-bias is folded into the product's bias. */
  @Override
  public Floats shift() {
    return null;
  }

  @Override
  public void encode(Matrix rows, FixedWidthCodes codes) {
    backend
        .scoring()
        .encode(rows, model.encoder(), model.encoderBias(), score, options.into(codes));
  }

  @Override
  public String description() {
    return (options.key() == SelectionKey.MAGNITUDE ? "AbsTopK" : "TopK")
        + ", k = "
        + Format.count(options.k())
        + (options.relu() ? ", ReLU" : "")
        + ", by "
        + Words.spell(options.order()).replace("by-", "");
  }

  @Override
  public void close() {}
}
