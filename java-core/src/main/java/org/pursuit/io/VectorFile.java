package org.pursuit.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads one-dimensional tensors, such as a bias, from the files and element types of {@link
 * MatrixFile}.
 */
public final class VectorFile {
  private VectorFile() {}

  /**
   * Reads {@code FILE[:TENSOR]}, split by {@link TensorPath#parse}, widened to float32. The tensor
   * may be left out where the file holds only one vector.
   *
   * @throws FileFormatException if the file is malformed, or holds no such vector
   */
  public static float[] read(String location) throws IOException {
    return read(TensorPath.parse(location));
  }

  /**
   * Reads the vector of this name, widened to float32.
   *
   * @throws FileFormatException if the file is malformed, or holds no such vector
   */
  public static float[] read(Path file, String tensor) throws IOException {
    return read(new TensorPath(file, Optional.of(tensor)));
  }

  /**
   * Reads a vector, widened to float32.
   *
   * @throws FileFormatException if the file is malformed, or holds no such vector
   */
  public static float[] read(TensorPath location) throws IOException {
    try (TensorFile file = TensorFile.open(location.file())) {
      return read(file, file.find(location.tensor(), 1).requireVector());
    }
  }

  /** Reads a whole tensor of floating-point elements. */
  static float[] read(TensorFile file, TensorInfo info) throws IOException {
    float[] elements = new float[info.requireArray()];
    file.reader(info).read(elements, elements.length);
    return elements;
  }
}
