package org.pursuit.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.kernel.OutputOrder;
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;

/**
 * The running selection of one row: scores come in pieces of ascending index, and the k first of
 * all remain.
 *
 * <p>A piece is read once. Its groups' maxima give a floor: the k-th largest of at least k disjoint
 * maxima cannot exceed the k-th largest score (the delegate bound of Dr. Top-K, SC'21). Only groups
 * that reach it are read again, and the few scores that reach it become candidates, whose exact
 * ranks decide. Later pieces are compared with the k-th candidate so far.
 */
final class RowTopK {
  private static final int L = Lanes.COUNT;

  /** Candidates beyond 2k that fit before the best k are sorted out: several groups. */
  private static final int SLACK = 1024;

  /** Vectors in the largest and the smallest group that has a maximum of its own in each lane. */
  private static final int MAX_GROUP = 32;

  private static final int MIN_GROUP = 2;

  /** Maxima per selected entry: few more candidates than k survive four. */
  static final int MAXIMA_PER_K = 4;

  /** Smaller than every vector key: lets all scores pass. */
  private static final int PASS_ALL = Integer.MIN_VALUE;

  private int k;
  private boolean magnitude;
  private long[] ranks = {};
  private int size;
  private long lowest;
  private int floor;
  private boolean closed;

  /** Begins a row that keeps k entries. */
  void begin(int k, SelectionKey key) {
    this.k = k;
    magnitude = key == SelectionKey.MAGNITUDE;
    int capacity = 2 * k + SLACK;
    if (ranks.length < capacity) {
      ranks = new long[capacity];
    }
    size = 0;
    lowest = Long.MIN_VALUE;
    floor = PASS_ALL;
    closed = k == 0;
  }

  /**
   * Takes the scores {@code scores[at … at + count)} into account.
   *
   * @param firstIndex index of the first score; the others follow
   * @param maxima scratch of {@link #maximaLength} ints
   */
  void consume(float[] scores, int at, int count, int firstIndex, int[] maxima) {
    consume(scores, at, count, firstIndex, null, 0, maxima);
  }

  /**
   * Takes scores with given indices into account.
   *
   * @param indices {@code indices[indicesAt + i]} is the index of {@code scores[at + i]}, ascending
   */
  void consume(float[] scores, int at, int count, int[] indices, int indicesAt, int[] maxima) {
    consume(scores, at, count, 0, indices, indicesAt, maxima);
  }

  /** Scratch that pieces of up to {@code count} scores need for their groups' maxima. */
  static int maximaLength(int count) {
    return 2 * (count / MIN_GROUP) + 2 * L;
  }

  private void consume(
      float[] scores,
      int at,
      int count,
      int firstIndex,
      int[] indices,
      int indicesAt,
      int[] maxima) {
    if (size >= 2 * k || size >= k && floor == PASS_ALL) {
      keepBest();
    }
    if (closed) {
      return;
    }
    int group = size >= k ? 0 : groupVectors(count);
    if (group == 0) {
      scan(scores, at, 0, count, firstIndex, indices, indicesAt);
      return;
    }
    int groups = count / (group * L);
    groupMaxima(scores, at, groups, group, maxima);
    floor = Math.max(floor, Floor.of(maxima, groups * L, k, magnitude));
    for (int g = 0; g < groups; g++) {
      if (Floor.reaches(maxima, g * L, floor)) {
        int from = g * group * L;
        scan(scores, at, from, from + group * L, firstIndex, indices, indicesAt);
      }
    }
    scan(scores, at, groups * group * L, count, firstIndex, indices, indicesAt);
  }

  /** Vectors a group, a power of two that gives enough maxima; 0 when there are too few scores. */
  private int groupVectors(int count) {
    long perMaximum = count / ((long) MAXIMA_PER_K * k);
    int group = Math.min(MAX_GROUP, Integer.highestOneBit((int) perMaximum));
    return group < MIN_GROUP ? 0 : group;
  }

  private void groupMaxima(float[] scores, int at, int groups, int group, int[] maxima) {
    if (magnitude) {
      Floor.magnitudeMaxima(scores, at, groups, group, maxima);
    } else {
      Floor.signedMaxima(scores, at, groups, group, maxima);
    }
  }

  /** Makes candidates of the scores {@code from … to} of a piece that reach the floor. */
  private void scan(
      float[] scores, int at, int from, int to, int firstIndex, int[] indices, int indicesAt) {
    int i = from;
    for (; i <= to - L; i += L) {
      long passing = passing(scores, at + i);
      if (passing != 0) {
        append(passing, scores, at, i, firstIndex, indices, indicesAt);
      }
    }
    for (; i < to; i++) {
      append(1, scores, at, i, firstIndex, indices, indicesAt);
    }
  }

  /** One bit for each lane whose score reaches the floor. */
  private long passing(float[] scores, int at) {
    IntVector bits = FloatVector.fromArray(Lanes.FLOATS, scores, at).reinterpretAsInts();
    IntVector keys = magnitude ? Floor.magnitudeKeys(bits) : Floor.signedKeys(bits);
    VectorMask<Integer> passing = keys.compare(VectorOperators.GE, floor);
    return passing.toLong();
  }

  /** Makes candidates of the scores {@code i + bit} for the set bits that beat the lowest kept. */
  private void append(
      long passing, float[] scores, int at, int i, int firstIndex, int[] indices, int indicesAt) {
    if (size + L > ranks.length) {
      keepBest();
    }
    for (long left = passing; left != 0; left &= left - 1) {
      int position = i + Long.numberOfTrailingZeros(left);
      float score = scores[at + position];
      int index = indices == null ? firstIndex + position : indices[indicesAt + position];
      int key = magnitude ? ScoreOrder.magnitudeKey(score) : ScoreOrder.signedKey(score);
      long rank = Ranks.of(score, key, index);
      if (rank > lowest) {
        ranks[size++] = rank;
      }
    }
  }

  /** Drops all but the best k candidates; from now on only larger scores than theirs pass. */
  private void keepBest() {
    if (size < k || k == 0) {
      return;
    }
    Ranks.largestFirst(ranks, size, k);
    size = k;
    lowest = ranks[0];
    for (int i = 1; i < k; i++) {
      lowest = Math.min(lowest, ranks[i]);
    }
    int key = Ranks.key(lowest);
    closed = key == ScoreOrder.NAN;
    floor = closed ? Integer.MAX_VALUE : Floor.above(key, magnitude);
  }

  /**
   * Ends the row and writes it.
   *
   * @param keep the row's k; {@link #begin} was given one more for {@link TieRule#DROP}
   * @param values what the codes hold for index i, at {@code valuesAt + i}; null for the scores
   */
  void finish(int row, int keep, TopK options, float[] values, int valuesAt, FixedWidthCodes out) {
    if (size > k) {
      keepBest();
    }
    Arrays.sort(ranks, 0, size);
    int from = Math.max(0, size - keep);
    if (options.tieRule() == TieRule.DROP && from > 0) {
      int boundary = Ranks.key(ranks[from - 1]);
      while (from < size && Ranks.key(ranks[from]) == boundary) {
        from++;
      }
    }
    write(from, row, options, values, valuesAt, out);
  }

  private void write(
      int from, int row, TopK options, float[] values, int valuesAt, FixedWidthCodes out) {
    if (options.order() == OutputOrder.BY_INDEX) {
      sortByIndex(from);
    }
    int[] outIndices = ((HostInts) out.indices()).array();
    float[] outValues = ((HostFloats) out.values()).array();
    int base = row * out.k();
    int count = 0;
    for (int i = size - 1; i >= from; i--) {
      long rank = ranks[i];
      float value = values == null ? score(rank) : values[valuesAt + Ranks.index(rank)];
      if (!options.relu() || !(value <= 0)) {
        outIndices[base + count] = Ranks.index(rank);
        outValues[base + count] = value;
        count++;
      }
    }
    Arrays.fill(outIndices, base + count, base + out.k(), -1);
    Arrays.fill(outValues, base + count, base + out.k(), 0);
    ((HostInts) out.counts()).array()[row] = count;
  }

  /** Arranges {@code ranks[from … size)} by descending index, by swapping the halves of each. */
  private void sortByIndex(int from) {
    for (int i = from; i < size; i++) {
      ranks[i] = Long.rotateLeft(ranks[i], 32) ^ Long.MIN_VALUE;
    }
    Arrays.sort(ranks, from, size);
    for (int i = from; i < size; i++) {
      ranks[i] = Long.rotateLeft(ranks[i] ^ Long.MIN_VALUE, 32);
    }
  }

  private float score(long rank) {
    return magnitude ? Ranks.magnitudeScore(rank) : Ranks.signedScore(rank);
  }
}
