package org.pursuit.vector;

import java.util.Arrays;
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
final class RunningTopK {
  private static final int L = Lanes.COUNT;

  /** Positions that are noted before they become candidates: at least a group's scores. */
  private static final int MAX_HITS = 512;

  /** Candidates beyond 2k that fit before the best k are sorted out. */
  private static final int SLACK = 2 * MAX_HITS;

  /** Vectors in the largest and the smallest group that has a maximum of its own in each lane. */
  private static final int MAX_GROUP = 8;

  private static final int MIN_GROUP = 2;

  /** Maxima per selected entry: few more candidates than k survive four. */
  static final int MAXIMA_PER_K = 4;

  /** No vector key is smaller: lets all scores pass. */
  private static final int PASS_ALL = Integer.MIN_VALUE;

  /** What a thread needs while it runs selections, one after another. */
  static final class Scratch {
    private final RankSort sort = new RankSort();
    private final int[] hits = new int[MAX_HITS];
    private int[] maxima = {};
    private int[] groups = {};

    private int[] groups(int length) {
      return groups = Grow.ints(groups, length);
    }

    private int[] maxima(int length) {
      return maxima = Grow.ints(maxima, length);
    }
  }

  private int[] hits;
  private int k;
  private boolean magnitude;
  private long[] ranks = {};
  private int size;
  private long lowest;
  private int floor;
  private boolean settled;

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
    settled = k == 0;
  }

  /**
   * Takes the scores {@code scores[at … at + count)} into account.
   *
   * @param firstIndex index of the first score; the others follow
   */
  void consume(float[] scores, int at, int count, int firstIndex, Scratch scratch) {
    consume(scores, at, count, firstIndex, null, 0, scratch);
  }

  /**
   * Takes scores with given indices into account.
   *
   * @param indices {@code indices[indicesAt + i]} is the index of {@code scores[at + i]}, ascending
   */
  void consume(float[] scores, int at, int count, int[] indices, int indicesAt, Scratch scratch) {
    consume(scores, at, count, 0, indices, indicesAt, scratch);
  }

  private void consume(
      float[] scores,
      int at,
      int count,
      int firstIndex,
      int[] indices,
      int indicesAt,
      Scratch scratch) {
    if (size >= 2 * k || (size >= k && floor == PASS_ALL)) {
      keepBest();
    }
    if (settled) {
      return;
    }
    int group = size >= k ? 0 : groupVectors(count);
    hits = scratch.hits;
    if (group == 0) {
      scan(scores, at, 0, count, firstIndex, indices, indicesAt);
      return;
    }
    int groups = count / (group * L);
    int[] maxima = scratch.maxima(2 * groups * L + L);
    groupMaxima(scores, at, groups, group, maxima);
    floor = Math.max(floor, Floor.of(maxima, groups * L, k, magnitude));
    visitGroups(scores, at, groups, group, firstIndex, indices, indicesAt, scratch);
    scan(scores, at, groups * group * L, count, firstIndex, indices, indicesAt);
  }

  /** Makes candidates of the scores that reach the floor in the groups that have one. */
  private void visitGroups(
      float[] scores,
      int at,
      int groups,
      int group,
      int firstIndex,
      int[] indices,
      int indicesAt,
      Scratch scratch) {
    int[] reaching = scratch.groups(groups);
    int visits = Floor.reachingGroups(scratch.maxima, groups, floor, reaching);
    int found = 0;
    for (int i = 0; i < visits; i++) {
      if (found > MAX_HITS - group * L) {
        admit(found, scores, at, firstIndex, indices, indicesAt);
        found = 0;
      }
      int from = reaching[i] * group * L;
      found = collect(scores, at, from, from + group * L, found);
    }
    admit(found, scores, at, firstIndex, indices, indicesAt);
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
    for (int i = from; i < to; i += MAX_HITS) {
      int found = collect(scores, at, i, Math.min(i + MAX_HITS, to), 0);
      admit(found, scores, at, firstIndex, indices, indicesAt);
    }
  }

  /** Notes the positions of scores that reach the floor; returns how many are noted then. */
  private int collect(float[] scores, int at, int from, int to, int found) {
    return magnitude
        ? Floor.collectMagnitude(scores, at, from, to, floor, hits, found)
        : Floor.collectSigned(scores, at, from, to, floor, hits, found);
  }

  /** Makes candidates of the noted scores that beat the lowest kept. */
  private void admit(
      int found, float[] scores, int at, int firstIndex, int[] indices, int indicesAt) {
    if (size + found > ranks.length) {
      keepBest();
    }
    int admitted = size;
    for (int h = 0; h < found; h++) {
      float score = scores[at + hits[h]];
      int index = indices == null ? firstIndex + hits[h] : indices[indicesAt + hits[h]];
      int key = magnitude ? ScoreOrder.magnitudeKey(score) : ScoreOrder.signedKey(score);
      long rank = Ranks.of(score, key, index);
      ranks[admitted] = rank;
      admitted += rank > lowest ? 1 : 0;
    }
    size = admitted;
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
    settled = key == ScoreOrder.NAN;
    floor = settled ? Integer.MAX_VALUE : Floor.above(key, magnitude);
  }

  /**
   * Ends the row and writes it.
   *
   * @param keep the row's k; {@link #begin} was given one more for {@link TieRule#DROP}
   * @param values what the codes hold for index i, at {@code valuesAt + i}; null for the scores
   */
  void finish(
      int row,
      int keep,
      TopK options,
      float[] values,
      int valuesAt,
      FixedWidthCodes out,
      Scratch scratch) {
    if (size > 2 * k) {
      keepBest();
    }
    scratch.sort.sort(ranks, 0, size);
    int from = Math.max(0, size - keep);
    if (options.tieRule() == TieRule.DROP && from > 0) {
      int boundary = Ranks.key(ranks[from - 1]);
      while (from < size && Ranks.key(ranks[from]) == boundary) {
        from++;
      }
    }
    if (options.order() == OutputOrder.BY_INDEX) {
      sortByIndex(from, scratch.sort);
    }
    write(from, row, options, values, valuesAt, out);
  }

  private void write(
      int from, int row, TopK options, float[] values, int valuesAt, FixedWidthCodes out) {
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
  private void sortByIndex(int from, RankSort sort) {
    for (int i = from; i < size; i++) {
      ranks[i] = Long.rotateLeft(ranks[i], 32) ^ Long.MIN_VALUE;
    }
    sort.sort(ranks, from, size);
    for (int i = from; i < size; i++) {
      ranks[i] = Long.rotateLeft(ranks[i] ^ Long.MIN_VALUE, 32);
    }
  }

  private float score(long rank) {
    return magnitude ? Ranks.magnitudeScore(rank) : Ranks.signedScore(rank);
  }
}
