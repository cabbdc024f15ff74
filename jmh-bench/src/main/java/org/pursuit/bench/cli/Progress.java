package org.pursuit.bench.cli;

import java.io.Console;
import java.io.PrintWriter;

/**
 * A progress bar in the last line of a terminal, redrawn in place and removed at the end. Where no
 * terminal is attached nothing is printed.
 */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 30;
  private static final int LABEL_WIDTH = 40;
  private static final long REDRAW_NANOS = 80_000_000;
  private static final String CLEAR_LINE = "\r\033[K";

  private final PrintWriter out;
  private final boolean shown;
  private final Thread clearing = new Thread(this::clear, "pursuit-progress");
  private long drawn = System.nanoTime() - REDRAW_NANOS;
  private boolean visible;

  private Progress(PrintWriter out, boolean shown) {
    this.out = out;
    this.shown = shown;
    if (shown) {
      Runtime.getRuntime().addShutdownHook(clearing);
    }
  }

  /** A bar on {@code out}, which is standard output, if that and standard input are a terminal. */
  @SuppressWarnings("SystemConsoleNull") // JDK 25 gives null again where no terminal is attached.
  static Progress start(PrintWriter out) {
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    return new Progress(out, terminal && !"dumb".equals(System.getenv("TERM")));
  }

  /** A bar that is shown or not, wherever {@code out} leads. */
  static Progress start(PrintWriter out, boolean shown) {
    return new Progress(out, shown);
  }

  /** Shows how much is done, and what is being done; too frequent calls are skipped. */
  synchronized void show(double fraction, String label) {
    long now = System.nanoTime();
    if (!shown || now - drawn < REDRAW_NANOS) {
      return;
    }
    drawn = now;
    visible = true;
    int filled = (int) (Math.clamp(fraction, 0, 1) * WIDTH);
    String cut = label.length() > LABEL_WIDTH ? label.substring(0, LABEL_WIDTH) : label;
    out.printf(
        "%s[%s%s] %3d %%  %s",
        CLEAR_LINE,
        "#".repeat(filled),
        "-".repeat(WIDTH - filled),
        (int) (Math.clamp(fraction, 0, 1) * 100),
        cut);
    out.flush();
  }

  private synchronized void clear() {
    if (visible) {
      visible = false;
      out.print(CLEAR_LINE);
      out.flush();
    }
  }

  @Override
  public void close() {
    clear();
    if (shown) {
      try {
        Runtime.getRuntime().removeShutdownHook(clearing);
      } catch (IllegalStateException e) {
        // The JVM is shutting down, and the hook does its work.
      }
    }
  }
}
