package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.OutputOrder;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.CsrEntries;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.RowKind;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** The selection from all rows together is exact on any input, for any start. */
class GlobalTopKContract {
  /** Guesses of the threshold: far too low, far too high, and no number. */
  private static final float[] STARTS = {
    Float.NEGATIVE_INFINITY,
    -1e30f,
    -0f,
    0,
    Float.MIN_VALUE,
    1e30f,
    Float.POSITIVE_INFINITY,
    Float.NaN,
    Float.intBitsToFloat(0xffc00123)
  };

  @EveryBackend
  void everyStart(BackendUnderTest backend) {
    Dense scores = Inputs.everyKind(150, Seed.random(210));
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(scores);
      for (SelectionKey key : SelectionKey.values()) {
        Case all = new Case(scores, key, null);
        for (int k : new int[] {1, 2, 40, 300, 1000, 2500, scores.values().length}) {
          GlobalTopK options = GlobalTopK.of(k).key(key);
          float threshold = all.threshold(k);
          all.assertSelects(lab, uploaded, options);
          for (float start : STARTS) {
            all.assertSelects(lab, uploaded, options.start(lab.floats(new float[] {start})));
          }
          for (float start :
              new float[] {threshold, Math.nextUp(threshold), Math.nextDown(threshold)}) {
            all.assertSelects(lab, uploaded, options.start(lab.floats(new float[] {start})));
          }
        }
      }
    }
  }

  @EveryBackend
  void everyKindAlone(BackendUnderTest backend) {
    Random random = Seed.random(211);
    try (Lab lab = backend.open()) {
      for (RowKind kind : RowKind.values()) {
        Dense scores =
            Dense.ofRows(kind.row(97, random), kind.row(97, random), kind.row(97, random));
        Case all = new Case(scores, SelectionKey.SIGNED, null);
        for (int k : new int[] {1, 97, 98, 200, 400}) {
          all.assertSelects(lab, lab.matrix(scores), GlobalTopK.of(k));
          all.assertSelects(lab, lab.matrix(scores), GlobalTopK.of(k).withRelu());
        }
      }
    }
  }

  @EveryBackend
  void everyShape(BackendUnderTest backend) {
    Random random = Seed.random(212);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {1, 2, 33, 130}) {
        for (int n : new int[] {1, 5, 63, 64, 65, 129, 513}) {
          Dense scores = Inputs.integers(rows, n, 9, random);
          boolean[] mask = Inputs.flags(n, 0.6, random);
          for (int k : new int[] {1, rows, rows * n / 2, rows * n + 7}) {
            SelectionKey key = random.nextBoolean() ? SelectionKey.SIGNED : SelectionKey.MAGNITUDE;
            new Case(scores, key, null)
                .assertSelects(lab, lab.matrix(scores), GlobalTopK.of(k).key(key));
            new Case(scores, key, mask)
                .assertSelects(
                    lab,
                    lab.matrix(scores),
                    GlobalTopK.of(k).key(key).mask(lab.mask(mask)).withRelu());
          }
        }
      }
    }
  }

  /** As many scores as a guess is drawn from a sample of, also ones that mislead it. */
  @EveryBackend
  void manyScores(BackendUnderTest backend) {
    Random random = Seed.random(213);
    try (Lab lab = backend.open()) {
      for (RowKind kind :
          new RowKind[] {
            RowKind.NORMAL,
            RowKind.ASCENDING,
            RowKind.CONSTANT,
            RowKind.MASS_AT_THE_END,
            RowKind.NANS,
            RowKind.ALL_NAN,
            RowKind.SIGNED_ZEROS
          }) {
        Dense scores = new Dense(40, 2000, kind.row(80_000, random));
        Matrix uploaded = lab.matrix(scores);
        Case all = new Case(scores, SelectionKey.SIGNED, null);
        for (int k : new int[] {1, 100, 5000, 60_000}) {
          GlobalTopK options = GlobalTopK.of(k);
          all.assertSelects(lab, uploaded, options);
          Floats low = lab.floats(new float[] {Float.NEGATIVE_INFINITY});
          all.assertSelects(lab, uploaded, options.start(low));
        }
      }
      boolean[] mask = Inputs.flags(2000, 0.01, random);
      Dense scores = Inputs.normal(40, 2000, random);
      new Case(scores, SelectionKey.MAGNITUDE, mask)
          .assertSelects(
              lab, lab.matrix(scores), GlobalTopK.of(300).byMagnitude().mask(lab.mask(mask)));
    }
  }

  @EveryBackend
  void everyFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(214);
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        for (Placement placement : Placement.values()) {
          Dense scores = Inputs.everyKind(301, random);
          Matrix uploaded = lab.matrix(scores, dtype, placement);
          Case all = new Case(scores.stored(dtype), SelectionKey.MAGNITUDE, null);
          for (int k : new int[] {50, 2000}) {
            all.assertSelects(lab, uploaded, GlobalTopK.of(k).byMagnitude().withRelu());
          }
        }
      }
    }
  }

  @EveryBackend
  void nothingToSelect(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      for (int[] shape : new int[][] {{0, 0}, {0, 4}, {4, 0}, {2, 3}}) {
        Dense scores = Dense.zeros(shape[0], shape[1]);
        Case none = new Case(scores, SelectionKey.SIGNED, null);
        none.assertSelects(lab, lab.matrix(scores), GlobalTopK.of(0));
        none.assertSelects(lab, lab.matrix(scores), GlobalTopK.of(1L << 40));
        boolean[] closed = new boolean[shape[1]];
        new Case(scores, SelectionKey.SIGNED, closed)
            .assertSelects(lab, lab.matrix(scores), GlobalTopK.of(5).mask(lab.mask(closed)));
      }
    }
  }

  @EveryBackend
  void ofOneRowItIsTopK(BackendUnderTest backend) {
    Random random = Seed.random(215);
    try (Lab lab = backend.open()) {
      for (RowKind kind : RowKind.values()) {
        Matrix row = lab.matrix(Dense.ofRows(kind.row(700, random)));
        for (int k : new int[] {1, 32, 699}) {
          CsrCodes global = lab.csr(1, 700, k);
          lab.selection().globalTopK(row, GlobalTopK.of(k).withRelu(), global, null, null);
          FixedWidthCodes codes = lab.codes(1, k);
          TopK options = TopK.of(k).withRelu().order(OutputOrder.BY_INDEX);
          lab.selection().topK(row, options, codes);
          CsrEntries.of(global).assertSame(CsrEntries.of(Slots.of(codes)), kind + ", k = " + k);
        }
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndAfterTrim(BackendUnderTest backend) {
    for (int rows : new int[] {1, 2, 77}) {
      Dense scores = Inputs.integers(rows, 1000, 500, Seed.random(216));
      Case all = new Case(scores, SelectionKey.SIGNED, null);
      for (int threads : new int[] {1, 2, 3}) {
        try (Lab lab = backend.open(threads)) {
          Matrix uploaded = lab.matrix(scores);
          all.assertSelects(lab, uploaded, GlobalTopK.of(5L * rows));
          lab.backend().trim();
          all.assertSelects(lab, uploaded, GlobalTopK.of(5L * rows));
          Same.bits(uploaded.download(), scores.values(), "the input");
        }
      }
    }
  }

  /** Scores and how they rank: all rows as one. */
  private static final class Case {
    private final Dense scores;
    private final Dense flat;
    private final SelectionKey key;
    private final Ranking ranking;

    Case(Dense scores, SelectionKey key, boolean[] mask) {
      this.scores = scores;
      this.flat = new Dense(1, scores.values().length, scores.values());
      this.key = key;
      boolean[] everywhere = mask == null ? null : new boolean[flat.columns()];
      for (int i = 0; mask != null && i < everywhere.length; i++) {
        everywhere[i] = mask[i % scores.columns()];
      }
      this.ranking = new Ranking(flat, key, everywhere);
    }

    float threshold(long k) {
      int[] first = first(k);
      if (first.length == 0) {
        return Float.NaN;
      }
      float last = flat.at(0, first[first.length - 1]);
      return (key == SelectionKey.MAGNITUDE ? Math.abs(last) : last) + 0f; // −0 as +0
    }

    private int[] first(long k) {
      return ranking.first(0, (int) Math.min(k, flat.columns()), TieRule.LOWEST_INDEX);
    }

    void assertSelects(Lab lab, Matrix uploaded, GlobalTopK options) {
      long most = Math.min(options.k(), scores.values().length);
      CsrCodes out = lab.csr(scores.rows(), scores.columns(), most + scores.rows() % 2);
      Floats threshold = lab.floatsOutput(1);
      Floats minPositive = lab.floatsOutput(1);
      lab.selection().globalTopK(uploaded, options, out, threshold, minPositive);
      String start = options.start() == null ? "" : ", start " + options.start().download()[0];
      String text = uploaded + ", " + options + start;
      CsrEntries expected = expected(options);
      CsrEntries.of(out).assertSame(expected, text);
      Same.bits(threshold.download(), new float[] {threshold(options.k())}, text + ": threshold");
      Same.bits(
          minPositive.download(),
          new float[] {minPositive(expected.values())},
          text + ": smallest positive");
      CsrCodes alone = lab.csr(scores.rows(), scores.columns(), most);
      lab.selection().globalTopK(uploaded, options, alone, null, null);
      assertThat(alone.offsets().download()).as(text).isEqualTo(expected.offsets());
    }

    private CsrEntries expected(GlobalTopK options) {
      int[] kept = first(options.k());
      Arrays.sort(kept);
      CsrEntries made =
          new CsrEntries(new long[scores.rows() + 1], new int[kept.length], new float[kept.length]);
      int entries = 0;
      for (int at : kept) {
        float value = flat.at(0, at);
        if (!options.relu() || value > 0 || Float.isNaN(value)) {
          made.columns()[entries] = at % scores.columns();
          made.values()[entries++] = value;
          made.offsets()[at / scores.columns() + 1] = entries;
        }
      }
      for (int b = 0; b < scores.rows(); b++) {
        made.offsets()[b + 1] = Math.max(made.offsets()[b + 1], made.offsets()[b]);
      }
      return new CsrEntries(
          made.offsets(),
          Arrays.copyOf(made.columns(), entries),
          Arrays.copyOf(made.values(), entries));
    }

    private static float minPositive(float[] values) {
      float least = Float.NaN;
      for (float value : values) {
        if (value > 0 && !(least <= value)) {
          least = value;
        }
      }
      return least;
    }
  }
}
