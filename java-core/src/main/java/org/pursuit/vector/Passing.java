package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Which scores of a row pass a bar, as bits: {@code !(score <= bar)}, so that NaN passes every
 * number, and everything passes NaN. Bit i % 64 of word i / 64 tells of score i.
 */
final class Passing {
  private static final int L = Lanes.COUNT;

  /** Scores whose bits fill one word. */
  static final int UNIT = Long.SIZE;

  /** The bar that every score passes. */
  static final float ALL = Float.NaN;

  private Passing() {}

  /** Words for the bits of n scores. */
  static int words(int n) {
    return Math.ceilDiv(n, UNIT);
  }

  /** One bar for all. */
  static void mark(
      float[] scores, int at, int n, float bar, boolean magnitude, long[] bits, int bitsAt) {
    if (magnitude) {
      markMagnitudes(scores, at, n, bar, bits, bitsAt);
    } else {
      markSigned(scores, at, n, bar, bits, bitsAt);
    }
    int whole = n / UNIT * UNIT;
    if (whole < n) {
      long word = 0;
      for (int i = whole; i < n; i++) {
        word |= bit(scores[at + i], bar, magnitude) << (i - whole);
      }
      bits[bitsAt + whole / UNIT] = word;
    }
  }

  /** A bar for each column: that of score i is {@code bars[barsAt + i]}. */
  static void mark(
      float[] scores,
      int at,
      int n,
      float[] bars,
      int barsAt,
      boolean magnitude,
      long[] bits,
      int bitsAt) {
    if (magnitude) {
      markMagnitudes(scores, at, n, bars, barsAt, bits, bitsAt);
    } else {
      markSigned(scores, at, n, bars, barsAt, bits, bitsAt);
    }
    int whole = n / UNIT * UNIT;
    if (whole < n) {
      long word = 0;
      for (int i = whole; i < n; i++) {
        word |= bit(scores[at + i], bars[barsAt + i], magnitude) << (i - whole);
      }
      bits[bitsAt + whole / UNIT] = word;
    }
  }

  private static void markSigned(
      float[] scores, int at, int n, float bar, long[] bits, int bitsAt) {
    FloatVector bars = FloatVector.broadcast(Lanes.FLOATS, bar);
    for (int i = 0; i <= n - UNIT; i += UNIT) {
      long below = 0;
      for (int v = 0; v < UNIT; v += L) {
        below |= load(scores, at + i + v).compare(VectorOperators.LE, bars).toLong() << v;
      }
      bits[bitsAt + i / UNIT] = ~below;
    }
  }

  private static void markMagnitudes(
      float[] scores, int at, int n, float bar, long[] bits, int bitsAt) {
    FloatVector bars = FloatVector.broadcast(Lanes.FLOATS, bar);
    for (int i = 0; i <= n - UNIT; i += UNIT) {
      long below = 0;
      for (int v = 0; v < UNIT; v += L) {
        below |= load(scores, at + i + v).abs().compare(VectorOperators.LE, bars).toLong() << v;
      }
      bits[bitsAt + i / UNIT] = ~below;
    }
  }

  private static void markSigned(
      float[] scores, int at, int n, float[] bars, int barsAt, long[] bits, int bitsAt) {
    for (int i = 0; i <= n - UNIT; i += UNIT) {
      long below = 0;
      for (int v = 0; v < UNIT; v += L) {
        FloatVector bar = load(bars, barsAt + i + v);
        below |= load(scores, at + i + v).compare(VectorOperators.LE, bar).toLong() << v;
      }
      bits[bitsAt + i / UNIT] = ~below;
    }
  }

  private static void markMagnitudes(
      float[] scores, int at, int n, float[] bars, int barsAt, long[] bits, int bitsAt) {
    for (int i = 0; i <= n - UNIT; i += UNIT) {
      long below = 0;
      for (int v = 0; v < UNIT; v += L) {
        FloatVector bar = load(bars, barsAt + i + v);
        below |= load(scores, at + i + v).abs().compare(VectorOperators.LE, bar).toLong() << v;
      }
      bits[bitsAt + i / UNIT] = ~below;
    }
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  private static long bit(float score, float bar, boolean magnitude) {
    return (magnitude ? Math.abs(score) : score) <= bar ? 0 : 1;
  }

  /** Flags as bits, in {@code words} or a longer array. */
  static long[] flags(boolean[] flags, long[] words) {
    long[] bits = Grow.longs(words, words(flags.length));
    Arrays.fill(bits, 0, words(flags.length), 0);
    for (int i = 0; i < flags.length; i++) {
      bits[i / UNIT] |= flags[i] ? 1L << i : 0;
    }
    return bits;
  }

  /** The {@value #UNIT} bits from one on, of so many words; past their end there are none. */
  static long word(long[] bits, int from, int words) {
    int w = from / UNIT;
    int shift = from % UNIT;
    long low = bits[w] >>> shift;
    return shift == 0 || w + 1 == words ? low : low | bits[w + 1] << (UNIT - shift);
  }

  /** How many of {@code words} words' bits are set. */
  static int count(long[] bits, int from, int words) {
    int count = 0;
    for (int w = from; w < from + words; w++) {
      count += Long.bitCount(bits[w]);
    }
    return count;
  }

  /**
   * Writes the columns and scores of the first {@code most} set bits of a row to {@code columns[to
   * …)} and {@code values[to …)}, ascending; the first bit is that of column {@code firstColumn}.
   */
  static void write(
      long[] bits,
      int bitsAt,
      int n,
      float[] scores,
      int at,
      int firstColumn,
      int[] columns,
      float[] values,
      int to,
      int most) {
    int end = to + most;
    for (int w = 0; w < words(n); w++) {
      for (long left = bits[bitsAt + w]; left != 0; left &= left - 1) {
        if (to == end) {
          return;
        }
        int column = w * UNIT + Long.numberOfTrailingZeros(left);
        columns[to] = firstColumn + column;
        values[to++] = scores[at + column];
      }
    }
  }
}
