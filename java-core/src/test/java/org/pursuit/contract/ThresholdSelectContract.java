package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Random;
import org.pursuit.CapacityException;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Comparison;
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

/** Selections by thresholds are exact on any input. */
class ThresholdSelectContract {
  private static final float[] THRESHOLDS = {
    0,
    -0f,
    0.75f,
    -1,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    Float.intBitsToFloat(0xffc00123)
  };

  /** Around the widths of vectors, words of bits, blocks and segments. */
  private static final int[] WIDTHS = {
    1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 127, 128, 129, 256, 257, 511, 513, 1021, 4096,
    4097, 8193
  };

  @EveryBackend
  void everyThreshold(BackendUnderTest backend) {
    Dense scores = Inputs.everyKind(200, Seed.random(200));
    try (Lab lab = backend.open()) {
      for (float threshold : THRESHOLDS) {
        Case one = new Case(scores, new float[] {threshold}, null);
        for (Comparison comparison : Comparison.values()) {
          for (SelectionKey key : SelectionKey.values()) {
            one.assertSelects(lab, lab.matrix(scores), comparison, key);
          }
        }
      }
    }
  }

  @EveryBackend
  void everyWidth(BackendUnderTest backend) {
    Random random = Seed.random(201);
    try (Lab lab = backend.open()) {
      for (int n : WIDTHS) {
        Dense scores = Inputs.everyKind(n, random);
        Case one = new Case(scores, new float[] {0.5f}, null);
        Case each = new Case(scores, columnThresholds(n, random), null);
        for (SelectionKey key : SelectionKey.values()) {
          one.assertSelects(lab, lab.matrix(scores), Comparison.GREATER, key);
          each.assertSelects(lab, lab.matrix(scores), Comparison.GREATER_OR_EQUAL, key);
        }
      }
    }
  }

  @EveryBackend
  void thresholdsOfColumnsAndMasks(BackendUnderTest backend) {
    Random random = Seed.random(202);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {1, 100, 700}) {
        Dense scores = Inputs.everyKind(n, random);
        for (double share : new double[] {0, 0.5, 1}) {
          boolean[] mask = Inputs.flags(n, share, random);
          Case one = new Case(scores, new float[] {-0.1f}, mask);
          Case each = new Case(scores, columnThresholds(n, random), mask);
          for (Comparison comparison : Comparison.values()) {
            for (SelectionKey key : SelectionKey.values()) {
              one.assertSelects(lab, lab.matrix(scores), comparison, key);
              each.assertSelects(lab, lab.matrix(scores), comparison, key);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void everyFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(203);
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        for (Placement placement : Placement.values()) {
          for (int n : new int[] {9, 300, 2100}) {
            Dense scores = Inputs.everyKind(n, random);
            Case each = new Case(scores.stored(dtype), columnThresholds(n, random), null);
            Matrix uploaded = lab.matrix(scores, dtype, placement);
            each.assertSelects(lab, uploaded, Comparison.GREATER, SelectionKey.SIGNED);
            each.assertSelects(lab, uploaded, Comparison.GREATER_OR_EQUAL, SelectionKey.MAGNITUDE);
          }
        }
      }
    }
  }

  @EveryBackend
  void manyRowsAndLongOnes(BackendUnderTest backend) {
    Random random = Seed.random(204);
    try (Lab lab = backend.open()) {
      for (int[] shape : new int[][] {{3000, 3}, {70, 1}, {2, 300_000}, {1, 1 << 20}}) {
        Dense scores = Inputs.normal(shape[0], shape[1], random);
        Case few = new Case(scores, new float[] {1.5f}, null);
        few.assertSelects(lab, lab.matrix(scores), Comparison.GREATER, SelectionKey.SIGNED);
      }
    }
  }

  @EveryBackend
  void nothingToSelectFrom(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      for (int[] shape : new int[][] {{0, 0}, {0, 7}, {3, 0}}) {
        Dense scores = Dense.zeros(shape[0], shape[1]);
        Case none = new Case(scores, new float[] {-1}, null);
        none.assertSelects(lab, lab.matrix(scores), Comparison.GREATER, SelectionKey.SIGNED);
      }
    }
  }

  @EveryBackend
  void whatDoesNotFitIsToldAndLeavesNothing(BackendUnderTest backend) {
    Dense scores = Inputs.integers(40, 300, 3, Seed.random(205));
    try (Lab lab = backend.open()) {
      Case some = new Case(scores, new float[] {1}, null);
      ThresholdSelect options = some.options(lab, Comparison.GREATER, SelectionKey.SIGNED);
      CsrEntries expected = some.passing(Comparison.GREATER, SelectionKey.SIGNED);
      int entries = expected.columns().length;
      Matrix uploaded = lab.matrix(scores);
      for (int capacity : new int[] {0, 1, entries / 2, entries - 1}) {
        CsrCodes out = lab.csr(40, 300, capacity);
        assertThatExceptionOfType(CapacityException.class)
            .isThrownBy(
                () -> {
                  lab.selection().thresholdSelect(uploaded, options, out);
                  lab.backend().synchronize();
                })
            .withMessage(
                "out: expected room for "
                    + entries
                    + " entries, found a smaller capacity; the codes are left empty")
            .satisfies(e -> assertThat(e.needed()).isEqualTo(entries));
        assertThat(out.offsets().download()).containsOnly(0);
        assertThat(out.nnz()).isZero();
      }
      CsrCodes enough = lab.csr(40, 300, entries);
      lab.selection().thresholdSelect(uploaded, options, enough);
      CsrEntries.of(enough).assertSame(expected, "with room for just all");
    }
  }

  @EveryBackend
  void aboveZeroIsReluAndTotalsMayBeLeftOut(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix scores =
          lab.matrix(Dense.ofRows(new float[] {1, -1, 0, -0f, Float.NaN, 2}, new float[6]));
      ThresholdSelect relu = ThresholdSelect.above(lab.floats(new float[] {0}));
      FixedWidthCodes out = lab.codes(2, 2);
      lab.selection().thresholdSelect(scores, relu, out, null);
      Slots expected = Slots.empty(2, 2);
      expected.add(0, 0, 1);
      expected.add(0, 4, Float.NaN);
      Slots.of(out).assertSame(expected, "ReLU");
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndAfterTrim(BackendUnderTest backend) {
    Dense scores = Inputs.normal(333, 1000, Seed.random(206));
    Case some = new Case(scores, new float[] {1}, null);
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        Matrix uploaded = lab.matrix(scores);
        some.assertSelects(lab, uploaded, Comparison.GREATER, SelectionKey.SIGNED);
        lab.backend().trim();
        some.assertSelects(lab, uploaded, Comparison.GREATER, SelectionKey.MAGNITUDE);
        Same.bits(uploaded.download(), scores.values(), "the input");
      }
    }
  }

  private static float[] columnThresholds(int n, Random random) {
    float[] thresholds = new float[n];
    for (int i = 0; i < n; i++) {
      thresholds[i] =
          random.nextBoolean()
              ? THRESHOLDS[random.nextInt(THRESHOLDS.length)]
              : (float) random.nextGaussian();
    }
    return thresholds;
  }

  /** Scores with thresholds, and what passes by definition. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Case(Dense scores, float[] thresholds, boolean[] mask) {
    ThresholdSelect options(Lab lab, Comparison comparison, SelectionKey key) {
      return ThresholdSelect.above(lab.floats(thresholds))
          .comparison(comparison)
          .key(key)
          .mask(lab.mask(mask));
    }

    void assertSelects(Lab lab, Matrix uploaded, Comparison comparison, SelectionKey key) {
      ThresholdSelect options = options(lab, comparison, key);
      String text =
          scores.columns() + " columns, " + uploaded + ", " + options + ", " + thresholds[0];
      CsrEntries expected = passing(comparison, key);
      int spare = scores.rows() % 3;
      CsrCodes csr =
          lab.csr(scores.rows(), scores.columns(), expected.columns().length + (long) spare);
      lab.selection().thresholdSelect(uploaded, options, csr);
      CsrEntries.of(csr).assertSame(expected, text);

      for (int k : new int[] {0, 1, 17, scores.columns() + 2}) {
        if ((long) k * scores.rows() > 1 << 20) {
          continue;
        }
        FixedWidthCodes slots = lab.codes(scores.rows(), k);
        Ints totals = lab.intsOutput(scores.rows());
        lab.selection().thresholdSelect(uploaded, options, slots, totals);
        Slots.of(slots).assertSame(first(expected, k), text + ", k = " + k);
        int[] rows = new int[scores.rows()];
        Arrays.setAll(rows, b -> (int) (expected.offsets()[b + 1] - expected.offsets()[b]));
        assertThat(totals.download()).as(text).isEqualTo(rows);
      }
    }

    private Slots first(CsrEntries entries, int k) {
      Slots made = Slots.empty(scores.rows(), k);
      for (int b = 0; b < scores.rows(); b++) {
        int from = (int) entries.offsets()[b];
        for (int e = from; e < Math.min(entries.offsets()[b + 1], from + k); e++) {
          made.add(b, entries.columns()[e], entries.values()[e]);
        }
      }
      return made;
    }

    CsrEntries passing(Comparison comparison, SelectionKey key) {
      long[] offsets = new long[scores.rows() + 1];
      int[] columns = new int[scores.values().length];
      float[] values = new float[scores.values().length];
      int found = 0;
      for (int b = 0; b < scores.rows(); b++) {
        for (int i = 0; i < scores.columns(); i++) {
          float score = scores.at(b, i);
          float ranked = key == SelectionKey.MAGNITUDE ? Math.abs(score) : score;
          int order = Ranking.compare(ranked, thresholds[thresholds.length == 1 ? 0 : i]);
          boolean passes = order < 0 || (order == 0 && comparison != Comparison.GREATER);
          if (passes && (mask == null || mask[i])) {
            columns[found] = i;
            values[found++] = score;
          }
        }
        offsets[b + 1] = found;
      }
      return new CsrEntries(offsets, Arrays.copyOf(columns, found), Arrays.copyOf(values, found));
    }
  }
}
