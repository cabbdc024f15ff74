package org.pursuit.scalar;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.SlottedCodes;

/**
 * The entries of codes of either layout: row b's lie from {@link #begin} to {@link #end}.
 *
 * @param counts null where the codes are row-compressed, and then there are offsets
 */
@SuppressWarnings("ArrayRecordComponent") // the codes' own arrays, never compared
record Entries(int rows, int k, int[] indices, float[] values, int[] counts, long[] offsets) {
  static Entries of(SlottedCodes codes) {
    return new Entries(
        codes.rows(),
        codes.k(),
        ((HostInts) codes.indices()).array(),
        ((HostFloats) codes.values()).array(),
        ((HostInts) codes.counts()).array(),
        null);
  }

  static Entries of(CsrCodes codes) {
    return new Entries(
        codes.rows(),
        0,
        ((HostInts) codes.columns()).array(),
        ((HostFloats) codes.values()).array(),
        null,
        ((HostLongs) codes.offsets()).array());
  }

  /** Rows without entries. */
  static Entries none(int rows) {
    return new Entries(rows, 0, new int[0], new float[0], new int[rows], null);
  }

  int begin(int row) {
    return offsets == null ? row * k : (int) offsets[row];
  }

  int end(int row) {
    return offsets == null ? row * k + counts[row] : (int) offsets[row + 1];
  }

  /** Where the row's slots end, filled or not. */
  int slotsEnd(int row) {
    return offsets == null ? (row + 1) * k : end(row);
  }
}
