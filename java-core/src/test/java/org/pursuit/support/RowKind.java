package org.pursuit.support;

import java.util.Random;

/** Kinds of rows that selections, products and pursuits meet, the nasty ones included. */
@SuppressWarnings("ImmutableEnumChecker") // the lambdas have no state
public enum RowKind {
  NORMAL((i, n, random) -> (float) random.nextGaussian()),
  CONSTANT((i, n, random) -> 0.75f),
  ASCENDING((i, n, random) -> i - n / 2),
  DESCENDING((i, n, random) -> n / 2 - i),
  SAWTOOTH((i, n, random) -> i % 37),
  ALL_NEGATIVE((i, n, random) -> -0.5f - random.nextFloat()),
  HUGE_OUTLIER((i, n, random) -> i == n / 3 ? 3e38f : (float) random.nextGaussian() * 1e-3f),
  MASS_IN_FRONT((i, n, random) -> random.nextFloat() + (i < n / 16 + 1 ? 10 : 0)),
  MASS_AT_THE_END((i, n, random) -> random.nextFloat() + (i >= n - n / 16 - 1 ? 10 : 0)),
  /** Groups of 256 columns whose maxima are all equal, so that no group can be passed over. */
  EQUAL_GROUP_MAXIMA((i, n, random) -> i % 256 == 101 ? 1 : random.nextFloat() * 0.99f),
  /** A few above, all the others tied: the k-th value is met across the whole row. */
  TIED_EVERYWHERE((i, n, random) -> i % 97 == 41 ? 2 + random.nextInt(3) : 1),
  SMALL_INTEGERS((i, n, random) -> random.nextInt(7) - 3),
  SIGNED_ZEROS(
      (i, n, random) ->
          random.nextInt(40) == 0 ? random.nextInt(3) - 1 : random.nextBoolean() ? 0f : -0f),
  DENORMALS(
      (i, n, random) -> Float.intBitsToFloat(random.nextInt(0x800000) | random.nextInt(2) << 31)),
  BF16_ROUNDED(
      (i, n, random) ->
          Float.intBitsToFloat(
              Float.floatToRawIntBits((float) random.nextGaussian()) & 0xffff0000)),
  INFINITIES(
      (i, n, random) ->
          switch (random.nextInt(20)) {
            case 0 -> Float.POSITIVE_INFINITY;
            case 1, 2 -> Float.NEGATIVE_INFINITY;
            default -> (float) random.nextGaussian();
          }),
  /** NaN of both signs and many payloads among infinities and ordinary numbers. */
  NANS(
      (i, n, random) ->
          switch (random.nextInt(12)) {
            case 0 -> Float.NaN;
            case 1 -> Float.intBitsToFloat(0xffc00000);
            case 2 -> Float.intBitsToFloat(0x7fc00000 | random.nextInt(0x400000));
            case 3 -> Float.intBitsToFloat(0xffc00000 | random.nextInt(0x400000));
            case 4 -> Float.POSITIVE_INFINITY;
            default -> (float) random.nextGaussian();
          }),
  ALL_NAN(
      (i, n, random) -> Float.intBitsToFloat(0x7fc00000 | random.nextInt(2) << 31 | (i & 0xffff))),
  ALL_MINUS_INFINITY((i, n, random) -> Float.NEGATIVE_INFINITY);

  private final Element element;

  RowKind(Element element) {
    this.element = element;
  }

  /** A row of n elements. */
  public float[] row(int n, Random random) {
    float[] row = new float[n];
    for (int i = 0; i < n; i++) {
      row[i] = element.at(i, n, random);
    }
    return row;
  }

  private interface Element {
    float at(int i, int n, Random random);
  }
}
