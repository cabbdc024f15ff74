package org.pursuit.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.RunnerException;
import org.pursuit.Backend;
import org.pursuit.HostBackend;
import org.pursuit.bench.jmh.BenchmarkPlan;
import org.pursuit.bench.jmh.Report;
import org.pursuit.bench.jmh.ReportJson;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures a backend against the limits of its hardware. */
@Command(
    name = "bench",
    header = "Measure a backend's kernels against the limits of its hardware, in one run.",
    description = "")
final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private BackendChoice backendChoice;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Time of each measurement (${DEFAULT-VALUE}); as much again warms up.")
  private int seconds;

  @Option(
      names = "--family",
      paramLabel = "NAME",
      split = ",",
      description = "Kernel families to measure, such as Selection; all unless given.")
  private Set<String> families = Set.of();

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "File that receives the results as JSON, to be compared with others'.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String name;
    int threads;
    BenchmarkPlan plan;
    try (Backend backend = backendChoice.open()) {
      name = backend.name();
      threads = backend.info().threads();
      plan = backend instanceof HostBackend ? BenchmarkPlan.ofHost() : BenchmarkPlan.ofDevice();
    }
    if (!families.isEmpty()) {
      if (!plan.families().containsAll(families)) {
        throw new ParameterException(
            spec.commandLine(),
            "--family: expected some of " + plan.families() + ", found " + families);
      }
      plan = plan.only(families);
    }
    Report report = measure(plan, name, threads);
    out.println();
    out.println(report);
    if (output != null) {
      ReportJson.write(report, output);
      out.println("written   " + output);
    }
    return 0;
  }

  private Report measure(BenchmarkPlan plan, String backend, int threads) {
    try {
      return plan.run(backend, List.of(threads), Math.max(1, seconds));
    } catch (RunnerException e) {
      throw new FailedException("a benchmark failed, as told above: " + e.getMessage());
    }
  }
}
