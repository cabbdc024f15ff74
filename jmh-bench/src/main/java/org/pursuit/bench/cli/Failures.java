package org.pursuit.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.pursuit.BackendMemoryException;
import org.pursuit.BackendUnavailableException;
import org.pursuit.KernelException;
import org.pursuit.io.FileFormatException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Tells what went wrong, in one line. */
final class Failures {
  private static final String MORE_HEAP =
      "; give Java more with PURSUIT_JAVA_OPTS=-Xmx... or use a smaller --batch";

  private Failures() {}

  /** Reports arguments that make no sense; returns the exit status. */
  static int wrongUsage(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    ParameterException cause = misspelt(e);
    err.println("pursuit: " + oneLine(cause.getMessage()));
    UnmatchedArgumentException.printSuggestions(cause, err);
    Help help = command.getHelp();
    err.print(help.synopsisHeading() + help.synopsis(help.synopsisHeadingLength()));
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
    return ExitCode.USAGE;
  }

  /** An option that seems to be missing may stand there under a wrong name. */
  private static ParameterException misspelt(ParameterException e) {
    CommandLine command = e.getCommandLine();
    List<String> unmatched = command.getUnmatchedArguments();
    return e instanceof MissingParameterException && !unmatched.isEmpty()
        ? new UnmatchedArgumentException(command, unmatched)
        : e;
  }

  /** Reports a failure; returns the exit status. */
  static int report(Throwable failure, CommandLine command) {
    PrintWriter err = command.getErr();
    err.println("pursuit: " + oneLine(describe(failure)));
    if (PursuitCommand.isVerbose(command)) {
      failure.printStackTrace(err);
    }
    err.flush();
    return ExitCode.SOFTWARE;
  }

  private static String describe(Throwable failure) {
    return switch (failure) {
      case NoSuchFileException e -> describe(e, "no such file");
      case AccessDeniedException e -> describe(e, "permission denied");
      case FileSystemException e -> describe(e, e.getClass().getSimpleName());
      case FileFormatException e -> e.getMessage();
      case IOException e when e.getMessage() != null -> e.getMessage();
      case BackendUnavailableException e -> e.getMessage();
      case BackendMemoryException e ->
          e.getMessage() + (e.getCause() instanceof OutOfMemoryError ? MORE_HEAP : "");
      case OutOfMemoryError e ->
          "out of memory: the Java heap of "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MiB is full"
              + MORE_HEAP;
      case KernelException e -> e.getMessage();
      case FailedException e -> e.getMessage();
      default -> "internal error: " + failure + " (--verbose shows the stack trace)";
    };
  }

  private static String describe(FileSystemException e, String otherwise) {
    return e.getFile() + ": " + (e.getReason() == null ? otherwise : e.getReason());
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
