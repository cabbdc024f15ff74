package org.pursuit.data;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Handles that are allocated together or not at all: closing this closes those that were added,
 * unless {@link #complete} has been called.
 */
final class Together implements AutoCloseable {
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  /** Adds an allocated part; returns it. */
  <H extends AutoCloseable> H add(H part) {
    parts.push(part);
    return part;
  }

  /** Hands the parts over to {@code whole}, which closes them from now on; returns it. */
  <W> W complete(W whole) {
    parts.clear();
    return whole;
  }

  @Override
  public void close() {
    Closing.all(parts.toArray(AutoCloseable[]::new));
  }
}
