package org.pursuit.bench.cli;

/** Measures how fast something can be done. */
final class Timing {
  private static final int PASSES = 4;

  private Timing() {}

  /**
   * The least time in seconds of one pass. Passes are repeated for {@code seconds} and at least
   * {@value #PASSES} times, for the first ones also warm up; slow passes end it after four times as
   * long.
   */
  static double best(double seconds, Runnable pass) {
    double best = Double.POSITIVE_INFINITY;
    double total = 0;
    for (int passes = 0; total < (passes < PASSES ? 4 * seconds : seconds); passes++) {
      long begin = System.nanoTime();
      pass.run();
      double elapsed = (System.nanoTime() - begin) / 1e9;
      best = Math.min(best, elapsed);
      total += elapsed;
    }
    return best;
  }
}
