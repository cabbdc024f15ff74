package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.pursuit.contract.PreparedRows.exactScores;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.pursuit.CapacityException;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.Comparison;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.CsrEntries;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.RowKind;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Selectors of every kind in one encode are the selections of the scores, whatever these are. */
class EncodeSelectorsContract {
  private static final int[] ROWS = {0, 1, 5, 13, 97};
  private static final int[] ATOMS = {0, 1, 15, 33, 255, 1025};

  @EveryBackend
  void everyKindAtOnceOnSmallIntegers(BackendUnderTest backend) {
    Random random = Seed.random(310);
    for (int d : new int[] {0, 9, 257}) {
      for (int n : ATOMS) {
        Dense weights = Inputs.integers(n, d, 2, random);
        float[] bias = Inputs.integers(n, 5, random);
        for (int rows : d == 9 ? ROWS : new int[] {1, 97}) {
          try (Lab lab = backend.open()) {
            Dense x = Inputs.integers(rows, d, 2, random);
            Matrix scores = lab.matrix(exactScores(x, weights, bias));
            Mixed mixed = new Mixed(lab, rows, n, random);
            lab.scoring()
                .encode(
                    lab.matrix(x),
                    lab.matrix(weights),
                    lab.floats(bias),
                    Score.plain(),
                    mixed.selectors());
            mixed.assertSelected(scores, rows + " rows, d = " + d + ", n = " + n);
          }
        }
      }
    }
  }

  @EveryBackend
  void everyKindAtOnceOnRealScores(BackendUnderTest backend) {
    Random random = Seed.random(311);
    for (DType dtype : DType.values()) {
      for (RowNormalisation normalisation : RowNormalisation.values()) {
        for (Activation activation : Activation.values()) {
          try (Lab lab = backend.open()) {
            Matrix x = lab.matrix(Inputs.offCentre(41, 70, random), dtype);
            Matrix weights = lab.matrix(Inputs.unitRows(700, 70, random), dtype);
            Floats bias = lab.floats(Inputs.normal(700, random));
            Precision[] precisions = Precision.values();
            Score options =
                Score.plain()
                    .normalisation(normalisation)
                    .preBias(lab.floats(Inputs.normal(70, random)))
                    .activation(activation)
                    .precision(precisions[random.nextInt(precisions.length)]);
            Mixed mixed = new Mixed(lab, 41, 700, random);
            lab.scoring().encode(x, weights, bias, options, mixed.selectors());
            Matrix scores = lab.output(41, 700);
            lab.scoring().score(x, weights, bias, options, scores);
            mixed.assertSelected(scores, dtype + ", " + options);
          }
        }
      }
    }
  }

  /** Several groups of rows, chunks of atoms and shares of workers, with ties across them all. */
  @EveryBackend
  void largeShapes(BackendUnderTest backend) {
    Random random = Seed.random(312);
    for (int[] shape : new int[][] {{1100, 3, 1050}, {3, 2, 70_000}, {2060, 1, 40}}) {
      try (Lab lab = backend.open()) {
        Matrix x = lab.matrix(Inputs.integers(shape[0], shape[1], 1, random));
        Matrix weights = lab.matrix(Inputs.integers(shape[2], shape[1], 1, random));
        Matrix scores = lab.output(shape[0], shape[2]);
        lab.scoring().score(x, weights, null, Score.plain(), scores);
        List<Choice> choices = new ArrayList<>();
        for (long k : new long[] {1, 5000, (long) shape[0] * shape[2] / 2}) {
          choices.add(new Global(lab, GlobalTopK.of(k), scores));
        }
        choices.add(new Passing(lab, ThresholdSelect.atLeast(lab.floats(new float[1])), scores));
        assertSelects(lab, x, weights, Score.plain(), choices, scores, Arrays.toString(shape));
      }
    }
  }

  /** With one dimension the scores are whatever the weights are. */
  @EveryBackend
  void scoresInAdversarialOrder(BackendUnderTest backend) {
    Random random = Seed.random(313);
    int n = 1500;
    boolean relu = false;
    for (RowKind kind : RowKind.values()) {
      relu = !relu;
      try (Lab lab = backend.open()) {
        Matrix x = lab.matrix(Dense.ofRows(new float[][] {{1}, {-1}, {2}, {0.5f}, {-0f}}));
        Matrix weights = lab.matrix(new Dense(n, 1, kind.row(n, random)));
        Activation activation = relu ? Activation.RELU : Activation.IDENTITY;
        Score options = Score.plain().activation(activation);
        Matrix scores = lab.output(5, n);
        lab.scoring().score(x, weights, null, options, scores);
        List<Choice> choices = new ArrayList<>();
        for (SelectionKey key : SelectionKey.values()) {
          for (long k : new long[] {1, 700, 5000, 5L * n}) {
            choices.add(new Global(lab, GlobalTopK.of(k).key(key), scores));
          }
          choices.add(new Global(lab, GlobalTopK.of(3000).key(key).withRelu(), scores));
          for (float threshold : new float[] {-0f, 1, Float.NaN, Float.NEGATIVE_INFINITY}) {
            ThresholdSelect above =
                ThresholdSelect.above(lab.floats(new float[] {threshold})).key(key);
            choices.add(new Passing(lab, above, scores));
            choices.add(new Passing(lab, above.comparison(Comparison.GREATER_OR_EQUAL), scores));
          }
        }
        assertSelects(lab, x, weights, options, choices, scores, kind + ", " + activation);
      }
    }
  }

  @EveryBackend
  void noStartChangesAnything(BackendUnderTest backend) {
    Random random = Seed.random(314);
    try (Lab lab = backend.open()) {
      Matrix x = lab.matrix(Inputs.normal(50, 20, random));
      Matrix weights = lab.matrix(Inputs.normal(400, 20, random));
      Matrix scores = lab.output(50, 400);
      lab.scoring().score(x, weights, null, Score.plain(), scores);
      List<Choice> choices = new ArrayList<>();
      for (float start : new float[] {Float.NEGATIVE_INFINITY, 0, 5, 1e30f, Float.NaN}) {
        Floats guess = lab.floats(new float[] {start});
        choices.add(new Global(lab, GlobalTopK.of(333).start(guess), scores));
      }
      assertSelects(lab, x, weights, Score.plain(), choices, scores, "starts");
    }
  }

  @EveryBackend
  void whatDoesNotFitLeavesTheOtherSelectionsRight(BackendUnderTest backend) {
    Random random = Seed.random(315);
    try (Lab lab = backend.open()) {
      Matrix x = lab.matrix(Inputs.integers(40, 5, 3, random));
      Matrix weights = lab.matrix(Inputs.integers(300, 5, 3, random));
      Matrix scores = lab.output(40, 300);
      lab.scoring().score(x, weights, null, Score.plain(), scores);
      ThresholdSelect many = ThresholdSelect.atLeast(lab.floats(new float[] {0}));
      ThresholdSelect few = ThresholdSelect.above(lab.floats(new float[] {9}));
      CsrCodes all = lab.csr(40, 300, 40 * 300);
      lab.selection().thresholdSelect(scores, many, all);
      long needed = all.nnz();
      lab.selection().thresholdSelect(scores, few, all);
      long fewer = all.nnz();
      for (long capacity : new long[] {0, 1, fewer - 1}) {
        CsrCodes manyOut = lab.csr(40, 300, Math.max(capacity, needed - 1 - capacity));
        CsrCodes fewOut = lab.csr(40, 300, capacity);
        Global global = new Global(lab, GlobalTopK.of(70), scores);
        Passing fits = new Passing(lab, few, scores);
        Row row = new Row(lab, TopK.of(6).withRelu(), 40);
        assertThatExceptionOfType(CapacityException.class)
            .isThrownBy(
                () -> {
                  lab.scoring()
                      .encode(
                          x,
                          weights,
                          null,
                          Score.plain(),
                          List.of(
                              few.into(fewOut),
                              row.selector,
                              many.into(manyOut),
                              global.selector,
                              fits.selector));
                  lab.backend().synchronize();
                })
            .satisfies(e -> assertThat(e.needed()).isEqualTo(needed));
        for (CsrCodes empty : List.of(manyOut, fewOut)) {
          assertThat(empty.offsets().download()).containsOnly(0);
        }
        for (Choice choice : List.of(global, fits, row)) {
          choice.assertSelected(scores, "beside what does not fit");
        }
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndAfterTrim(BackendUnderTest backend) {
    Random random = Seed.random(316);
    Dense x = Inputs.normal(97, 50, random);
    Dense weights = Inputs.normal(777, 50, random);
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        Matrix rows = lab.matrix(x);
        Matrix atoms = lab.matrix(weights);
        Matrix scores = lab.output(97, 777);
        lab.scoring().score(rows, atoms, null, Score.plain(), scores);
        for (int run = 0; run < 3; run++) {
          Mixed mixed = new Mixed(lab, 97, 777, random);
          lab.scoring().encode(rows, atoms, null, Score.plain(), mixed.selectors());
          mixed.assertSelected(scores, threads + " threads, run " + run);
          if (run == 1) {
            lab.backend().trim();
          }
        }
      }
    }
  }

  private static void assertSelects(
      Lab lab,
      Matrix x,
      Matrix weights,
      Score options,
      List<Choice> choices,
      Matrix scores,
      String text) {
    List<Selector> selectors = choices.stream().map(Choice::selector).toList();
    lab.scoring().encode(x, weights, null, options, selectors);
    choices.forEach(choice -> choice.assertSelected(scores, text));
  }

  /** Two selectors of each kind and more, in changing order. */
  private static final class Mixed {
    private final List<Choice> choices = new ArrayList<>();

    Mixed(Lab lab, int rows, int n, Random random) {
      boolean[] some = Inputs.flags(n, 0.4, random);
      float[] ofColumns = Inputs.integers(n, 4, random);
      long size = (long) rows * n;
      Floats one = lab.floats(new float[] {2});
      Floats each = lab.floats(ofColumns);
      ThresholdSelect above = ThresholdSelect.above(one);
      ThresholdSelect reaching = ThresholdSelect.atLeast(each);
      choices.add(new Row(lab, TopK.of(7).withRelu(), rows));
      choices.add(new Row(lab, TopK.of(40).mask(lab.mask(some)), rows));
      choices.add(new Passing(lab, above, rows, n));
      choices.add(new Passing(lab, reaching.byMagnitude().mask(lab.mask(some)), rows, n));
      choices.add(new First(lab, above.byMagnitude(), rows, 3, true));
      choices.add(new First(lab, reaching, rows, n + 2, false));
      choices.add(new First(lab, above.mask(lab.mask(some)), rows, 0, true));
      choices.add(new Global(lab, GlobalTopK.of(5L * rows), rows, n));
      choices.add(
          new Global(
              lab,
              GlobalTopK.of(size / 3 + 1).byMagnitude().withRelu().mask(lab.mask(some)),
              rows,
              n));
      choices.add(new Global(lab, GlobalTopK.of(size + 5), rows, n));
      choices.add(new Global(lab, GlobalTopK.of(0), rows, n));
      Collections.shuffle(choices, random);
    }

    List<Selector> selectors() {
      return choices.stream().map(Choice::selector).toList();
    }

    void assertSelected(Matrix scores, String text) {
      choices.forEach(choice -> choice.assertSelected(scores, text));
    }
  }

  /** A selector, and the selection that tells what it must give. */
  private interface Choice {
    Selector selector();

    void assertSelected(Matrix scores, String text);
  }

  private static final class Row implements Choice {
    private final Lab lab;
    private final Selector.RowTopK selector;

    Row(Lab lab, TopK options, int rows) {
      this.lab = lab;
      this.selector = options.into(lab.codes(rows, options.k()));
    }

    @Override
    public Selector selector() {
      return selector;
    }

    @Override
    public void assertSelected(Matrix scores, String text) {
      FixedWidthCodes expected = lab.codes(scores.rows(), selector.options().k());
      lab.selection().topK(scores, selector.options(), expected);
      Slots.of(selector.out()).assertSame(Slots.of(expected), text + ", " + selector);
    }
  }

  private static final class Passing implements Choice {
    private final Lab lab;
    private final Selector.Threshold selector;

    Passing(Lab lab, ThresholdSelect options, int rows, int n) {
      this(lab, options.into(lab.csr(rows, n, (long) rows * n)));
    }

    /** With room for just what passes. */
    Passing(Lab lab, ThresholdSelect options, Matrix scores) {
      this(
          lab,
          options.into(
              lab.csr(scores.rows(), scores.columns(), passing(lab, options, scores).nnz())));
    }

    private Passing(Lab lab, Selector.Threshold selector) {
      this.lab = lab;
      this.selector = selector;
    }

    private static CsrCodes passing(Lab lab, ThresholdSelect options, Matrix scores) {
      CsrCodes passing = lab.csr(scores.rows(), scores.columns(), scores.size());
      lab.selection().thresholdSelect(scores, options, passing);
      return passing;
    }

    @Override
    public Selector selector() {
      return selector;
    }

    @Override
    public void assertSelected(Matrix scores, String text) {
      CsrCodes expected = passing(lab, selector.options(), scores);
      CsrEntries.of(selector.out()).assertSame(CsrEntries.of(expected), text + ", " + selector);
    }
  }

  private static final class First implements Choice {
    private final Lab lab;
    private final Selector.ThresholdSlots selector;

    First(Lab lab, ThresholdSelect options, int rows, int k, boolean counted) {
      this.lab = lab;
      this.selector = options.into(lab.codes(rows, k), counted ? lab.intsOutput(rows) : null);
    }

    @Override
    public Selector selector() {
      return selector;
    }

    @Override
    public void assertSelected(Matrix scores, String text) {
      FixedWidthCodes expected = lab.codes(scores.rows(), selector.out().k());
      Ints totals = lab.intsOutput(scores.rows());
      lab.selection().thresholdSelect(scores, selector.options(), expected, totals);
      Slots.of(selector.out()).assertSame(Slots.of(expected), text + ", " + selector);
      if (selector.totals() != null) {
        Same.ints(selector.totals().download(), totals.download(), text + ", " + selector);
      }
    }
  }

  private static final class Global implements Choice {
    private final Lab lab;
    private final Selector.Global selector;

    Global(Lab lab, GlobalTopK options, Matrix scores) {
      this(lab, options, scores.rows(), scores.columns());
    }

    Global(Lab lab, GlobalTopK options, int rows, int n) {
      this.lab = lab;
      long most = Math.min(options.k(), (long) rows * n);
      CsrCodes out = lab.csr(rows, n, most);
      boolean scalars = options.k() % 2 == 1;
      this.selector =
          options.into(
              out, scalars ? lab.floatsOutput(1) : null, scalars ? lab.floatsOutput(1) : null);
    }

    @Override
    public Selector selector() {
      return selector;
    }

    @Override
    public void assertSelected(Matrix scores, String text) {
      CsrCodes expected = lab.csr(scores.rows(), scores.columns(), selector.out().capacity());
      Floats threshold = lab.floatsOutput(1);
      Floats minPositive = lab.floatsOutput(1);
      lab.selection().globalTopK(scores, selector.options(), expected, threshold, minPositive);
      CsrEntries.of(selector.out()).assertSame(CsrEntries.of(expected), text + ", " + selector);
      if (selector.threshold() != null) {
        Same.bits(selector.threshold().download(), threshold.download(), text + ", " + selector);
        Same.bits(
            selector.minPositive().download(), minPositive.download(), text + ", " + selector);
      }
    }
  }
}
