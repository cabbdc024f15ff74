package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Which latents fire in a segment, and which ones together. */
class CooccurrenceContract {
  private static final Reduction[] REDUCTIONS = {
    Reduction.maximum(),
    Reduction.sum(),
    Reduction.count(Fired.selected()),
    Reduction.count(Fired.above(1))
  };

  /** The layouts that a code of distinct columns may have. */
  private enum Layout {
    SLOTS,
    CSR;

    void reduce(
        Lab lab,
        Slots slots,
        int n,
        long[] segments,
        int firstColumn,
        Reduction reduction,
        Write write,
        Matrix out) {
      Longs bounds = lab.longs(segments);
      if (this == SLOTS) {
        FixedWidthCodes codes = lab.codes(slots);
        lab.statistics().segmentReduce(codes, bounds, firstColumn, reduction, write, out);
      } else {
        CsrCodes codes = lab.csr(slots, n, 2);
        lab.statistics().segmentReduce(codes, bounds, firstColumn, reduction, write, out);
      }
    }

    void count(
        Lab lab,
        Slots x,
        int xColumns,
        Slots y,
        int n,
        Fired fired,
        int firstColumn,
        int columns,
        Write write,
        Longs counts) {
      if (this == SLOTS) {
        lab.statistics()
            .cooccurrence(lab.codes(x), lab.codes(y), fired, firstColumn, columns, write, counts);
      } else {
        lab.statistics()
            .cooccurrence(
                lab.csr(x, xColumns, 1),
                lab.csr(y, n, 2),
                fired,
                firstColumn,
                columns,
                write,
                counts);
      }
    }
  }

  @EveryBackend
  void segmentsExactlyAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(260);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 40}) {
        for (int k : new int[] {0, 1, 7, 40}) {
          for (long[] segments :
              new long[][] {{0}, {0, rows}, {0, 0, 1, 5, 9, 40}, {-3, 2, 2, 1, 99}, {7, 30}}) {
            Slots slots = Slots.random(rows, k, 50, random).withIntegerValues(3, random);
            for (Layout layout : Layout.values()) {
              for (Reduction reduction : REDUCTIONS) {
                int first = random.nextInt(20);
                Matrix out = lab.output(segments.length - 1, 30);
                layout.reduce(lab, slots, 50, segments, first, reduction, Write.OVERWRITE, out);
                Same.bits(
                    out.download(),
                    reduced(slots, segments, first, 30, reduction),
                    layout + " [" + rows + ", " + k + "], " + reduction);
              }
            }
          }
        }
      }
    }
  }

  /** Every cut within, at and between the segments; of sums the very bits. */
  @EveryBackend
  void anySplitOfTheRowsGivesTheSame(BackendUnderTest backend) {
    Random random = Seed.random(261);
    Slots slots = Slots.random(30, 9, 25, random);
    long[] segments = {0, 4, 4, 17, 30};
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        for (Reduction reduction : REDUCTIONS) {
          Matrix whole = lab.output(4, 25);
          layout.reduce(lab, slots, 25, segments, 0, reduction, Write.OVERWRITE, whole);
          for (int cut : new int[] {0, 3, 4, 10, 17, 29, 30}) {
            Matrix parts = lab.output(4, 25);
            layout.reduce(
                lab,
                slots.rows(0, cut),
                25,
                shifted(segments, 0),
                0,
                reduction,
                Write.OVERWRITE,
                parts);
            layout.reduce(
                lab,
                slots.rows(cut, 30),
                25,
                shifted(segments, cut),
                0,
                reduction,
                Write.ACCUMULATE,
                parts);
            Same.bits(
                parts.download(), whole.download(), layout + ", " + reduction + ", cut at " + cut);
          }
        }
      }
    }
  }

  @EveryBackend
  void aSumIsAChainInTheOrderOfTheRows(BackendUnderTest backend) {
    Slots slots = Slots.random(200, 20, 30, Seed.random(262));
    long[] segments = {0, 150, 200};
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        Matrix out = lab.output(2, 30);
        layout.reduce(lab, slots, 30, segments, 0, Reduction.sum(), Write.OVERWRITE, out);
        float[] expected = reduced(slots, segments, 0, 30, Reduction.sum());
        Same.bits(out.download(), expected, layout.toString());
      }
    }
  }

  @EveryBackend
  void specialEntriesOfSegments(BackendUnderTest backend) {
    float nan = Float.NaN;
    float inf = Float.POSITIVE_INFINITY;
    Slots slots = Slots.empty(2, 4);
    float[][] values = {{nan, -inf, -0f, inf}, {1, 5, -1, -inf}};
    for (int row = 0; row < 2; row++) {
      for (int j = 0; j < 4; j++) {
        slots.add(row, j, values[row][j]);
      }
    }
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        for (Reduction reduction : REDUCTIONS) {
          Matrix out = lab.output(1, 5);
          layout.reduce(lab, slots, 5, new long[] {0, 2}, 0, reduction, Write.OVERWRITE, out);
          Same.bits(
              out.download(),
              reduced(slots, new long[] {0, 2}, 0, 5, reduction),
              layout + ", " + reduction);
        }
      }
    }
  }

  @EveryBackend
  void countsOfPairsAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(263);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 60}) {
        for (int k : new int[] {0, 1, 9, 33}) {
          for (int columns : new int[] {0, 1, 12, 40}) {
            Slots x = Slots.random(rows, k, 40, random).withIntegerValues(2, random);
            Slots y = Slots.random(rows, 5, 17, random).withIntegerValues(2, random);
            int first = random.nextInt(41 - columns);
            Fired fired = random.nextBoolean() ? Fired.selected() : Fired.above(0);
            for (Layout layout : Layout.values()) {
              String description = layout + " [" + rows + ", " + k + "], " + columns + " columns";
              long[] expected = pairs(x, y, 17, fired, first, columns);
              Longs counts = lab.longs(junk(expected.length));
              layout.count(lab, x, 40, y, 17, fired, first, columns, Write.OVERWRITE, counts);
              assertThat(counts.download()).as(description).isEqualTo(expected);
              layout.count(lab, x, 40, y, 17, fired, first, columns, Write.ACCUMULATE, counts);
              assertThat(counts.download())
                  .as(description + ", twice")
                  .isEqualTo(Arrays.stream(expected).map(count -> 2 * count).toArray());
              long[] own = pairs(x, x, 40, fired, first, columns);
              Longs ownCounts = lab.longs(junk(own.length));
              layout.count(lab, x, 40, x, 40, fired, first, columns, Write.OVERWRITE, ownCounts);
              assertThat(ownCounts.download()).as(description + ", with itself").isEqualTo(own);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void anIndexThatNoCountHasIsRefused(BackendUnderTest backend) {
    Slots x = Slots.empty(1, 1);
    x.add(0, 1, 1);
    Slots y = Slots.empty(1, 1);
    y.add(0, 9, 1);
    try (Lab lab = backend.open()) {
      Longs counts = lab.longs(new long[2 * 9]);
      assertThatThrownBy(
              () -> {
                Layout.SLOTS.count(
                    lab, x, 2, y, 9, Fired.selected(), 0, 2, Write.OVERWRITE, counts);
                lab.backend().synchronize();
              })
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @EveryBackend
  void neighboursByCountThenByColumn(BackendUnderTest backend) {
    Random random = Seed.random(264);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 2, 40, 257, 1021}) {
        for (int m : new int[] {0, 1, 4, 50}) {
          int columns = Math.min(3, n);
          int first = n == 0 ? 0 : random.nextInt(n - columns + 1);
          long[] counts = new long[columns * n];
          for (int i = 0; i < counts.length; i++) {
            counts[i] = random.nextInt(n < 100 ? 3 : 50) * (i / Math.max(n, 1) == 1 ? 1L << 33 : 1);
          }
          ColumnCodes out = lab.keep(lab.backend().columnCodes(columns, m));
          out.rowIds().upload(junk(columns * m));
          lab.statistics().neighbours(lab.longs(counts), first, out);
          assertNeighbours(out, counts, first, n, "n = " + n + ", m = " + m);
        }
      }
    }
  }

  private static void assertNeighbours(
      ColumnCodes out, long[] counts, int first, int n, String description) {
    int m = out.m();
    long[] ids = out.rowIds().download();
    float[] values = out.values().download();
    int[] found = out.counts().download();
    for (int i = 0; i < out.columns(); i++) {
      int row = i * n;
      int self = first + i;
      int[] expected =
          IntStream.range(0, n)
              .filter(j -> j != self && counts[row + j] > 0)
              .boxed()
              .sorted((a, b) -> Long.compare(counts[row + b], counts[row + a]))
              .limit(m)
              .mapToInt(Integer::intValue)
              .toArray();
      assertThat(found[i]).as(description).isEqualTo(expected.length);
      for (int slot = 0; slot < m; slot++) {
        boolean filled = slot < expected.length;
        assertThat(ids[i * m + slot]).as(description).isEqualTo(filled ? expected[slot] : -1);
        assertThat(values[i * m + slot])
            .as(description)
            .isEqualTo(filled ? (float) counts[row + expected[slot]] : 0);
      }
    }
  }

  /** Four documents: latent 0 in all, 1 and 2 in the same two, 3 in another one, 4 in none. */
  @EveryBackend
  void associationsByHand(BackendUnderTest backend) {
    Slots slots = Slots.empty(4, 3);
    int[][] documents = {{0, 1, 2}, {0, 1, 2}, {0, 3}, {0}};
    for (int row = 0; row < 4; row++) {
      for (int latent : documents[row]) {
        slots.add(row, latent, 1);
      }
    }
    try (Lab lab = backend.open()) {
      Longs counts = lab.longs(new long[25]);
      Longs fires = lab.longs(new long[5]);
      FixedWidthCodes codes = lab.codes(slots);
      Fired fired = Fired.nonZero();
      lab.statistics().columnStatistics(codes, fired, Write.OVERWRITE, fires, null, null);
      lab.statistics().cooccurrence(codes, codes, fired, 0, 5, Write.OVERWRITE, counts);
      assertThat(fires.download()).containsExactly(4, 2, 2, 1, 0);
      Matrix out = lab.output(5, 5);
      lab.statistics().jaccard(counts, 0, fires, fires, out);
      Same.bits(
          out.download(),
          new float[] {
            1, 0.5f, 0.5f, 0.25f, 0, 0.5f, 1, 1, 0, 0, 0.5f, 1, 1, 0, 0, 0.25f, 0, 0, 1, 0, 0, 0, 0,
            0, 0
          },
          "Jaccard");
      lab.statistics().npmi(counts, 0, fires, fires, 4, out);
      Same.numbers(
          out.download(),
          new float[] {
            1, 0, 0, 0, 0, // p = 1 with itself; always there, so that nothing is learnt from it
            0, 1, 1, 0, 0,
            0, 1, 1, 0, 0,
            0, 0, 0, 1, 0,
            0, 0, 0, 0, 0
          },
          "NPMI");
    }
  }

  @EveryBackend
  void associationsByTheirFormulas(BackendUnderTest backend) {
    Random random = Seed.random(265);
    int n = 1030;
    long rows = 100_000;
    long[] firesX = random.longs(9, 1, 20_000).toArray();
    long[] firesY = random.longs(n, 1, 20_000).toArray();
    long[] counts = new long[5 * n];
    Estimate jaccard = new Estimate(counts.length);
    Estimate npmi = new Estimate(counts.length);
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < n; j++) {
        long a = firesX[3 + i];
        long b = firesY[j];
        long c = random.nextInt(3) == 0 ? random.nextLong(Math.min(a, b) + 1) : 0;
        counts[i * n + j] = c;
        jaccard.add(i * n + j, (double) c / (a + b - c));
        double p = (double) c / rows;
        double independent = (double) a / rows * ((double) b / rows);
        npmi.add(i * n + j, c == 0 ? 0 : Math.log(p / independent) / -Math.log(p), 1);
      }
    }
    try (Lab lab = backend.open()) {
      Longs uploaded = lab.longs(counts);
      Longs x = lab.longs(firesX);
      Longs y = lab.longs(firesY);
      for (DType dtype : DType.values()) {
        Matrix out = lab.matrix(Dense.zeros(5, n), dtype, Placement.VIEW);
        lab.statistics().jaccard(uploaded, 3, x, y, out);
        jaccard.assertMatches(out.download(), dtype, "Jaccard in " + dtype);
        lab.statistics().npmi(uploaded, 3, x, y, rows, out);
        npmi.assertMatches(out.download(), dtype, "NPMI in " + dtype);
      }
    }
  }

  @EveryBackend
  void noPairsAndNoColumns(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Longs none = lab.longs(new long[0]);
      lab.statistics().jaccard(none, 0, none, none, lab.output(0, 0));
      lab.statistics().npmi(none, 0, none, lab.longs(new long[7]), 0, lab.output(0, 7));
      lab.statistics().npmi(none, 2, lab.longs(new long[7]), none, 3, lab.output(5, 0));
    }
  }

  /** The reduction by plain loops. */
  private static float[] reduced(
      Slots slots, long[] segments, int first, int columns, Reduction reduction) {
    float[] out = new float[(segments.length - 1) * columns];
    for (int s = 0; s + 1 < segments.length; s++) {
      long last = Math.min(segments[s + 1], slots.rows());
      for (int row = (int) Math.max(segments[s], 0); row < last; row++) {
        for (int slot = 0; slot < slots.counts()[row]; slot++) {
          int j = slots.index(row, slot) - first;
          if (j >= 0 && j < columns) {
            float value = slots.value(row, slot);
            int at = s * columns + j;
            out[at] =
                switch (reduction.kind()) {
                  case MAXIMUM -> Math.max(out[at], value);
                  case SUM -> out[at] + value;
                  case COUNT -> out[at] + (reduction.fired().test(value) ? 1 : 0);
                };
          }
        }
      }
    }
    return out;
  }

  private static long[] pairs(Slots x, Slots y, int n, Fired fired, int first, int columns) {
    long[] counts = new long[columns * n];
    for (int row = 0; row < x.rows(); row++) {
      for (int s = 0; s < x.counts()[row]; s++) {
        int i = x.index(row, s) - first;
        for (int t = 0; t < y.counts()[row]; t++) {
          if (i >= 0 && i < columns && fired.test(x.value(row, s)) && fired.test(y.value(row, t))) {
            counts[i * n + y.index(row, t)]++;
          }
        }
      }
    }
    return counts;
  }

  private static long[] shifted(long[] segments, int by) {
    return Arrays.stream(segments).map(bound -> bound - by).toArray();
  }

  private static long[] junk(int length) {
    long[] junk = new long[length];
    Arrays.fill(junk, -123);
    return junk;
  }
}
