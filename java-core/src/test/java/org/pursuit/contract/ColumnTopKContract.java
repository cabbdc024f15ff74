package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.CsrEntries;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Selections from columns are exact on any input, and of a stream of batches as of one. */
class ColumnTopKContract {
  private static final int[] MS = {0, 1, 2, 4, 8, 9, 33, 100};

  @EveryBackend
  void everyKindOfColumn(BackendUnderTest backend) {
    Random random = Seed.random(220);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {1, 7, 8, 9, 64, 300}) {
        Dense scores = transposed(Inputs.everyKind(rows, random));
        Matrix uploaded = lab.matrix(scores);
        for (SelectionKey key : SelectionKey.values()) {
          for (int m : MS) {
            for (boolean relu : new boolean[] {false, true}) {
              ColumnTopK options = new Options(key, relu, null, 0, null).of(lab);
              ColumnCodes out = lab.columnCodes(scores.columns(), m);
              lab.selection().columnTopK(uploaded, options, out);
              Lists expected = Lists.of(entries(scores), new Options(key, relu, null, 0, null), m);
              Lists.of(out).assertSame(expected, rows + " rows, m = " + m + ", " + options);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void everyWidth(BackendUnderTest backend) {
    Random random = Seed.random(221);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {1, 3, 16, 31, 32, 33, 63, 65, 130, 1021, 9000}) {
        Dense scores = Inputs.integers(50, n, 6, random);
        int[] columnM = new int[n];
        Arrays.setAll(columnM, i -> i % 9 - 2);
        columnM[0] = Integer.MAX_VALUE;
        for (Options each :
            List.of(
                new Options(SelectionKey.SIGNED, false, null, 17, null),
                new Options(SelectionKey.MAGNITUDE, true, columnM, 1L << 40, null),
                new Options(SelectionKey.SIGNED, false, columnM, 0, ids(50, random)))) {
          ColumnCodes out = lab.columnCodes(n, 5);
          lab.selection().columnTopK(lab.matrix(scores), each.of(lab), out);
          Lists.of(out).assertSame(Lists.of(entries(scores), each, 5), n + " columns, " + each);
        }
      }
    }
  }

  /** Batches of any size, dense or sparse, give what one call gives. */
  @EveryBackend
  void aStreamOfBatchesIsAsOne(BackendUnderTest backend) {
    Random random = Seed.random(222);
    try (Lab lab = backend.open()) {
      for (int trial = 0; trial < 12; trial++) {
        int rows = 120;
        Dense scores =
            trial % 2 == 0
                ? Inputs.integers(rows, 70, 3, random)
                : transposed(Inputs.everyKind(rows, random));
        int n = scores.columns();
        int m = new int[] {1, 3, 8, 20, 80}[trial % 5];
        long[] rowIds = trial % 3 == 0 ? ids(rows, random) : null;
        SelectionKey key = trial / 2 % 2 == 0 ? SelectionKey.SIGNED : SelectionKey.MAGNITUDE;
        Options whole = new Options(key, trial % 5 == 0, null, 1000, rowIds);
        ColumnCodes out = lab.columnCodes(n, m);
        int from = 0;
        while (from < rows) {
          int to = Math.min(rows, from + 1 + random.nextInt(trial < 6 ? 100 : 15));
          Dense batch = scores.rows(from, to);
          long[] batchIds = rowIds == null ? null : Arrays.copyOfRange(rowIds, from, to);
          ColumnTopK options = new Options(key, whole.relu, null, 1000 + from, batchIds).of(lab);
          options = from == 0 ? options : options.accumulating();
          switch (random.nextInt(3)) {
            case 0 -> lab.selection().columnTopK(lab.matrix(batch), options, out);
            case 1 -> lab.selection().columnTopK(lab.codes(all(batch)), options, out);
            default -> lab.selection().columnTopK(lab.csr(all(batch), n, 3), options, out);
          }
          from = to;
        }
        Lists.of(out).assertSame(Lists.of(entries(scores), whole, m), "trial " + trial);
      }
    }
  }

  @EveryBackend
  void codes(BackendUnderTest backend) {
    Random random = Seed.random(223);
    try (Lab lab = backend.open()) {
      for (int[] shape : new int[][] {{1, 1, 1}, {40, 7, 90}, {300, 20, 33}, {200, 3, 5000}}) {
        Slots slots =
            Slots.random(shape[0], shape[1], shape[2], random).withIntegerValues(4, random);
        for (int m : new int[] {1, 4, 13, 64}) {
          for (Options each :
              List.of(
                  new Options(SelectionKey.SIGNED, true, null, 5, null),
                  new Options(SelectionKey.MAGNITUDE, false, null, 0, ids(shape[0], random)))) {
            Lists expected = Lists.of(entries(slots, shape[2]), each, m);
            String text = Arrays.toString(shape) + ", m = " + m + ", " + each;
            ColumnCodes out = lab.columnCodes(shape[2], m);
            lab.selection().columnTopK(lab.codes(slots), each.of(lab), out);
            Lists.of(out).assertSame(expected, text);
            ColumnCodes ofCsr = lab.columnCodes(shape[2], m);
            lab.selection().columnTopK(lab.csr(slots, shape[2], 9), each.of(lab), ofCsr);
            Lists.of(ofCsr).assertSame(expected, text + ", row-compressed");
          }
        }
      }
    }
  }

  @EveryBackend
  void everyFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(224);
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        for (Placement placement : Placement.values()) {
          Dense scores = transposed(Inputs.everyKind(90, random));
          Options each = new Options(SelectionKey.SIGNED, false, null, 0, null);
          ColumnCodes out = lab.columnCodes(scores.columns(), 6);
          lab.selection().columnTopK(lab.matrix(scores, dtype, placement), each.of(lab), out);
          Lists.of(out)
              .assertSame(
                  Lists.of(entries(scores.stored(dtype)), each, 6), dtype + " " + placement);
        }
      }
    }
  }

  @EveryBackend
  void nothingToSelectFrom(BackendUnderTest backend) {
    Options plain = new Options(SelectionKey.SIGNED, false, null, 0, null);
    try (Lab lab = backend.open()) {
      for (int[] shape : new int[][] {{0, 0}, {0, 5}, {5, 0}}) {
        Dense scores = Dense.zeros(shape[0], shape[1]);
        ColumnCodes out = lab.columnCodes(shape[1], 3);
        lab.selection().columnTopK(lab.matrix(scores), plain.of(lab), out);
        Lists.of(out).assertSame(Lists.of(entries(scores), plain, 3), Arrays.toString(shape));
      }
      Dense scores = Inputs.normal(6, 4, Seed.random(225));
      ColumnCodes out = lab.columnCodes(4, 3);
      lab.selection().columnTopK(lab.matrix(scores), plain.of(lab), out);
      FixedWidthCodes noSlots = lab.codes(Slots.empty(9, 0));
      lab.selection().columnTopK(noSlots, plain.of(lab).accumulating(), out);
      CsrCodes noEntries = lab.csr(Slots.empty(9, 2), 4, 0);
      lab.selection().columnTopK(noEntries, plain.of(lab).accumulating(), out);
      lab.selection().columnTopK(lab.matrix(Dense.zeros(0, 4)), plain.of(lab).accumulating(), out);
      Lists.of(out).assertSame(Lists.of(entries(scores), plain, 3), "and then nothing");
    }
  }

  /** As many as there are rows and only what is above 0: Feature Choice is ReLU then. */
  @EveryBackend
  void ofAllRowsItIsRelu(BackendUnderTest backend) {
    Dense scores = Inputs.normal(21, 37, Seed.random(226));
    try (Lab lab = backend.open()) {
      ColumnCodes out = lab.columnCodes(37, 21);
      lab.selection().columnTopK(lab.matrix(scores), ColumnTopK.plain().withRelu(), out);
      CsrCodes relu = lab.csr(21, 37, 21 * 37);
      lab.selection()
          .thresholdSelect(
              lab.matrix(scores), ThresholdSelect.above(lab.floats(new float[1])), relu);
      float[] byColumn = new float[21 * 37];
      Lists lists = Lists.of(out);
      for (int slot = 0; slot < lists.ids.length; slot++) {
        if (lists.ids[slot] >= 0) {
          byColumn[(int) lists.ids[slot] * 37 + slot / 21] = lists.values[slot];
        }
      }
      float[] byRow = new float[21 * 37];
      CsrEntries entries = CsrEntries.of(relu);
      for (int b = 0; b < 21; b++) {
        for (int e = (int) entries.offsets()[b]; e < entries.offsets()[b + 1]; e++) {
          byRow[b * 37 + entries.columns()[e]] = entries.values()[e];
        }
      }
      Same.bits(byColumn, byRow, "Feature Choice of all rows");
    }
  }

  @EveryBackend
  void anIndexOutsideOfTheColumnsIsTold(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      FixedWidthCodes codes = lab.codes(1, 2);
      codes.upload(new int[] {1, 41}, new float[] {1, 2}, new int[] {2});
      ColumnCodes out = lab.columnCodes(41, 2);
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(
              () -> {
                lab.selection().columnTopK(codes, ColumnTopK.plain(), out);
                lab.backend().synchronize();
              })
          .withMessage("codes: index 41 lies outside the atoms");
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndAfterTrim(BackendUnderTest backend) {
    Dense scores = Inputs.integers(200, 500, 40, Seed.random(227));
    Options plain = new Options(SelectionKey.SIGNED, false, null, 0, null);
    Lists expected = Lists.of(entries(scores), plain, 4);
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        Matrix uploaded = lab.matrix(scores);
        for (int run = 0; run < 2; run++) {
          ColumnCodes out = lab.columnCodes(500, 4);
          lab.selection().columnTopK(uploaded, plain.of(lab), out);
          Lists.of(out).assertSame(expected, threads + " threads");
          lab.backend().trim();
        }
        Same.bits(uploaded.download(), scores.values(), "the input");
      }
    }
  }

  /** Distinct ids in no order. */
  private static long[] ids(int rows, Random random) {
    int[] drawn = Inputs.distinct(rows, 3 * rows, random);
    return Arrays.stream(drawn).mapToLong(id -> (long) id << 33).toArray();
  }

  private static Dense transposed(Dense rows) {
    Dense made = Dense.zeros(rows.columns(), rows.rows());
    for (int i = 0; i < rows.columns(); i++) {
      for (int b = 0; b < rows.rows(); b++) {
        made.values()[i * rows.rows() + b] = rows.at(b, i);
      }
    }
    return made;
  }

  /** Every element as an entry of codes. */
  private static Slots all(Dense scores) {
    Slots made = Slots.empty(scores.rows(), scores.columns());
    for (int b = 0; b < scores.rows(); b++) {
      for (int i = 0; i < scores.columns(); i++) {
        made.add(b, i, scores.at(b, i));
      }
    }
    return made;
  }

  private record Entry(int row, float value) {}

  /** The entries of each column. */
  private static List<List<Entry>> entries(Slots slots, int columns) {
    List<List<Entry>> made = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      made.add(new ArrayList<>());
    }
    for (int b = 0; b < slots.rows(); b++) {
      for (int slot = 0; slot < slots.counts()[b]; slot++) {
        made.get(slots.index(b, slot)).add(new Entry(b, slots.value(b, slot)));
      }
    }
    return made;
  }

  private static List<List<Entry>> entries(Dense scores) {
    return entries(all(scores), scores.columns());
  }

  /** Options in the test's own hands. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Options(
      SelectionKey key, boolean relu, int[] columnM, long firstRow, long[] rowIds) {
    ColumnTopK of(Lab lab) {
      ColumnTopK made =
          ColumnTopK.plain()
              .key(key)
              .columnM(lab.ints(columnM))
              .firstRow(firstRow)
              .rowIds(rowIds == null ? null : lab.keep(lab.backend().upload(rowIds)));
      return relu ? made.withRelu() : made;
    }

    long id(Entry entry) {
      return rowIds == null ? firstRow + entry.row : rowIds[entry.row];
    }

    float ranked(Entry entry) {
      return key == SelectionKey.MAGNITUDE ? Math.abs(entry.value) : entry.value;
    }
  }

  /** Column codes in the test's own hands. */
  @SuppressWarnings("ArrayRecordComponent") // compared by assertSame
  private record Lists(long[] ids, float[] values, int[] counts) {
    static Lists of(ColumnCodes codes) {
      return new Lists(
          codes.rowIds().download(), codes.values().download(), codes.counts().download());
    }

    /** The first of each column, by sorting. */
    static Lists of(List<List<Entry>> columns, Options options, int m) {
      int slots = columns.size() * m;
      Lists made = new Lists(new long[slots], new float[slots], new int[columns.size()]);
      Arrays.fill(made.ids, -1);
      Comparator<Entry> byScore = (a, b) -> Ranking.compare(options.ranked(a), options.ranked(b));
      for (int i = 0; i < columns.size(); i++) {
        int most = options.columnM == null ? m : Math.clamp(options.columnM[i], 0, m);
        List<Entry> first =
            columns.get(i).stream()
                .filter(entry -> !(options.relu && entry.value <= 0))
                .sorted(byScore.thenComparingLong(options::id))
                .limit(most)
                .toList();
        for (int slot = 0; slot < first.size(); slot++) {
          made.ids[i * m + slot] = options.id(first.get(slot));
          made.values[i * m + slot] = first.get(slot).value;
        }
        made.counts[i] = first.size();
      }
      return made;
    }

    void assertSame(Lists expected, String description) {
      Same.ints(counts, expected.counts, description + ": counts");
      assertThat(ids).as(description + ": row ids").isEqualTo(expected.ids);
      Same.bits(values, expected.values, description + ": values");
    }
  }
}
