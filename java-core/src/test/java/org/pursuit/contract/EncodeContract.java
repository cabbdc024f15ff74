package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pursuit.contract.PreparedRows.exactScores;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.OutputOrder;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.RowKind;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/**
 * The fused encode selects what {@code score} and {@code topK} would: exactly on small integers.
 */
class EncodeContract {
  private static final int[] ROWS = {0, 1, 5, 6, 7, 13, 97};
  private static final int[] ATOMS = {0, 1, 15, 16, 17, 255, 1025};

  @EveryBackend
  void isScoreAndTopKForSeveralSelectorsAtOnce(BackendUnderTest backend) {
    Random random = Seed.random(48);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {0, 9, 257}) {
        for (int n : ATOMS) {
          Dense weights = Inputs.integers(n, d, 2, random);
          float[] bias = Inputs.integers(n, 5, random);
          for (int rows : d == 9 ? ROWS : new int[] {1, 97}) {
            Dense x = Inputs.integers(rows, d, 2, random);
            assertEncodes(lab, x, weights, bias, DType.F32, random);
          }
        }
      }
      for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
        Dense x = Inputs.integers(29, 100, 2, random);
        Dense weights = Inputs.integers(1025, 100, 2, random);
        assertEncodes(lab, x, weights, null, dtype, random);
      }
    }
  }

  @EveryBackend
  void picksExactlyAtLargeShapes(BackendUnderTest backend) {
    Random random = Seed.random(59);
    for (int[] shape : ScoringContract.LARGE) {
      Dense x = Inputs.integers(shape[0], shape[1], 3, random);
      Dense weights = Inputs.integers(shape[2], shape[1], 3, random);
      Dense scores = exactScores(x, weights, null);
      Slots best = new Ranking(scores, SelectionKey.SIGNED, null).topK(scores, TopK.of(40), null);
      try (Lab lab = backend.open()) {
        FixedWidthCodes out = lab.codes(shape[0], 40);
        encode(lab, x, weights, Score.plain(), TopK.of(40).into(out));
        assertSame(out, best, Arrays.toString(shape));
      }
    }
  }

  @EveryBackend
  void withEveryScoreOption(BackendUnderTest backend) {
    Random random = Seed.random(49);
    Dense x = Inputs.integers(23, 61, 2, random);
    Dense weights = Inputs.integers(300, 61, 2, random);
    float[] preBias = Inputs.integers(61, 2, random);
    Dense centred = new Dense(23, 61, x.values().clone());
    for (int i = 0; i < centred.values().length; i++) {
      centred.values()[i] -= preBias[i % 61];
    }
    Dense scores = exactScores(centred, weights, null).map(s -> Math.max(s, 0));
    try (Lab lab = backend.open()) {
      Score options = Score.plain().preBias(lab.floats(preBias)).activation(Activation.RELU);
      for (TopK topK : List.of(TopK.of(32), TopK.of(200), TopK.of(200).withRelu())) {
        FixedWidthCodes out = lab.codes(23, topK.k());
        encode(lab, x, weights, options, topK.into(out));
        assertSame(
            out, new Ranking(scores, topK.key(), null).topK(scores, topK, null), topK.toString());
      }
    }
  }

  @EveryBackend
  void rowsWithNan(BackendUnderTest backend) {
    Dense x = Inputs.integers(4, 20, 2, Seed.random(50));
    x.values()[20] = Float.NaN;
    x.values()[40] = Float.POSITIVE_INFINITY;
    Dense weights = Inputs.integers(100, 20, 2, Seed.random(51));
    Dense scores = exactScores(x, weights, null);
    try (Lab lab = backend.open()) {
      for (TopK topK : List.of(TopK.of(10), TopK.of(10).byMagnitude(), TopK.of(10).withRelu())) {
        FixedWidthCodes out = lab.codes(4, 10);
        encode(lab, x, weights, Score.plain(), topK.into(out));
        assertSame(
            out, new Ranking(scores, topK.key(), null).topK(scores, topK, null), topK.toString());
      }
    }
  }

  /** With one dimension the scores are whatever the weights are. */
  @EveryBackend
  void scoresInAdversarialOrder(BackendUnderTest backend) {
    Random random = Seed.random(56);
    Dense x = Dense.ofRows(new float[] {1}, new float[] {-1}, new float[] {2}, new float[] {0.5f});
    for (RowKind kind : RowKind.values()) {
      for (int n : new int[] {257, 5000, 20_000}) {
        Dense weights = new Dense(n, 1, kind.row(n, random));
        Dense scores = exactScores(x, weights, null);
        Ranking ranking = new Ranking(scores, SelectionKey.SIGNED, null);
        try (Lab lab = backend.open()) {
          Selector.RowTopK[] selectors =
              IntStream.of(1, 32, 600, TopK.MAX_K)
                  .mapToObj(k -> TopK.of(k).into(lab.codes(4, k)))
                  .toArray(Selector.RowTopK[]::new);
          encode(lab, x, weights, Score.plain(), selectors);
          for (Selector.RowTopK selector : selectors) {
            Slots expected = ranking.topK(scores, selector.options(), null);
            assertSame(selector.out(), expected, kind + ", n = " + n + ", " + selector.options());
          }
        }
      }
    }
  }

  @EveryBackend
  void picksTheBestUpToRounding(BackendUnderTest backend) {
    Random random = Seed.random(52);
    for (DType dtype : DType.values()) {
      for (RowNormalisation normalisation : RowNormalisation.values()) {
        for (Precision precision : Precision.values()) {
          try (Lab lab = backend.open()) {
            for (int k : new int[] {1, 32, 100}) {
              Dense x = Inputs.offCentre(19, 200, random);
              Dense weights = Inputs.unitRows(1500, 200, random);
              float[] bias = Inputs.normal(1500, random);
              float[] preBias = Inputs.normal(200, random);
              Score options =
                  Score.plain()
                      .normalisation(normalisation)
                      .preBias(lab.floats(preBias))
                      .precision(precision);
              FixedWidthCodes out = lab.codes(19, k);
              lab.scoring()
                  .encode(
                      lab.matrix(x, dtype),
                      lab.matrix(weights, dtype),
                      lab.floats(bias),
                      options,
                      TopK.of(k).into(out));
              Estimate scores =
                  new PreparedRows(x.stored(dtype), normalisation, preBias)
                      .scores(weights.stored(dtype), bias, Activation.IDENTITY)
                      .withFactorsOf(precision);
              assertCertified(Slots.of(out), scores, 1500, dtype + ", " + options);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(58);
    for (int rows : new int[] {1, 7, 97}) {
      Dense x = Inputs.normal(rows, 100, random);
      Dense weights = Inputs.normal(777, 100, random);
      Slots first = null;
      for (int threads : new int[] {1, 2, 3, 1}) {
        try (Lab lab = backend.open(threads)) {
          FixedWidthCodes out = lab.codes(rows, 32);
          encode(lab, x, weights, Score.plain(), TopK.of(32).into(out));
          first = first == null ? Slots.of(out) : first;
          Slots.of(out).assertSame(first, rows + " rows, " + threads + " threads");
        }
      }
    }
  }

  private static void encode(
      Lab lab, Dense x, Dense weights, Score options, Selector.RowTopK... selectors) {
    lab.scoring().encode(lab.matrix(x), lab.matrix(weights), null, options, List.of(selectors));
  }

  private static void assertEncodes(
      Lab lab, Dense x, Dense weights, float[] bias, DType dtype, Random random) {
    int n = weights.rows();
    Dense scores = exactScores(x, weights, bias);
    int[] rowK = new int[x.rows()];
    Arrays.setAll(rowK, row -> random.nextInt(-2, 80));
    List<Choice> choices =
        List.of(
            new Choice(TopK.of(32), null, null),
            new Choice(TopK.of(7).byMagnitude().withRelu(), null, Inputs.flags(n, 0.3, random)),
            new Choice(TopK.of(65).order(OutputOrder.BY_INDEX), rowK, null),
            new Choice(TopK.of(512).tieRule(TieRule.DROP), null, new boolean[n]),
            new Choice(TopK.of(20).tieRule(TieRule.DROP), null, null),
            new Choice(TopK.of(0), null, null));
    List<Selector.RowTopK> selectors =
        choices.stream().map(choice -> choice.upload(lab, x.rows())).toList();
    lab.scoring()
        .encode(
            lab.matrix(x, dtype),
            lab.matrix(weights, dtype),
            lab.floats(bias),
            Score.plain(),
            selectors);
    for (int s = 0; s < selectors.size(); s++) {
      assertSame(
          selectors.get(s).out(),
          choices.get(s).expected(scores),
          dtype + " " + scores.rows() + " rows, n = " + n + ", selector " + choices.get(s));
    }
  }

  /** A selector with its options in the test's own hands. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Choice(TopK options, int[] rowK, boolean[] mask) {
    Selector.RowTopK upload(Lab lab, int rows) {
      TopK uploaded = options.rowK(lab.ints(rowK)).mask(lab.mask(mask));
      return uploaded.into(lab.codes(rows, options.k()));
    }

    Slots expected(Dense scores) {
      return new Ranking(scores, options.key(), mask).topK(scores, options, rowK);
    }
  }

  private static void assertSame(FixedWidthCodes out, Slots expected, String description) {
    Slots found = Slots.of(out);
    Same.ints(found.counts(), expected.counts(), description + ": counts");
    Same.ints(found.indices(), expected.indices(), description + ": indices");
    Same.numbers(found.values(), expected.values(), description + ": values");
  }

  /** Every pick's exact score lies within the rounding bound of the k-th best, in order. */
  private static void assertCertified(Slots found, Estimate scores, int n, String description) {
    found.assertWellFormed(description);
    for (int row = 0; row < found.rows(); row++) {
      int from = row * n;
      double bound = 0;
      double[] sorted = new double[n];
      for (int j = 0; j < n; j++) {
        bound = Math.max(bound, scores.bound(from + j));
        sorted[j] = scores.sum(from + j);
      }
      Arrays.sort(sorted);
      String place = description + ", row " + row;
      assertThat(found.counts()[row]).as(place).isEqualTo(found.k());
      boolean[] seen = new boolean[n];
      for (int slot = 0; slot < found.k(); slot++) {
        int pick = found.index(row, slot);
        assertThat(seen[pick]).as(place + ": atom " + pick + " twice").isFalse();
        seen[pick] = true;
        double exact = scores.sum(from + pick);
        assertThat(exact).as(place).isGreaterThanOrEqualTo(sorted[n - found.k()] - 2 * bound);
        assertThat(Math.abs(found.value(row, slot) - exact)).as(place).isLessThanOrEqualTo(bound);
        if (slot > 0) {
          assertThat(found.value(row, slot))
              .as(place)
              .isLessThanOrEqualTo(found.value(row, slot - 1));
        }
      }
    }
  }
}
