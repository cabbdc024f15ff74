package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostInts;
import org.pursuit.data.HostLongs;
import org.pursuit.data.HostMask;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.SelectionKey;

/**
 * One selector from all rows of a fused encode. Each worker lists what ranks before the last of the
 * k first that it has seen, and cuts its list to these when it is full. Pieces do not come in the
 * order of places, so that whole ranks are compared: what equals the last one's key still counts
 * where it lies before it. In the end the k first of all lists are arranged by rows.
 */
final class FusedGlobalTopK implements FusedSelection {
  /** Entries of a list beyond 2k. */
  private static final int SLACK = 1 << 12;

  private final Survivors[] lists;
  private final RankSelect[] selects;
  private final RankSort sort = new RankSort();
  private final long[][] bits;

  /** What scores that may still be selected exceed, for each worker; see {@link Passing}. */
  private final float[] bars;

  /** Bits of the mask's columns. */
  private long[] allowed = {};

  private long[] arranged = {};
  private int[] ends = {};
  private GlobalTopK options;
  private int n;
  private boolean magnitude;
  private CsrCodes out;
  private HostFloats threshold;
  private HostFloats minPositive;

  FusedGlobalTopK(int workers) {
    lists = new Survivors[workers];
    Arrays.setAll(lists, worker -> new Survivors());
    selects = new RankSelect[workers];
    Arrays.setAll(selects, worker -> new RankSelect());
    bits = new long[workers][0];
    bars = new float[workers];
  }

  void of(GlobalTopK options, int n, CsrCodes out, Floats lastThreshold, Floats leastPositive) {
    this.options = options;
    this.n = n;
    this.out = out;
    magnitude = options.key() == SelectionKey.MAGNITUDE;
    threshold = (HostFloats) lastThreshold;
    minPositive = (HostFloats) leastPositive;
    if (options.mask() != null) {
      allowed = Passing.flags(((HostMask) options.mask()).array(), allowed);
    }
    long most = Math.min(Survivors.MOST, (long) out.rows() * n);
    long capacity = Math.min(most, 2 * Math.min(options.k(), most) + SLACK);
    for (int worker = 0; worker < lists.length; worker++) {
      lists[worker].begin((int) capacity);
      selects[worker].begin();
      bars[worker] = Passing.ALL;
    }
  }

  @Override
  public void begin(int from, int to) {}

  @Override
  public void consume(int worker, int row, float[] tile, int at, int column, int count) {
    if (options.k() == 0) {
      return;
    }
    long[] passing = bits[worker] = Grow.longs(bits[worker], Passing.words(count));
    Passing.mark(tile, at, count, bars[worker], magnitude, passing, 0);
    for (int w = 0; w < Passing.words(count); w++) {
      int first = w * Passing.UNIT;
      long left = passing[w];
      if (options.mask() != null) {
        left &= Passing.word(allowed, column + first, Passing.words(n));
      }
      for (; left != 0; left &= left - 1) {
        int i = first + Long.numberOfTrailingZeros(left);
        offer(worker, (long) row << Integer.SIZE | (column + i), tile[at + i]);
      }
    }
  }

  /** Lists a score that ranks before the last of the k first of its worker. */
  private void offer(int worker, long place, float score) {
    Survivors list = lists[worker];
    RankSelect select = selects[worker];
    if (list.isFull()) {
      list.keep(select, options.k(), magnitude);
      bars[worker] = Bars.bar(ScoreOrder.score(select.key()), false);
    }
    int key = magnitude ? ScoreOrder.magnitudeKey(score) : ScoreOrder.signedKey(score);
    if (select.holds(key, place)) {
      list.add(place, score);
    }
  }

  @Override
  public long end() {
    long found = 0;
    for (Survivors list : lists) {
      found += list.size();
    }
    long selected = Math.min(found, options.k());
    RankSelect last = selects[0];
    if (selected > 0) {
      last.select(lists, lists.length, selected, magnitude);
    }
    int kept = selected == 0 ? none() : arrange(last, (int) selected);
    float least = write(kept);
    if (threshold != null) {
      threshold.array()[0] = selected == 0 ? Float.NaN : ScoreOrder.score(last.key());
    }
    if (minPositive != null) {
      minPositive.array()[0] = least;
    }
    return 0;
  }

  private int none() {
    Arrays.fill(((HostLongs) out.offsets()).array(), 0);
    return 0;
  }

  /**
   * Sorts what is selected by rows, and within them by columns, and tells where each row begins:
   * {@code arranged} holds a column above the bits of a score.
   *
   * @return how many entries there are
   */
  private int arrange(RankSelect last, int selected) {
    int rows = out.rows();
    long[] offsets = ((HostLongs) out.offsets()).array();
    ends = Grow.ints(ends, rows);
    Arrays.fill(ends, 0, rows, 0);
    for (Survivors list : lists) {
      for (int i = 0; i < list.size(); i++) {
        ends[(int) (list.place(i) >>> Integer.SIZE)] += isKept(list, i, last) ? 1 : 0;
      }
    }
    int kept = 0;
    for (int row = 0; row < rows; row++) {
      offsets[row] = kept;
      int count = ends[row];
      ends[row] = kept;
      kept += count;
    }
    offsets[rows] = kept;
    arranged = Grow.longs(arranged, selected);
    for (Survivors list : lists) {
      for (int i = 0; i < list.size(); i++) {
        if (isKept(list, i, last)) {
          long bitsOfScore = Float.floatToRawIntBits(list.score(i)) & 0xffffffffL;
          arranged[ends[(int) (list.place(i) >>> Integer.SIZE)]++] =
              list.place(i) << Integer.SIZE | bitsOfScore;
        }
      }
    }
    for (int row = 0; row < rows; row++) {
      sort.sort(arranged, (int) offsets[row], (int) offsets[row + 1]);
    }
    return kept;
  }

  private boolean isKept(Survivors list, int i, RankSelect last) {
    return last.holds(list.key(i, magnitude), list.place(i))
        && !(options.relu() && list.score(i) <= 0);
  }

  /** Writes the arranged entries; returns their smallest value above 0, or NaN. */
  private float write(int kept) {
    int[] columns = ((HostInts) out.columns()).array();
    float[] values = ((HostFloats) out.values()).array();
    float least = Float.NaN;
    for (int i = 0; i < kept; i++) {
      float value = Float.intBitsToFloat((int) arranged[i]);
      columns[i] = (int) (arranged[i] >>> Integer.SIZE);
      values[i] = value;
      least = value > 0 && !(least <= value) ? value : least;
    }
    return least;
  }
}
