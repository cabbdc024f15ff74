package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.OutputOrder;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.RowKind;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Selections are exact on any input. */
class SelectionContract {
  /** Around the widths of vectors, blocks and groups. */
  private static final int[] WIDTHS = {
    0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1021, 4098, 16_384, 65_536
  };

  private static final int[] KS = {0, 1, 2, 31, 32, 33, 64, 100, 512, 1000, TopK.MAX_K};

  @EveryBackend
  void everyWidthAndK(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      for (int n : WIDTHS) {
        Dense scores = Inputs.everyKind(n, Seed.random(n));
        Matrix uploaded = lab.matrix(scores);
        for (SelectionKey key : SelectionKey.values()) {
          Ranking ranking = new Ranking(scores, key, null);
          for (int k : KS) {
            TopK options = TopK.of(k).key(key);
            Slots expected = ranking.topK(scores, options, null);
            FixedWidthCodes out = lab.codes(scores.rows(), k);
            lab.selection().topK(uploaded, options, out);
            Slots.of(out).assertSame(expected, "n = " + n + ", " + options);
          }
        }
      }
    }
  }

  @EveryBackend
  void everyCombinationOfOptions(BackendUnderTest backend) {
    Random random = Seed.random(1);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {5, 64, 300, 1021}) {
        Dense scores = Inputs.everyKind(n, random);
        Dense values = shuffledKinds(n, random);
        int[] rowK = rowK(scores.rows(), random);
        boolean[] mask = Inputs.flags(n, 0.5, random);
        for (TopK options : combinations(n / 3)) {
          assertSelects(lab, scores, scores, options, null, null);
          assertSelects(lab, scores, values, options, null, null);
          assertSelects(lab, scores, values, options, rowK, null);
          assertSelects(lab, scores, scores, options, null, mask);
          assertSelects(lab, scores, values, options, rowK, mask);
        }
      }
    }
  }

  @EveryBackend
  void masks(BackendUnderTest backend) {
    Random random = Seed.random(2);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {1, 17, 257, 4098}) {
        Dense scores = Inputs.everyKind(n, random);
        for (double share : new double[] {0, 3.0 / n, 0.1, 0.9, 1}) {
          boolean[] mask = Inputs.flags(n, share, random);
          for (int k : new int[] {1, 32, 100, Math.min(n, TopK.MAX_K)}) {
            assertSelects(lab, scores, scores, TopK.of(k), null, mask);
            assertSelects(lab, scores, scores, TopK.of(k).byMagnitude().withRelu(), null, mask);
          }
        }
      }
    }
  }

  @EveryBackend
  void ownKForEachRow(BackendUnderTest backend) {
    Random random = Seed.random(3);
    try (Lab lab = backend.open()) {
      Dense scores = Inputs.everyKind(700, random);
      for (int k : new int[] {0, 1, 33, 600, 1000}) {
        int[] rowK = rowK(scores.rows(), random);
        assertSelects(lab, scores, scores, TopK.of(k), rowK, null);
        assertSelects(lab, scores, scores, TopK.of(k).tieRule(TieRule.DROP), rowK, null);
      }
    }
  }

  @EveryBackend
  void sixteenBitScores(BackendUnderTest backend) {
    Random random = Seed.random(4);
    try (Lab lab = backend.open()) {
      for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
        for (int n : new int[] {0, 1, 9, 65, 1021, 5000}) {
          Dense scores = Inputs.everyKind(n, random);
          for (int k : new int[] {1, 32, 100, 1000}) {
            for (Placement placement : Placement.values()) {
              assertSelects(lab, scores, dtype, placement, TopK.of(k));
            }
            assertSelects(lab, scores, dtype, Placement.WHOLE, TopK.of(k).byMagnitude());
          }
        }
      }
    }
  }

  @EveryBackend
  void scoresAndValuesOfDifferentFormats(BackendUnderTest backend) {
    Random random = Seed.random(5);
    Dense scores = Inputs.everyKind(333, random);
    Dense values = shuffledKinds(333, random);
    TopK options = TopK.of(20);
    try (Lab lab = backend.open()) {
      for (DType scoreType : DType.values()) {
        Ranking ranking = new Ranking(scores.stored(scoreType), SelectionKey.SIGNED, null);
        for (DType valueType : DType.values()) {
          FixedWidthCodes out = lab.codes(scores.rows(), options.k());
          lab.selection()
              .topK(lab.matrix(scores, scoreType), lab.matrix(values, valueType), options, out);
          Slots expected = ranking.topK(values.stored(valueType), options, null);
          Slots.of(out).assertSame(expected, scoreType + " scores, " + valueType + " values");
        }
      }
    }
  }

  @EveryBackend
  void inputsAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(6);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (int n : new int[] {1, 31, 256, 1021}) {
          Dense scores = Inputs.everyKind(n, random);
          assertSelects(lab, scores, DType.F32, placement, TopK.of(40));
        }
      }
    }
  }

  @EveryBackend
  void aRowOfAMillion(BackendUnderTest backend) {
    Random random = Seed.random(7);
    try (Lab lab = backend.open()) {
      for (RowKind kind :
          new RowKind[] {
            RowKind.NORMAL, RowKind.ASCENDING, RowKind.TIED_EVERYWHERE, RowKind.NANS
          }) {
        Dense scores = Dense.ofRows(kind.row(1 << 20, random));
        Ranking ranking = new Ranking(scores, SelectionKey.SIGNED, null);
        try (Matrix uploaded = lab.backend().upload(scores.values(), 1, 1 << 20)) {
          for (int k : new int[] {1, 100, TopK.MAX_K}) {
            FixedWidthCodes out = lab.codes(1, k);
            lab.selection().topK(uploaded, TopK.of(k), out);
            Slots expected = ranking.topK(scores, TopK.of(k), null);
            Slots.of(out).assertSame(expected, kind + ", k = " + k);
          }
        }
      }
    }
  }

  @EveryBackend
  void noRows(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      assertSelects(lab, Dense.zeros(0, 100), Dense.zeros(0, 100), TopK.of(7), new int[0], null);
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    for (int rows : new int[] {1, 2, 19, 64}) {
      Dense scores = Inputs.integers(rows, 1500, 20, Seed.random(8));
      TopK options = TopK.of(77).byMagnitude();
      Slots expected =
          new Ranking(scores, SelectionKey.MAGNITUDE, null).topK(scores, options, null);
      for (int threads : new int[] {1, 2, 3}) {
        try (Lab lab = backend.open(threads)) {
          Matrix uploaded = lab.matrix(scores);
          for (int run = 0; run < 2; run++) {
            FixedWidthCodes out = lab.codes(rows, options.k());
            lab.selection().topK(uploaded, options, out);
            Slots.of(out).assertSame(expected, rows + " rows, " + threads + " threads");
          }
        }
      }
    }
  }

  @EveryBackend
  void worksAgainAfterTrim(BackendUnderTest backend) {
    Dense scores = Inputs.everyKind(300, Seed.random(9));
    try (Lab lab = backend.open()) {
      assertSelects(lab, scores, scores, TopK.of(10), null, null);
      lab.backend().trim();
      assertSelects(lab, scores, scores, TopK.of(10), null, null);
    }
  }

  @EveryBackend
  void inputsStayAsTheyAre(BackendUnderTest backend) {
    Dense scores = Inputs.everyKind(500, Seed.random(10));
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(scores);
      lab.selection().topK(uploaded, TopK.of(50), lab.codes(scores.rows(), 50));
      assertThat(uploaded.download()).containsExactly(scores.values());
    }
  }

  private static void assertSelects(
      Lab lab, Dense scores, DType dtype, Placement placement, TopK options) {
    Dense stored = scores.stored(dtype);
    Slots expected = new Ranking(stored, options.key(), null).topK(stored, options, null);
    FixedWidthCodes out = lab.codes(scores.rows(), options.k());
    lab.selection().topK(lab.matrix(scores, dtype, placement), options, out);
    Slots.of(out)
        .assertSame(
            expected, dtype + " n = " + scores.columns() + " " + placement + ", " + options);
  }

  private static void assertSelects(
      Lab lab, Dense scores, Dense values, TopK options, int[] rowK, boolean[] mask) {
    Slots expected = new Ranking(scores, options.key(), mask).topK(values, options, rowK);
    TopK uploaded = options.rowK(lab.ints(rowK)).mask(lab.mask(mask));
    FixedWidthCodes out = lab.codes(scores.rows(), options.k());
    Matrix scoreMatrix = lab.matrix(scores);
    if (values == scores) {
      lab.selection().topK(scoreMatrix, uploaded, out);
    } else {
      lab.selection().topK(scoreMatrix, lab.matrix(values), uploaded, out);
    }
    Slots.of(out)
        .assertSame(
            expected,
            "n = "
                + scores.columns()
                + (values == scores ? "" : ", other values")
                + (rowK == null ? "" : ", k of rows " + Arrays.toString(rowK))
                + ", "
                + uploaded);
  }

  private static List<TopK> combinations(int k) {
    List<TopK> all = new ArrayList<>();
    for (SelectionKey key : SelectionKey.values()) {
      for (OutputOrder order : OutputOrder.values()) {
        for (TieRule tieRule : TieRule.values()) {
          TopK options = TopK.of(k).key(key).order(order).tieRule(tieRule);
          all.add(options);
          all.add(options.withRelu());
        }
      }
    }
    return all;
  }

  /** Rows of every kind, in another order than the scores'. */
  private static Dense shuffledKinds(int n, Random random) {
    List<RowKind> kinds = Arrays.asList(RowKind.values());
    Collections.rotate(kinds, 5);
    return Inputs.rows(kinds, n, random);
  }

  /** A k for each row: negative, zero, ordinary and larger than any. */
  private static int[] rowK(int rows, Random random) {
    int[] rowK = new int[rows];
    for (int row = 0; row < rows; row++) {
      rowK[row] = random.nextInt(-5, 700);
    }
    rowK[0] = Integer.MIN_VALUE;
    rowK[rows - 1] = Integer.MAX_VALUE;
    return rowK;
  }
}
