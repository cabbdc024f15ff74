package org.pursuit.bench.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.pursuit.bench.roofline.Machine;
import org.pursuit.kernel.Precision;

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
  private static final String HOST_ROOFLINE = PACKAGE + "RooflineBenchmark\\.";
  private static final String ROOFLINES = PACKAGE + "(Device)?RooflineBenchmark\\.";
  private static final String KERNELS = PACKAGE + "(?!DeviceRoofline)";
  private static final Set<String> HOST_BACKENDS = Set.of("scalar", "vector");
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
   * Runs the benchmarks that the options include, or all of this package, and the limits of the
   * hardware that they run on.
   *
   * @throws RunnerException if a benchmark fails, a wrong result included
   */
  public static Report run(Options options) throws RunnerException {
    return run(List.of(options));
  }

  /** {@link #run(Options)} for several sets of options, which become one report. */
  static Report run(List<Options> several) throws RunnerException {
    List<RunResult> runs = new ArrayList<>();
    for (Options options : several) {
      if (options.getBenchModes().stream().anyMatch(mode -> mode != Mode.AverageTime)) {
        throw new IllegalArgumentException(
            "mode: expected AverageTime (avgt), found " + options.getBenchModes());
      }
      ChainedOptionsBuilder all =
          new OptionsBuilder()
              .parent(options)
              .addProfiler(GCProfiler.class)
              .shouldFailOnError(true);
      if (options.getIncludes().isEmpty()) {
        all.include(KERNELS);
      }
      if (options == several.getFirst()) {
        all.include(onDevice(options) ? ROOFLINES : HOST_ROOFLINE);
      }
      runs.addAll(new Runner(all.build()).run());
    }
    return report(Machine.current(), runs);
  }

  private static Report report(Machine machine, Collection<RunResult> runs) {
    Map<String, Limits> limits = limits(runs);
    List<Report.Result> results = new ArrayList<>();
    for (RunResult run : runs) {
      results.add(result(run, limits.get(hardware(run.getParams()))));
    }
    return new Report(machine, List.copyOf(limits.values()), results);
  }

  /** The limits of each number of threads and of each device: the best of all measurements. */
  private static Map<String, Limits> limits(Collection<RunResult> runs) {
    Map<String, Map<Precision, Double>> flops = new TreeMap<>();
    Map<String, Map<ScanLevel, Double>> bytes = new TreeMap<>();
    Map<String, BenchmarkParams> measured = new TreeMap<>();
    for (RunResult run : runs) {
      BenchmarkParams params = run.getParams();
      if (isRoofline(params)) {
        String hardware = hardware(params);
        measured.put(hardware, params);
        Work work = work(params);
        double seconds = seconds(run, run.getPrimaryResult().getStatistics().getMin());
        if (work.flops() > 0) {
          flops
              .computeIfAbsent(hardware, h -> new EnumMap<>(Precision.class))
              .put(precision(params), work.flops() / seconds);
        } else {
          String level = params.getParam("level");
          bytes
              .computeIfAbsent(hardware, h -> new EnumMap<>(ScanLevel.class))
              .put(
                  level == null ? ScanLevel.MEMORY : ScanLevel.valueOf(level),
                  work.bytes() / seconds);
        }
      }
    }
    Map<String, Limits> limits = new TreeMap<>();
    measured.forEach(
        (hardware, params) ->
            limits.put(
                hardware,
                isDevice(params)
                    ? Limits.ofDevice(
                        hardware, flops.get(hardware), bytes.get(hardware).get(ScanLevel.MEMORY))
                    : Limits.ofThreads(
                        threads(params),
                        flops.get(hardware).get(Precision.FLOAT32),
                        bytes.get(hardware))));
    return limits;
  }

  /** What a benchmark's limits are found by: its device's backend, or its number of threads. */
  private static String hardware(BenchmarkParams params) {
    return isDevice(params) ? params.getParam("backend") : Integer.toString(threads(params));
  }

  private static boolean onDevice(Options options) {
    return options.getParameter("backend").hasValue()
        && options.getParameter("backend").get().stream().anyMatch(b -> !HOST_BACKENDS.contains(b));
  }

  private static boolean isDevice(BenchmarkParams params) {
    String backend = params.getParam("backend");
    return backend != null && !HOST_BACKENDS.contains(backend);
  }

  private static boolean isRoofline(BenchmarkParams params) {
    return params.getBenchmark().matches(ROOFLINES + ".*");
  }

  private static Precision precision(BenchmarkParams params) {
    String precision = params.getParam("precision");
    return precision == null ? Precision.FLOAT32 : Precision.valueOf(precision);
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
        limits.bound(work, precision(params)),
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
      case "DeviceRooflineBenchmark" -> DeviceRooflineBenchmark.work(kernel(params), parameter);
      case "RooflineBenchmark" -> RooflineBenchmark.work(kernel(params), parameter);
      case "ScoringBenchmark" -> ScoringBenchmark.work(kernel(params), parameter);
      case "ScoringStepsBenchmark" -> ScoringStepsBenchmark.work(kernel(params), parameter);
      case "SelectionBenchmark" -> SelectionBenchmark.work(kernel(params), parameter);
      case "SparseAlgebraBenchmark" -> SparseAlgebraBenchmark.work(kernel(params), parameter);
      case "SparseAlgebraCodesBenchmark" ->
          SparseAlgebraCodesBenchmark.work(kernel(params), parameter);
      case "PursuitsBenchmark" -> PursuitsBenchmark.work(kernel(params), parameter);
      case "PursuitsGramBenchmark" -> PursuitsGramBenchmark.work(kernel(params), parameter);
      case "TrainingBenchmark" -> TrainingBenchmark.work(kernel(params), parameter);
      case "TrainingGaussianBenchmark" -> TrainingGaussianBenchmark.work(kernel(params), parameter);
      case "TrainingOptimiserBenchmark" ->
          TrainingOptimiserBenchmark.work(kernel(params), parameter);
      case "TrainingRowsBenchmark" -> TrainingRowsBenchmark.work(kernel(params), parameter);
      case "StatisticsBenchmark" -> StatisticsBenchmark.work(kernel(params), parameter);
      case "StatisticsAtomsBenchmark" -> StatisticsAtomsBenchmark.work(kernel(params), parameter);
      case "StatisticsLatentsBenchmark" ->
          StatisticsLatentsBenchmark.work(kernel(params), parameter);
      case "StatisticsPairsBenchmark" -> StatisticsPairsBenchmark.work(kernel(params), parameter);
      default -> throw new IllegalArgumentException("benchmark: found " + params.getBenchmark());
    };
  }
}
