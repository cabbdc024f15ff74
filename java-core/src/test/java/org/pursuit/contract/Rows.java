package org.pursuit.contract;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import net.jqwik.api.Tuple;

/** Rows of up to a few hundred numbers for the laws: arbitrary ones, ties and special values. */
final class Rows implements ArbitrarySupplier<float[]> {
  private static final int LONGEST = 280;

  @Override
  public Arbitrary<float[]> get() {
    Arbitrary<Float> any = Arbitraries.floats();
    Arbitrary<Float> ties = Arbitraries.integers().between(-3, 3).map(Integer::floatValue);
    Arbitrary<Float> special =
        Arbitraries.of(
            0f,
            -0f,
            Float.NaN,
            Float.intBitsToFloat(0xffc00123),
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.MIN_VALUE,
            -Float.MAX_VALUE);
    return Arbitraries.frequencyOf(Tuple.of(5, any), Tuple.of(5, ties), Tuple.of(1, special))
        .array(float[].class)
        .ofMaxSize(LONGEST);
  }
}
