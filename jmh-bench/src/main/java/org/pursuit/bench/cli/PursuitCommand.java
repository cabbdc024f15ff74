package org.pursuit.bench.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import org.pursuit.io.TensorPath;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command without a name, which only leads to the others. */
@Command(
    name = "pursuit",
    description = {"Sparse codes of activations: matching pursuit and sparse autoencoders.", ""},
    commandListHeading = "%nCommands:%n",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    sortOptions = false,
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:success",
      "1:failure, told in one line on standard error; no output file is left behind",
      "2:wrong usage"
    },
    subcommands = {
      InfoCommand.class,
      DemoCommand.class,
      EncodeCommand.class,
      DecodeCommand.class,
      VerifyCommand.class,
      BenchCommand.class
    })
public final class PursuitCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show the library's log, and the stack trace of a failure.")
  private boolean verbose;

  PursuitCommand() {}

  /** Runs a command on this process's standard streams; returns the exit status. */
  public static int runInTerminal(String... args) {
    return run(writer(System.out), writer(System.err), args);
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }

  /** Runs a command; returns the exit status. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    CommandLine commandLine = commandLine(out, err);
    try {
      return commandLine.execute(args);
    } catch (Error e) {
      // Picocli hands exceptions to the handler, but lets errors such as a full heap through.
      return Failures.report(e, commandLine);
    }
  }

  /** The program, ready to execute. */
  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    CommandLine commandLine = new CommandLine(new PursuitCommand());
    commandLine.setOut(out);
    commandLine.setErr(err);
    commandLine.setUsageHelpWidth(100);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.registerConverter(TensorPath.class, TensorPath::parse);
    commandLine.registerConverter(Sign.class, new Words<>(Sign.class));
    commandLine.registerConverter(Reselection.class, new Words<>(Reselection.class));
    commandLine.registerConverter(AtomScaling.class, new Words<>(AtomScaling.class));
    commandLine.registerConverter(Method.class, new Words<>(Method.class));
    commandLine.registerConverter(Order.class, new Words<>(Order.class));
    commandLine.setParameterExceptionHandler((e, args) -> Failures.wrongUsage(e));
    commandLine.setExecutionExceptionHandler((e, command, parsed) -> Failures.report(e, command));
    commandLine.setExecutionStrategy(
        parsed -> {
          LibraryLog.show(isVerbose(commandLine));
          return new RunLast().execute(parsed);
        });
    return commandLine;
  }

  static boolean isVerbose(CommandLine commandLine) {
    CommandLine root = commandLine;
    while (root.getParent() != null) {
      root = root.getParent();
    }
    return ((PursuitCommand) root.getCommand()).verbose;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "A command is missing.");
  }
}
