package org.pursuit.io;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A place of the form {@code FILE[:TENSOR]}: a file and, where it holds several, the tensor in it.
 *
 * @param file the file
 * @param tensor the tensor's name; empty where the file's only suitable tensor is meant
 */
public record TensorPath(Path file, Optional<String> tensor) {
  /** Rejects {@code null}. */
  public TensorPath {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(tensor, "tensor");
  }

  /**
   * Splits {@code FILE[:TENSOR]}. Both halves may contain colons: the file is the longest existing
   * one; where none exists, the part that ends in a known file name extension, else the whole text.
   */
  public static TensorPath parse(String text) {
    if (Files.exists(Path.of(text))) {
      return new TensorPath(Path.of(text), Optional.empty());
    }
    int extension = -1;
    for (int colon = text.lastIndexOf(':'); colon > 0; colon = text.lastIndexOf(':', colon - 1)) {
      if (Files.isRegularFile(Path.of(text.substring(0, colon)))) {
        return split(text, colon);
      }
      if (extension < 0 && TensorFile.hasKnownExtension(text.substring(0, colon))) {
        extension = colon;
      }
    }
    return extension > 0 ? split(text, extension) : new TensorPath(Path.of(text), Optional.empty());
  }

  private static TensorPath split(String text, int colon) {
    return new TensorPath(
        Path.of(text.substring(0, colon)), Optional.of(text.substring(colon + 1)));
  }

  /** The text that {@link #parse} takes. */
  @Override
  public String toString() {
    return tensor.map(name -> file + ":" + name).orElseGet(file::toString);
  }
}
