package org.pursuit.bench.roofline;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntToLongFunction;

/**
 * What this machine can do at most with a number of threads, each limit the best of several
 * measurements.
 *
 * @param threads threads at work together
 * @param flopsPerSecond {@link FmaPeak} of all threads
 * @param bytesPerSecond {@link MemoryScan} of all threads, each on its own part of one array
 * @param scannedBytes size of that array
 * @param cacheResident whether the array is too small for the machine's caches, so that the scan
 *     tells their speed and not the memory's
 */
public record Roofline(
    int threads,
    double flopsPerSecond,
    double bytesPerSecond,
    long scannedBytes,
    boolean cacheResident) {
  private static final long WINDOW_NANOS = 50_000_000;
  private static final int LEAST_WINDOWS = 8;
  private static final int MOST_WINDOWS = 60;

  /** A rate that did not rise for so many windows is the limit: the code is compiled by then. */
  private static final int STEADY_WINDOWS = 6;

  private static final int FMA_ITERATIONS = 1 << 16;
  private static final int SCAN_CHUNK = 1 << 20;
  private static final long LEAST_SCAN_BYTES = 128L << 20;
  private static final long MOST_SCAN_BYTES = 2L << 30;

  /** Keeps the results of the kernels alive. */
  @SuppressWarnings("unused")
  private static volatile float sink;

  /** The limits with {@code threads} threads; empty where the Vector API is not to be had. */
  public static Optional<Roofline> measure(int threads) {
    return measure(threads, scanBytes(Machine.current().cacheBytes()));
  }

  /** {@link #measure(int)} with a scan of an array of the given size. */
  public static Optional<Roofline> measure(int threads, long scanBytes) {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return Optional.empty();
    }
    float[] data = new float[(int) (scanBytes / Float.BYTES)];
    return Optional.of(
        new Roofline(
            threads,
            best(threads, thread -> fma()),
            best(threads, new Scan(data, threads)),
            scanBytes,
            scanBytes < 2 * Machine.current().cacheBytes()));
  }

  /** The higher of these limits and those of another measurement under the same conditions. */
  public Roofline max(Roofline other) {
    return new Roofline(
        threads,
        Math.max(flopsPerSecond, other.flopsPerSecond),
        Math.max(bytesPerSecond, other.bytesPerSecond),
        scannedBytes,
        cacheResident);
  }

  /** Four times the caches, within reason and a quarter of the heap. */
  private static long scanBytes(long cacheBytes) {
    long wanted = Math.clamp(4 * cacheBytes, LEAST_SCAN_BYTES, MOST_SCAN_BYTES);
    return Math.min(wanted, Runtime.getRuntime().maxMemory() / 4);
  }

  private static long fma() {
    sink = FmaPeak.run(FMA_ITERATIONS);
    return FmaPeak.flops(FMA_ITERATIONS);
  }

  /** Every thread walks round its own part of the array. */
  private static final class Scan implements IntToLongFunction {
    private final float[] data;
    private final int part;
    private final int[] position;

    Scan(float[] data, int threads) {
      this.data = data;
      this.part = data.length / threads;
      this.position = new int[threads];
    }

    @Override
    public long applyAsLong(int thread) {
      int from = position[thread];
      int to = Math.min(part, from + SCAN_CHUNK);
      sink = MemoryScan.run(data, thread * part + from, thread * part + to);
      position[thread] = to == part ? 0 : to;
      return (long) (to - from) * Float.BYTES;
    }
  }

  /** The best rate of any window. */
  private static double best(int threads, IntToLongFunction work) {
    double best = 0;
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      int steady = 0;
      for (int i = 0; i < MOST_WINDOWS && (i < LEAST_WINDOWS || steady < STEADY_WINDOWS); i++) {
        double rate = rate(pool, threads, work);
        steady = rate > 1.02 * best ? 0 : steady + 1;
        best = Math.max(best, rate);
      }
    }
    return best;
  }

  /** Units of work a second of all threads together during one window. */
  private static double rate(ExecutorService pool, int threads, IntToLongFunction work) {
    CountDownLatch start = new CountDownLatch(threads);
    List<Future<Double>> rates = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int thread = t;
      rates.add(
          pool.submit(
              () -> {
                start.countDown();
                start.await();
                return rate(thread, work);
              }));
    }
    double sum = 0;
    for (Future<Double> rate : rates) {
      sum += join(rate);
    }
    return sum;
  }

  private static double rate(int thread, IntToLongFunction work) {
    long begin = System.nanoTime();
    long done = 0;
    long elapsed;
    do {
      done += work.applyAsLong(thread);
      elapsed = System.nanoTime() - begin;
    } while (elapsed < WINDOW_NANOS);
    return done * 1e9 / elapsed;
  }

  private static double join(Future<Double> rate) {
    try {
      return rate.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a limit could not be measured", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring a limit", e);
    }
  }
}
