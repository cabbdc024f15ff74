package org.pursuit.vector;

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

  /** A bar for each column: that of score i is {@code bars[i]}. */
  static void mark(
      float[] scores, int at, int n, float[] bars, boolean magnitude, long[] bits, int bitsAt) {
    if (magnitude) {
      markMagnitudes(scores, at, n, bars, bits, bitsAt);
    } else {
      markSigned(scores, at, n, bars, bits, bitsAt);
    }
    int whole = n / UNIT * UNIT;
    if (whole < n) {
      long word = 0;
      for (int i = whole; i < n; i++) {
        word |= bit(scores[at + i], bars[i], magnitude) << (i - whole);
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
      float[] scores, int at, int n, float[] bars, long[] bits, int bitsAt) {
    for (int i = 0; i <= n - UNIT; i += UNIT) {
      long below = 0;
      for (int v = 0; v < UNIT; v += L) {
        FloatVector bar = load(bars, i + v);
        below |= load(scores, at + i + v).compare(VectorOperators.LE, bar).toLong() << v;
      }
      bits[bitsAt + i / UNIT] = ~below;
    }
  }

  private static void markMagnitudes(
      float[] scores, int at, int n, float[] bars, long[] bits, int bitsAt) {
    for (int i = 0; i <= n - UNIT; i += UNIT) {
      long below = 0;
      for (int v = 0; v < UNIT; v += L) {
        FloatVector bar = load(bars, i + v);
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
   * …)} and {@code values[to …)}, ascending.
   */
  static void write(
      long[] bits,
      int bitsAt,
      int n,
      float[] scores,
      int at,
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
        columns[to] = column;
        values[to++] = scores[at + column];
      }
    }
  }
}
