package org.pursuit.data;

/**
 * A sparse matrix of activations: for every row of the data a few atoms and their values.
 *
 * <p>The kinds differ in layout only; each is composed of one-dimensional handles of its backend.
 */
public abstract sealed class Codes implements AutoCloseable
    permits SlottedCodes, CsrCodes, ColumnCodes {
  private final AutoCloseable[] parts;

  Codes(AutoCloseable... parts) {
    this.parts = parts;
  }

  /** The memory that owns the parts. */
  public abstract Memory memory();

  /** Whether {@link #close()} has been called. */
  public abstract boolean isClosed();

  /** Frees every part, the rest too when one of them fails. */
  @Override
  public final void close() {
    Closing.all(parts);
  }
}
