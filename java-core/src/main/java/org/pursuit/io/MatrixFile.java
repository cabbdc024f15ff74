package org.pursuit.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.pursuit.data.DType;

/**
 * A row-major matrix [rows, columns] in a {@code .npy}, {@code .npz} or {@code .safetensors} file,
 * read from its first row to its last. Elements are stored as float32, float16 or (safetensors
 * only) bfloat16, little-endian, and are widened to float32, which is exact. Memory does not grow
 * with the matrix, whose bytes may exceed 2<sup>31</sup>.
 *
 * <pre>{@code
 * try (MatrixFile file = MatrixFile.open("activations.npz:layer8")) {
 *   float[] batch = new float[1024 * file.columns()];
 *   for (int rows; (rows = file.read(batch, 1024)) > 0; ) {
 *     …
 *   }
 * }
 * }</pre>
 *
 * <p>Used by one thread at a time.
 */
public final class MatrixFile implements AutoCloseable {
  private final TensorFile file;
  private final TensorReader reader;
  private final long rows;
  private final int columns;
  private long rowsRead;

  private MatrixFile(TensorFile file, TensorInfo info) throws IOException {
    this.file = file;
    this.reader = file.reader(info);
    this.rows = info.rows();
    this.columns = info.columns();
  }

  /**
   * Opens {@code FILE[:TENSOR]}, split by {@link TensorPath#parse}. The tensor may be left out
   * where the file holds only one matrix.
   *
   * @throws FileFormatException if the file is malformed, or holds no such matrix
   */
  public static MatrixFile open(String location) throws IOException {
    return open(TensorPath.parse(location));
  }

  /**
   * Opens the only matrix of a file.
   *
   * @throws FileFormatException if the file is malformed, or holds several matrices or none
   */
  public static MatrixFile open(Path file) throws IOException {
    return open(new TensorPath(file, Optional.empty()));
  }

  /**
   * Opens the matrix of this name.
   *
   * @throws FileFormatException if the file is malformed, or holds no such matrix
   */
  public static MatrixFile open(Path file, String tensor) throws IOException {
    return open(new TensorPath(file, Optional.of(tensor)));
  }

  /**
   * Opens a matrix.
   *
   * @throws FileFormatException if the file is malformed, or holds no such matrix
   */
  public static MatrixFile open(TensorPath location) throws IOException {
    TensorFile file = TensorFile.open(location.file());
    try {
      return new MatrixFile(file, file.find(location.tensor(), 2).requireMatrix());
    } catch (Throwable t) {
      file.close();
      throw t;
    }
  }

  /** The file. */
  public Path path() {
    return file.path();
  }

  /** The tensor's name in the file; empty for a {@code .npy} file. */
  public String tensor() {
    return reader.info().name();
  }

  /** Number of rows. */
  public long rows() {
    return rows;
  }

  /** Number of columns. */
  public int columns() {
    return columns;
  }

  /** The format in which elements are stored. */
  public DType dtype() {
    return reader.info().dtype();
  }

  /** Number of rows read so far. */
  public long rowsRead() {
    return rowsRead;
  }

  /**
   * Reads the next rows into the start of {@code destination}, row-major.
   *
   * @param destination room for {@code maxRows} rows
   * @param maxRows the most rows to read, at least 1
   * @return the number of rows read: {@code maxRows}, fewer at the end, and 0 after it
   * @throws FileFormatException if the data end too early or an archive's member is damaged
   */
  public int read(float[] destination, int maxRows) throws IOException {
    if (maxRows < 1) {
      throw new IllegalArgumentException("maxRows: found " + maxRows + ", expected at least 1");
    }
    if (destination.length < (long) maxRows * columns) {
      throw new IllegalArgumentException(
          "destination: found "
              + destination.length
              + " elements, expected at least maxRows * columns = "
              + (long) maxRows * columns);
    }
    int count = (int) Math.min(maxRows, rows - rowsRead);
    reader.read(destination, count * columns);
    rowsRead += count;
    return count;
  }

  /**
   * Reads the rows not read yet: all of them on a file just opened.
   *
   * @throws FileFormatException if the matrix has 2<sup>31</sup> elements or more, or as {@link
   *     #read}
   */
  public float[] readAll() throws IOException {
    reader.info().requireArray();
    float[] elements = new float[Math.toIntExact((rows - rowsRead) * columns)];
    reader.read(elements, elements.length);
    rowsRead = rows;
    return elements;
  }

  /** Closes the file. A second call does nothing. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
