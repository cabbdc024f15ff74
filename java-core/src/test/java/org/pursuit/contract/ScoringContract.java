package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.OutputOrder;
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
import org.pursuit.support.Placement;
import org.pursuit.support.RowKind;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/**
 * Scores are exact on small integers, else within the rounding bound; so is what encode selects.
 */
class ScoringContract {
  private static final int[] ROWS = {0, 1, 5, 6, 7, 13, 97};
  private static final int[] DIMENSIONS = {0, 1, 7, 8, 9, 63, 257, 768};
  private static final int[] ATOMS = {0, 1, 15, 16, 17, 255, 1025};

  /** Rows, dimensions and atoms past the sizes of tiles, depths and groups. */
  private static final int[][] LARGE = {
    {1030, 30, 40}, {125, 600, 50}, {61, 30, 3100}, {61, 1100, 1030}, {2050, 9, 530}
  };

  @EveryBackend
  void scoresExactlyAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(40);
    try (Lab lab = backend.open()) {
      for (int d : DIMENSIONS) {
        for (int n : ATOMS) {
          Dense weights = Inputs.integers(n, d, 3, random);
          float[] bias = Inputs.integers(n, 100, random);
          Matrix uploaded = lab.matrix(weights);
          for (int rows : ROWS) {
            Dense x = Inputs.integers(rows, d, 3, random);
            Matrix out = lab.output(rows, n);
            lab.scoring().score(lab.matrix(x), uploaded, lab.floats(bias), Score.plain(), out);
            Same.numbers(
                out.download(),
                exactScores(x, weights, bias),
                rows + " rows, d = " + d + ", n = " + n);
          }
        }
      }
    }
  }

  @EveryBackend
  void scoresAndEncodesExactlyAtLargeShapes(BackendUnderTest backend) {
    Random random = Seed.random(55);
    for (int[] shape : LARGE) {
      Dense x = Inputs.integers(shape[0], shape[1], 3, random);
      Dense weights = Inputs.integers(shape[2], shape[1], 3, random);
      Dense scores = new Dense(shape[0], shape[2], exactScores(x, weights, null));
      Slots best = new Ranking(scores, SelectionKey.SIGNED, null).topK(scores, TopK.of(40), null);
      try (Lab lab = backend.open()) {
        Matrix out = lab.output(shape[0], shape[2]);
        lab.scoring().score(lab.matrix(x), lab.matrix(weights), null, Score.plain(), out);
        Same.numbers(out.download(), scores.values(), Arrays.toString(shape));
        FixedWidthCodes codes = lab.codes(shape[0], 40);
        lab.scoring()
            .encode(
                lab.matrix(x), lab.matrix(weights), null, Score.plain(), TopK.of(40).into(codes));
        assertSame(codes, best, Arrays.toString(shape));
      }
    }
  }

  @EveryBackend
  void everyCombinationOfFormats(BackendUnderTest backend) {
    Random random = Seed.random(41);
    Dense x = Inputs.normal(13, 129, random);
    Dense weights = Inputs.normal(83, 129, random);
    float[] bias = Inputs.normal(83, random);
    float[] preBias = Inputs.normal(129, random);
    try (Lab lab = backend.open()) {
      Score options = Score.plain().preBias(lab.floats(preBias));
      for (DType xType : DType.values()) {
        PreparedRows prepared = new PreparedRows(x.stored(xType), RowNormalisation.NONE, preBias);
        for (DType weightType : DType.values()) {
          Estimate expected =
              prepared.scores(weights.stored(weightType), bias, Activation.IDENTITY);
          for (DType outType : DType.values()) {
            for (Placement placement : Placement.values()) {
              Matrix out = lab.output(13, 83, outType);
              lab.scoring()
                  .score(
                      lab.matrix(x, xType, placement),
                      lab.matrix(weights, weightType, placement),
                      lab.floats(bias),
                      options,
                      out);
              expected.assertMatches(
                  out.download(),
                  outType,
                  xType + " · " + weightType + " to " + outType + " " + placement);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void sixteenBitScoresAreRoundedOnce(BackendUnderTest backend) {
    Random random = Seed.random(42);
    Dense x = Inputs.integers(7, 300, 3, random);
    Dense weights = Inputs.integers(65, 300, 3, random);
    try (Lab lab = backend.open()) {
      for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
        Matrix out = lab.output(7, 65, dtype);
        lab.scoring()
            .score(lab.matrix(x, dtype), lab.matrix(weights, dtype), null, Score.plain(), out);
        Dense exact = new Dense(7, 65, exactScores(x, weights, null));
        Same.numbers(out.download(), exact.stored(dtype).values(), dtype.toString());
      }
    }
  }

  @EveryBackend
  void everyOptionWithinTheRoundingBound(BackendUnderTest backend) {
    Random random = Seed.random(43);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {1, 2, 9, 257}) {
        Dense x = offCentre(11, d, random);
        Dense weights = Inputs.normal(37, d, random);
        for (RowNormalisation normalisation : RowNormalisation.values()) {
          for (float[] preBias : new float[][] {null, Inputs.normal(d, random)}) {
            PreparedRows prepared = new PreparedRows(x, normalisation, preBias);
            for (float[] bias : new float[][] {null, Inputs.normal(37, random)}) {
              for (Activation activation : Activation.values()) {
                Score options = new Score(normalisation, lab.floats(preBias), activation);
                Matrix out = lab.output(11, 37);
                lab.scoring()
                    .score(lab.matrix(x), lab.matrix(weights), lab.floats(bias), options, out);
                prepared
                    .scores(weights, bias, activation)
                    .assertMatches(out.download(), DType.F32, "d = " + d + ", " + options);
              }
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void normalisesWithCentreAndScale(BackendUnderTest backend) {
    Random random = Seed.random(44);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {1, 2, 9, 64, 768}) {
        Dense x = offCentre(11, d, random);
        for (DType xType : DType.values()) {
          for (DType outType : DType.values()) {
            for (RowNormalisation normalisation : RowNormalisation.values()) {
              for (float[] preBias : new float[][] {null, Inputs.normal(d, random)}) {
                Matrix out = lab.output(11, d, outType);
                Floats centre = lab.floatsOutput(11);
                Floats scale = lab.floatsOutput(11);
                lab.scoring()
                    .normalise(
                        lab.matrix(x, xType),
                        normalisation,
                        lab.floats(preBias),
                        out,
                        centre,
                        scale);
                PreparedRows expected = new PreparedRows(x.stored(xType), normalisation, preBias);
                String description = normalisation + " " + xType + " to " + outType + ", d = " + d;
                expected.rows().assertMatches(out.download(), outType, description);
                expected
                    .centres()
                    .assertMatches(centre.download(), DType.F32, description + ": centre");
                expected
                    .scales()
                    .assertMatches(scale.download(), DType.F32, description + ": scale");
              }
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void normalisesWithoutCentreAndScale(BackendUnderTest backend) {
    Dense x = Inputs.normal(3, 20, Seed.random(45));
    try (Lab lab = backend.open()) {
      for (RowNormalisation normalisation : RowNormalisation.values()) {
        Matrix out = lab.output(3, 20);
        lab.scoring().normalise(lab.matrix(x), normalisation, null, out, null, null);
        new PreparedRows(x, normalisation, null)
            .rows()
            .assertMatches(out.download(), DType.F32, normalisation.toString());
      }
    }
  }

  @EveryBackend
  void rowsThatCannotBeScaledBecomeZero(BackendUnderTest backend) {
    Dense x = Dense.ofRows(new float[40], new float[40]);
    Arrays.fill(x.values(), 40, 80, 3.25f);
    try (Lab lab = backend.open()) {
      Matrix out = lab.output(2, 40);
      lab.scoring().normalise(lab.matrix(x), RowNormalisation.LAYER_NORM, null, out, null, null);
      Same.numbers(out.download(), new float[80], "LAYER_NORM of constant rows");
      lab.scoring().normalise(lab.matrix(x), RowNormalisation.UNIT, null, out, null, null);
      Same.numbers(out.rows(0, 1).download(), new float[40], "UNIT of a zero row");
    }
  }

  @EveryBackend
  void tinyAndLargeRowsAreScaledDownToTheFloor(BackendUnderTest backend) {
    Dense unit = Inputs.unitRows(1, 50, Seed.random(57));
    try (Lab lab = backend.open()) {
      for (double size : new double[] {1e-30, 1e-13, 0.9e-12, 1.1e-12, 1e-8, 1, 1e15}) {
        Dense x = unit.map(value -> value * size);
        Matrix out = lab.output(1, 50);
        Floats scale = lab.floatsOutput(1);
        lab.scoring().normalise(lab.matrix(x), RowNormalisation.UNIT, null, out, null, scale);
        PreparedRows expected = new PreparedRows(x, RowNormalisation.UNIT, null);
        expected.rows().assertMatches(out.download(), DType.F32, "norm " + size);
        expected.scales().assertMatches(scale.download(), DType.F32, "norm " + size);
      }
    }
  }

  @EveryBackend
  void nothingToSumLeavesTheBias(BackendUnderTest backend) {
    float[] bias = {1, -2, 3};
    try (Lab lab = backend.open()) {
      for (RowNormalisation normalisation : RowNormalisation.values()) {
        for (Activation activation : Activation.values()) {
          Matrix out = lab.output(2, 3);
          Score options = new Score(normalisation, lab.floats(new float[0]), activation);
          lab.scoring()
              .score(
                  lab.matrix(Dense.zeros(2, 0)),
                  lab.matrix(Dense.zeros(3, 0)),
                  lab.floats(bias),
                  options,
                  out);
          float[] row = activation == Activation.RELU ? new float[] {1, 0, 3} : bias;
          Same.numbers(out.download(), Dense.ofRows(row, row).values(), options.toString());
        }
      }
    }
  }

  @EveryBackend
  void nanPassesThroughRelu(BackendUnderTest backend) {
    Dense x = Inputs.integers(5, 33, 3, Seed.random(46));
    x.values()[2 * 33 + 32] = Float.NaN;
    x.values()[4 * 33] = Float.intBitsToFloat(0xffc12345);
    Dense weights = Inputs.integers(19, 33, 3, Seed.random(47));
    Estimate expected =
        new PreparedRows(x, RowNormalisation.NONE, null).scores(weights, null, Activation.RELU);
    try (Lab lab = backend.open()) {
      Matrix out = lab.output(5, 19);
      Score options = Score.plain().activation(Activation.RELU);
      lab.scoring().score(lab.matrix(x), lab.matrix(weights), null, options, out);
      Same.numbers(out.download(), expected.exactly(DType.F32), "a row with NaN");
    }
  }

  @EveryBackend
  void encodeIsScoreAndTopKForSeveralSelectorsAtOnce(BackendUnderTest backend) {
    Random random = Seed.random(48);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {0, 9, 257}) {
        for (int n : ATOMS) {
          Dense weights = Inputs.integers(n, d, 2, random);
          float[] bias = Inputs.integers(n, 5, random);
          for (int rows : ROWS) {
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
  void encodeWithEveryScoreOption(BackendUnderTest backend) {
    Random random = Seed.random(49);
    Dense x = Inputs.integers(23, 61, 2, random);
    Dense weights = Inputs.integers(300, 61, 2, random);
    float[] preBias = Inputs.integers(61, 2, random);
    Dense centred = new Dense(23, 61, x.values().clone());
    for (int i = 0; i < centred.values().length; i++) {
      centred.values()[i] -= preBias[i % 61];
    }
    Dense scores = new Dense(23, 300, exactScores(centred, weights, null)).map(s -> Math.max(s, 0));
    try (Lab lab = backend.open()) {
      Score options = Score.plain().preBias(lab.floats(preBias)).activation(Activation.RELU);
      for (TopK topK : List.of(TopK.of(32), TopK.of(200), TopK.of(200).withRelu())) {
        FixedWidthCodes out = lab.codes(23, topK.k());
        lab.scoring().encode(lab.matrix(x), lab.matrix(weights), null, options, topK.into(out));
        assertSame(
            out, new Ranking(scores, topK.key(), null).topK(scores, topK, null), topK.toString());
      }
    }
  }

  @EveryBackend
  void encodeOfRowsWithNan(BackendUnderTest backend) {
    Dense x = Inputs.integers(4, 20, 2, Seed.random(50));
    x.values()[20] = Float.NaN;
    x.values()[40] = Float.POSITIVE_INFINITY;
    Dense weights = Inputs.integers(100, 20, 2, Seed.random(51));
    Dense scores =
        new Dense(
            4,
            100,
            new PreparedRows(x, RowNormalisation.NONE, null)
                .scores(weights, null, Activation.IDENTITY)
                .exactly(DType.F32));
    try (Lab lab = backend.open()) {
      for (TopK topK : List.of(TopK.of(10), TopK.of(10).byMagnitude(), TopK.of(10).withRelu())) {
        FixedWidthCodes out = lab.codes(4, 10);
        lab.scoring()
            .encode(lab.matrix(x), lab.matrix(weights), null, Score.plain(), topK.into(out));
        assertSame(
            out, new Ranking(scores, topK.key(), null).topK(scores, topK, null), topK.toString());
      }
    }
  }

  /** With one dimension the scores are whatever the weights are. */
  @EveryBackend
  void encodeOfScoresInAdversarialOrder(BackendUnderTest backend) {
    Random random = Seed.random(56);
    Dense x = Dense.ofRows(new float[] {1}, new float[] {-1}, new float[] {2}, new float[] {0.5f});
    for (RowKind kind : RowKind.values()) {
      for (int n : new int[] {257, 5000, 20_000}) {
        Dense weights = new Dense(n, 1, kind.row(n, random));
        Dense scores = new Dense(4, n, exactScores(x, weights, null));
        Ranking ranking = new Ranking(scores, SelectionKey.SIGNED, null);
        try (Lab lab = backend.open()) {
          List<Selector.RowTopK> selectors = new ArrayList<>();
          for (int k : new int[] {1, 32, 600, TopK.MAX_K}) {
            selectors.add(TopK.of(k).into(lab.codes(4, k)));
          }
          lab.scoring().encode(lab.matrix(x), lab.matrix(weights), null, Score.plain(), selectors);
          for (Selector.RowTopK selector : selectors) {
            Slots expected = ranking.topK(scores, selector.options(), null);
            assertSame(selector.out(), expected, kind + ", n = " + n + ", " + selector.options());
          }
        }
      }
    }
  }

  @EveryBackend
  void encodePicksTheBestUpToRounding(BackendUnderTest backend) {
    Random random = Seed.random(52);
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        for (RowNormalisation normalisation : RowNormalisation.values()) {
          for (int k : new int[] {1, 32, 100}) {
            Dense x = offCentre(19, 200, random);
            Dense weights = Inputs.unitRows(1500, 200, random);
            float[] bias = Inputs.normal(1500, random);
            float[] preBias = Inputs.normal(200, random);
            FixedWidthCodes out = lab.codes(19, k);
            lab.scoring()
                .encode(
                    lab.matrix(x, dtype),
                    lab.matrix(weights, dtype),
                    lab.floats(bias),
                    Score.plain().normalisation(normalisation).preBias(lab.floats(preBias)),
                    TopK.of(k).into(out));
            Estimate scores =
                new PreparedRows(x.stored(dtype), normalisation, preBias)
                    .scores(weights.stored(dtype), bias, Activation.IDENTITY);
            assertCertified(Slots.of(out), scores, 1500, dtype + " " + normalisation);
          }
        }
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(53);
    for (int rows : new int[] {1, 7, 97}) {
      Dense x = Inputs.normal(rows, 100, random);
      Dense weights = Inputs.normal(777, 100, random);
      float[] scores = null;
      Slots codes = null;
      for (int threads : new int[] {1, 2, 3}) {
        try (Lab lab = backend.open(threads)) {
          for (int run = 0; run < 2; run++) {
            String description = rows + " rows, " + threads + " threads, run " + run;
            Matrix out = lab.output(rows, 777);
            lab.scoring().score(lab.matrix(x), lab.matrix(weights), null, Score.plain(), out);
            scores = scores == null ? out.download() : scores;
            Same.bits(out.download(), scores, description);

            FixedWidthCodes encoded = lab.codes(rows, 32);
            lab.scoring()
                .encode(
                    lab.matrix(x),
                    lab.matrix(weights),
                    null,
                    Score.plain(),
                    TopK.of(32).into(encoded));
            codes = codes == null ? Slots.of(encoded) : codes;
            Slots.of(encoded).assertSame(codes, description);
          }
        }
      }
    }
  }

  private static void assertEncodes(
      Lab lab, Dense x, Dense weights, float[] bias, DType dtype, Random random) {
    int n = weights.rows();
    Dense scores = new Dense(x.rows(), n, exactScores(x, weights, bias));
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

  private static float[] exactScores(Dense x, Dense weights, float[] bias) {
    return new PreparedRows(x, RowNormalisation.NONE, null)
        .scores(weights, bias, Activation.IDENTITY)
        .exactly(DType.F32);
  }

  /** Rows of different sizes and centres. */
  private static Dense offCentre(int rows, int columns, Random random) {
    Dense made = Inputs.normal(rows, columns, random);
    for (int i = 0; i < made.values().length; i++) {
      int row = i / columns;
      made.values()[i] = made.values()[i] * (row + 0.1f) + 3 * (row % 4);
    }
    return made;
  }
}
