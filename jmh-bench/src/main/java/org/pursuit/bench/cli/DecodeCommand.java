package org.pursuit.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.pursuit.Backend;
import org.pursuit.bench.support.Table;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.io.CodesFile;
import org.pursuit.io.NpyWriter;
import org.pursuit.kernel.RowNormalisation;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Turns codes back into rows. */
@Command(
    name = "decode",
    customSynopsis =
        "pursuit decode --codes FILE (--dictionary FILE[:TENSOR] | --sae FILE)%n"
            + "               --output FILE [OPTIONS]",
    header = "Turn codes back into rows.",
    description = {
      "",
      "A row is the sum of its atoms times their values, plus the decoder's bias with --sae.",
      ""
    })
final class DecodeCommand implements Callable<Integer> {
  private static final int MOST_BATCH_ROWS = 4096;
  private static final int BATCH_ELEMENTS = 1 << 24;

  @Spec private CommandSpec spec;

  @Option(
      names = "--codes",
      required = true,
      paramLabel = "FILE",
      description = "Codes as 'pursuit encode' writes them: .safetensors.")
  private Path codesFile;

  @ArgGroup(multiplicity = "1")
  private ModelChoice model;

  @Mixin private BackendChoice backendChoice;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FILE",
      description = "File to write or replace: .npy, float32.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    Output.requireExtension(output, ".npy", spec.commandLine());
    Output.requireOther(output, model.files(), spec.commandLine());
    long begin = System.nanoTime();
    try (Backend backend = backendChoice.open();
        SparseModel loaded = model.load(backend);
        CodesFile codes = CodesFile.open(codesFile, loaded.n())) {
      requireNoNormalisation(loaded);
      decode(codes, backend, loaded);
      report(codes, backend, loaded, (System.nanoTime() - begin) / 1e9);
    }
    return 0;
  }

  private void requireNoNormalisation(SparseModel loaded) {
    if (loaded.normalisation() != RowNormalisation.NONE) {
      throw new FailedException(
          model
              + ": the autoencoder normalises each row ("
              + Words.spell(loaded.normalisation())
              + "), and codes do not say how to undo it; with --dictionary FILE:W_dec the"
              + " normalised rows less the decoder's bias can be had");
    }
  }

  private void decode(CodesFile codes, Backend backend, SparseModel loaded) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    int width = Math.max(1, Math.max(loaded.d(), codes.k()));
    int batchRows = Math.clamp(BATCH_ELEMENTS / width, 1, MOST_BATCH_ROWS);
    try (NpyWriter writer = NpyWriter.create(output, loaded.d());
        Progress progress = Progress.start(out)) {
      while (codes.rowsRead() < codes.rows()) {
        long left = codes.rows() - codes.rowsRead();
        decodeBatches(codes, backend, loaded, (int) Math.min(left, batchRows), writer, progress);
      }
      Output.writing(output, writer::commit);
    }
  }

  /** Decodes as many batches of the given size as there are. */
  private void decodeBatches(
      CodesFile codes,
      Backend backend,
      SparseModel loaded,
      int rows,
      NpyWriter writer,
      Progress progress)
      throws IOException {
    HostCodes host = new HostCodes(rows, codes.k());
    float[] values = new float[rows * loaded.d()];
    try (FixedWidthCodes batch = backend.fixedWidthCodes(rows, codes.k());
        Matrix decoded = backend.matrix(rows, loaded.d(), DType.F32)) {
      while (codes.rows() - codes.rowsRead() >= rows) {
        host.read(codes);
        host.upload(batch);
        backend.sparseAlgebra().decode(batch, loaded.atoms(), loaded.decoderBias(), decoded);
        decoded.download(values);
        Output.writing(output, () -> writer.append(values, rows));
        progress.show(
            (double) codes.rowsRead() / codes.rows(),
            Format.count(codes.rowsRead()) + " rows decoded");
      }
    }
  }

  private void report(CodesFile codes, Backend backend, SparseModel loaded, double seconds) {
    Table table = new Table("ll");
    table.row("backend", backend.info().toString());
    table.row("rows", Format.count(codes.rows()) + " of " + Format.count(loaded.d(), "column"));
    table.row(
        "atoms", Format.count(loaded.n()) + ", at most " + Format.count(codes.k()) + " a row");
    table.row("time", Format.decimal(seconds, 2) + " s");
    table.row("written", output.toString());
    table.print(spec.commandLine().getOut(), "");
  }
}
