package org.pursuit.bench.jmh;

/**
 * What one call of a kernel has to do, whatever the implementation.
 *
 * @param bytes the traffic that cannot be avoided: inputs once for each use that no register or
 *     small cache can serve, outputs once
 * @param flops floating-point operations, a multiply-add counting as two; comparisons, exponentials
 *     and logarithms do not count
 * @param footprint bytes that one call touches: which cache, if any, holds them between calls
 */
record Work(long bytes, long flops, long footprint) {
  /** Bytes of that many 32-bit elements. */
  static long words(long elements) {
    return 4 * elements;
  }

  /** That many 32-bit elements, each read or written once. */
  static Work once(long elements, long flops) {
    return new Work(words(elements), flops, words(elements));
  }

  /**
   * The work on matrices of equal size.
   *
   * @param moved how many are read or written; one that is updated in place counts twice
   * @param touched how many there are
   * @param flops an element
   */
  static Work elementwise(long elements, int moved, int touched, int flops) {
    return new Work(words(moved * elements), flops * elements, words(touched * elements));
  }

  /** Bytes of fixed-width codes: indices, values and counts. */
  static long codes(long rows, long k) {
    return words(2 * rows * k + rows);
  }
}
