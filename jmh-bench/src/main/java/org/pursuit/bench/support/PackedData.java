package org.pursuit.bench.support;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The real data that is packed with the program, in pursuit-core's tests jar: hidden states of
 * bge-small-en-v1.5 after block 8, and an autoencoder trained on such.
 */
public enum PackedData {
  /** float16 rows [4096, 384]. */
  ACTIVATIONS("acts_bge_small_L08_small_f16.npy"),
  /** A TopK autoencoder of 2048 latents, k 32. */
  AUTOENCODER("sae_bge_small_L08_m2048_k32.safetensors");

  private static final String FOLDER = "/org/pursuit/real/";

  private final String file;

  PackedData(String file) {
    this.file = file;
  }

  /** Reads a file. */
  public interface Reader<T> {
    /** Reads {@code file}, which exists only during the call. */
    T read(Path file) throws IOException;
  }

  /** Reads this data; readers want files, so the resource is copied to a private folder. */
  public <T> T read(Reader<T> reader) throws IOException {
    try (InputStream resource = PackedData.class.getResourceAsStream(FOLDER + file)) {
      if (resource == null) {
        throw new FileNotFoundException("the program lacks its data " + FOLDER + file);
      }
      Path folder = Files.createTempDirectory("pursuit-");
      Path copy = folder.resolve(file);
      try {
        Files.copy(resource, copy);
        return reader.read(copy);
      } finally {
        Files.deleteIfExists(copy);
        Files.delete(folder);
      }
    }
  }
}
