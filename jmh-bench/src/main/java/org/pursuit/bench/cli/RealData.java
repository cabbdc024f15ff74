package org.pursuit.bench.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.pursuit.Backend;
import org.pursuit.io.MatrixFile;

/**
 * The real data that is packed with the program: hidden states of bge-small-en-v1.5 after block 8,
 * and an autoencoder trained on such. Readers want files, so a resource is copied to a private
 * folder while it is read.
 */
final class RealData {
  private static final String FOLDER = "/org/pursuit/real/";
  private static final String ACTIVATIONS = "acts_bge_small_L08_small_f16.npy";
  private static final String AUTOENCODER = "sae_bge_small_L08_m2048_k32.safetensors";

  private RealData() {}

  private interface Reader<T> {
    T read(Path file) throws IOException;
  }

  /** The first {@code rows} activations, or all if there are fewer, row-major. */
  static float[] activations(int rows) throws IOException {
    return read(
        ACTIVATIONS,
        path -> {
          try (MatrixFile file = MatrixFile.open(path)) {
            int count = (int) Math.min(rows, file.rows());
            float[] values = new float[count * file.columns()];
            file.read(values, count);
            return values;
          }
        });
  }

  /** The autoencoder. */
  static SparseModel autoencoder(Backend backend) throws IOException {
    return read(AUTOENCODER, path -> SparseModel.autoencoder(backend, path));
  }

  private static <T> T read(String name, Reader<T> reader) throws IOException {
    Path folder = Files.createTempDirectory("pursuit-");
    Path file = folder.resolve(name);
    try {
      try (InputStream resource = RealData.class.getResourceAsStream(FOLDER + name)) {
        if (resource == null) {
          throw new FailedException("the program lacks its data " + FOLDER + name);
        }
        Files.copy(resource, file);
      }
      return reader.read(file);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }
}
