package org.pursuit.bench.cli;

import java.io.IOException;
import java.util.List;
import org.pursuit.data.SlottedCodes;
import org.pursuit.io.CodesFile;
import org.pursuit.io.SafetensorsWriter;
import org.pursuit.io.TensorSpec;

/** Codes of a batch of rows in Java arrays, between a backend and a file. */
final class HostCodes {
  private final int rows;
  private final int k;
  private final int[] indices;
  private final float[] values;
  private final int[] counts;

  HostCodes(int rows, int k) {
    this.rows = rows;
    this.k = k;
    this.indices = new int[rows * k];
    this.values = new float[rows * k];
    this.counts = new int[rows];
  }

  int rows() {
    return rows;
  }

  int k() {
    return k;
  }

  int count(int row) {
    return counts[row];
  }

  int index(int row, int slot) {
    return indices[row * k + slot];
  }

  float value(int row, int slot) {
    return values[row * k + slot];
  }

  /** Takes the codes of a backend. */
  void download(SlottedCodes codes) {
    codes.indices().download(indices);
    codes.values().download(values);
    codes.counts().download(counts);
  }

  /** Gives these codes to a backend. */
  void upload(SlottedCodes codes) {
    codes.upload(indices, values, counts);
  }

  /** Reads the next rows of a file, as many as these codes have. */
  void read(CodesFile file) throws IOException {
    file.read(indices, values, counts, rows);
  }

  /** Appends these codes to a file that {@link CodesFile#layout} laid out. */
  void append(SafetensorsWriter file, List<TensorSpec> layout) throws IOException {
    file.append(layout.get(0).name(), indices, indices.length);
    file.append(layout.get(1).name(), values, values.length);
    file.append(layout.get(2).name(), counts, counts.length);
  }
}
