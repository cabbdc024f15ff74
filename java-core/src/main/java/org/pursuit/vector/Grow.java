package org.pursuit.vector;

/** Scratch arrays that grow to the largest length asked for; their contents do not survive. */
final class Grow {
  private Grow() {}

  static float[] floats(float[] array, int length) {
    return array.length >= length ? array : new float[length];
  }

  static int[] ints(int[] array, int length) {
    return array.length >= length ? array : new int[length];
  }

  static long[] longs(long[] array, int length) {
    return array.length >= length ? array : new long[length];
  }
}
