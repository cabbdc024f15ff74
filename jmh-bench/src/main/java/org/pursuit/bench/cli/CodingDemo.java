package org.pursuit.bench.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pursuit.Backend;
import org.pursuit.bench.roofline.Roofline;
import org.pursuit.bench.support.Table;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.TopK;

/**
 * Encodes rows with an autoencoder's TopK and by matching pursuit over the same atoms, measures
 * what each keeps and how fast it is, and checks each pursuit: its codes decoded, plus its
 * residual, are the rows again.
 */
final class CodingDemo implements AutoCloseable {
  private static final int[] K = {8, 16, 32};
  private static final Sign[] SIGNS = {Sign.POSITIVE, Sign.MAGNITUDE};

  private final Backend backend;
  private final SparseModel model;
  private final double secondsPerFigure;
  private final float[] hostRows;
  private final Matrix rows;
  private final Matrix centred;
  private final Matrix decoded;
  private final Matrix residual;
  private final List<Result> results = new ArrayList<>();
  private final ResidualCheck check = new ResidualCheck();
  private String algorithm = "";

  private record Result(
      String method, int k, double l0, double fvu, double rowsPerSecond, double flops) {}

  CodingDemo(Backend backend, SparseModel model, float[] hostRows, double secondsPerFigure) {
    this.backend = backend;
    this.model = model;
    this.hostRows = hostRows;
    this.secondsPerFigure = secondsPerFigure;
    int count = hostRows.length / model.d();
    this.rows = backend.upload(hostRows, count, model.d());
    this.centred = backend.matrix(count, model.d(), DType.F32);
    this.decoded = backend.matrix(count, model.d(), DType.F32);
    this.residual = backend.matrix(count, model.d(), DType.F32);
    backend
        .scoring()
        .normalise(rows, RowNormalisation.NONE, model.decoderBias(), centred, null, null);
  }

  /** The rows in the backend. */
  Matrix rows() {
    return rows;
  }

  /** Number of figures that {@link #run} measures. */
  int figures() {
    return (1 + SIGNS.length) * K.length;
  }

  void run(Steps steps) {
    for (int k : K) {
      steps.next("autoencoder, TopK, k = " + k);
      topK(k);
    }
    for (Sign sign : SIGNS) {
      for (int k : K) {
        steps.next("matching pursuit, " + Words.spell(sign) + ", k = " + k);
        pursue(sign, k);
      }
    }
  }

  private void topK(int k) {
    try (SelectionEncoder encoder = new SelectionEncoder(backend, model, TopK.of(k).withRelu());
        FixedWidthCodes codes = encoder.newCodes(rows.rows())) {
      double flops = 2.0 * model.n() * model.d();
      double seconds = timed(() -> encoder.encode(rows, codes));
      report("autoencoder, TopK", codes, seconds, flops);
    }
  }

  private void pursue(Sign sign, int k) {
    MatchingPursuit options = MatchingPursuit.steps(k).sign(sign);
    try (PursuitEncoder encoder = new PursuitEncoder(backend, model, options, rows.rows());
        PursuitTape tape = encoder.newCodes(rows.rows())) {
      algorithm = encoder.algorithm();
      double seconds = timed(() -> encoder.encode(centred, tape, residual));
      report("pursuit, " + Words.spell(sign), tape, seconds, encoder.flops());
      check(tape);
    }
  }

  private double timed(Runnable encode) {
    return Timing.best(
        secondsPerFigure,
        () -> {
          encode.run();
          backend.synchronize();
        });
  }

  private void report(String method, SlottedCodes codes, double seconds, double flops) {
    backend.sparseAlgebra().decode(codes, model.atoms(), model.decoderBias(), decoded);
    Fvu fvu = new Fvu(model.d());
    fvu.add(hostRows, decoded.download(), rows.rows());
    HostCodes host = new HostCodes(codes.rows(), codes.k());
    host.download(codes);
    Sparsity sparsity = new Sparsity();
    sparsity.add(host);
    results.add(
        new Result(
            method, codes.k(), sparsity.meanL0(), fvu.value(), rows.rows() / seconds, flops));
  }

  private void check(PursuitTape tape) {
    backend.sparseAlgebra().decode(tape, model.atoms(), null, decoded);
    check.add(centred.download(), decoded.download(), residual.download(), model.d(), tape.k());
  }

  Table table(Optional<Roofline> limits) {
    Table table = new Table("lrrrrrr");
    table.row("method", "k", "mean L0", "FVU", "tokens/s", "GFLOP/s", "of FMA limit");
    for (Result result : results) {
      double flops = result.flops * result.rowsPerSecond;
      table.row(
          result.method,
          Integer.toString(result.k),
          Format.decimal(result.l0, 2),
          Format.fvu(result.fvu),
          Format.rate(result.rowsPerSecond),
          Format.rate(flops / 1e9),
          limits.map(limit -> Format.percent(flops / limit.flopsPerSecond())).orElse("-"));
    }
    return table;
  }

  boolean checkPassed() {
    return check.passed();
  }

  /** What the table's words mean, and how the check ended. */
  Table notes() {
    Table notes =
        new Table("ll")
            .row("FVU", "fraction of the variance that the codes leave unexplained")
            .row(
                "GFLOP/s",
                "2 n d for each product of a row and all atoms, 2 n for each step of a Gram")
            .row("pursuit", "of x - b_dec, " + algorithm);
    check.describe(notes);
    return notes;
  }

  @Override
  public void close() {
    residual.close();
    decoded.close();
    centred.close();
    rows.close();
  }
}
