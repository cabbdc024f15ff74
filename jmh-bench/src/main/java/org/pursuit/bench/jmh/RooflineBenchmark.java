package org.pursuit.bench.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.bench.roofline.FmaPeak;
import org.pursuit.bench.roofline.MemoryScan;

/** The limits of the machine that kernels are measured against. */
public class RooflineBenchmark extends KernelBenchmark {
  /** Bytes that each thread reads in one call. */
  private static final long SCANNED = 1L << 29;

  /** Floating-point operations of each thread in one call: a multiple of every vector length's. */
  private static final long FLOPS = (24L * 64) << 18;

  /** Threads that all do the same at the same time. */
  @State(Scope.Benchmark)
  public static class Crew {
    /** Number of threads. */
    @Param("1")
    public int threads;

    private ExecutorService pool;

    /** Starts the threads. */
    @Setup
    public void start() {
      pool = Executors.newFixedThreadPool(threads);
    }

    /** Ends the threads. */
    @TearDown
    public void stop() {
      pool.close();
    }

    float sum(List<Callable<Float>> tasks) throws InterruptedException, ExecutionException {
      float sum = 0;
      for (Future<Float> task : pool.invokeAll(tasks)) {
        sum += task.get();
      }
      return sum;
    }
  }

  /** Arrays of ones, one for each thread. */
  @State(Scope.Benchmark)
  public static class Ones {
    /** Where the arrays lie. */
    @Param({"L2", "L3", "MEMORY"})
    public ScanLevel level;

    private final List<Callable<Float>> tasks = new ArrayList<>();
    private int length;
    private int threads;
    private float sum;

    /** Allocates the arrays. */
    @Setup
    public void allocate(Crew crew) {
      threads = crew.threads;
      length = length(level, threads);
      for (int t = 0; t < threads; t++) {
        float[] ones = new float[length];
        Arrays.fill(ones, 1);
        tasks.add(() -> scan(ones));
      }
    }

    private static float scan(float[] ones) {
      float sum = 0;
      for (long pass = 0; pass < passes(ones.length); pass++) {
        sum = MemoryScan.run(ones, 0, ones.length);
      }
      return sum;
    }

    /** Fails if the scans did not read everything. */
    @TearDown
    public void verify() {
      Verification.near((double) threads * length, sum, 1e-4 * threads * length, "sum of ones");
    }
  }

  /** The multiply-adds, and their sum. */
  @State(Scope.Benchmark)
  public static class Chains {
    private List<Callable<Float>> tasks;
    private float sum;

    /** Prepares a task for each thread. */
    @Setup
    public void prepare(Crew crew) {
      int iterations = (int) (FLOPS / FmaPeak.flops(1));
      tasks = Collections.nCopies(crew.threads, () -> FmaPeak.run(iterations));
    }

    /** Fails if the chains are not at their fixed point, where a hundred steps bring them. */
    @TearDown
    public void verify() {
      Verification.near((double) FmaPeak.run(100) * tasks.size(), sum, 0, "sum of the chains");
    }
  }

  /** Floats of one thread's array: a multiple of what a scan takes at a time. */
  private static int length(ScanLevel level, int threads) {
    return (int) (level.bytes(threads) / threads / Float.BYTES / 1024 * 1024);
  }

  private static long passes(int length) {
    return Math.max(1, SCANNED / Float.BYTES / length);
  }

  /** Reads the arrays again and again. */
  @Benchmark
  public float scan(Crew crew, Ones ones) throws Exception {
    return ones.sum = crew.sum(ones.tasks);
  }

  /** Multiplies and adds in registers. */
  @Benchmark
  public float fma(Crew crew, Chains chains) throws Exception {
    return chains.sum = crew.sum(chains.tasks);
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int threads = Integer.parseInt(parameter.apply("threads"));
    return switch (kernel) {
      case "scan" -> {
        ScanLevel level = ScanLevel.valueOf(parameter.apply("level"));
        int length = length(level, threads);
        yield new Work(
            Work.words(threads * passes(length) * length), 0, Work.words((long) threads * length));
      }
      case "fma" -> new Work(0, threads * FLOPS, 0);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
