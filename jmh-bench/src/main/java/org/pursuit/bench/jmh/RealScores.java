package org.pursuit.bench.jmh;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.pursuit.bench.support.PackedData;
import org.pursuit.io.MatrixFile;
import org.pursuit.io.SaeCheckpoint;

/**
 * Pre-activations {@code W·(x − b_dec) + b_enc} of a trained sparse autoencoder on real
 * activations: hidden states of bge-small-en-v1.5. Computed by plain loops, so that every backend
 * selects from the same scores.
 */
final class RealScores {
  private RealScores() {}

  /**
   * A score matrix, row-major. A row that is wider than the autoencoder joins the pre-activations
   * of as many tokens as it takes; after the last token comes the first again.
   *
   * @param columns a multiple of the autoencoder's width
   */
  static float[] matrix(int rows, int columns) {
    SaeCheckpoint autoencoder = read(PackedData.AUTOENCODER, SaeCheckpoint::load);
    int n = autoencoder.latents();
    if (columns % n != 0) {
      throw new IllegalArgumentException(
          "shape: real data need a multiple of " + n + " columns, found " + columns);
    }
    float[] activations = read(PackedData.ACTIVATIONS, RealScores::readAll);
    float[] scores = new float[Math.multiplyExact(rows, columns)];
    int tokens = Math.min(scores.length / n, activations.length / autoencoder.dimension());
    encode(autoencoder, activations, tokens, scores);
    for (int token = tokens; token < scores.length / n; token++) {
      System.arraycopy(scores, (token - tokens) * n, scores, token * n, n);
    }
    return scores;
  }

  private static void encode(
      SaeCheckpoint autoencoder, float[] activations, int tokens, float[] scores) {
    int n = autoencoder.latents();
    int d = autoencoder.dimension();
    float[] weights = transposed(autoencoder.encoder(), n, d);
    float[] score = new float[n];
    for (int token = 0; token < tokens; token++) {
      System.arraycopy(autoencoder.encoderBias(), 0, score, 0, n);
      for (int i = 0; i < d; i++) {
        float x = activations[token * d + i] - autoencoder.decoderBias()[i];
        addScaled(score, x, weights, i * n);
      }
      System.arraycopy(score, 0, scores, token * n, n);
    }
  }

  private static float[] transposed(float[] matrix, int rows, int columns) {
    float[] transposed = new float[matrix.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        transposed[column * rows + row] = matrix[row * columns + column];
      }
    }
    return transposed;
  }

  private static void addScaled(float[] sum, float scale, float[] addend, int at) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += scale * addend[at + i];
    }
  }

  private static float[] readAll(Path path) throws IOException {
    try (MatrixFile file = MatrixFile.open(path)) {
      return file.readAll();
    }
  }

  private static <T> T read(PackedData data, PackedData.Reader<T> reader) {
    try {
      return data.read(reader);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
