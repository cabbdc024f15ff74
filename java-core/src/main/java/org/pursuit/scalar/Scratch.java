package org.pursuit.scalar;

/** Arrays that kernels keep between calls: each grows to the largest length asked for. */
final class Scratch {
  private final float[] statistics = new float[2];
  private float[] x = {};
  private float[] atom = {};
  private float[] scores = {};
  private float[] norms = {};
  private float[] inverseNorms = {};
  private double[] sums = {};
  private double[] steps = {};
  private double[] left = {};
  private double[] gradient = {};
  private long[] ranks = {};
  private int[] rows = {};
  private boolean[] flags = {};

  /** Centre and scale of a row. */
  float[] statistics() {
    return statistics;
  }

  float[] x(int length) {
    return x = x.length >= length ? x : new float[length];
  }

  float[] atom(int length) {
    return atom = atom.length >= length ? atom : new float[length];
  }

  float[] scores(int length) {
    return scores = scores.length >= length ? scores : new float[length];
  }

  float[] norms(int length) {
    return norms = norms.length >= length ? norms : new float[length];
  }

  float[] inverseNorms(int length) {
    return inverseNorms = inverseNorms.length >= length ? inverseNorms : new float[length];
  }

  double[] sums(int length) {
    return sums = sums.length >= length ? sums : new double[length];
  }

  /** A number of each step of a pursuit. */
  double[] steps(int length) {
    return steps = steps.length >= length ? steps : new double[length];
  }

  /** What is left of a row. */
  double[] left(int length) {
    return left = left.length >= length ? left : new double[length];
  }

  double[] gradient(int length) {
    return gradient = gradient.length >= length ? gradient : new double[length];
  }

  long[] ranks(int length) {
    return ranks = ranks.length >= length ? ranks : new long[length];
  }

  int[] rows(int length) {
    return rows = rows.length >= length ? rows : new int[length];
  }

  boolean[] flags(int length) {
    return flags = flags.length >= length ? flags : new boolean[length];
  }

  void free() {
    x = atom = scores = norms = inverseNorms = new float[0];
    sums = steps = left = gradient = new double[0];
    ranks = new long[0];
    rows = new int[0];
    flags = new boolean[0];
  }
}
