package org.pursuit.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Writes a row-major float32 matrix to a {@code .npy} file of format version 1.0, appending batches
 * of rows; their number need not be known in advance, and may exceed 2<sup>31</sup>.
 *
 * <p>The target appears, or is replaced, only by {@link #commit}: the rows go to a temporary file
 * beside it, which {@link #close} deletes if they have not been committed.
 *
 * <p>Used by one thread at a time.
 */
public final class NpyWriter implements AutoCloseable {
  /** Room for the largest row and column counts; the header is written last. */
  private static final int HEADER_BYTES = 128;

  private static final byte[] MAGIC_AND_VERSION = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

  private final PartialFile file;
  private final TensorWriter rows;
  private final int columns;
  private long rowsWritten;

  private NpyWriter(PartialFile file, int columns) {
    this.file = file;
    this.rows = new TensorWriter(file.channel(), HEADER_BYTES);
    this.columns = columns;
  }

  /**
   * Starts a file.
   *
   * @param target the file to create or to replace
   * @param columns the number of columns, at least 0
   * @throws java.nio.file.FileSystemException if the target's folder does not exist or is not
   *     writable
   */
  public static NpyWriter create(Path target, int columns) throws IOException {
    if (columns < 0) {
      throw new IllegalArgumentException("columns: found " + columns + ", expected at least 0");
    }
    return new NpyWriter(PartialFile.create(target), columns);
  }

  /**
   * Appends rows.
   *
   * @param elements the rows, from the start of the array on, row-major
   * @param count the number of rows, at least 0
   */
  public void append(float[] elements, int count) throws IOException {
    requireOpen();
    if (count < 0 || (long) count * columns > elements.length) {
      throw new IllegalArgumentException(
          "count: found "
              + count
              + " rows of "
              + columns
              + " columns, expected at most the "
              + elements.length
              + " elements given");
    }
    rows.write(elements, count * columns);
    rowsWritten += count;
  }

  /**
   * Gives the file its name, which is atomic; afterwards it holds all rows appended.
   *
   * @throws IOException if that fails; the target is then as it was
   */
  public void commit() throws IOException {
    requireOpen();
    file.channel().truncate(rows.end());
    Channels.write(file.channel(), header(), 0);
    file.commit();
  }

  private ByteBuffer header() {
    String dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': ("
            + rowsWritten
            + ", "
            + columns
            + "), }";
    int length = HEADER_BYTES - MAGIC_AND_VERSION.length - Short.BYTES;
    String padded = dictionary + " ".repeat(length - 1 - dictionary.length()) + "\n";
    return ByteBuffer.allocate(HEADER_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC_AND_VERSION)
        .putShort((short) length)
        .put(padded.getBytes(StandardCharsets.ISO_8859_1))
        .flip();
  }

  private void requireOpen() {
    if (file.isCommitted()) {
      throw new IllegalStateException("the file is committed");
    }
  }

  /** Deletes the temporary file if it has not been committed. A second call does nothing. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
