package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMatrix;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Write;

/** Rows of codes brought together segment by segment, entry after entry into a dense row. */
final class VectorSegments {
  private final Workers workers;
  private final Workers.Task reduce = this::reduceSegments;

  private HostEntries codes;
  private long[] segments;
  private int firstColumn;
  private Reduction reduction;
  private boolean overwrites;
  private HostMatrix out;

  VectorSegments(Workers workers) {
    this.workers = workers;
  }

  void reduce(
      HostEntries codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    this.codes = codes;
    this.segments = ((HostLongs) segments).array();
    this.firstColumn = firstColumn;
    this.reduction = reduction;
    this.overwrites = write == Write.OVERWRITE;
    this.out = (HostMatrix) out;
    try {
      workers.run(reduce, out.rows(), workers.chunk(out.rows(), 16));
    } finally {
      this.codes = null;
      this.segments = null;
    }
  }

  private void reduceSegments(int worker, int from, int to) {
    int columns = out.columns();
    for (int s = from; s < to; s++) {
      float[] row = out.floats(s);
      int at = out.offset(s);
      if (overwrites) {
        Arrays.fill(row, at, at + columns, 0);
      }
      int end = Math.clamp(segments[s + 1], 0, codes.rows());
      for (int b = Math.clamp(segments[s], 0, codes.rows()); b < end; b++) {
        int first = codes.begin(b);
        int last = codes.end(b);
        switch (reduction.kind()) {
          case MAXIMUM -> largest(first, last, row, at, columns);
          case SUM -> add(first, last, row, at, columns);
          case COUNT -> count(first, last, row, at, columns);
        }
      }
    }
  }

  private void largest(int first, int last, float[] row, int at, int columns) {
    int[] indices = codes.indices();
    float[] values = codes.values();
    for (int e = first; e < last; e++) {
      int j = indices[e] - firstColumn;
      if (j >= 0 && j < columns) {
        row[at + j] = Math.max(row[at + j], values[e]);
      }
    }
  }

  private void add(int first, int last, float[] row, int at, int columns) {
    int[] indices = codes.indices();
    float[] values = codes.values();
    for (int e = first; e < last; e++) {
      int j = indices[e] - firstColumn;
      if (j >= 0 && j < columns) {
        row[at + j] += values[e];
      }
    }
  }

  private void count(int first, int last, float[] row, int at, int columns) {
    int[] indices = codes.indices();
    float[] values = codes.values();
    float low = reduction.fired().low();
    float high = reduction.fired().high();
    for (int e = first; e < last; e++) {
      int j = indices[e] - firstColumn;
      if (j >= 0 && j < columns) {
        row[at + j] += low <= values[e] && values[e] <= high ? 0 : 1;
      }
    }
  }
}
