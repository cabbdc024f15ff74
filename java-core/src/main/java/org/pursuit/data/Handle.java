package org.pursuit.data;

/**
 * Something that lives in a backend's {@link Memory} and is closed by its user.
 *
 * <p>Closing twice does nothing. Using a closed handle throws {@link IllegalStateException}.
 */
public abstract class Handle implements AutoCloseable {
  private final Memory memory;
  private final Handle owner;
  private final long bytes;
  private boolean closed;

  /**
   * Accounts for the handle.
   *
   * @param what name and shape, for the message when the memory is exhausted
   */
  protected Handle(Memory memory, String what, long bytes) {
    memory.reserve(what, bytes);
    this.memory = memory;
    this.owner = this;
    this.bytes = bytes;
  }

  /** A view of {@code owner}'s storage: open as long as its owner is, and closed only with it. */
  protected Handle(Handle owner) {
    this.memory = owner.memory;
    this.owner = owner.owner;
    this.bytes = 0;
  }

  /** The memory that owns this handle. */
  public final Memory memory() {
    return memory;
  }

  /** Whether the storage has been freed. */
  public final boolean isClosed() {
    return owner.closed;
  }

  /** Frees the storage; does nothing the second time, and nothing on a view. */
  @Override
  public final void close() {
    if (owner == this && !closed) {
      memory.release(
          bytes,
          () -> {
            closed = true;
            free();
          });
    }
  }

  /** Frees the storage. Called once. */
  protected abstract void free();

  /**
   * @throws IllegalStateException if this handle is closed
   */
  protected final void requireOpen() {
    if (isClosed()) {
      throw new IllegalStateException(this + " is closed");
    }
  }

  /** Gives back a handle whose storage could not be had; the exception to throw. */
  final RuntimeException abandon(OutOfMemoryError cause) {
    close();
    Runtime java = Runtime.getRuntime();
    long free = java.maxMemory() - java.totalMemory() + java.freeMemory();
    RuntimeException e = memory.outOfMemory(toString(), bytes, free);
    e.initCause(cause);
    return e;
  }
}
