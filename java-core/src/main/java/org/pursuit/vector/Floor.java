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

  /** Bits of the smallest NaN without a sign; all NaNs rank alike, so a floor stays below them. */
  private static final int SMALLEST_NAN = 0x7f800001;

  /** Leading bits of a key that a floor is exact in: a bound need not be the best one. */
  private static final int BITS = 20;

  private Floor() {}

  static IntVector signedKeys(IntVector bits) {
    IntVector flip = bits.lanewise(VectorOperators.ASHR, 31).lanewise(VectorOperators.LSHR, 1);
    return bits.lanewise(VectorOperators.XOR, flip).add(WRAP);
  }

  static IntVector magnitudeKeys(IntVector bits) {
    return bits.and(0x7fffffff);
  }

  /** The smallest vector key of a score that ranks above the given key (which is not NaN's). */
  static int above(int key, boolean magnitude) {
    return (magnitude ? key : key + WRAP) + 1;
  }

  /** The vector key of a signed score. */
  static int signedKey(float score) {
    int bits = Float.floatToRawIntBits(score);
    return (bits ^ ((bits >> 31) >>> 1)) + WRAP;
  }

  /** The vector key of a score's magnitude. */
  static int magnitudeKey(float score) {
    return Float.floatToRawIntBits(score) & 0x7fffffff;
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
   * hits[found …)}, ascending, and the scores past the last whole vector too.
   *
   * @return {@code found} and the number written
   */
  static int collectSigned(
      float[] scores, int at, int from, int to, int floor, int[] hits, int found) {
    int i = from;
    for (; i <= to - L; i += L) {
      long reaching = signedKeys(bits(scores, at + i)).compare(VectorOperators.GE, floor).toLong();
      for (; reaching != 0; reaching &= reaching - 1) {
        hits[found++] = i + Long.numberOfTrailingZeros(reaching);
      }
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
    for (; i <= to - L; i += L) {
      long reaching =
          magnitudeKeys(bits(scores, at + i)).compare(VectorOperators.GE, floor).toLong();
      for (; reaching != 0; reaching &= reaching - 1) {
        hits[found++] = i + Long.numberOfTrailingZeros(reaching);
      }
    }
    for (; i < to; i++) {
      hits[found++] = i;
    }
    return found;
  }

  /**
   * Writes the positions of the maxima that reach the floor to {@code positions}, ascending; {@code
   * count} is a multiple of L.
   *
   * @return how many there are
   */
  static int reaching(int[] maxima, int count, int floor, int[] positions) {
    int found = 0;
    for (int i = 0; i < count; i += L) {
      long reaching =
          IntVector.fromArray(Lanes.INTS, maxima, i).compare(VectorOperators.GE, floor).toLong();
      for (; reaching != 0; reaching &= reaching - 1) {
        positions[found++] = i + Long.numberOfTrailingZeros(reaching);
      }
    }
    return found;
  }

  /**
   * Writes those of the {@code count} positions {@code from}, {@code from + L}, … whose score
   * reaches the floor to {@code hits[found …)}. Without a branch on the scores, which nobody can
   * predict.
   *
   * @return {@code found} and the number written
   */
  static int collectLane(
      float[] scores,
      int at,
      int from,
      int count,
      boolean magnitude,
      int floor,
      int[] hits,
      int found) {
    for (int v = 0; v < count; v++) {
      int position = from + v * L;
      float score = scores[at + position];
      int key = magnitude ? magnitudeKey(score) : signedKey(score);
      hits[found] = position;
      found += key >= floor ? 1 : 0;
    }
    return found;
  }

  /**
   * A lower bound of the k-th largest score, from the maxima of at least k groups: the k-th largest
   * of those, or of maxima of several each where there are many, cut off after {@value #BITS} bits.
   * Cutting off also joins +0.0 with −0.0, whose keys are one apart.
   *
   * @param maxima {@code count} maxima, a multiple of L, followed by scratch for as many
   */
  static int of(int[] maxima, int count, int k, boolean magnitude) {
    int vectors = Math.min(count / L, Math.ceilDiv(RowTopK.MAXIMA_PER_K * k, L));
    int reduced = count;
    for (int v = 0; v < vectors; v++) {
      IntVector max = IntVector.fromArray(Lanes.INTS, maxima, v * L);
      for (int w = v + vectors; w < count / L; w += vectors) {
        max = max.max(IntVector.fromArray(Lanes.INTS, maxima, w * L));
      }
      max.intoArray(maxima, reduced + v * L);
    }
    int floor = Integer.MIN_VALUE;
    int reaching = vectors * L;
    for (int bit = 31; bit > 31 - BITS && reaching > k; bit--) {
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
