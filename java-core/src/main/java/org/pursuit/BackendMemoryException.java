package org.pursuit;

/** An allocation did not fit. Every existing handle is intact. */
public final class BackendMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final long askedBytes;
  private final long freeBytes;

  /** An allocation of {@code what} in {@code backend} did not fit. */
  public BackendMemoryException(String backend, String what, long askedBytes, long freeBytes) {
    super(
        "backend "
            + backend
            + " is out of memory: "
            + what
            + " needs "
            + askedBytes
            + " bytes, "
            + freeBytes
            + " are free");
    this.askedBytes = askedBytes;
    this.freeBytes = freeBytes;
  }

  /** Bytes that were asked for. */
  public long askedBytes() {
    return askedBytes;
  }

  /** Bytes that were free. */
  public long freeBytes() {
    return freeBytes;
  }
}
