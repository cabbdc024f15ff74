package org.pursuit.bench.jmh;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * The benchmarks that tell how fast a backend is, with the shapes that its hardware is made for.
 */
public final class BenchmarkPlan {
  private final List<Case> cases = new ArrayList<>();

  private BenchmarkPlan() {}

  /** A benchmark and values of its parameters. */
  private record Case(String pattern, Map<String, String[]> parameters) {}

  /** The shapes of a processor. */
  public static BenchmarkPlan ofHost() {
    return new BenchmarkPlan()
        .add("Selection.*topK", "shape", "256x65536,256x16384", "k", "32,64", "data", "normal,real")
        .add("Selection.*(thresholdSelect|globalTopK)", "shape", "256x65536")
        .add("Selection.*columnTopK", "shape", "4096x8192")
        .add("Selection.*rowPrefixSelect", "shape", "256x16384")
        .add("Scoring.*score", "shape", "1024x768x16384")
        .add("Scoring.*encode", "shape", "1024x768x16384x32")
        .add("Scoring.*Steps")
        .add("SparseAlgebra")
        .add("Pursuits", "steps", "8")
        .add("Training", "shape", "16384x2048")
        .add("Statistics", "shape", "16384x2048");
  }

  /** The shapes of a GPU. */
  public static BenchmarkPlan ofDevice() {
    String k = "32,64,256,1024";
    String gram = "8192x4096x16384,8192x4096x65536";
    String wide = "8192x2048x65536x64,8192x4096x65536x64,8192x8192x65536x64";
    return new BenchmarkPlan()
        .add("Selection.*topK", "shape", "4096x65536,2048x131072,64x1048576,4096x16384", "k", k)
        .add("Selection.*topK", "shape", "4096x65536", "k", "64,1024", "dtype", "BF16")
        .add("Selection.*topK", "shape", "16x4096", "k", "32")
        .add("Selection.*(thresholdSelect|globalTopK)", "shape", "4096x65536", "dtype", "F32,BF16")
        .add("Selection.*rowPrefixSelect", "shape", "4096x16384")
        .add("Selection.*columnTopK", "shape", "4096x65536", "dtype", "F32,BF16", "m", "4,32")
        .add("Scoring.*score", "shape", "8192x2048x16384", "precision", "FLOAT32,TF32")
        .add("Scoring.*score", "shape", "8192x4096x32768", "dtype", "BF16", "precision", "BF16")
        .add("Scoring.*encode", "shape", wide, "dtype", "BF16", "precision", "BF16")
        .add("Scoring.*Steps", "matrix", "16384x16384")
        .add("SparseAlgebra.*(decode|Dot)", "shape", "8192x64x65536x4096", "dtype", "F32,BF16")
        .add("SparseAlgebra.*coalesce")
        .add("Pursuits.*PursuitGram", "shape", gram, "steps", "64")
        .add(
            "Pursuits.*PursuitGram",
            "shape",
            gram,
            "steps",
            "64",
            "format",
            "BF16",
            "precision",
            "FLOAT32,BF16X3")
        .add("Pursuits.*matchingPursuit$", "shape", "8192x4096x65536", "steps", "8")
        .add("Pursuits.*(gram|append)$", "dictionary", "16384x4096")
        .add("Training", "shape", "16384x16384", "product", "16384x4096x8192")
        .add("Statistics", "shape", "16384x16384");
  }

  /** The part of this plan that measures the given families, such as "Selection". */
  public BenchmarkPlan only(Set<String> families) {
    BenchmarkPlan part = new BenchmarkPlan();
    for (Case c : cases) {
      if (families.stream().anyMatch(c.pattern::startsWith)) {
        part.cases.add(c);
      }
    }
    return part;
  }

  /** The kernel families that are measured. */
  public SortedSet<String> families() {
    return cases.stream()
        .map(c -> c.pattern.replaceFirst("\\W.*", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private BenchmarkPlan add(String pattern, String... parameters) {
    Map<String, String[]> values = new TreeMap<>();
    for (int i = 0; i < parameters.length; i += 2) {
      values.put(parameters[i], parameters[i + 1].split(",", -1));
    }
    values.putIfAbsent("data", new String[] {"normal"});
    values.putIfAbsent("key", new String[] {"signed"});
    cases.add(new Case(pattern, values));
    return this;
  }

  /**
   * Measures a backend.
   *
   * @param backend its name
   * @param threads numbers of threads to measure with; of a device only 1
   * @param seconds time of a measurement; as much again warms up
   */
  public Report run(String backend, List<Integer> threads, int seconds) throws RunnerException {
    List<Options> all = new ArrayList<>();
    for (Case c : cases) {
      ChainedOptionsBuilder options =
          new OptionsBuilder()
              .include("^org\\.pursuit\\.bench\\.jmh\\." + c.pattern)
              .param("backend", backend)
              .param("threads", threads.stream().map(String::valueOf).toArray(String[]::new))
              .warmupIterations(1)
              .warmupTime(TimeValue.seconds(seconds))
              .measurementIterations(3)
              .measurementTime(TimeValue.milliseconds(1000L * seconds / 3));
      c.parameters.forEach(options::param);
      all.add(options.build());
    }
    return BenchmarkReport.run(all);
  }
}
