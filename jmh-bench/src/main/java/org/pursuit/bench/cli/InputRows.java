package org.pursuit.bench.cli;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.pursuit.io.FileFormatException;
import org.pursuit.io.MatrixFile;
import org.pursuit.io.TensorPath;

/** The rows of several files, one file after the other, as if they were one. */
final class InputRows implements AutoCloseable {
  private final Deque<TensorPath> remaining;
  private final int columns;
  private final long rows;
  private MatrixFile current;

  private InputRows(List<TensorPath> files, int columns, long rows) {
    this.remaining = new ArrayDeque<>(files);
    this.columns = columns;
    this.rows = rows;
  }

  /** Looks into every file; all must have the same number of columns. */
  static InputRows open(List<TensorPath> files) throws IOException {
    int columns = -1;
    long rows = 0;
    for (TensorPath path : files) {
      try (MatrixFile file = MatrixFile.open(path)) {
        if (columns >= 0 && file.columns() != columns) {
          throw new FileFormatException(
              path.file(),
              "columns",
              Integer.toString(file.columns()),
              columns + ", as " + files.getFirst() + " has");
        }
        columns = file.columns();
        rows = Math.addExact(rows, file.rows());
      }
    }
    return new InputRows(files, columns, rows);
  }

  int columns() {
    return columns;
  }

  /** Number of rows of all files together. */
  long rows() {
    return rows;
  }

  /**
   * Reads the next rows into the start of {@code destination}, across the ends of files.
   *
   * @return the number of rows read: {@code maxRows}, fewer at the end, and 0 after it
   */
  int read(float[] destination, int maxRows) throws IOException {
    int filled = 0;
    while (filled < maxRows && advance()) {
      int wanted = (int) Math.min(maxRows - filled, current.rows() - current.rowsRead());
      if (filled == 0) {
        current.read(destination, wanted);
      } else {
        float[] more = new float[wanted * columns];
        current.read(more, wanted);
        System.arraycopy(more, 0, destination, filled * columns, more.length);
      }
      filled += wanted;
    }
    return filled;
  }

  /** Goes to a file with rows left; false where there is none. */
  private boolean advance() throws IOException {
    while (current == null || current.rowsRead() == current.rows()) {
      if (remaining.isEmpty()) {
        return false;
      }
      close();
      current = MatrixFile.open(remaining.removeFirst());
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    if (current != null) {
      current.close();
    }
  }
}
