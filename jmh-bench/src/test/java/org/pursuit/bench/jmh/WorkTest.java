package org.pursuit.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;

/** Counts by hand, for 2 rows, k or steps 3, n = 5 atoms and d = 7. */
class WorkTest {
  /** Six indices, six values, two counts. */
  private static final long CODES = 4 * (6 + 6 + 2);

  @Test
  void topK() {
    Work work =
        SelectionBenchmark.work("topK", Map.of("shape", "2x5", "k", "3", "dtype", "F32")::get);
    assertThat(work).isEqualTo(new Work(4 * 10 + CODES, 0, 4 * 10 + CODES));
    assertThat(
            SelectionBenchmark.work("heap", Map.of("shape", "2x5", "k", "3", "dtype", "F32")::get))
        .isEqualTo(work);
  }

  @Test
  void selectionsIntoRowCompressedCodes() {
    // Six columns and values, three offsets of 64 bits.
    long bytes = 4 * 10 + 4 * (6 + 6 + 2 * 3);
    for (String kernel : new String[] {"thresholdSelect", "globalTopK"}) {
      assertThat(
              SelectionBenchmark.work(
                  kernel, Map.of("shape", "2x5", "k", "3", "dtype", "F32")::get))
          .isEqualTo(new Work(bytes, 0, bytes));
    }
  }

  @Test
  void columnTopK() {
    // Twenty row ids and values, five counts.
    long bytes = 4 * 10 + 12 * 20 + 4 * 5;
    assertThat(
            SelectionBenchmark.work(
                "columnTopK", Map.of("shape", "2x5", "m", "4", "dtype", "F32")::get))
        .isEqualTo(new Work(bytes, 0, bytes));
  }

  @Test
  void rowPrefixSelect() {
    long bytes = 4 * 10 + CODES + 4 * (2 + 2);
    assertThat(
            SelectionBenchmark.work(
                "rowPrefixSelect", Map.of("shape", "2x5", "k", "3", "dtype", "F32")::get))
        .isEqualTo(new Work(bytes, 2 * 10, bytes));
  }

  @Test
  void shortNumbersAreHalfAsManyBytes() {
    assertThat(
            SelectionBenchmark.work("topK", Map.of("shape", "2x5", "k", "3", "dtype", "BF16")::get))
        .isEqualTo(new Work(2 * 10 + CODES, 0, 2 * 10 + CODES));
    long bytes = 2 * (14 + 35) + 4 * 10;
    assertThat(ScoringBenchmark.work("score", Map.of("shape", "2x7x5", "dtype", "F16")::get))
        .isEqualTo(new Work(bytes, 140, bytes));
    assertThat(
            SparseAlgebraBenchmark.work("decode", Map.of("shape", "2x3x5x7", "dtype", "BF16")::get))
        .isEqualTo(new Work(CODES + 2 * 42 + 4 * 14, 84, CODES + 2 * 35 + 4 * 14));
  }

  @Test
  void score() {
    long bytes = 4 * (14 + 35 + 10);
    assertThat(ScoringBenchmark.work("score", Map.of("shape", "2x7x5", "dtype", "F32")::get))
        .isEqualTo(new Work(bytes, 140, bytes));
  }

  @Test
  void encode() {
    long bytes = 4 * (14 + 35) + CODES;
    assertThat(ScoringBenchmark.work("encode", Map.of("shape", "2x7x5x3", "dtype", "F32")::get))
        .isEqualTo(new Work(bytes, 140, bytes));
  }

  @Test
  void encodeSelecting() {
    long factors = 4 * (14 + 35);
    long compressed = 4 * (6 + 6 + 2 * 3);
    for (String selectors : new String[] {"threshold", "global", "all"}) {
      long bytes =
          selectors.equals("all") ? factors + 2 * (CODES + compressed) : factors + compressed;
      assertThat(
              ScoringBenchmark.work(
                  "encodeSelecting",
                  Map.of("shape", "2x7x5x3", "dtype", "F32", "selectors", selectors)::get))
          .isEqualTo(new Work(bytes, 140, bytes));
    }
  }

  @Test
  void decodeAndSampledDot() {
    // Six atoms of seven elements are read, but only five different ones exist.
    Work work = new Work(CODES + 4 * (42 + 14), 84, CODES + 4 * (35 + 14));
    assertThat(
            SparseAlgebraBenchmark.work("decode", Map.of("shape", "2x3x5x7", "dtype", "F32")::get))
        .isEqualTo(work);
    assertThat(
            SparseAlgebraBenchmark.work(
                "sampledDot", Map.of("shape", "2x3x5x7", "dtype", "F32")::get))
        .isEqualTo(work);
  }

  @Test
  void algebraOfCodes() {
    long compressed = 8 * 6 + 8 * 3;
    long columns = 8 * 6 + 8 * 6;
    Map<String, Work> works =
        Map.of(
            "axpby", new Work(2 * CODES + 4 * (12 + 12 + 2), 24, 2 * CODES + 4 * (12 + 12 + 2)),
            "intersect", new Work(2 * CODES + 4 * (6 + 2), 0, 2 * CODES + 4 * (6 + 2)),
            "concat", new Work(4 * CODES, 0, 4 * CODES),
            "toCsr", new Work(CODES + compressed, 0, CODES + compressed),
            "toFixedWidth", new Work(CODES + compressed, 0, CODES + compressed),
            "transpose", new Work(compressed + columns, 0, compressed + columns));
    works.forEach(
        (kernel, work) ->
            assertThat(SparseAlgebraCodesBenchmark.work(kernel, Map.of("shape", "2x3x5")::get))
                .as(kernel)
                .isEqualTo(work));
  }

  @Test
  void decodeBackward() {
    // Of every format the five atoms in use are read and the five gradients written.
    long rows = 4 * (42 + 14);
    assertThat(
            SparseAlgebraBenchmark.work(
                "decodeBackward", Map.of("shape", "2x3x5x7", "dtype", "BF16")::get))
        .isEqualTo(
            new Work(
                CODES + 4 * (6 + 7) + 2 * (35 + 35) + rows,
                4 * 42 + 14,
                CODES + 4 * (6 + 7) + 2 * (35 + 35) + 4 * 14));
  }

  @Test
  void encodeBackward() {
    // Six rows and six of the weights are read, and five gradients, two rows and a bias written.
    long fixed = CODES + 4 * (5 + 14) + 2 * 35;
    assertThat(
            SparseAlgebraBenchmark.work(
                "encodeBackward", Map.of("shape", "2x3x5x7", "dtype", "BF16")::get))
        .isEqualTo(new Work(fixed + (2 + 4) * 42, 4 * 42 + 6, fixed + 4 * 14 + 2 * 35));
  }

  @Test
  void coalesce() {
    assertThat(SparseAlgebraBenchmark.work("coalesce", Map.of("shape", "2x3")::get))
        .isEqualTo(new Work(2 * CODES, 6, 2 * CODES));
  }

  @Test
  void axpby() {
    assertThat(TrainingBenchmark.work("axpby", Map.of("shape", "2x7")::get))
        .isEqualTo(new Work(4 * 3 * 14, 3 * 14, 4 * 2 * 14));
  }

  @Test
  void statistics() {
    assertThat(statistics("squaredErrors")).isEqualTo(reading(2 * 14 + 2, 3 * 14));
    assertThat(statistics("norms")).isEqualTo(reading(14 + 2, 2 * 14));
    assertThat(statistics("cosines")).isEqualTo(reading(2 * 14 + 2, 6 * 14));
    assertThat(statistics("totalVariance")).isEqualTo(reading(14 + 1, 4 * 14));
    assertThat(statistics("columnStatistics")).isEqualTo(reading(14 + 4 * 7, 14));
    assertThat(statistics("codeStatistics")).isEqualTo(reading(2 * 6 + 4 * 5, 6));
  }

  private static Work statistics(String kernel) {
    return StatisticsBenchmark.work(kernel, Map.of("shape", "2x7", "codes", "2x3x5")::get);
  }

  @Test
  void pairs() {
    assertThat(pairs("segmentReduce")).isEqualTo(reading(2 * 6 + 64 * 5, 6));
    assertThat(pairs("cooccurrence")).isEqualTo(reading(2 * 6 + 2 * 256 * 5, 0));
    assertThat(pairs("neighbours")).isEqualTo(reading(2 * 256 * 5 + 256 * (2 * 8 + 8 + 1), 0));
    assertThat(pairs("jaccard")).isEqualTo(reading(2 * 256 * 5 + 2 * 5 + 256 * 5, 3 * 256 * 5));
    assertThat(pairs("npmi")).isEqualTo(reading(2 * 256 * 5 + 2 * 5 + 256 * 5, 0));
  }

  private static Work pairs(String kernel) {
    return StatisticsPairsBenchmark.work(kernel, Map.of("codes", "2x3x5")::get);
  }

  @Test
  void unitAtoms() {
    Map<String, Work> works =
        Map.of(
            "unitRows", new Work(4 * 2 * 35, 3 * 35, 4 * 35),
            "projectGradient", new Work(4 * 3 * 35, 6 * 35, 4 * 2 * 35),
            // Rows 0 and 4, their numbers and how many they are.
            "projectActiveRows", new Work(4 * (3 * 14 + 3), 6 * 14, 4 * (2 * 14 + 3)));
    works.forEach(
        (kernel, work) ->
            assertThat(StatisticsAtomsBenchmark.work(kernel, Map.of("shape", "5x7")::get))
                .as(kernel)
                .isEqualTo(work));
  }

  @Test
  void latents() {
    Map<String, Work> works =
        Map.of(
            "sinceFired", new Work(8 * 15, 0, 8 * 10),
            "deadLatents", new Work(8 * 5 + 5 + 4, 0, 8 * 5 + 5 + 4),
            "density", new Work(8 * 5 + 4 * 5, 5, 8 * 5 + 4 * 5),
            "movingAverage", new Work(4 * 15, 15, 4 * 10),
            "adaptBias", new Work(8 * 5 + 4 * 15, 20, 8 * 5 + 4 * 10),
            "quotients", reading(15, 10),
            "sum", reading(5 + 1, 5));
    works.forEach(
        (kernel, work) ->
            assertThat(StatisticsLatentsBenchmark.work(kernel, Map.of("latents", "5")::get))
                .as(kernel)
                .isEqualTo(work));
  }

  private static Work reading(long words, long flops) {
    return new Work(4 * words, flops, 4 * words);
  }

  @Test
  void aroundTheProduct() {
    Map<String, Work> works =
        Map.of(
            "normalise", reading(28 + 2 + 7, 56),
            "normaliseBackward", reading(42, 112),
            "weigh", reading(42, 42),
            "closeness", reading(28, 42),
            "closenessBackward", reading(42, 42));
    works.forEach(
        (kernel, work) ->
            assertThat(ScoringStepsBenchmark.work(kernel, Map.of("matrix", "2x7")::get))
                .as(kernel)
                .isEqualTo(work));
  }

  @Test
  void trainingSteps() {
    String[] kernels = {"columnSums", "gate", "gateBackward"};
    int[] moved = {1, 2, 3};
    int[] flops = {1, 0, 0};
    for (int i = 0; i < kernels.length; i++) {
      assertThat(TrainingBenchmark.work(kernels[i], Map.of("shape", "2x7")::get))
          .as(kernels[i])
          .isEqualTo(reading(14L * moved[i], 14L * flops[i]));
    }
    assertThat(TrainingBenchmark.work("multiply", Map.of("product", "2x5x7")::get))
        .isEqualTo(reading(14 + 35 + 10, 140));
    // 21 elements of a triangle; two right sides and two solutions.
    assertThat(TrainingBenchmark.work("solve", Map.of("system", "6x2")::get))
        .isEqualTo(reading(21 + 4 * 6, 216 / 3 + 2 * 36 * 2));
    assertThat(TrainingBenchmark.work("exponentials", Map.of("latents", "5")::get))
        .isEqualTo(reading(10, 0));
  }

  @Test
  void optimiser() {
    Map<String, Work> works =
        Map.of(
            "sumOfSquares", reading(35 + 1, 70),
            "clipFactor", reading(35 + 2, 70),
            "scale", reading(70, 35),
            "adam", new Work(4 * 7 * 35, 14 * 35, 4 * 4 * 35),
            // Rows 0 and 4, their numbers and how many they are.
            "adamOfActiveRows", new Work(4 * (7 * 14 + 3), 14 * 14, 4 * (4 * 14 + 3)));
    works.forEach(
        (kernel, work) ->
            assertThat(TrainingOptimiserBenchmark.work(kernel, Map.of("shape", "5x7")::get))
                .as(kernel)
                .isEqualTo(work));
  }

  @Test
  void gaussians() {
    Map<String, Work> works =
        Map.of(
            "sample", reading(42, 28),
            "sampleBackward", reading(42, 42),
            "divergence", reading(28 + 2, 70),
            "divergenceBackward", reading(56, 42));
    works.forEach(
        (kernel, work) ->
            assertThat(TrainingGaussianBenchmark.work(kernel, Map.of("shape", "2x7")::get))
                .as(kernel)
                .isEqualTo(work));
  }

  @Test
  void rowsToAndFro() {
    assertThat(TrainingRowsBenchmark.work("gatherRows", Map.of("shape", "2x7")::get))
        .isEqualTo(reading(28 + 2, 0));
    assertThat(scatterRows("OVERWRITE")).isEqualTo(reading(28 + 2, 0));
    assertThat(scatterRows("ACCUMULATE")).isEqualTo(new Work(4 * (42 + 2), 14, 4 * (28 + 2)));
  }

  private static Work scatterRows(String write) {
    return TrainingRowsBenchmark.work("scatterRows", Map.of("shape", "2x7", "write", write)::get);
  }

  @Test
  void matchingPursuit() {
    long operands = 4 * (14 + 14 + 35) + CODES;
    Work work =
        PursuitsBenchmark.work("matchingPursuit", Map.of("shape", "2x7x5", "steps", "3")::get);
    // Two more readings of the atoms; three times a product and an update of the residuals.
    assertThat(work).isEqualTo(new Work(operands + 2 * 4 * 35, 3 * (140 + 28), operands));
  }

  @Test
  void matchingPursuitBackward() {
    long once = CODES + 4 * (3 * 14 + 35);
    assertThat(
            PursuitsBenchmark.work(
                "matchingPursuitBackward", Map.of("shape", "2x7x5", "steps", "3")::get))
        .isEqualTo(new Work(once + 4 * 42, 14 * 42, once + 4 * 35));
  }

  @Test
  void orthogonalMatchingPursuitAndGradientPursuit() {
    // The steps of two rows read 0 + 1 + 2 rows of the Gram.
    long operands = CODES + 4 * (2 * 14 + 35);
    for (String kernel : new String[] {"orthogonalMatchingPursuit", "gradientPursuit"}) {
      assertThat(PursuitsBenchmark.work(kernel, Map.of("shape", "2x7x5", "steps", "3")::get))
          .isEqualTo(new Work(operands + 4 * 30, 140 + 60 + 30 + 2 * 42, operands + 4 * 25));
    }
  }

  @Test
  void orthogonalMatchingPursuitAndGradientPursuitByProducts() {
    long operands = CODES + 4 * (2 * 14 + 35);
    for (String kernel :
        new String[] {"orthogonalMatchingPursuitByProducts", "gradientPursuitByProducts"}) {
      // Two more readings of the atoms; two rows multiply and subtract 1 + 2 + 3 atoms.
      assertThat(PursuitsBenchmark.work(kernel, Map.of("shape", "2x7x5", "steps", "3")::get))
          .isEqualTo(new Work(operands + 2 * 4 * 35, 3 * 140 + 6 * 4 * 14, operands));
    }
  }

  @Test
  void matchingPursuitWithGram() {
    long operands = 4 * (14 + 14 + 35) + CODES;
    for (DType format : DType.values()) {
      Work work =
          PursuitsBenchmark.work(
              "matchingPursuitGram",
              Map.of("shape", "2x7x5", "steps", "3", "format", format.name())::get);
      // Two rows of the Gram for each row; three searches, two of them with an update.
      long bytes = format == DType.F32 ? 4 : 2;
      assertThat(work)
          .isEqualTo(
              new Work(
                  operands + 2 * 2 * bytes * 5,
                  140 + 3 * 28 + 2 * (3 * 5 + 2 * 2 * 5),
                  operands + bytes * 25));
    }
  }

  @Test
  void gram() {
    Map<String, String> parameters = Map.of("dictionary", "32x7", "format", "F16");
    long atoms = 4 * 32 * 7;
    // 32·33/2 products of different pairs.
    assertThat(PursuitsGramBenchmark.work("gram", parameters::get))
        .isEqualTo(new Work(atoms + 2 * 1024, 528 * 14, atoms + 2 * 1024));
    // Two atoms are new: 30 and 31 pairs with those before them, and both with themselves.
    assertThat(PursuitsGramBenchmark.work("append", parameters::get))
        .isEqualTo(new Work(atoms + 2 * (1024 - 900), 63 * 14, atoms + 2 * (1024 - 900)));
  }

  @Test
  void scan() {
    Work work = RooflineBenchmark.work("scan", Map.of("level", "L2", "threads", "2")::get);
    assertThat(work).isEqualTo(new Work(2L << 29, 0, 2 * (256 << 10)));
  }

  @Test
  void wrongShapes() {
    assertThat(Shapes.parse("2x30", "rowsxk")).containsExactly(2, 30);
    for (String shape : new String[] {"", "2", "2x", "2x3x4", "2x0", "2x-3", "2xk"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Shapes.parse(shape, "rowsxk"))
          .withMessage("shape: expected positive numbers rowsxk, found " + shape);
    }
  }
}
