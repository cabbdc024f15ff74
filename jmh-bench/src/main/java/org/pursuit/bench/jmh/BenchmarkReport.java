package org.pursuit.bench.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.pursuit.bench.roofline.Machine;

/**
 * Runs benchmarks and the machine's limits in one run, and reports each kernel's fraction of its
 * limit. That fraction compares hardware and versions; a time alone does not.
 *
 * <pre>
 *   java -cp 'lib/*' org.pursuit.bench.jmh.BenchmarkReport [PATTERN...] [JMH OPTION...]
 *   … BenchmarkReport Selection -p backend=vector -p threads=1,8 -f 3
 * </pre>
 */
public final class BenchmarkReport {
  private static final String PACKAGE = "^org\\.pursuit\\.bench\\.jmh\\.";
  private static final String ROOFLINE = PACKAGE + "RooflineBenchmark\\.";
  private static final String ALLOCATION = "gc.alloc.rate.norm";

  private BenchmarkReport() {}

  /** Takes JMH's command line, runs, and prints the report. */
  public static void main(String[] args) throws RunnerException, IOException {
    CommandLineOptions options;
    try {
      options = new CommandLineOptions(args);
    } catch (CommandLineOptionException e) {
      System.err.println("Wrong usage: " + e.getMessage());
      System.exit(2);
      return;
    }
    if (options.shouldHelp()) {
      options.showHelp();
      return;
    }
    System.out.println(run(options));
  }

  /**
   * Runs the benchmarks that the options include, or all of this package.
   *
   * @throws RunnerException if a benchmark fails, a wrong result included
   */
  public static Report run(Options options) throws RunnerException {
    if (options.getBenchModes().stream().anyMatch(mode -> mode != Mode.AverageTime)) {
      throw new IllegalArgumentException(
          "mode: expected AverageTime (avgt), found " + options.getBenchModes());
    }
    Options all =
        new OptionsBuilder()
            .parent(options)
            .include(options.getIncludes().isEmpty() ? PACKAGE : ROOFLINE)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .build();
    return report(Machine.current(), new Runner(all).run());
  }

  private static Report report(Machine machine, Collection<RunResult> runs) {
    Map<Integer, Limits> limits = limits(runs);
    List<Report.Result> results = new ArrayList<>();
    for (RunResult run : runs) {
      results.add(result(run, limits.get(threads(run.getParams()))));
    }
    return new Report(machine, List.copyOf(limits.values()), results);
  }

  /** The limits for each number of threads: the best of all measurements. */
  private static Map<Integer, Limits> limits(Collection<RunResult> runs) {
    Map<Integer, Double> flops = new TreeMap<>();
    Map<Integer, Map<ScanLevel, Double>> bytes = new TreeMap<>();
    for (RunResult run : runs) {
      BenchmarkParams params = run.getParams();
      if (benchmarkClass(params).equals(RooflineBenchmark.class.getSimpleName())) {
        Work work = work(params);
        double seconds = seconds(run, run.getPrimaryResult().getStatistics().getMin());
        if (work.flops() > 0) {
          flops.put(threads(params), work.flops() / seconds);
        } else {
          bytes
              .computeIfAbsent(threads(params), t -> new EnumMap<>(ScanLevel.class))
              .put(ScanLevel.valueOf(params.getParam("level")), work.bytes() / seconds);
        }
      }
    }
    Map<Integer, Limits> limits = new TreeMap<>();
    flops.forEach(
        (threads, rate) -> limits.put(threads, new Limits(threads, rate, bytes.get(threads))));
    return limits;
  }

  private static Report.Result result(RunResult run, Limits limits) {
    BenchmarkParams params = run.getParams();
    Map<String, String> parameters = new TreeMap<>();
    params.getParamsKeys().forEach(name -> parameters.put(name, params.getParam(name)));
    Work work = work(params);
    Result<?> time = run.getPrimaryResult();
    return new Report.Result(
        benchmarkClass(params).replace("Benchmark", "") + "." + kernel(params),
        parameters,
        seconds(run, time.getScore()),
        seconds(run, time.getScoreError()),
        work.bytes(),
        work.flops(),
        limits.bound(work),
        allocatedBytes(run));
  }

  /**
   * The least of all iterations: the last one's figure holds the verification's allocations too.
   */
  private static double allocatedBytes(RunResult run) {
    return run.getSecondaryResults().get(ALLOCATION).getStatistics().getMin();
  }

  private static double seconds(RunResult run, double time) {
    return time * run.getParams().getTimeUnit().toNanos(1) / 1e9;
  }

  /** The threads of a benchmark; one that has no such parameter runs on one. */
  private static int threads(BenchmarkParams params) {
    String threads = params.getParam("threads");
    return threads == null ? 1 : Integer.parseInt(threads);
  }

  private static String benchmarkClass(BenchmarkParams params) {
    String[] names = params.getBenchmark().split("\\.", -1);
    return names[names.length - 2];
  }

  private static String kernel(BenchmarkParams params) {
    return params.getBenchmark().substring(params.getBenchmark().lastIndexOf('.') + 1);
  }

  /** Bytes and flops, as the benchmark's class states them. */
  private static Work work(BenchmarkParams params) {
    UnaryOperator<String> parameter = params::getParam;
    return switch (benchmarkClass(params)) {
      case "RooflineBenchmark" -> RooflineBenchmark.work(kernel(params), parameter);
      case "ScoringBenchmark" -> ScoringBenchmark.work(kernel(params), parameter);
      case "SelectionBenchmark" -> SelectionBenchmark.work(kernel(params), parameter);
      case "SparseAlgebraBenchmark" -> SparseAlgebraBenchmark.work(kernel(params), parameter);
      case "PursuitsBenchmark" -> PursuitsBenchmark.work(kernel(params), parameter);
      case "TrainingBenchmark" -> TrainingBenchmark.work(kernel(params), parameter);
      case "StatisticsBenchmark" -> StatisticsBenchmark.work(kernel(params), parameter);
      default -> throw new IllegalArgumentException("benchmark: found " + params.getBenchmark());
    };
  }
}
