package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums of a few rows at once: weighted sums into a row, and inner products with one. Four rows at a
 * time keep enough reads from memory in flight.
 */
final class Sums {
  private static final int L = Lanes.COUNT;

  private static final VectorShuffle<Float> BY_8 = rotation(8);
  private static final VectorShuffle<Float> BY_4 = rotation(4);
  private static final VectorShuffle<Float> BY_2 = rotation(2);
  private static final VectorShuffle<Float> BY_1 = rotation(1);

  private Sums() {}

  /** {@code y += c·a}, one fused multiply-add an element. */
  static void add(float[] y, int yAt, float c, float[] a, int aAt, int d) {
    int i = 0;
    for (; i <= d - L; i += L) {
      load(a, aAt + i).fma(splat(c), load(y, yAt + i)).intoArray(y, yAt + i);
    }
    for (; i < d; i++) {
      y[yAt + i] = Math.fma(a[aAt + i], c, y[yAt + i]);
    }
  }

  /** Four times {@link #add}, in the order of the letters. */
  static void add4(
      float[] y,
      int yAt,
      float[] c,
      int cAt,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] e,
      int eAt,
      float[] f,
      int fAt,
      int d) {
    FloatVector ca = splat(c[cAt]);
    FloatVector cb = splat(c[cAt + 1]);
    FloatVector ce = splat(c[cAt + 2]);
    FloatVector cf = splat(c[cAt + 3]);
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector sum = load(a, aAt + i).fma(ca, load(y, yAt + i));
      sum = load(b, bAt + i).fma(cb, sum);
      sum = load(e, eAt + i).fma(ce, sum);
      load(f, fAt + i).fma(cf, sum).intoArray(y, yAt + i);
    }
    for (; i < d; i++) {
      float sum = Math.fma(a[aAt + i], c[cAt], y[yAt + i]);
      sum = Math.fma(b[bAt + i], c[cAt + 1], sum);
      sum = Math.fma(e[eAt + i], c[cAt + 2], sum);
      y[yAt + i] = Math.fma(f[fAt + i], c[cAt + 3], sum);
    }
  }

  /** The inner product of two rows. */
  static float dot(float[] x, int xAt, float[] a, int aAt, int d) {
    FloatVector even = FloatVector.zero(Lanes.FLOATS);
    FloatVector odd = even;
    int i = 0;
    for (; i <= d - 2 * L; i += 2 * L) {
      even = load(x, xAt + i).fma(load(a, aAt + i), even);
      odd = load(x, xAt + i + L).fma(load(a, aAt + i + L), odd);
    }
    float tail = 0;
    for (; i < d; i++) {
      tail = Math.fma(x[xAt + i], a[aAt + i], tail);
    }
    return total(even.add(odd)) + tail;
  }

  /** Four inner products with one row, into {@code dots[dotsAt … dotsAt + 4)}. */
  static void dot4(
      float[] x,
      int xAt,
      float[] dots,
      int dotsAt,
      float[] a,
      int aAt,
      float[] b,
      int bAt,
      float[] e,
      int eAt,
      float[] f,
      int fAt,
      int d) {
    FloatVector sa = FloatVector.zero(Lanes.FLOATS);
    FloatVector sb = sa;
    FloatVector se = sa;
    FloatVector sf = sa;
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector v = load(x, xAt + i);
      sa = v.fma(load(a, aAt + i), sa);
      sb = v.fma(load(b, bAt + i), sb);
      se = v.fma(load(e, eAt + i), se);
      sf = v.fma(load(f, fAt + i), sf);
    }
    float ta = 0;
    float tb = 0;
    float te = 0;
    float tf = 0;
    for (; i < d; i++) {
      ta = Math.fma(x[xAt + i], a[aAt + i], ta);
      tb = Math.fma(x[xAt + i], b[bAt + i], tb);
      te = Math.fma(x[xAt + i], e[eAt + i], te);
      tf = Math.fma(x[xAt + i], f[fAt + i], tf);
    }
    dots[dotsAt] = total(sa) + ta;
    dots[dotsAt + 1] = total(sb) + tb;
    dots[dotsAt + 2] = total(se) + te;
    dots[dotsAt + 3] = total(sf) + tf;
  }

  /**
   * The sum of a vector's lanes, by halves. {@code reduceLanes} leaves its order open, and the
   * compiler takes another one than the interpreter.
   */
  private static float total(FloatVector v) {
    FloatVector sum = v;
    if (L == 16) {
      sum = sum.add(sum.rearrange(BY_8));
    }
    if (L >= 8) {
      sum = sum.add(sum.rearrange(BY_4));
    }
    sum = sum.add(sum.rearrange(BY_2));
    return sum.add(sum.rearrange(BY_1)).lane(0);
  }

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.iota(Lanes.FLOATS, by, 1, true);
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
