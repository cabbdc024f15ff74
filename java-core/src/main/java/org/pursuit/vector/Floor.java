package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Lower bounds of the k-th largest score from the maxima of disjoint groups.
 *
 * <p>Scores are compared as <em>vector keys</em>: ints that order as the scores do, every NaN above
 * +∞, computed without a branch. They tell −0.0 from +0.0 and NaNs from each other, so they only
 * filter; exact ranks decide.
 */
final class Floor {
  private static final int L = Lanes.COUNT;

  /**
   * Added to the ordered bits of a float, it makes −∞ the smallest int and lets the NaNs with a
   * sign wrap round to the top.
   */
  private static final int WRAP = 0xff800001;

  /** The signed vector key of −∞. */
  static final int LOWEST = Integer.MIN_VALUE;

  /** Bits of the smallest NaN without a sign; all NaNs rank alike, so a floor stays below them. */
  private static final int SMALLEST_NAN = 0x7f800001;

  /** Leading bits of a key that a floor is exact in: a bound need not be the best one. */
  private static final int BITS = 20;

  /** Scores whose comparisons fill one long. */
  private static final int UNIT = 64;

  private Floor() {}

  static IntVector signedKeys(IntVector bits) {
    IntVector flip = bits.lanewise(VectorOperators.ASHR, 31).lanewise(VectorOperators.LSHR, 1);
    return bits.lanewise(VectorOperators.XOR, flip).add(WRAP);
  }

  static int signedKey(float score) {
    return ordered(Float.floatToRawIntBits(score)) + WRAP;
  }

  /** The score with this signed key. */
  static float score(int key) {
    return Float.intBitsToFloat(ordered(key - WRAP));
  }

  private static int ordered(int bits) {
    return bits ^ (bits >> 31 >>> 1);
  }

  static IntVector magnitudeKeys(IntVector bits) {
    return bits.and(0x7fffffff);
  }

  /** The smallest vector key of a score that ranks above the given key (which is not NaN's). */
  static int above(int key, boolean magnitude) {
    return (magnitude ? key : key + WRAP) + 1;
  }

  /**
   * The largest signed vector key in each lane of each group of {@code group} vectors: {@code
   * maxima[g·L + lane]}.
   */
  static void signedMaxima(float[] scores, int at, int groups, int group, int[] maxima) {
    for (int g = 0; g < groups; g++) {
      int base = at + g * group * L;
      IntVector even = IntVector.broadcast(Lanes.INTS, Integer.MIN_VALUE);
      IntVector odd = even;
      for (int v = 0; v < group; v += 2) {
        even = even.max(signedKeys(bits(scores, base + v * L)));
        odd = odd.max(signedKeys(bits(scores, base + v * L + L)));
      }
      even.max(odd).intoArray(maxima, g * L);
    }
  }

  /** {@link #signedMaxima} for magnitude keys. */
  static void magnitudeMaxima(float[] scores, int at, int groups, int group, int[] maxima) {
    for (int g = 0; g < groups; g++) {
      int base = at + g * group * L;
      IntVector even = IntVector.zero(Lanes.INTS);
      IntVector odd = even;
      for (int v = 0; v < group; v += 2) {
        even = even.max(magnitudeKeys(bits(scores, base + v * L)));
        odd = odd.max(magnitudeKeys(bits(scores, base + v * L + L)));
      }
      even.max(odd).intoArray(maxima, g * L);
    }
  }

  private static IntVector bits(float[] scores, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, scores, at).reinterpretAsInts();
  }

  /**
   * Writes the positions {@code from … to} of scores whose signed key reaches the floor to {@code
   * hits[found …)}, ascending, and the scores past the last whole vector too. One branch decides on
   * {@value #UNIT} scores.
   *
   * @return {@code found} and the number written
   */
  static int collectSigned(
      float[] scores, int at, int from, int to, int floor, int[] hits, int found) {
    int i = from;
    for (; i <= to - UNIT; i += UNIT) {
      long reaching = 0;
      for (int v = 0; v < UNIT; v += L) {
        reaching |= signedReaching(scores, at + i + v, floor) << v;
      }
      found = note(reaching, i, hits, found);
    }
    for (; i <= to - L; i += L) {
      found = note(signedReaching(scores, at + i, floor), i, hits, found);
    }
    for (; i < to; i++) {
      hits[found++] = i;
    }
    return found;
  }

  /** {@link #collectSigned} for magnitude keys. */
  static int collectMagnitude(
      float[] scores, int at, int from, int to, int floor, int[] hits, int found) {
    int i = from;
    for (; i <= to - UNIT; i += UNIT) {
      long reaching = 0;
      for (int v = 0; v < UNIT; v += L) {
        reaching |= magnitudeReaching(scores, at + i + v, floor) << v;
      }
      found = note(reaching, i, hits, found);
    }
    for (; i <= to - L; i += L) {
      found = note(magnitudeReaching(scores, at + i, floor), i, hits, found);
    }
    for (; i < to; i++) {
      hits[found++] = i;
    }
    return found;
  }

  private static long signedReaching(float[] scores, int at, int floor) {
    return signedKeys(bits(scores, at)).compare(VectorOperators.GE, floor).toLong();
  }

  private static long magnitudeReaching(float[] scores, int at, int floor) {
    return magnitudeKeys(bits(scores, at)).compare(VectorOperators.GE, floor).toLong();
  }

  private static int note(long reaching, int at, int[] hits, int found) {
    for (long left = reaching; left != 0; left &= left - 1) {
      hits[found++] = at + Long.numberOfTrailingZeros(left);
    }
    return found;
  }

  /**
   * Writes the numbers of the groups that have a maximum which reaches the floor to {@code
   * reaching}, ascending. Without a branch on the maxima, which nobody can predict.
   *
   * @return how many there are
   */
  static int reachingGroups(int[] maxima, int groups, int floor, int[] reaching) {
    int found = 0;
    for (int g = 0; g < groups; g++) {
      reaching[found] = g;
      found += reaches(maxima, g * L, floor) ? 1 : 0;
    }
    return found;
  }

  private static boolean reaches(int[] maxima, int at, int floor) {
    return IntVector.fromArray(Lanes.INTS, maxima, at).compare(VectorOperators.GE, floor).anyTrue();
  }

  /**
   * A lower bound of the k-th largest score, from the maxima of at least k groups: the k-th largest
   * of those, or of maxima of several each where there are many, cut off after {@value #BITS} bits.
   * Cutting off also joins +0.0 with −0.0, whose keys are one apart.
   *
   * @param maxima {@code count} maxima, a multiple of L, followed by scratch for as many
   */
  static int of(int[] maxima, int count, int k, boolean magnitude) {
    int vectors = Math.min(count / L, Math.ceilDiv(RunningTopK.MAXIMA_PER_K * k, L));
    int reduced = count;
    IntVector highest = IntVector.broadcast(Lanes.INTS, Integer.MIN_VALUE);
    IntVector lowest = IntVector.broadcast(Lanes.INTS, Integer.MAX_VALUE);
    for (int v = 0; v < vectors; v++) {
      IntVector max = IntVector.fromArray(Lanes.INTS, maxima, v * L);
      for (int w = v + vectors; w < count / L; w += vectors) {
        max = max.max(IntVector.fromArray(Lanes.INTS, maxima, w * L));
      }
      max.intoArray(maxima, reduced + v * L);
      highest = highest.max(max);
      lowest = lowest.min(max);
    }
    int high = highest.reduceLanes(VectorOperators.MAX);
    int low = lowest.reduceLanes(VectorOperators.MIN);
    int first = Math.max(31 - Integer.numberOfLeadingZeros(high ^ low), 31 - BITS);
    int floor = first == 31 ? Integer.MIN_VALUE : high & (-2 << first); // the bits that all share
    int reaching = vectors * L;
    for (int bit = first; bit > 31 - BITS && reaching > k; bit--) {
      int higher = floor + (1 << bit);
      int higherReached = countReaching(maxima, reduced, vectors, higher);
      if (higherReached >= k) {
        floor = higher;
        reaching = higherReached;
      }
    }
    return Math.min(floor, magnitude ? SMALLEST_NAN : SMALLEST_NAN + WRAP);
  }

  private static int countReaching(int[] maxima, int at, int vectors, int bound) {
    int count = 0;
    for (int v = 0; v < vectors; v++) {
      count +=
          IntVector.fromArray(Lanes.INTS, maxima, at + v * L)
              .compare(VectorOperators.GE, bound)
              .trueCount();
    }
    return count;
  }
}
