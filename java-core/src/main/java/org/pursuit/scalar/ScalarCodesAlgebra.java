package org.pursuit.scalar;

import java.util.Arrays;
import java.util.Objects;
import org.pursuit.CapacityException;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostEntries;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.Ints;
import org.pursuit.data.SlottedCodes;

/** The algebra of codes, row after row. */
final class ScalarCodesAlgebra {
  private final Scratch scratch;

  ScalarCodesAlgebra(Scratch scratch) {
    this.scratch = scratch;
  }

  void coalesce(SlottedCodes codes, FixedWidthCodes out) {
    HostEntries all = HostEntries.of(codes);
    HostEntries none = HostEntries.none(all.rows());
    for (int b = 0; b < out.rows(); b++) {
      int count = merge(1, all, 0, none, b, false, row(out, b), indices(out), values(out));
      finish(out, b, count);
    }
  }

  void axpby(float alpha, SlottedCodes a, float beta, SlottedCodes b, FixedWidthCodes out) {
    for (int row = 0; row < out.rows(); row++) {
      int at = row(out, row);
      HostEntries left = HostEntries.of(a);
      int count =
          merge(alpha, left, beta, HostEntries.of(b), row, false, at, indices(out), values(out));
      finish(out, row, count);
    }
  }

  void intersect(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    for (int row = 0; row < out.rows(); row++) {
      int at = row(out, row);
      int count =
          merge(
              1, HostEntries.of(a), 0, HostEntries.of(b), row, true, at, indices(out), values(out));
      finish(out, row, count);
    }
  }

  void concat(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    for (int row = 0; row < a.rows(); row++) {
      copy(HostEntries.of(a), row, out, row);
    }
    for (int row = 0; row < b.rows(); row++) {
      copy(HostEntries.of(b), row, out, a.rows() + row);
    }
  }

  void toCsr(SlottedCodes codes, CsrCodes out) {
    HostEntries all = HostEntries.of(codes);
    HostEntries none = HostEntries.none(all.rows());
    long[] offsets = ((HostLongs) out.offsets()).array();
    int[] columns = ((HostInts) out.columns()).array();
    float[] values = ((HostFloats) out.values()).array();
    int[] rowColumns = scratch.rows(codes.k());
    float[] rowValues = scratch.x(codes.k());
    long total = 0;
    offsets[0] = 0;
    for (int b = 0; b < codes.rows(); b++) {
      int count = merge(1, all, 0, none, b, false, 0, rowColumns, rowValues);
      for (int e = 0; e < count; e++, total++) {
        Objects.checkIndex(rowColumns[e], out.columnCount());
        if (total < out.capacity()) {
          columns[(int) total] = rowColumns[e];
          values[(int) total] = rowValues[e];
        }
      }
      offsets[b + 1] = total;
    }
    requireFits(total, out);
  }

  void toFixedWidth(CsrCodes codes, FixedWidthCodes out, Ints totals) {
    HostEntries all = HostEntries.of(codes);
    for (int b = 0; b < out.rows(); b++) {
      copy(all, b, out, b);
      if (totals != null) {
        ((HostInts) totals).array()[b] = all.end(b) - all.begin(b);
      }
    }
  }

  void transpose(CsrCodes codes, CsrCodes out) {
    HostEntries all = HostEntries.of(codes);
    long[] offsets = ((HostLongs) out.offsets()).array();
    long total = codes.rows() == 0 ? 0 : all.end(codes.rows() - 1);
    requireFits(total, out);
    int at = 0;
    long[] order = scratch.ranks((int) total);
    int[] rowOf = scratch.rows((int) total);
    for (int b = 0; b < codes.rows(); b++) {
      for (int e = all.begin(b); e < all.end(b); e++) {
        order[e] = (long) Objects.checkIndex(all.indices()[e], out.rows()) << 32 | e;
        rowOf[e] = b;
      }
    }
    Arrays.sort(order, 0, (int) total);
    for (int column = 0; column < out.rows(); column++) {
      offsets[column] = at;
      for (; at < total && order[at] >> 32 == column; at++) {
        int e = (int) order[at];
        ((HostInts) out.columns()).array()[at] = rowOf[e];
        ((HostFloats) out.values()).array()[at] = all.values()[e];
      }
    }
    offsets[out.rows()] = at;
  }

  private static void requireFits(long entries, CsrCodes out) {
    if (entries > out.capacity()) {
      Arrays.fill(((HostLongs) out.offsets()).array(), 0);
      throw new CapacityException(entries);
    }
  }

  /** A row's entries, as many as there are slots for. */
  private static void copy(HostEntries from, int row, FixedWidthCodes out, int outRow) {
    int count = Math.min(from.end(row) - from.begin(row), out.k());
    int at = row(out, outRow);
    System.arraycopy(from.indices(), from.begin(row), indices(out), at, count);
    System.arraycopy(from.values(), from.begin(row), values(out), at, count);
    finish(out, outRow, count);
  }

  /**
   * Merges a row of a and b by index: {@code α·a + β·b}, or only the indices of both.
   *
   * @return how many indices that gives
   */
  private int merge(
      float alpha,
      HostEntries a,
      float beta,
      HostEntries b,
      int row,
      boolean both,
      int at,
      int[] outIndices,
      float[] outValues) {
    int ofA = a.end(row) - a.begin(row);
    int entries = ofA + b.end(row) - b.begin(row);
    long[] order = scratch.ranks(entries);
    for (int e = 0; e < entries; e++) {
      int index = e < ofA ? a.indices()[a.begin(row) + e] : b.indices()[b.begin(row) + e - ofA];
      order[e] = (long) index << 32 | e;
    }
    Arrays.sort(order, 0, entries);
    int count = 0;
    for (int s = 0; s < entries; ) {
      int index = (int) (order[s] >> 32);
      double sum = 0;
      boolean inA = false;
      boolean inB = false;
      for (; s < entries && (int) (order[s] >> 32) == index; s++) {
        int e = (int) order[s];
        if (e < ofA) {
          sum += (double) alpha * a.values()[a.begin(row) + e];
          inA = true;
        } else {
          sum += both ? 0 : (double) beta * b.values()[b.begin(row) + e - ofA];
          inB = true;
        }
      }
      if (!both || (inA && inB)) {
        outIndices[at + count] = index;
        outValues[at + count++] = (float) sum;
      }
    }
    return count;
  }

  /** Empties the slots behind a row's entries. */
  private static void finish(FixedWidthCodes out, int row, int count) {
    int at = row(out, row);
    Arrays.fill(indices(out), at + count, at + out.k(), -1);
    Arrays.fill(values(out), at + count, at + out.k(), 0);
    ((HostInts) out.counts()).array()[row] = count;
  }

  private static int row(FixedWidthCodes codes, int row) {
    return row * codes.k();
  }

  private static int[] indices(FixedWidthCodes codes) {
    return ((HostInts) codes.indices()).array();
  }

  private static float[] values(FixedWidthCodes codes) {
    return ((HostFloats) codes.values()).array();
  }
}
