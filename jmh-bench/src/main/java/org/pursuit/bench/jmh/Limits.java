package org.pursuit.bench.jmh;

import java.util.Map;

/**
 * What the machine can do at most with a number of threads.
 *
 * @param threads threads at work together
 * @param flopsPerSecond multiply-adds in registers, each counting as two
 * @param bytesPerSecond scans of arrays at each level
 */
public record Limits(int threads, double flopsPerSecond, Map<ScanLevel, Double> bytesPerSecond) {
  public Limits {
    bytesPerSecond = Map.copyOf(bytesPerSecond);
    if (bytesPerSecond.size() != ScanLevel.values().length) {
      throw new IllegalArgumentException(
          "bytesPerSecond: expected every level, found " + bytesPerSecond.keySet());
    }
  }

  /**
   * The least time that a call could take.
   *
   * @param limit which of the limits gives it: FMA, or a level
   */
  public record Bound(String limit, double seconds) {}

  /**
   * The least time for some work: by arithmetic, or by the traffic at the level that holds its
   * footprint, whichever is longer.
   */
  Bound bound(Work work) {
    ScanLevel level = ScanLevel.of(work.footprint(), threads);
    double traffic = work.bytes() / bytesPerSecond(level);
    double arithmetic = work.flops() / flopsPerSecond;
    return arithmetic > traffic ? new Bound("FMA", arithmetic) : new Bound(level.name(), traffic);
  }

  /**
   * The fastest scan at a level or beyond it: where others use the same cache, what fits it may
   * still not stay there.
   */
  private double bytesPerSecond(ScanLevel level) {
    double fastest = 0;
    for (ScanLevel l : ScanLevel.values()) {
      fastest = l.compareTo(level) < 0 ? fastest : Math.max(fastest, bytesPerSecond.get(l));
    }
    return fastest;
  }
}
