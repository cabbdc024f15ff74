package org.pursuit.bench.jmh;

import java.util.Map;
import org.pursuit.kernel.Precision;

/**
 * What some hardware can do at most.
 *
 * @param of whose limits they are: a number of threads of the processor, or a backend's device
 * @param arithmetic what the arithmetic limit was measured by
 * @param flopsPerSecond multiply-adds, each counting as two, for each precision of the factors
 * @param bytesPerSecond for each level; of a device only {@link ScanLevel#MEMORY} is known
 * @param threads the processor's threads at work together; 1 for a device
 */
public record Limits(
    String of,
    String arithmetic,
    Map<Precision, Double> flopsPerSecond,
    Map<ScanLevel, Double> bytesPerSecond,
    int threads) {
  public Limits {
    flopsPerSecond = Map.copyOf(flopsPerSecond);
    bytesPerSecond = Map.copyOf(bytesPerSecond);
    if (!flopsPerSecond.containsKey(Precision.FLOAT32)
        || !bytesPerSecond.containsKey(ScanLevel.MEMORY)) {
      throw new IllegalArgumentException(
          "limits of "
              + of
              + ": expected a rate of float32 and of memory, found "
              + flopsPerSecond
              + " and "
              + bytesPerSecond);
    }
  }

  /** The processor's: multiply-adds in registers, and scans of arrays at every level. */
  static Limits ofThreads(int threads, double flops, Map<ScanLevel, Double> bytes) {
    String of = threads + (threads == 1 ? " thread" : " threads");
    return new Limits(of, "FMA", Map.of(Precision.FLOAT32, flops), bytes, threads);
  }

  /** A device's: dense products, and a copy in its memory, read and written. */
  static Limits ofDevice(String backend, Map<Precision, Double> flops, double bytes) {
    return new Limits(backend, "GEMM", flops, Map.of(ScanLevel.MEMORY, bytes), 1);
  }

  /**
   * The least time that a call could take.
   *
   * @param limit which of the limits gives it: the arithmetic one, or a level
   */
  public record Bound(String limit, double seconds) {}

  /**
   * The least time for some work: by arithmetic, or by the traffic at the level that holds its
   * footprint, whichever is longer.
   */
  Bound bound(Work work, Precision precision) {
    ScanLevel holding = ScanLevel.of(work.footprint(), threads);
    ScanLevel level = bytesPerSecond.containsKey(holding) ? holding : ScanLevel.MEMORY;
    double traffic = work.bytes() / bytesPerSecond(level);
    double computed = work.flops() / flopsPerSecond(precision);
    return computed > traffic ? new Bound(arithmetic, computed) : new Bound(level.name(), traffic);
  }

  /** Three products of bfloat16 parts take the time of three; what was not measured, float32's. */
  private double flopsPerSecond(Precision precision) {
    boolean parts = precision == Precision.BF16X3 && flopsPerSecond.containsKey(Precision.BF16);
    return parts
        ? flopsPerSecond.get(Precision.BF16) / 3
        : flopsPerSecond.getOrDefault(precision, flopsPerSecond.get(Precision.FLOAT32));
  }

  /**
   * The fastest scan at a level or beyond it: where others use the same cache, what fits it may
   * still not stay there.
   */
  private double bytesPerSecond(ScanLevel level) {
    double fastest = 0;
    for (Map.Entry<ScanLevel, Double> entry : bytesPerSecond.entrySet()) {
      fastest = entry.getKey().compareTo(level) < 0 ? fastest : Math.max(fastest, entry.getValue());
    }
    return fastest;
  }
}
