package org.pursuit.data;

/**
 * The entries of codes in Java arrays, row by row, whatever the layout: those of row r are {@code
 * begin(r) … end(r)} of indices and values.
 */
@SuppressWarnings("ArrayRecordComponent") // a view, never compared
public record HostEntries(
    int rows, int[] indices, float[] values, long[] offsets, int[] counts, int k) {
  /** The filled slots. */
  public static HostEntries of(SlottedCodes codes) {
    return new HostEntries(
        codes.rows(),
        ((HostInts) codes.indices()).array(),
        ((HostFloats) codes.values()).array(),
        null,
        ((HostInts) codes.counts()).array(),
        codes.k());
  }

  /** The entries in their order. */
  public static HostEntries of(CsrCodes codes) {
    return new HostEntries(
        codes.rows(),
        ((HostInts) codes.columns()).array(),
        ((HostFloats) codes.values()).array(),
        ((HostLongs) codes.offsets()).array(),
        null,
        0);
  }

  /** Rows without entries. */
  public static HostEntries none(int rows) {
    return new HostEntries(rows, new int[0], new float[0], null, new int[rows], 0);
  }

  /** Where a row's first entry stands. */
  public int begin(int row) {
    return offsets == null ? row * k : (int) offsets[row];
  }

  /** Where a row's entries end. */
  public int end(int row) {
    return offsets == null ? row * k + counts[row] : (int) offsets[row + 1];
  }

  /** Where a row's slots end, filled or not. */
  public int slotsEnd(int row) {
    return offsets == null ? (row + 1) * k : end(row);
  }
}
