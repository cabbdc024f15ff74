package org.pursuit.bench.roofline;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic limit of one thread: fused multiply-adds in registers, without a memory access.
 *
 * <p>{@value #CHAINS} independent chains hide the latency of an x86 core (two units of four or five
 * cycles), and leave room for the operands in 16 registers. Needs the module {@code
 * jdk.incubator.vector}.
 */
public final class FmaPeak {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int CHAINS = 12;

  /** Steps of every chain in one turn of the loop, so that the loop itself costs little. */
  private static final int STEPS = 2;

  private FmaPeak() {}

  /** Floating-point operations of {@link #run}: a multiply-add counts as two. */
  public static long flops(int iterations) {
    return 2L * STEPS * CHAINS * SPECIES.length() * iterations;
  }

  /**
   * Advances every chain {@code a ← a·½ + 1} by {@value #STEPS} steps an iteration.
   *
   * @return a number that depends on all chains, to be consumed
   */
  public static float run(int iterations) {
    FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    FloatVector a = one;
    FloatVector b = one.add(1);
    FloatVector c = one.add(2);
    FloatVector d = one.add(3);
    FloatVector e = one.add(4);
    FloatVector f = one.add(5);
    FloatVector g = one.add(6);
    FloatVector h = one.add(7);
    FloatVector i = one.add(8);
    FloatVector j = one.add(9);
    FloatVector k = one.add(10);
    FloatVector l = one.add(11);
    for (int n = 0; n < iterations; n++) {
      a = a.fma(half, one);
      b = b.fma(half, one);
      c = c.fma(half, one);
      d = d.fma(half, one);
      e = e.fma(half, one);
      f = f.fma(half, one);
      g = g.fma(half, one);
      h = h.fma(half, one);
      i = i.fma(half, one);
      j = j.fma(half, one);
      k = k.fma(half, one);
      l = l.fma(half, one);
      a = a.fma(half, one);
      b = b.fma(half, one);
      c = c.fma(half, one);
      d = d.fma(half, one);
      e = e.fma(half, one);
      f = f.fma(half, one);
      g = g.fma(half, one);
      h = h.fma(half, one);
      i = i.fma(half, one);
      j = j.fma(half, one);
      k = k.fma(half, one);
      l = l.fma(half, one);
    }
    FloatVector sum = a.add(b).add(c).add(d).add(e).add(f);
    sum = sum.add(g).add(h).add(i).add(j).add(k).add(l);
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
