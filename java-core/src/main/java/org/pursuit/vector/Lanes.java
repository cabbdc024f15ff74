package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** The shape of the vectors that every kernel uses: what the processor prefers, up to 512 bits. */
final class Lanes {
  static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** Number of floats in a vector. */
  static final int COUNT = FLOATS.length();

  /** 0, 1, 2, …: the lanes' own numbers. */
  static final IntVector IOTA = IntVector.zero(INTS).addIndex(1);

  private Lanes() {}

  static int bits() {
    return FLOATS.vectorBitSize();
  }
}
