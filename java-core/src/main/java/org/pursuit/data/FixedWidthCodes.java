package org.pursuit.data;

/** Codes of at most k distinct atoms a row, as a selection writes them. */
public final class FixedWidthCodes extends SlottedCodes {
  private FixedWidthCodes(Parts parts) {
    super(parts);
  }

  static FixedWidthCodes allocate(Memory memory, int rows, int k) {
    return new FixedWidthCodes(Parts.allocate(memory, rows, k));
  }

  @Override
  public String toString() {
    return "codes [" + rows() + ", " + k() + "]";
  }
}
