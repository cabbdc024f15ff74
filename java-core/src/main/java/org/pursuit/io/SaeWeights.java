package org.pursuit.io;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.pursuit.data.DType;

/**
 * The tensors of a sparse autoencoder, brought to one layout.
 *
 * @param naming whose names the file uses
 * @param latents the number of latents n
 * @param dimension the dimension d of an activation
 * @param dtype how the encoder is stored
 * @param encoder row-major [n, d]
 * @param encoderBias [n]
 * @param decoder row-major [n, d], one atom a row
 * @param decoderBias [d]
 * @param threshold [n], of a JumpReLU
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier inside the package, never compared
record SaeWeights(
    Naming naming,
    int latents,
    int dimension,
    DType dtype,
    float[] encoder,
    float[] encoderBias,
    float[] decoder,
    float[] decoderBias,
    Optional<float[]> threshold) {
  private static final String DECODER = "W_dec";
  private static final String DECODER_BIAS = "b_dec";
  private static final String THRESHOLD = "threshold";
  private static final String SKIP = "W_skip";
  private static final List<String> SCALING_FACTORS =
      List.of("scaling_factor", "finetuning_scaling_factor");

  /** Rows that are transposed at a time: one cache line is read in each, and one is written. */
  private static final int TRANSPOSED_ROWS = 64;

  /** The names of the encoder's tensors, and whether a latent is a column of its matrix. */
  enum Naming {
    SAELENS("W_enc", "b_enc", true),
    SPARSIFY("encoder.weight", "encoder.bias", false);

    private final String encoder;
    private final String encoderBias;
    private final boolean latentIsColumn;

    Naming(String encoder, String encoderBias, boolean latentIsColumn) {
      this.encoder = encoder;
      this.encoderBias = encoderBias;
      this.latentIsColumn = latentIsColumn;
    }

    private static Naming of(TensorFile file) throws FileFormatException {
      for (Naming naming : values()) {
        if (file.names().contains(naming.encoder)) {
          return naming;
        }
      }
      throw new FileFormatException(
          file.path(),
          "encoder",
          file.list(),
          "a tensor " + SAELENS.encoder + " (SAELens) or " + SPARSIFY.encoder + " (sparsify)");
    }
  }

  /** Reads the tensors; sizes are taken from the decoder. */
  static SaeWeights read(TensorFile file) throws IOException {
    Naming naming = Naming.of(file);
    TensorInfo decoder = file.find(DECODER).requireMatrix();
    decoder.requireArray();
    long n = decoder.rows();
    int d = decoder.columns();
    if (n > Integer.MAX_VALUE) {
      throw decoder.error("shape", decoder.shape().toString(), "fewer than 2^31 latents");
    }
    rejectVariants(file, n);
    TensorInfo encoder = file.find(naming.encoder).requireMatrix();
    return new SaeWeights(
        naming,
        (int) n,
        d,
        encoder.dtype(),
        naming.latentIsColumn
            ? transposed(file.reader(encoder.requireShape((long) d, n)), d, (int) n)
            : VectorFile.read(file, encoder.requireShape(n, (long) d)),
        vector(file, naming.encoderBias, n),
        VectorFile.read(file, decoder),
        vector(file, DECODER_BIAS, d),
        file.names().contains(THRESHOLD)
            ? Optional.of(vector(file, THRESHOLD, n))
            : Optional.empty());
  }

  /** Rejects tensors that would change the result and that the layout has no place for. */
  private static void rejectVariants(TensorFile file, long latents) throws IOException {
    if (file.names().contains(SKIP)) {
      throw new FileFormatException(
          file.path(), "tensor " + SKIP, "a skip connection", "none: it is not supported");
    }
    for (String name : SCALING_FACTORS) {
      if (file.names().contains(name)) {
        for (float factor : vector(file, name, latents)) {
          if (factor != 1) {
            throw new FileFormatException(
                file.path(), "tensor " + name, Float.toString(factor), "1 throughout");
          }
        }
      }
    }
  }

  private static float[] vector(TensorFile file, String name, long length) throws IOException {
    return VectorFile.read(file, file.find(name).requireVector().requireShape(length));
  }

  private static float[] transposed(TensorReader reader, int rows, int columns) throws IOException {
    float[] transposed = new float[rows * columns];
    float[] band = new float[Math.min(rows, TRANSPOSED_ROWS) * columns];
    for (int first = 0; first < rows; first += TRANSPOSED_ROWS) {
      int height = Math.min(TRANSPOSED_ROWS, rows - first);
      reader.read(band, height * columns);
      for (int column = 0; column < columns; column++) {
        for (int row = 0; row < height; row++) {
          transposed[column * rows + first + row] = band[row * columns + column];
        }
      }
    }
    return transposed;
  }
}
