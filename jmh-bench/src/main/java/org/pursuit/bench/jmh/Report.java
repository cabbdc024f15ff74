package org.pursuit.bench.jmh;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.pursuit.bench.roofline.Machine;
import org.pursuit.bench.support.Table;
import org.pursuit.kernel.Precision;

/**
 * Results of one run beside the machine's limits in the same run.
 *
 * @param machine the machine
 * @param limits the limits of each number of threads and each device
 * @param results one for each benchmark and combination of parameters
 */
public record Report(Machine machine, List<Limits> limits, List<Result> results) {
  private static final String[] HEADER = {
    "benchmark",
    "backend",
    "threads",
    "parameters",
    "time",
    "GB/s",
    "GFLOP/s",
    "limit",
    "fraction",
    "B/op"
  };

  public Report {
    limits = List.copyOf(limits);
    results = List.copyOf(results);
  }

  /**
   * One kernel with one combination of parameters.
   *
   * @param benchmark class and method
   * @param parameters in alphabetical order; the backend, where there is one, and the threads too
   * @param seconds time of a call
   * @param error half the width of the 99.9 % confidence interval; NaN for too few measurements
   * @param bytes traffic of a call
   * @param flops floating-point operations of a call
   * @param bound the least time of a call by the machine's limits
   * @param allocatedBytes bytes that a call allocates on the Java heap, by all threads; JMH's own
   *     are among them, some 5 KB an iteration, and weigh on slow kernels
   */
  public record Result(
      String benchmark,
      Map<String, String> parameters,
      double seconds,
      double error,
      long bytes,
      long flops,
      Limits.Bound bound,
      double allocatedBytes) {
    public Result {
      parameters = new TreeMap<>(parameters);
    }

    /** How near the kernel comes to the limit; above 1 where it profits from a nearer cache. */
    public double fraction() {
      return bound.seconds() / seconds;
    }

    private String[] cells() {
      return new String[] {
        benchmark,
        parameters.getOrDefault("backend", ""),
        parameters.getOrDefault("threads", "1"),
        parameters.entrySet().stream()
            .filter(p -> !p.getKey().equals("backend") && !p.getKey().equals("threads"))
            .map(p -> p.getKey() + "=" + p.getValue())
            .collect(Collectors.joining(" ")),
        time(seconds),
        number(bytes / seconds / 1e9),
        flops == 0 ? "" : number(flops / seconds / 1e9),
        bound.limit(),
        number(fraction()),
        String.format(Locale.ROOT, "%.0f", allocatedBytes)
      };
    }
  }

  /** The report as text: machine, limits, and one line for each result. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(machine.processor()).append(", ").append(machine.cores()).append(" cores; ");
    text.append(machine.system()).append("; Java ").append(Runtime.version()).append('\n');
    for (Limits l : limits) {
      text.append("limits of ").append(l.of()).append(": ");
      l.flopsPerSecond().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(
              rate ->
                  text.append(l.arithmetic())
                      .append(rate.getKey() == Precision.FLOAT32 ? "" : " " + rate.getKey())
                      .append(' ')
                      .append(number(rate.getValue() / 1e9))
                      .append(" GFLOP/s, "));
      text.append(
          l.bytesPerSecond().entrySet().stream()
              .sorted(Map.Entry.comparingByKey())
              .map(rate -> rate.getKey() + " " + number(rate.getValue() / 1e9) + " GB/s")
              .collect(Collectors.joining(", ")));
      text.append('\n');
    }
    Table table = new Table("llrlrrrlrr").row(HEADER);
    results.forEach(result -> table.row(result.cells()));
    StringWriter lines = new StringWriter();
    table.print(new PrintWriter(lines), "");
    return text.append('\n').append(lines).toString();
  }

  private static String time(double seconds) {
    return seconds < 1e-3
        ? number(seconds * 1e6) + " µs"
        : seconds < 1 ? number(seconds * 1e3) + " ms" : number(seconds) + " s";
  }

  /** Three digits that matter. */
  private static String number(double number) {
    int decimals = number < 10 ? 2 : number < 100 ? 1 : 0;
    return String.format(Locale.ROOT, "%." + decimals + "f", number);
  }
}
