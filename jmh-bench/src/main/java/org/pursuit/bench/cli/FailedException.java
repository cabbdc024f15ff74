package org.pursuit.bench.cli;

/** A command cannot do what it was asked, for the reason that the message gives. */
final class FailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  FailedException(String message) {
    super(message);
  }
}
