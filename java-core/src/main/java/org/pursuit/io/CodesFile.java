package org.pursuit.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Sparse codes of a fixed width k in a file, read in batches of rows: the tensors {@code indices}
 * int32 [rows, k], {@code values} float32 [rows, k] and {@code counts} int32 [rows]. Row r uses its
 * first {@code counts[r]} slots; the others hold the index −1 and the value 0.
 *
 * <p>Every row is checked as it is read. Used by one thread at a time.
 */
public final class CodesFile implements AutoCloseable {
  private static final String INDICES = "indices";
  private static final String VALUES = "values";
  private static final String COUNTS = "counts";

  private final TensorFile file;
  private final TensorReader indices;
  private final TensorReader values;
  private final TensorReader counts;
  private final long rows;
  private final int k;
  private final int atoms;
  private long rowsRead;

  private CodesFile(TensorFile file, int atoms) throws IOException {
    TensorInfo shape = file.find(VALUES).requireMatrix();
    this.file = file;
    this.rows = shape.rows();
    this.k = shape.columns();
    this.atoms = atoms;
    this.indices = file.reader(file.find(INDICES).require(ElementType.I32, rows, (long) k));
    this.values = file.reader(shape.require(ElementType.F32, rows, (long) k));
    this.counts = file.reader(file.find(COUNTS).require(ElementType.I32, rows));
  }

  /**
   * Opens a file of codes over any number of atoms.
   *
   * @throws FileFormatException if the file is malformed or lacks one of the tensors
   */
  public static CodesFile open(Path file) throws IOException {
    return open(file, Integer.MAX_VALUE);
  }

  /**
   * Opens a file of codes whose indices must be below {@code atoms}.
   *
   * @throws FileFormatException if the file is malformed or lacks one of the tensors
   */
  public static CodesFile open(Path file, int atoms) throws IOException {
    if (atoms < 0) {
      throw new IllegalArgumentException("atoms: found " + atoms + ", expected at least 0");
    }
    TensorFile tensors = TensorFile.open(file);
    try {
      return new CodesFile(tensors, atoms);
    } catch (Throwable t) {
      tensors.close();
      throw t;
    }
  }

  /** The tensors that a {@link SafetensorsWriter} writes for such a file. */
  public static List<TensorSpec> layout(long rows, int k) {
    return List.of(
        TensorSpec.int32(INDICES, rows, k),
        TensorSpec.float32(VALUES, rows, k),
        TensorSpec.int32(COUNTS, rows));
  }

  /** Number of rows. */
  public long rows() {
    return rows;
  }

  /** Number of slots of a row. */
  public int k() {
    return k;
  }

  /** Number of rows read so far. */
  public long rowsRead() {
    return rowsRead;
  }

  /**
   * Reads and checks the next rows into the start of the arrays.
   *
   * @param indices room for {@code maxRows} rows of k
   * @param values room for {@code maxRows} rows of k
   * @param counts room for {@code maxRows}
   * @param maxRows the most rows to read, at least 1
   * @return the number of rows read: {@code maxRows}, fewer at the end, and 0 after it
   * @throws FileFormatException if a count, an index or an unused slot is not as it must be
   */
  public int read(int[] indices, float[] values, int[] counts, int maxRows) throws IOException {
    if (maxRows < 1) {
      throw new IllegalArgumentException("maxRows: found " + maxRows + ", expected at least 1");
    }
    requireRoom(INDICES, indices.length, (long) maxRows * k);
    requireRoom(VALUES, values.length, (long) maxRows * k);
    requireRoom(COUNTS, counts.length, maxRows);
    int count = (int) Math.min(maxRows, rows - rowsRead);
    this.indices.read(indices, count * k);
    this.values.read(values, count * k);
    this.counts.read(counts, count);
    for (int row = 0; row < count; row++) {
      check(row, indices, values, counts[row]);
    }
    rowsRead += count;
    return count;
  }

  private static void requireRoom(String array, int found, long expected) {
    if (found < expected) {
      throw new IllegalArgumentException(
          array + ": found " + found + " elements, expected at least " + expected);
    }
  }

  private void check(int row, int[] indices, float[] values, int count) throws FileFormatException {
    if (count < 0 || count > k) {
      throw error(COUNTS, row, "", Integer.toString(count), "0 to k = " + k);
    }
    for (int slot = 0; slot < k; slot++) {
      int index = indices[row * k + slot];
      float value = values[row * k + slot];
      if (slot < count) {
        if (index < 0 || index >= atoms) {
          throw error(INDICES, row, ", " + slot, Integer.toString(index), "0 to " + (atoms - 1));
        }
      } else if (index != -1) {
        throw error(INDICES, row, ", " + slot, Integer.toString(index), unused("-1", count));
      } else if (value != 0) {
        throw error(VALUES, row, ", " + slot, Float.toString(value), unused("0", count));
      }
    }
  }

  private static String unused(String content, int count) {
    return content + " in a slot past the count " + count;
  }

  private FileFormatException error(
      String tensor, int row, String slot, String found, String expected) {
    String field = tensor + "[" + (rowsRead + row) + slot + "]";
    return new FileFormatException(file.path(), field, found, expected);
  }

  /** Closes the file. A second call does nothing. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
