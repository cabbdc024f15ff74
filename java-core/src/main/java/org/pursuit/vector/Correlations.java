package org.pursuit.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The best atom among a row's correlations: the first of the largest {@code correlation·weight}, or
 * of the largest magnitude. A weight of NaN excludes an atom, as does a correlation of NaN.
 *
 * <p>The running best is kept outside, so that correlations may come in pieces.
 */
final class Correlations {
  private static final int L = Lanes.COUNT;

  /** Correlations of a block: with the Gram's and the weights, half of the innermost cache. */
  private static final int BLOCK = 1024;

  private Correlations() {}

  /** The best score so far and its atom; −1 while no score has exceeded the start. */
  static final class Best {
    float score;
    int atom;

    /** The best atom's correlation; kept by who knows it. */
    float product;

    void reset(float start) {
      score = start;
      atom = -1;
    }

    private void offer(float score, int atom) {
      if (score > this.score) {
        this.score = score;
        this.atom = atom;
      }
    }

    /** Takes the best of each lane; among equals the lowest atom. */
    private void offerLanes(FloatVector scores, IntVector atoms) {
      float highest = scores.reduceLanes(VectorOperators.MAX);
      if (highest > score) {
        VectorMask<Integer> holders = scores.compare(VectorOperators.EQ, highest).cast(Lanes.INTS);
        offer(highest, atoms.reduceLanes(VectorOperators.MIN, holders));
      }
    }
  }

  /** Offers {@code correlations[at … at + count)}, of atoms {@code first} and on. */
  static void find(
      float[] correlations,
      int at,
      float[] weights,
      int first,
      int count,
      boolean magnitude,
      Best best) {
    IntVector bits = scoreBits(magnitude);
    FloatVector top = FloatVector.broadcast(Lanes.FLOATS, best.score);
    IntVector topAtom = IntVector.broadcast(Lanes.INTS, -1);
    IntVector atom = Lanes.IOTA.add(first);
    int i = 0;
    for (; i <= count - L; i += L) {
      FloatVector score = masked(load(correlations, at + i).mul(load(weights, first + i)), bits);
      VectorMask<Float> higher = score.compare(VectorOperators.GT, top);
      top = top.blend(score, higher);
      topAtom = topAtom.blend(atom, higher.cast(Lanes.INTS));
      atom = atom.add(L);
    }
    best.offerLanes(top, topAtom);
    for (; i < count; i++) {
      float score = correlations[at + i] * weights[first + i];
      best.offer(magnitude ? Math.abs(score) : score, first + i);
    }
  }

  /**
   * {@code correlations −= c·gram} over {@code count} atoms, and offers the results, block by block
   * while they are in the innermost cache.
   */
  static void updateAndFind(
      float[] correlations,
      int at,
      float c,
      float[] gram,
      int gramAt,
      float[] weights,
      int count,
      boolean magnitude,
      Best best) {
    for (int i = 0; i < count; i += BLOCK) {
      int length = Math.min(BLOCK, count - i);
      Sums.add(correlations, at + i, -c, gram, gramAt + i, length);
      find(correlations, at + i, weights, i, length, magnitude, best);
    }
  }

  /** The bits of a correlation that its score has: all, or all but the sign. */
  private static IntVector scoreBits(boolean magnitude) {
    return IntVector.broadcast(Lanes.INTS, magnitude ? 0x7fffffff : -1);
  }

  private static FloatVector masked(FloatVector score, IntVector bits) {
    return score.reinterpretAsInts().and(bits).reinterpretAsFloats();
  }

  private static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(Lanes.FLOATS, array, at);
  }
}
