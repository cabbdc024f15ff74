package org.pursuit.bench.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pursuit.Backend;
import org.pursuit.bench.roofline.Machine;
import org.pursuit.bench.roofline.Roofline;
import org.pursuit.bench.support.Table;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.TopK;

/**
 * Selects from the real pre-activations of an autoencoder, in as many copies as exceed the
 * processor's caches.
 */
final class SelectionDemo implements AutoCloseable {
  private static final int[] K = {8, 16, 32};

  private final Backend backend;
  private final double secondsPerFigure;
  private final List<Matrix> preActivations = new ArrayList<>();
  private final List<Result> results = new ArrayList<>();

  private record Result(String kernel, int k, double bytesPerSecond) {}

  SelectionDemo(Backend backend, SparseModel model, Matrix rows, double secondsPerFigure) {
    this.backend = backend;
    this.secondsPerFigure = secondsPerFigure;
    long bytes = (long) rows.rows() * model.n() * Float.BYTES;
    for (int copy = copies(bytes); copy > 0; copy--) {
      Matrix scores = backend.matrix(rows.rows(), model.n(), DType.F32);
      preActivations.add(scores);
      Score score = Score.plain().preBias(model.preBias());
      backend.scoring().score(rows, model.encoder(), model.encoderBias(), score, scores);
    }
  }

  /** Twice the caches, within a quarter of the heap. */
  private static int copies(long bytes) {
    long wanted = Math.ceilDiv(2 * Machine.current().cacheBytes(), bytes);
    long room = Runtime.getRuntime().maxMemory() / 4 / bytes;
    return (int) Math.max(1, Math.min(wanted, room));
  }

  /** Number of figures that {@link #run} measures. */
  int figures() {
    return 2 * K.length;
  }

  void run(Steps steps) {
    for (int k : K) {
      measure(steps, "TopK", TopK.of(k));
    }
    for (int k : K) {
      measure(steps, "AbsTopK", TopK.of(k).byMagnitude());
    }
  }

  private void measure(Steps steps, String kernel, TopK options) {
    steps.next(kernel + " of pre-activations, k = " + options.k());
    Matrix first = preActivations.getFirst();
    try (FixedWidthCodes codes = backend.fixedWidthCodes(first.rows(), options.k())) {
      double seconds =
          Timing.best(
              secondsPerFigure,
              () -> {
                for (Matrix scores : preActivations) {
                  backend.selection().topK(scores, options, codes);
                }
                backend.synchronize();
              });
      double bytes = (double) first.size() * Float.BYTES * preActivations.size();
      results.add(new Result(kernel, options.k(), bytes / seconds));
    }
  }

  Table table(Optional<Roofline> limits) {
    Matrix first = preActivations.getFirst();
    Table table = new Table("lrrrr");
    table.row("selection", "k", "rows/s", "GB/s", "of memory scan");
    for (Result result : results) {
      double rowBytes = (double) first.columns() * Float.BYTES;
      table.row(
          result.kernel + " of " + Format.count(first.columns()),
          Integer.toString(result.k),
          Format.rate(result.bytesPerSecond / rowBytes),
          Format.decimal(result.bytesPerSecond / 1e9, 2),
          limits
              .map(limit -> Format.percent(result.bytesPerSecond / limit.bytesPerSecond()))
              .orElse("-"));
    }
    return table;
  }

  @Override
  public void close() {
    preActivations.forEach(Matrix::close);
  }
}
