package org.pursuit.bench.cli;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Where the library's log goes: warnings to standard error, in one line each. What it says of the
 * chosen backend the commands say themselves.
 */
final class LibraryLog extends Handler {
  /** Held here, for a logger that nobody holds loses its handlers. */
  private static final Logger LOGGER = Logger.getLogger("org.pursuit");

  private LibraryLog() {}

  static void show(boolean verbose) {
    for (Handler handler : LOGGER.getHandlers()) {
      LOGGER.removeHandler(handler);
    }
    LOGGER.setUseParentHandlers(false);
    LOGGER.setLevel(verbose ? Level.ALL : Level.WARNING);
    LOGGER.addHandler(new LibraryLog());
  }

  @Override
  public void publish(LogRecord entry) {
    System.err.println("pursuit: " + entry.getMessage());
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
