package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.RowKind;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/**
 * The prefix of a row that comes closest to a target: by definition on small integers, within
 * rounding of the closest one on any numbers, and the same on every backend.
 */
class RowPrefixContract {
  private static final RowPrefix PLAIN = RowPrefix.plain();
  private static final RowPrefix WITH_END = RowPrefix.plain().withEndSentinel();

  /** The example of the authors' notebook. */
  @EveryBackend
  void workedExample(BackendUnderTest backend) {
    Dense activations = new Dense(3, 3, new float[] {5, 4, 3, 1, 1, 1, 1, 10, 2});
    float[][] atoms = {{1, 2}, {3, 4}, {5, 6}};
    float[] norms = new float[3];
    float[] targets = new float[3];
    for (int i = 0; i < 3; i++) {
      norms[i] = (float) Math.hypot(atoms[i][0], atoms[i][1]);
      double x = 0;
      double y = 0;
      for (int j = 0; j < 3; j++) {
        x += activations.at(i, j) * atoms[j][0];
        y += activations.at(i, j) * atoms[j][1];
      }
      targets[i] = (float) Math.hypot(x, y);
    }
    Same.bits(
        new float[] {Math.round(targets[0] * 1e4f), targets[1], Math.round(targets[2] * 1e4f)},
        new float[] {544_059, 15, 678_012},
        "targets");
    try (Lab lab = backend.open()) {
      for (boolean end : new boolean[] {true, false}) {
        FixedWidthCodes out = lab.codes(3, 3);
        Ints totals = lab.intsOutput(3);
        lab.selection()
            .rowPrefixSelect(
                lab.matrix(activations),
                lab.floats(norms),
                lab.floats(targets),
                end ? WITH_END : PLAIN,
                out,
                totals);
        int k = end ? 2 : 3;
        assertThat(totals.download()).containsExactly(k, k, k);
        float[][] expected =
            end
                ? new float[][] {{0, 4, 3}, {0, 1, 1}, {0, 10, 2}}
                : new float[][] {{5, 4, 3}, {1, 1, 1}, {1, 10, 2}};
        Slots kept = Slots.of(out);
        float[] dense = new float[9];
        for (int b = 0; b < 3; b++) {
          for (int slot = 0; slot < kept.counts()[b]; slot++) {
            dense[3 * b + kept.index(b, slot)] = kept.value(b, slot);
          }
        }
        Same.bits(dense, Dense.ofRows(expected).values(), end ? "with sentinel" : "without");
      }
    }
  }

  /** Targets at, between, above and below all prefixes; plateaus and rows without energy. */
  @EveryBackend
  void exactOnIntegers(BackendUnderTest backend) {
    Random random = Seed.random(230);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {1, 2, 3, 17, 64, 257, 1000, 4097}) {
        for (boolean normed : new boolean[] {false, true}) {
          Dense scores = Inputs.integers(40, n, 3, random);
          Arrays.fill(scores.values(), 5 * n, 6 * n, 0);
          Arrays.fill(scores.values(), 6 * n, 7 * n, 1);
          float[] norms = normed ? Inputs.integers(n, 2, random) : null;
          float[] targets = new float[40];
          for (int b = 0; b < 40; b++) {
            targets[b] = targets(b, n, random);
          }
          Case one = new Case(scores, norms, targets);
          one.assertByDefinition(lab, PLAIN);
          one.assertByDefinition(lab, WITH_END);
        }
      }
    }
  }

  private static float targets(int b, int n, Random random) {
    return switch (b) {
      case 0 -> 0;
      case 1 -> -3;
      case 2 -> Float.POSITIVE_INFINITY;
      case 3 -> Float.NEGATIVE_INFINITY;
      case 4 -> Float.NaN;
      case 7 -> 1e30f;
      case 8 -> 6000;
      case 9 -> 1e-30f;
      default ->
          b % 2 == 0
              ? random.nextInt(3 * (int) Math.sqrt(n) + 3)
              : random.nextFloat() * 4 * (float) Math.sqrt(n);
    };
  }

  @EveryBackend
  void everyKindOfRow(BackendUnderTest backend) {
    Random random = Seed.random(231);
    try (Lab lab = backend.open();
        Lab oracle = new BackendUnderTest("scalar").open()) {
      for (int n : new int[] {1, 5, 64, 300, 2500}) {
        Dense kinds = Inputs.everyKind(n, random);
        float[] norms = Inputs.normal(n, random);
        for (float part : new float[] {0, 0.3f, 0.9f, 1.1f}) {
          float[] targets = new float[kinds.rows()];
          for (int b = 0; b < targets.length; b++) {
            targets[b] = part * norm(kinds.row(b), norms);
          }
          Case one = new Case(kinds, norms, targets);
          for (RowPrefix options : new RowPrefix[] {PLAIN, WITH_END}) {
            one.assertAs(lab, oracle, options, DType.F32, Placement.WHOLE);
          }
          one.assertClosest(lab);
        }
      }
    }
  }

  private static float norm(float[] row, float[] norms) {
    double sum = 0;
    for (int i = 0; i < row.length; i++) {
      sum += Math.pow((double) row[i] * norms[i], 2);
    }
    return (float) Math.sqrt(sum);
  }

  @EveryBackend
  void everyFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(232);
    try (Lab lab = backend.open();
        Lab oracle = new BackendUnderTest("scalar").open()) {
      for (DType dtype : DType.values()) {
        for (Placement placement : Placement.values()) {
          Dense scores = Inputs.normal(9, 777, random);
          float[] targets = {0, 3, 6, 9, 12, 15, 18, 21, 40};
          new Case(scores, null, targets).assertAs(lab, oracle, PLAIN, dtype, placement);
        }
      }
    }
  }

  @EveryBackend
  void nothingToSelectFrom(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      for (int[] shape : new int[][] {{0, 0}, {0, 3}, {3, 0}}) {
        Case none =
            new Case(Dense.zeros(shape[0], shape[1]), new float[shape[1]], new float[shape[0]]);
        none.assertByDefinition(lab, PLAIN);
        none.assertByDefinition(lab, WITH_END);
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndAfterTrim(BackendUnderTest backend) {
    Random random = Seed.random(233);
    Dense scores = Inputs.integers(70, 400, 4, random);
    float[] targets = new float[70];
    for (int b = 0; b < 70; b++) {
      targets[b] = b;
    }
    Case one = new Case(scores, null, targets);
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        one.assertByDefinition(lab, PLAIN);
        lab.backend().trim();
        one.assertByDefinition(lab, PLAIN);
      }
    }
  }

  /** Rows with norms and targets. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Case(Dense scores, float[] norms, float[] targets) {
    void assertByDefinition(Lab lab, RowPrefix options) {
      int rows = scores.rows();
      int[] k = new int[rows];
      int[][] ranked = new int[rows][];
      for (int b = 0; b < rows; b++) {
        ranked[b] = ranked(b);
        k[b] = closest(b, ranked[b], options);
      }
      for (int width : new int[] {0, 1, 20, Math.min(scores.columns(), 4096)}) {
        Slots expected = Slots.empty(rows, width);
        for (int b = 0; b < rows; b++) {
          for (int j = 0; j < Math.min(k[b], width); j++) {
            expected.add(b, ranked[b][j], scores.at(b, ranked[b][j]));
          }
        }
        FixedWidthCodes out = lab.codes(rows, width);
        Ints totals = lab.intsOutput(rows);
        lab.selection()
            .rowPrefixSelect(
                lab.matrix(scores),
                lab.floats(norms),
                lab.floats(targets),
                options,
                out,
                width == 1 ? null : totals);
        String text = scores.columns() + " columns, " + options + ", k = " + width;
        if (width != 1) {
          Same.ints(totals.download(), k, text + ": totals");
        }
        Slots.of(out).assertSame(expected, text);
      }
    }

    /** What another backend gives. */
    void assertAs(Lab lab, Lab oracle, RowPrefix options, DType dtype, Placement placement) {
      int width = Math.min(scores.columns(), 64);
      FixedWidthCodes[] out = new FixedWidthCodes[2];
      Ints[] totals = new Ints[2];
      Lab[] labs = {lab, oracle};
      for (int i = 0; i < 2; i++) {
        Matrix uploaded = labs[i].matrix(scores, dtype, placement);
        out[i] = labs[i].codes(scores.rows(), width);
        totals[i] = labs[i].intsOutput(scores.rows());
        labs[i]
            .selection()
            .rowPrefixSelect(
                uploaded,
                labs[i].floats(norms),
                labs[i].floats(targets),
                options,
                out[i],
                totals[i]);
      }
      String text = scores.columns() + " columns, " + options + ", " + dtype + " " + placement;
      Same.ints(totals[0].download(), totals[1].download(), text + ": totals");
      Slots.of(out[0]).assertSame(Slots.of(out[1]), text);
    }

    /** No other prefix is closer than what rounding of the energies may hide. */
    void assertClosest(Lab lab) {
      FixedWidthCodes out = lab.codes(scores.rows(), 1);
      Ints totals = lab.intsOutput(scores.rows());
      lab.selection()
          .rowPrefixSelect(
              lab.matrix(scores), lab.floats(norms), lab.floats(targets), PLAIN, out, totals);
      int[] k = totals.download();
      for (int b = 0; b < scores.rows(); b++) {
        double sum = 0;
        double chosen = Double.NaN;
        double least = Double.POSITIVE_INFINITY;
        int[] ranked = ranked(b);
        for (int j = 0; j < ranked.length; j++) {
          sum += energy(b, ranked[j]);
          double distance = Math.abs(Math.sqrt(sum) - targets[b]);
          chosen = j + 1 == k[b] ? distance : chosen;
          least = Math.min(least, distance);
        }
        if (sum <= Float.MAX_VALUE && Math.abs(targets[b]) <= Float.MAX_VALUE) {
          String kind = List.of(RowKind.values()).get(b) + ", " + scores.columns() + " columns";
          assertThat(chosen).as(kind).isCloseTo(least, within(0x1p-20 * Math.sqrt(sum)));
        }
      }
    }

    private float energy(int b, int i) {
      float length = scores.at(b, i) * (norms == null ? 1 : norms[i]);
      return length * length;
    }

    private int[] ranked(int b) {
      Comparator<Integer> byEnergy = (i, j) -> Ranking.compare(energy(b, i), energy(b, j));
      return IntStream.range(0, scores.columns())
          .boxed()
          .sorted(byEnergy.thenComparing(Comparator.naturalOrder()))
          .mapToInt(Integer::intValue)
          .toArray();
    }

    /** The formula, exact where energies are small integers. */
    private int closest(int b, int[] ranked, RowPrefix options) {
      double sum = 0;
      double least = Double.POSITIVE_INFINITY;
      int k = Math.min(1, ranked.length);
      for (int j = 0; j < ranked.length; j++) {
        sum += energy(b, ranked[j]);
        double root = options.endSentinel() && j == ranked.length - 1 ? 1e4 : Math.sqrt(sum);
        double distance = Math.abs(root - targets[b]);
        if (distance < least) {
          least = distance;
          k = j + 1;
        }
      }
      return k;
    }
  }
}
