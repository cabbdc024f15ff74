package org.pursuit.vector;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.HostFloats;
import org.pursuit.data.HostMask;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.ScoreOrder;
import org.pursuit.kernel.SelectionKey;

/**
 * Selection from all rows together. Each worker passes over a part of the matrix, in order, and
 * keeps what exceeds a bar; when its list is full the k first of it remain, and the bar rises to
 * the last of them: what equals it comes too late. At the end the lists are cut to the k first of
 * all.
 *
 * <p>The first bar is the caller's guess, or one from a sample. If fewer than k entries exceed it,
 * the matrix is read again without a bar.
 */
final class VectorGlobalTopK {
  /** Entries of a list beyond 2k. */
  private static final int SLACK = 1 << 12;

  /** Scores of a sample, in runs that lie far apart: as many lines of cache as runs are read. */
  private static final int RUNS = 1 << 10;

  private static final int RUN = 16;

  /** Standard deviations by which more than k entries are expected above a sampled bar. */
  private static final double MARGIN = 4;

  private final Workers workers;
  private final Workers.Task scan = this::scanParts;
  private final Survivors[] lists;
  private final KeySelect[] selects;
  private final SurvivorsToCsr writing;
  private final float[][] widened;
  private final long[][] bits;
  private final boolean[] settled;
  private final Survivors[] sample = {new Survivors()};
  private final float[] run = new float[RUN];
  private long[] allowed = {};

  private HostMatrix scores;
  private GlobalTopK options;
  private boolean magnitude;
  private float firstBar;

  VectorGlobalTopK(Workers workers) {
    this.workers = workers;
    int count = workers.count();
    lists = new Survivors[count];
    selects = new KeySelect[count];
    widened = new float[count][];
    bits = new long[count][];
    settled = new boolean[count];
    writing = new SurvivorsToCsr(workers);
    trim();
  }

  void trim() {
    for (int i = 0; i < lists.length; i++) {
      lists[i] = new Survivors();
      selects[i] = new KeySelect();
      widened[i] = new float[0];
      bits[i] = new long[0];
    }
    sample[0] = new Survivors();
    allowed = new long[0];
  }

  void select(
      HostMatrix scores,
      GlobalTopK options,
      CsrCodes out,
      HostFloats threshold,
      HostFloats minPositive) {
    this.scores = scores;
    this.options = options;
    magnitude = options.key() == SelectionKey.MAGNITUDE;
    if (options.k() == 0 || scores.size() == 0) {
      writing.write(lists, 0, options, out, threshold, minPositive);
      return;
    }
    begin();
    firstBar = options.start() == null ? sampledBar() : startBar();
    long found = scanAll();
    if (found < options.k() && !Float.isNaN(firstBar)) {
      firstBar = Passing.ALL;
      found = scanAll();
    }
    long selected = Math.min(found, options.k());
    writing.write(lists, selected, options, out, threshold, minPositive);
  }

  private void begin() {
    int n = scores.columns();
    if (options.mask() != null) {
      allowed = Passing.flags(((HostMask) options.mask()).array(), allowed);
    }
    for (int w = 0; w < lists.length; w++) {
      widened[w] = Grow.floats(widened[w], scores.dtype() == DType.F32 ? 0 : n);
      bits[w] = Grow.longs(bits[w], Passing.words(n));
    }
  }

  /** What scores of the guess's rank or a higher one exceed. */
  private float startBar() {
    float start = ((HostFloats) options.start()).array()[0];
    return Float.isNaN(start) ? Passing.ALL : Math.nextDown(start);
  }

  /** A bar that probably a little more than k entries exceed. */
  private float sampledBar() {
    long size = scores.size();
    int n = scores.columns();
    boolean[] mask = options.mask() == null ? null : ((HostMask) options.mask()).array();
    Survivors drawn = sample[0];
    drawn.begin(RUNS * RUN);
    long stratum = size / RUNS;
    if (stratum < 2 * RUN) {
      return Passing.ALL;
    }
    for (int r = 0; r < RUNS; r++) {
      long at = r * stratum + (r * 0x9e3779b1L & Integer.MAX_VALUE) % (stratum - RUN);
      int b = (int) (at / n);
      int from = (int) (at % n);
      int to = Math.min(n, from + RUN);
      scores.readRow(b, from, to - from, run, 0);
      for (int i = from; i < to; i++) {
        if (mask == null || mask[i]) {
          drawn.add(at + i - from, run[i - from]);
        }
      }
    }
    double expected = (double) options.k() * RUNS * RUN / size;
    double rank = Math.ceil(expected + MARGIN * Math.sqrt(expected) + MARGIN);
    if (rank > drawn.size()) {
      return Passing.ALL;
    }
    selects[0].select(sample, 1, (long) rank, magnitude);
    float score = ScoreOrder.score(selects[0].key());
    return Float.isNaN(score) ? Float.POSITIVE_INFINITY : Math.nextDown(score);
  }

  /** Fills the lists with what exceeds the first bar; how many entries there are. */
  private long scanAll() {
    workers.run(scan, lists.length, 1);
    long found = 0;
    for (Survivors list : lists) {
      found += list.size();
    }
    return found;
  }

  /** Parts are ranges of the matrix in the order of their lists. */
  private void scanParts(int worker, int from, int to) {
    for (int part = from; part < to; part++) {
      scanPart(part, boundary(part), boundary(part + 1));
    }
  }

  /** Where a part begins, in words of bits: row after row. */
  private long boundary(int part) {
    return (long) scores.rows() * Passing.words(scores.columns()) * part / lists.length;
  }

  private void scanPart(int part, long from, long to) {
    int words = Passing.words(scores.columns());
    long most = Math.min(Survivors.MOST, (to - from) * Passing.UNIT);
    lists[part].begin((int) Math.min(most, 2 * Math.min(options.k(), most) + SLACK));
    settled[part] = false;
    float bar = firstBar;
    for (long at = from; at < to && !settled[part]; ) {
      int b = (int) (at / words);
      int firstWord = (int) (at % words);
      int count = (int) Math.min(words - firstWord, to - at);
      bar = scanRow(part, b, firstWord, count, bar);
      at += count;
    }
  }

  /** Adds what exceeds the bar of some words of a row; the bar for what follows. */
  private float scanRow(int part, int b, int firstWord, int count, float bar) {
    float[] row = scores.floats(b, widened[part]);
    int from = firstWord * Passing.UNIT;
    int length = Math.min(scores.columns() - from, count * Passing.UNIT);
    int at = scores.floatOffset(b);
    long[] passing = bits[part];
    Passing.mark(row, at + from, length, bar, magnitude, passing, 0);
    float next = bar;
    for (int w = 0; w < count && !settled[part]; w++) {
      long word = options.mask() == null ? passing[w] : passing[w] & allowed[firstWord + w];
      if (word != 0) {
        if (lists[part].isFull()) {
          next = narrow(part);
        }
        int column = from + w * Passing.UNIT;
        lists[part].add(word, (long) b << Integer.SIZE | column, row, at + column);
      }
    }
    return next;
  }

  /** Cuts a list to its k first; the bar for what comes after. */
  private float narrow(int part) {
    KeySelect select = selects[part];
    lists[part].keep(select, options.k(), magnitude);
    settled[part] = select.key() == ScoreOrder.NAN;
    return ScoreOrder.score(select.key());
  }
}
