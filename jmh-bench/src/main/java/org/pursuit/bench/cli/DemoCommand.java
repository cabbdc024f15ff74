package org.pursuit.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.pursuit.Backend;
import org.pursuit.HostBackend;
import org.pursuit.bench.roofline.Roofline;
import org.pursuit.bench.support.PackedData;
import org.pursuit.bench.support.Table;
import org.pursuit.io.MatrixFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows on real data what the library computes, how well and how fast. */
@Command(
    name = "demo",
    header = "Encode real data, check the codes, and compare the speed with this machine's limits.",
    description = {
      "",
      "Encodes 4,096 real activations with a real autoencoder and by matching pursuit over its"
          + " atoms, all packed in the program: no files are needed. Takes less than a minute.",
      ""
    })
final class DemoCommand implements Callable<Integer> {
  private static final int ALL_ROWS = Integer.MAX_VALUE;

  @Spec private CommandSpec spec;

  @Mixin private BackendChoice backendChoice;

  /** Rows to encode and seconds to spend on each figure; tests ask for few. */
  private final int rows;

  private final double secondsPerFigure;

  DemoCommand() {
    this(ALL_ROWS, 1);
  }

  DemoCommand(int rows, double secondsPerFigure) {
    this.rows = rows;
    this.secondsPerFigure = secondsPerFigure;
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Backend backend = backendChoice.open();
        SparseModel model =
            PackedData.AUTOENCODER.read(path -> SparseModel.autoencoder(backend, path));
        CodingDemo coding = new CodingDemo(backend, model, activations(rows), secondsPerFigure);
        SelectionDemo selection =
            new SelectionDemo(backend, model, coding.rows(), secondsPerFigure)) {
      introduce(out, backend, model, coding);
      Optional<Roofline> limits;
      try (Progress progress = Progress.start(out)) {
        Steps steps = new Steps(progress, 2 + coding.figures() + selection.figures());
        Optional<Roofline> before = limits(backend, steps);
        coding.run(steps);
        selection.run(steps);
        Optional<Roofline> after = limits(backend, steps);
        limits = before.map(limit -> limit.max(after.orElseThrow()));
      }
      printLimits(out, backend, limits);
      out.println();
      coding.table(limits).print(out, "");
      out.println();
      selection.table(limits).print(out, "");
      out.println();
      coding.notes().print(out, "");
      if (!coding.checkPassed()) {
        throw new FailedException("the check of the codes against the residuals failed");
      }
    }
    return 0;
  }

  /** The first {@code rows} packed activations, or all if there are fewer, row-major. */
  private static float[] activations(int rows) throws IOException {
    return PackedData.ACTIVATIONS.read(
        path -> {
          try (MatrixFile file = MatrixFile.open(path)) {
            int count = (int) Math.min(rows, file.rows());
            float[] values = new float[count * file.columns()];
            file.read(values, count);
            return values;
          }
        });
  }

  /**
   * Measured before and after, for a machine's speed drifts. The processor's limits say nothing
   * about a backend that computes elsewhere.
   */
  private static Optional<Roofline> limits(Backend backend, Steps steps) {
    steps.next("limits of this machine");
    return backend instanceof HostBackend
        ? Roofline.measure(backend.info().threads())
        : Optional.empty();
  }

  private static void introduce(
      PrintWriter out, Backend backend, SparseModel model, CodingDemo coding) {
    new Table("ll")
        .row("backend", backend.info().toString())
        .row(
            "rows",
            Format.count(coding.rows().rows())
                + " hidden states of bge-small-en-v1.5 after block 8, d = "
                + model.d())
        .row("atoms", Format.count(model.n()) + " of a TopK autoencoder trained on such rows")
        .print(out, "");
  }

  private static void printLimits(PrintWriter out, Backend backend, Optional<Roofline> limits) {
    if (limits.isEmpty()) {
      out.println("limits   not measured for the backend " + backend.name());
      return;
    }
    Roofline limit = limits.get();
    out.println(
        "limits   "
            + Format.count(limit.threads(), "thread")
            + ": FMA "
            + Format.rate(limit.flopsPerSecond() / 1e9)
            + " GFLOP/s, memory scan "
            + Format.rate(limit.bytesPerSecond() / 1e9)
            + " GB/s ("
            + Format.bytes(limit.scannedBytes())
            + (limit.cacheResident() ? ", partly in cache)" : ")"));
  }
}
