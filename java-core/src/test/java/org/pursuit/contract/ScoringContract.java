package org.pursuit.contract;

import static org.pursuit.contract.PreparedRows.exactScores;

import java.util.Arrays;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** Scores are exact on small integers, else within the rounding bound. */
class ScoringContract {
  private static final int[] ROWS = {0, 1, 5, 6, 7, 13, 97};
  private static final int[] DIMENSIONS = {0, 1, 7, 8, 9, 63, 257, 768};
  private static final int[] ATOMS = {0, 1, 15, 16, 17, 255, 1025};

  /** Rows, dimensions and atoms past the sizes of tiles, depths and groups. */
  static final int[][] LARGE = {
    {1030, 30, 40}, {125, 600, 50}, {61, 30, 3100}, {61, 1100, 1030}, {2050, 9, 530}
  };

  /** The mean 2²⁴ + 1 is no float; the deviation about it is √2, about a rounded one 2. */
  @EveryBackend
  void layerNormTakesTheDeviationAboutTheExactMean(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = lab.matrix(Dense.ofRows(new float[] {0x1p24f, 0x1p24f + 2}));
      Matrix out = lab.output(1, 2);
      Floats scale = lab.floats(new float[1]);
      lab.scoring().normalise(x, RowNormalisation.LAYER_NORM, null, out, null, scale);
      Same.numbers(scale.download(), new float[] {(float) Math.sqrt(2)}, "scale");
    }
  }

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
                exactScores(x, weights, bias).values(),
                rows + " rows, d = " + d + ", n = " + n);
          }
        }
      }
    }
  }

  @EveryBackend
  void scoresExactlyAtLargeShapes(BackendUnderTest backend) {
    Random random = Seed.random(55);
    for (int[] shape : LARGE) {
      Dense x = Inputs.integers(shape[0], shape[1], 3, random);
      Dense weights = Inputs.integers(shape[2], shape[1], 3, random);
      try (Lab lab = backend.open()) {
        Matrix out = lab.output(shape[0], shape[2]);
        lab.scoring().score(lab.matrix(x), lab.matrix(weights), null, Score.plain(), out);
        Same.numbers(
            out.download(), exactScores(x, weights, null).values(), Arrays.toString(shape));
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
        Dense exact = exactScores(x, weights, null);
        Same.numbers(out.download(), exact.stored(dtype).values(), dtype.toString());
      }
    }
  }

  @EveryBackend
  void everyPrecisionIsExactOnSmallIntegers(BackendUnderTest backend) {
    Random random = Seed.random(60);
    Dense x = Inputs.integers(70, 130, 3, random);
    Dense weights = Inputs.integers(70, 130, 3, random);
    float[] exact = exactScores(x, weights, null).values();
    try (Lab lab = backend.open()) {
      for (Precision precision : Precision.values()) {
        for (DType xType : DType.values()) {
          for (DType weightType : DType.values()) {
            Matrix out = lab.output(70, 70);
            Score options = Score.plain().precision(precision);
            lab.scoring()
                .score(lab.matrix(x, xType), lab.matrix(weights, weightType), null, options, out);
            Same.numbers(out.download(), exact, precision + " " + xType + " · " + weightType);
          }
        }
      }
    }
  }

  @EveryBackend
  void everyPrecisionRoundsNoFurtherThanPermitted(BackendUnderTest backend) {
    Random random = Seed.random(61);
    Dense x = Inputs.offCentre(70, 71, random);
    Dense weights = Inputs.normal(29, 71, random);
    float[] bias = Inputs.normal(29, random);
    try (Lab lab = backend.open()) {
      for (Precision precision : Precision.values()) {
        for (RowNormalisation normalisation : RowNormalisation.values()) {
          for (float[] preBias : new float[][] {null, Inputs.normal(71, random)}) {
            Score options =
                Score.plain()
                    .normalisation(normalisation)
                    .preBias(lab.floats(preBias))
                    .precision(precision);
            for (DType xType : DType.values()) {
              PreparedRows prepared = new PreparedRows(x.stored(xType), normalisation, preBias);
              for (DType weightType : DType.values()) {
                Matrix out = lab.output(70, 29);
                lab.scoring()
                    .score(
                        lab.matrix(x, xType),
                        lab.matrix(weights, weightType),
                        lab.floats(bias),
                        options,
                        out);
                prepared
                    .scores(weights.stored(weightType), bias, Activation.IDENTITY)
                    .withFactorsOf(precision)
                    .assertMatches(
                        out.download(), DType.F32, xType + " · " + weightType + ", " + options);
              }
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void everyOptionWithinTheRoundingBound(BackendUnderTest backend) {
    Random random = Seed.random(43);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {1, 2, 9, 257}) {
        Dense x = Inputs.offCentre(11, d, random);
        Dense weights = Inputs.normal(37, d, random);
        for (RowNormalisation normalisation : RowNormalisation.values()) {
          for (float[] preBias : new float[][] {null, Inputs.normal(d, random)}) {
            PreparedRows prepared = new PreparedRows(x, normalisation, preBias);
            for (float[] bias : new float[][] {null, Inputs.normal(37, random)}) {
              for (Activation activation : Activation.values()) {
                Score options =
                    Score.plain()
                        .normalisation(normalisation)
                        .preBias(lab.floats(preBias))
                        .activation(activation);
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
        Dense x = Inputs.offCentre(11, d, random);
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
          Score options =
              Score.plain()
                  .normalisation(normalisation)
                  .preBias(lab.floats(new float[0]))
                  .activation(activation);
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
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(53);
    for (int rows : new int[] {1, 7, 97}) {
      Dense x = Inputs.normal(rows, 100, random);
      Dense weights = Inputs.normal(777, 100, random);
      float[] first = null;
      for (int threads : new int[] {1, 2, 3, 1}) {
        try (Lab lab = backend.open(threads)) {
          Matrix out = lab.output(rows, 777);
          lab.scoring().score(lab.matrix(x), lab.matrix(weights), null, Score.plain(), out);
          first = first == null ? out.download() : first;
          Same.bits(out.download(), first, rows + " rows, " + threads + " threads");
        }
      }
    }
  }
}
