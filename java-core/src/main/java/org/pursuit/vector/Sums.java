package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums of rows: weighted sums into a row, and inner products with one. Eight rows at a time keep
 * enough reads from memory in flight; fewer wait for it, more defeat its prefetching.
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

  /** {@code y += Σ_j c[j]·rows[j]} over eight rows, one fused multiply-add each, in their order. */
  static void add8(float[] y, float[] c, float[][] rows, int[] at, int d) {
    float[] r0 = rows[0];
    float[] r1 = rows[1];
    float[] r2 = rows[2];
    float[] r3 = rows[3];
    float[] r4 = rows[4];
    float[] r5 = rows[5];
    float[] r6 = rows[6];
    float[] r7 = rows[7];
    int a0 = at[0];
    int a1 = at[1];
    int a2 = at[2];
    int a3 = at[3];
    int a4 = at[4];
    int a5 = at[5];
    int a6 = at[6];
    int a7 = at[7];
    FloatVector c0 = splat(c[0]);
    FloatVector c1 = splat(c[1]);
    FloatVector c2 = splat(c[2]);
    FloatVector c3 = splat(c[3]);
    FloatVector c4 = splat(c[4]);
    FloatVector c5 = splat(c[5]);
    FloatVector c6 = splat(c[6]);
    FloatVector c7 = splat(c[7]);
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector sum = load(r0, a0 + i).fma(c0, load(y, i));
      sum = load(r1, a1 + i).fma(c1, sum);
      sum = load(r2, a2 + i).fma(c2, sum);
      sum = load(r3, a3 + i).fma(c3, sum);
      sum = load(r4, a4 + i).fma(c4, sum);
      sum = load(r5, a5 + i).fma(c5, sum);
      sum = load(r6, a6 + i).fma(c6, sum);
      sum = load(r7, a7 + i).fma(c7, sum);
      sum.intoArray(y, i);
    }
    for (; i < d; i++) {
      float sum = y[i];
      for (int j = 0; j < 8; j++) {
        sum = Math.fma(rows[j][at[j] + i], c[j], sum);
      }
      y[i] = sum;
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

  /** The squared distance of two rows. */
  static float squaredDistance(float[] x, int xAt, float[] y, int yAt, int d) {
    FloatVector even = FloatVector.zero(Lanes.FLOATS);
    FloatVector odd = even;
    int i = 0;
    for (; i <= d - 2 * L; i += 2 * L) {
      FloatVector error = load(x, xAt + i).sub(load(y, yAt + i));
      even = error.fma(error, even);
      error = load(x, xAt + i + L).sub(load(y, yAt + i + L));
      odd = error.fma(error, odd);
    }
    float tail = 0;
    for (; i < d; i++) {
      float error = x[xAt + i] - y[yAt + i];
      tail = Math.fma(error, error, tail);
    }
    return total(even.add(odd)) + tail;
  }

  /**
   * {@code dots[j] = ⟨x, rows[j]⟩} for eight rows.
   *
   * @param lanes scratch, a vector for each row
   */
  static void dot8(
      float[] x, int xAt, float[][] rows, int[] at, int d, float[] lanes, float[] dots) {
    float[] r0 = rows[0];
    float[] r1 = rows[1];
    float[] r2 = rows[2];
    float[] r3 = rows[3];
    float[] r4 = rows[4];
    float[] r5 = rows[5];
    float[] r6 = rows[6];
    float[] r7 = rows[7];
    int a0 = at[0];
    int a1 = at[1];
    int a2 = at[2];
    int a3 = at[3];
    int a4 = at[4];
    int a5 = at[5];
    int a6 = at[6];
    int a7 = at[7];
    FloatVector s0 = FloatVector.zero(Lanes.FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector v = load(x, xAt + i);
      s0 = load(r0, a0 + i).fma(v, s0);
      s1 = load(r1, a1 + i).fma(v, s1);
      s2 = load(r2, a2 + i).fma(v, s2);
      s3 = load(r3, a3 + i).fma(v, s3);
      s4 = load(r4, a4 + i).fma(v, s4);
      s5 = load(r5, a5 + i).fma(v, s5);
      s6 = load(r6, a6 + i).fma(v, s6);
      s7 = load(r7, a7 + i).fma(v, s7);
    }
    s0.intoArray(lanes, 0);
    s1.intoArray(lanes, L);
    s2.intoArray(lanes, 2 * L);
    s3.intoArray(lanes, 3 * L);
    s4.intoArray(lanes, 4 * L);
    s5.intoArray(lanes, 5 * L);
    s6.intoArray(lanes, 6 * L);
    s7.intoArray(lanes, 7 * L);
    for (int j = 0; j < 8; j++) {
      dots[j] = total(load(lanes, j * L)) + tail(x, xAt, rows[j], at[j], i, d);
    }
  }

  /**
   * {@code y += Σ_j c[j]·rows[j]} over four rows, one fused multiply-add each, in their order, and
   * {@code dots[j] = ⟨x, rows[j]⟩}: both of {@link #add8} and {@link #dot8}, to the same bits, with
   * one reading of the rows.
   *
   * @param lanes scratch, a vector for each row
   */
  static void addAndDot4(
      float[] y,
      float[] c,
      float[][] rows,
      int[] at,
      float[] x,
      int xAt,
      int d,
      float[] lanes,
      float[] dots) {
    float[] r0 = rows[0];
    float[] r1 = rows[1];
    float[] r2 = rows[2];
    float[] r3 = rows[3];
    int a0 = at[0];
    int a1 = at[1];
    int a2 = at[2];
    int a3 = at[3];
    FloatVector c0 = splat(c[0]);
    FloatVector c1 = splat(c[1]);
    FloatVector c2 = splat(c[2]);
    FloatVector c3 = splat(c[3]);
    FloatVector s0 = FloatVector.zero(Lanes.FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector v = load(x, xAt + i);
      FloatVector r = load(r0, a0 + i);
      FloatVector sum = r.fma(c0, load(y, i));
      s0 = r.fma(v, s0);
      r = load(r1, a1 + i);
      sum = r.fma(c1, sum);
      s1 = r.fma(v, s1);
      r = load(r2, a2 + i);
      sum = r.fma(c2, sum);
      s2 = r.fma(v, s2);
      r = load(r3, a3 + i);
      sum = r.fma(c3, sum);
      s3 = r.fma(v, s3);
      sum.intoArray(y, i);
    }
    s0.intoArray(lanes, 0);
    s1.intoArray(lanes, L);
    s2.intoArray(lanes, 2 * L);
    s3.intoArray(lanes, 3 * L);
    for (int j = 0; j < 4; j++) {
      dots[j] = total(load(lanes, j * L)) + tail(x, xAt, rows[j], at[j], i, d);
      for (int t = i; t < d; t++) {
        y[t] = Math.fma(rows[j][at[j] + t], c[j], y[t]);
      }
    }
  }

  /** As {@link #addAndDot4}, over eight rows: AVX-512 has registers enough for them. */
  static void addAndDot8(
      float[] y,
      float[] c,
      float[][] rows,
      int[] at,
      float[] x,
      int xAt,
      int d,
      float[] lanes,
      float[] dots) {
    float[] r0 = rows[0];
    float[] r1 = rows[1];
    float[] r2 = rows[2];
    float[] r3 = rows[3];
    float[] r4 = rows[4];
    float[] r5 = rows[5];
    float[] r6 = rows[6];
    float[] r7 = rows[7];
    int a0 = at[0];
    int a1 = at[1];
    int a2 = at[2];
    int a3 = at[3];
    int a4 = at[4];
    int a5 = at[5];
    int a6 = at[6];
    int a7 = at[7];
    FloatVector c0 = splat(c[0]);
    FloatVector c1 = splat(c[1]);
    FloatVector c2 = splat(c[2]);
    FloatVector c3 = splat(c[3]);
    FloatVector c4 = splat(c[4]);
    FloatVector c5 = splat(c[5]);
    FloatVector c6 = splat(c[6]);
    FloatVector c7 = splat(c[7]);
    FloatVector s0 = FloatVector.zero(Lanes.FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    int i = 0;
    for (; i <= d - L; i += L) {
      FloatVector v = load(x, xAt + i);
      FloatVector r = load(r0, a0 + i);
      FloatVector sum = r.fma(c0, load(y, i));
      s0 = r.fma(v, s0);
      r = load(r1, a1 + i);
      sum = r.fma(c1, sum);
      s1 = r.fma(v, s1);
      r = load(r2, a2 + i);
      sum = r.fma(c2, sum);
      s2 = r.fma(v, s2);
      r = load(r3, a3 + i);
      sum = r.fma(c3, sum);
      s3 = r.fma(v, s3);
      r = load(r4, a4 + i);
      sum = r.fma(c4, sum);
      s4 = r.fma(v, s4);
      r = load(r5, a5 + i);
      sum = r.fma(c5, sum);
      s5 = r.fma(v, s5);
      r = load(r6, a6 + i);
      sum = r.fma(c6, sum);
      s6 = r.fma(v, s6);
      r = load(r7, a7 + i);
      sum = r.fma(c7, sum);
      s7 = r.fma(v, s7);
      sum.intoArray(y, i);
    }
    s0.intoArray(lanes, 0 * L);
    s1.intoArray(lanes, 1 * L);
    s2.intoArray(lanes, 2 * L);
    s3.intoArray(lanes, 3 * L);
    s4.intoArray(lanes, 4 * L);
    s5.intoArray(lanes, 5 * L);
    s6.intoArray(lanes, 6 * L);
    s7.intoArray(lanes, 7 * L);
    for (int j = 0; j < 8; j++) {
      dots[j] = total(load(lanes, j * L)) + tail(x, xAt, rows[j], at[j], i, d);
      for (int t = i; t < d; t++) {
        y[t] = Math.fma(rows[j][at[j] + t], c[j], y[t]);
      }
    }
  }

  /** The inner product of what lies past the last whole vector. */
  private static float tail(float[] x, int xAt, float[] row, int at, int from, int d) {
    float tail = 0;
    for (int t = from; t < d; t++) {
      tail = Math.fma(x[xAt + t], row[at + t], tail);
    }
    return tail;
  }

  /**
   * The sum of a vector's lanes, by halves. {@code reduceLanes} leaves its order open, and the
   * compiler takes another one than the interpreter.
   */
  static float total(FloatVector v) {
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
