package org.pursuit.bench.roofline;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The memory limit of one thread: an array is read from its first element to its last, and summed
 * so that the reads are not removed. Needs the module {@code jdk.incubator.vector}.
 */
public final class MemoryScan {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final int STRIDE = 8 * LANES;

  private MemoryScan() {}

  /**
   * Sums {@code data[from … to)}; the last elements that do not fill eight vectors are left out.
   *
   * @return the sum, to be consumed
   */
  public static float run(float[] data, int from, int to) {
    FloatVector a = FloatVector.zero(SPECIES);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    int end = to - STRIDE;
    for (int n = from; n <= end; n += STRIDE) {
      a = a.add(FloatVector.fromArray(SPECIES, data, n));
      b = b.add(FloatVector.fromArray(SPECIES, data, n + LANES));
      c = c.add(FloatVector.fromArray(SPECIES, data, n + 2 * LANES));
      d = d.add(FloatVector.fromArray(SPECIES, data, n + 3 * LANES));
      e = e.add(FloatVector.fromArray(SPECIES, data, n + 4 * LANES));
      f = f.add(FloatVector.fromArray(SPECIES, data, n + 5 * LANES));
      g = g.add(FloatVector.fromArray(SPECIES, data, n + 6 * LANES));
      h = h.add(FloatVector.fromArray(SPECIES, data, n + 7 * LANES));
    }
    FloatVector sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h);
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
