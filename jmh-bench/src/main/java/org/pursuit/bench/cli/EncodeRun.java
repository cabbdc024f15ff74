package org.pursuit.bench.cli;

import java.io.IOException;
import org.pursuit.Backend;
import org.pursuit.bench.support.Table;
import org.pursuit.data.SlottedCodes;

/** Encodes all rows of an input in batches, writes the codes and measures what they keep. */
final class EncodeRun<C extends SlottedCodes> {
  private final InputRows input;
  private final Backend backend;
  private final SparseModel model;
  private final Encoder<C> encoder;
  private final Sparsity sparsity = new Sparsity();
  private final Fvu fvu;
  private long encodeNanos;
  private long done;

  EncodeRun(InputRows input, Backend backend, SparseModel model, Encoder<C> encoder) {
    this.input = input;
    this.backend = backend;
    this.model = model;
    this.encoder = encoder;
    this.fvu = new Fvu(model.d());
  }

  /** Encodes every row; the file is left complete, not committed. */
  void encode(int batchRows, CodesOutput output, Progress progress) throws IOException {
    encodeBatches(batchRows, input.rows() / batchRows, output, progress);
    int left = (int) (input.rows() % batchRows);
    encodeBatches(left, left == 0 ? 0 : 1, output, progress);
  }

  private void encodeBatches(int batchRows, long batches, CodesOutput output, Progress progress)
      throws IOException {
    if (batches == 0) {
      return;
    }
    float[] rows = new float[batchRows * input.columns()];
    float[] reconstruction = new float[rows.length];
    try (Batch<C> batch = new Batch<>(backend, model, encoder, batchRows)) {
      HostCodes codes = new HostCodes(batchRows, batch.codes().k());
      for (long i = 0; i < batches; i++) {
        input.read(rows, batchRows);
        process(batch, rows, codes, reconstruction);
        output.append(codes);
        done += batchRows;
        progress.show((double) done / input.rows(), Format.count(done) + " rows encoded");
      }
    }
  }

  private void process(Batch<C> batch, float[] rows, HostCodes codes, float[] reconstruction) {
    long begin = System.nanoTime();
    batch.encode(rows);
    codes.download(batch.codes());
    encodeNanos += System.nanoTime() - begin;
    batch.decode(reconstruction);
    fvu.add(rows, reconstruction, batch.rows());
    sparsity.add(codes);
  }

  /** What was done and found, and how fast: from rows on the host to codes on the host. */
  Table report(double totalSeconds) {
    double seconds = encodeNanos / 1e9;
    return new Table("ll")
        .row("backend", backend.info().toString())
        .row("method", encoder.description())
        .row("rows", Format.count(done) + " of " + Format.count(model.d(), "column"))
        .row("atoms", Format.count(model.n()))
        .row("mean L0", Format.decimal(sparsity.meanL0(), 2))
        .row("FVU", Format.fvu(fvu.value()))
        .row(
            "encoding",
            Format.rate(done == 0 ? 0 : done / seconds)
                + " tokens/s; "
                + Format.decimal(seconds, 2)
                + " s of "
                + Format.decimal(totalSeconds, 2)
                + " s in all");
  }
}
