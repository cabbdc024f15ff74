package org.pursuit.bench.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.pursuit.Backend;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.io.FileFormatException;
import org.pursuit.io.MatrixFile;
import org.pursuit.io.SaeCheckpoint;
import org.pursuit.io.TensorPath;
import org.pursuit.kernel.RowNormalisation;

/**
 * A dictionary in a backend, with the encoder and the biases of the autoencoder that it belongs to.
 *
 * @param autoencoder whether it belongs to one; a plain dictionary is its own encoder, without
 *     biases
 * @param atoms one atom a row [n, d]
 * @param encoder one latent a row [n, d]
 * @param encoderBias [n], or null
 * @param decoderBias added to a reconstruction [d], or null
 * @param preBias subtracted from the rows before the encoder [d], or null
 * @param normalisation of the rows before that
 */
record SparseModel(
    boolean autoencoder,
    Matrix atoms,
    Matrix encoder,
    Floats encoderBias,
    Floats decoderBias,
    Floats preBias,
    RowNormalisation normalisation)
    implements AutoCloseable {

  /** Reads a plain dictionary. */
  static SparseModel dictionary(Backend backend, TensorPath path) throws IOException {
    try (MatrixFile file = MatrixFile.open(path)) {
      if (file.rows() > Integer.MAX_VALUE) {
        throw new FileFormatException(
            path.file(), "rows", Format.count(file.rows()), "fewer than 2^31 atoms");
      }
      Matrix atoms = backend.upload(file.readAll(), (int) file.rows(), file.columns());
      return new SparseModel(false, atoms, atoms, null, null, null, RowNormalisation.NONE);
    }
  }

  /** Reads an autoencoder. */
  static SparseModel autoencoder(Backend backend, Path path) throws IOException {
    return autoencoder(backend, SaeCheckpoint.load(path), path);
  }

  private static SparseModel autoencoder(Backend backend, SaeCheckpoint checkpoint, Path path)
      throws IOException {
    RowNormalisation normalisation = normalisation(checkpoint, path);
    int n = checkpoint.latents();
    int d = checkpoint.dimension();
    float[] norms = checkpoint.decoderNormRescale() ? norms(checkpoint.decoder(), n, d) : null;
    Floats decoderBias = backend.upload(checkpoint.decoderBias());
    return new SparseModel(
        true,
        backend.upload(scaledRows(checkpoint.decoder(), inverse(norms), d), n, d),
        backend.upload(scaledRows(checkpoint.encoder(), norms, d), n, d),
        backend.upload(scaledRows(checkpoint.encoderBias(), norms, 1)),
        decoderBias,
        checkpoint.preBias() ? decoderBias : null,
        normalisation);
  }

  private static RowNormalisation normalisation(SaeCheckpoint checkpoint, Path path)
      throws IOException {
    return switch (checkpoint.normalisation()) {
      case NONE -> RowNormalisation.NONE;
      case LAYER_NORM -> RowNormalisation.LAYER_NORM;
      case CONSTANT_NORM, DATASET_SCALE ->
          throw new FileFormatException(
              path,
              "normalisation",
              checkpoint.normalisation().name(),
              "NONE or LAYER_NORM (fold another one into the weights, or encode rows that are"
                  + " normalised already with a checkpoint that names none)");
    };
  }

  /**
   * SAELens' {@code rescale_acts_by_decoder_norm} is folded as SAELens itself does it: each
   * latent's encoder times the norm of its atom, and the atom brought to norm 1.
   */
  private static float[] norms(float[] atoms, int n, int d) {
    float[] norms = new float[n];
    for (int atom = 0; atom < n; atom++) {
      double sum = 0;
      for (int i = atom * d; i < (atom + 1) * d; i++) {
        sum += (double) atoms[i] * atoms[i];
      }
      norms[atom] = (float) Math.sqrt(sum);
    }
    return norms;
  }

  /** An atom of norm 0 stays as it is. */
  private static float[] inverse(float[] norms) {
    if (norms == null) {
      return null;
    }
    float[] inverse = new float[norms.length];
    for (int i = 0; i < norms.length; i++) {
      inverse[i] = norms[i] == 0 ? 1 : 1 / norms[i];
    }
    return inverse;
  }

  private static float[] scaledRows(float[] rows, float[] factors, int columns) {
    if (factors == null) {
      return rows;
    }
    float[] scaled = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      scaled[i] = rows[i] * factors[i / columns];
    }
    return scaled;
  }

  /** Number of atoms. */
  int n() {
    return atoms.rows();
  }

  /** Dimension of an atom. */
  int d() {
    return atoms.columns();
  }

  @Override
  public void close() {
    atoms.close();
    if (autoencoder) {
      encoder.close();
      encoderBias.close();
      decoderBias.close();
    }
  }
}
