package org.pursuit.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs once, on small operands, and finds its results right. */
class EveryBenchmarkTest {
  private static final String PACKAGE = "^org\\.pursuit\\.bench\\.jmh\\.";

  @Test
  void runsAndFindsItsResultsRight() throws RunnerException {
    Set<String> ran = new TreeSet<>();
    ran.addAll(run("Scoring\\w*\\.(?!encode)", "shape=5x20x60", "matrix=9x30"));
    ran.addAll(run("Scoring\\w*\\.encode", "shape=5x20x600x4"));
    ran.addAll(run("Selection", "shape=9x130", "k=5", "data=normal"));
    ran.addAll(run("SparseAlgebraBenchmark\\.(?!coalesce)", "shape=9x4x60x20"));
    ran.addAll(run("SparseAlgebraBenchmark\\.coalesce", "shape=9x4"));
    ran.addAll(run("SparseAlgebraCodes", "shape=9x4x60"));
    ran.addAll(run("Pursuits", "shape=5x20x60", "steps=4", "dictionary=60x20"));
    ran.addAll(run("Training", "shape=9x30", "product=5x6x7", "system=7x3", "latents=50"));
    ran.addAll(run("Statistics", "shape=9x30", "codes=400x16x300", "latents=50"));
    assertThat(ran).isEqualTo(all());
  }

  /** Runs the benchmarks that match, with parameters such as {@code k=5}; their names. */
  private static Collection<String> run(String pattern, String... parameters)
      throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(PACKAGE + pattern)
            .mode(Mode.SingleShotTime)
            .forks(0)
            .warmupIterations(0)
            .measurementIterations(1)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    for (String parameter : parameters) {
      String[] nameAndValue = parameter.split("=", 2);
      options.param(nameAndValue[0], nameAndValue[1]);
    }
    return new Runner(options.build())
        .run().stream().map(RunResult::getParams).map(params -> params.getBenchmark()).toList();
  }

  private static Set<String> all() {
    return BenchmarkList.defaultList()
        .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
        .stream()
        .map(entry -> entry.getUsername())
        .filter(name -> !name.contains("Roofline"))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
