package org.pursuit.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.pursuit.Backends;
import org.pursuit.Backends.Diagnosis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the contract suite on this machine. */
@Command(
    name = "verify",
    header = "Run the library's contract suite on this machine's backends.",
    description = {
      "Every kernel is compared with the specification on awkward and on random input. The exit"
          + " status is 0 only if no test fails.",
      ""
    })
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description =
          "Backend to verify, which must be usable; may be given several times. Without this option"
              + " all that this machine can use.")
  private List<String> backends = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the random input; the suite prints it where a test fails.")
  private Long seed;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    List<Diagnosis> chosen = chosen();
    for (Diagnosis backend : chosen) {
      out.println("verifying  " + backend.name() + ": " + backend.probe().device());
    }
    out.println();
    ContractRun run;
    try (Progress progress = Progress.start(out)) {
      run = ContractRun.of(chosen.stream().map(Diagnosis::name).toList(), seed, progress);
    }
    run.table().print(out, "");
    for (ContractRun.Failure failure : run.failures()) {
      out.println();
      out.println("FAILED  " + failure.test());
      out.println("        " + failure.message());
    }
    out.println();
    if (!run.passed()) {
      throw new FailedException(
          run.failures().isEmpty()
              ? "the contract suite ran no test"
              : Format.count(run.failures().size(), "test") + " of the contract suite failed");
    }
    out.println("all passed");
    return 0;
  }

  private List<Diagnosis> chosen() {
    List<Diagnosis> all = Backends.diagnose();
    if (backends.isEmpty()) {
      return all.stream().filter(backend -> backend.probe().usable()).toList();
    }
    List<Diagnosis> chosen = new ArrayList<>();
    for (String name : backends) {
      Diagnosis found =
          all.stream()
              .filter(backend -> backend.name().equals(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ParameterException(
                          spec.commandLine(),
                          "--backend: expected one of "
                              + all.stream().map(Diagnosis::name).toList()
                              + ", found "
                              + name));
      if (!found.probe().usable()) {
        throw new FailedException(
            name + " cannot be used: " + found.probe().reason() + "; " + found.probe().cure());
      }
      chosen.add(found);
    }
    return chosen;
  }
}
