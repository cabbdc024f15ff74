package org.pursuit.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The settings that all benchmarks share: the time of one call, in a fresh JVM that owes nothing to
 * the flags of the one that started it.
 *
 * <p>What {@code -prof gc} shows holds the allocations of JMH itself and, in the last iteration, of
 * the verification; {@link BenchmarkReport} takes the iteration with the fewest.
 *
 * <p>One fork of five seconds shows where a kernel stands; for a figure that is quoted use three
 * ({@code -f 3}).
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgs = {
      "--add-modules=jdk.incubator.vector",
      "--sun-misc-unsafe-memory-access=allow", // JMH reads field offsets through it
      "-XX:+UseParallelGC",
      // A page that is first touched, or a heap that grows, while the clock runs is not the kernel.
      "-Xms4g",
      "-Xmx4g",
      "-XX:+AlwaysPreTouch"
    })
public abstract class KernelBenchmark {
  /** A benchmark with these settings. */
  protected KernelBenchmark() {}
}
