package org.pursuit.bench.jmh;

/**
 * What one call of a kernel has to do, whatever the implementation.
 *
 * @param bytes the traffic that cannot be avoided: inputs once for each use that no register or
 *     small cache can serve, outputs once
 * @param flops floating-point operations, a multiply-add counting as two; comparisons do not count
 * @param footprint bytes that one call touches: which cache, if any, holds them between calls
 */
record Work(long bytes, long flops, long footprint) {
  /** Bytes of that many 32-bit elements. */
  static long words(long elements) {
    return 4 * elements;
  }

  /** Bytes of fixed-width codes: indices, values and counts. */
  static long codes(long rows, long k) {
    return words(2 * rows * k + rows);
  }
}
