package org.pursuit;

/**
 * Row-compressed codes or a row-sparse matrix were too small for a kernel's result, whose size is
 * known only once it has been computed; they have been left empty. Thrown by the call itself where
 * a backend computes on the host, and by the next wait where it does not.
 */
public final class CapacityException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final long needed;

  /** Codes with room for {@code needed} entries would have done. */
  public CapacityException(long needed) {
    super(
        "out: expected room for "
            + needed
            + " entries, found a smaller capacity; the codes are left empty");
    this.needed = needed;
  }

  private CapacityException(String message, long needed) {
    super(message);
    this.needed = needed;
  }

  /** A row-sparse matrix with room for {@code needed} active rows would have done. */
  public static CapacityException ofActiveRows(long needed) {
    return new CapacityException(
        "row-sparse matrix: expected room for "
            + needed
            + " active rows, found a smaller capacity; it is left without any",
        needed);
  }

  /** The capacity that the result needs. */
  public long needed() {
    return needed;
  }
}
