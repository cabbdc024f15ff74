package org.pursuit.bench.cli;

import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.RowNormalisation;

/** The buffers of a batch of rows, and the way of these rows to codes and back. */
final class Batch<C extends SlottedCodes> implements AutoCloseable {
  private final Backend backend;
  private final SparseModel model;
  private final Encoder<C> encoder;
  private final int rows;
  private final Matrix x;
  private final Matrix prepared;
  private final Matrix reconstruction;
  private final Floats centre;
  private final Floats scale;
  private final C codes;

  Batch(Backend backend, SparseModel model, Encoder<C> encoder, int rows) {
    this.backend = backend;
    this.model = model;
    this.encoder = encoder;
    this.rows = rows;
    this.x = backend.matrix(rows, model.d(), DType.F32);
    this.prepared =
        isNormalised() || encoder.shift() != null ? backend.matrix(rows, model.d(), DType.F32) : x;
    this.reconstruction = backend.matrix(rows, model.d(), DType.F32);
    this.centre = isNormalised() ? backend.floats(rows) : null;
    this.scale = isNormalised() ? backend.floats(rows) : null;
    this.codes = encoder.newCodes(rows);
  }

  int rows() {
    return rows;
  }

  C codes() {
    return codes;
  }

  /** Encodes the rows, as many as the batch has; the codes are complete on return. */
  void encode(float[] values) {
    x.upload(values);
    if (prepared != x) {
      backend
          .scoring()
          .normalise(x, model.normalisation(), encoder.shift(), prepared, centre, scale);
    }
    encoder.encode(prepared, codes);
    backend.synchronize();
  }

  /** Writes what the codes say about the rows, in the units of the rows. */
  void decode(float[] values) {
    backend.sparseAlgebra().decode(codes, model.atoms(), model.decoderBias(), reconstruction);
    reconstruction.download(values);
    if (isNormalised()) {
      undoNormalisation(values);
    }
  }

  private boolean isNormalised() {
    return model.normalisation() != RowNormalisation.NONE;
  }

  private void undoNormalisation(float[] values) {
    float[] centres = centre.download();
    float[] scales = scale.download();
    int d = model.d();
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] * scales[i / d] + centres[i / d];
    }
  }

  @Override
  public void close() {
    codes.close();
    if (isNormalised()) {
      scale.close();
      centre.close();
    }
    reconstruction.close();
    if (prepared != x) {
      prepared.close();
    }
    x.close();
  }
}
