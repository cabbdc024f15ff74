package org.pursuit.bench;

import org.pursuit.bench.cli.PursuitCommand;

/** The program {@code pursuit}. */
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name, and exits with its status. */
  public static void main(String[] args) {
    System.exit(PursuitCommand.runInTerminal(args));
  }
}
