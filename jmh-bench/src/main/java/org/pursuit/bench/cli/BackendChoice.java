package org.pursuit.bench.cli;

import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.BackendUnavailableException;
import org.pursuit.Backends;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The options that choose a backend. */
final class BackendChoice {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description =
          "Backend to use; 'pursuit info' lists them. Without this option the best one that this"
              + " machine can use.")
  private String name;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of a backend on the processor; default: one for each core.")
  private Integer threads;

  /** Opens the backend that the options ask for. */
  Backend open() {
    BackendOptions options = BackendOptions.defaults();
    if (threads != null) {
      if (threads < 1) {
        throw wrong("--threads: expected 1 or more, found " + threads);
      }
      options = options.threads(threads);
    }
    if (name == null) {
      return Backends.open(options);
    }
    try {
      return Backends.open(name, options);
    } catch (BackendUnavailableException e) {
      if (Backends.diagnose().stream().noneMatch(d -> d.name().equals(name))) {
        throw wrong("--backend: " + e.getMessage());
      }
      throw e;
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
