package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** Statistics of rows: exact on small integers, else within the rounding bound. */
class StatisticsContract {
  private static final int[] ROWS = {0, 1, 3, 130};
  private static final int[] WIDTHS = {0, 1, 7, 8, 9, 15, 16, 31, 32, 33, 1021};

  @EveryBackend
  void squaredErrorsExactlyAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(210);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int d : WIDTHS) {
          Dense x = Inputs.integers(rows, d, 30, random);
          Dense y = Inputs.integers(rows, d, 30, random);
          Floats out = lab.floatsOutput(rows);
          lab.statistics().squaredErrors(lab.matrix(x), lab.matrix(y), out);
          Same.numbers(
              out.download(), squaredErrors(x, y).exactly(DType.F32), "[" + rows + ", " + d + "]");
        }
      }
    }
  }

  @EveryBackend
  void squaredErrorsOfEveryFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(211);
    Dense x = Inputs.normal(5, 333, random);
    Dense y = Inputs.normal(5, 333, random);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType left : DType.values()) {
          for (DType right : DType.values()) {
            Floats out = lab.floatsOutput(5);
            lab.statistics()
                .squaredErrors(
                    lab.matrix(x, left, placement), lab.matrix(y, right, placement), out);
            squaredErrors(x.stored(left), y.stored(right))
                .assertMatches(
                    out.download(), DType.F32, placement + ", " + left + " and " + right);
          }
        }
      }
    }
  }

  @EveryBackend
  void aRowKeepsItsNaNToItself(BackendUnderTest backend) {
    Dense x = Dense.zeros(3, 40);
    x.values()[41] = Float.NaN;
    x.values()[100] = Float.POSITIVE_INFINITY;
    try (Lab lab = backend.open()) {
      Floats out = lab.floatsOutput(3);
      lab.statistics().squaredErrors(lab.matrix(x), lab.matrix(Dense.zeros(3, 40)), out);
      Same.numbers(
          out.download(), new float[] {0, Float.NaN, Float.POSITIVE_INFINITY}, "NaN and ∞");
    }
  }

  @EveryBackend
  void normsAndCosinesExactlyAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(213);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int d : WIDTHS) {
          Dense x = Inputs.integers(rows, d, 30, random);
          Dense y = Inputs.integers(rows, d, 30, random);
          float[] norms = new float[rows];
          float[] cosines = new float[rows];
          for (int row = 0; row < rows; row++) {
            double product = norm(x, row) * norm(y, row);
            norms[row] = (float) norm(x, row);
            cosines[row] = product == 0 ? 0 : (float) (dot(x, y, row) / product);
          }
          Floats out = lab.floatsOutput(rows);
          lab.statistics().norms(lab.matrix(x), out);
          Same.numbers(out.download(), norms, "norms [" + rows + ", " + d + "]");
          lab.statistics().cosines(lab.matrix(x), lab.matrix(y), out);
          Same.numbers(out.download(), cosines, "cosines [" + rows + ", " + d + "]");
        }
      }
    }
  }

  @EveryBackend
  void normsAndCosinesOfEveryFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(214);
    Dense x = Inputs.offCentre(5, 333, random);
    Dense y = Inputs.normal(5, 333, random);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType left : DType.values()) {
          for (DType right : DType.values()) {
            Matrix placedX = lab.matrix(x, left, placement);
            Matrix placedY = lab.matrix(y, right, placement);
            String description = placement + ", " + left + " and " + right;
            Floats out = lab.floatsOutput(5);
            lab.statistics().norms(placedX, out);
            norms(x.stored(left)).assertMatches(out.download(), DType.F32, description);
            lab.statistics().cosines(placedX, placedY, out);
            cosines(x.stored(left), y.stored(right))
                .assertMatches(out.download(), DType.F32, description);
          }
        }
      }
    }
  }

  @EveryBackend
  void theCosineWithNothingIsZero(BackendUnderTest backend) {
    Dense x = Dense.ofRows(new float[2], new float[2], new float[2], new float[] {3e-12f, 4e-12f});
    Dense y =
        Dense.ofRows(
            new float[2],
            new float[] {1, 2},
            new float[] {1, Float.NaN},
            new float[] {3e12f, 4e12f});
    try (Lab lab = backend.open()) {
      Floats out = lab.floatsOutput(4);
      lab.statistics().cosines(lab.matrix(x), lab.matrix(y), out);
      Same.numbers(out.download(), new float[] {0, 0, Float.NaN, 1}, "cosines");
      lab.statistics().cosines(lab.matrix(y), lab.matrix(x), out);
      Same.numbers(out.download(), new float[] {0, 0, Float.NaN, 1}, "cosines the other way");
    }
  }

  @EveryBackend
  void sumsOfAnyLength(BackendUnderTest backend) {
    Random random = Seed.random(215);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 2, 15, 16, 17, 33, 4095, 4096, 4097, 9001}) {
        float[] values = Inputs.integers(n, 100, random);
        boolean[] mask = Inputs.flags(n, 0.6, random);
        float all = 0;
        float some = 0;
        for (int i = 0; i < n; i++) {
          all += values[i];
          some += mask[i] ? values[i] : 0;
        }
        Floats out = lab.floatsOutput(1);
        lab.statistics().sum(lab.floats(values), null, out);
        assertThat(out.download()[0]).as("%d values", n).isEqualTo(all);
        lab.statistics().sum(lab.floats(values), lab.mask(mask), out);
        assertThat(out.download()[0]).as("some of %d values", n).isEqualTo(some);
      }
    }
  }

  @EveryBackend
  void sumsWithinTheRoundingBound(BackendUnderTest backend) {
    float[] values = Inputs.normal(10_000, Seed.random(216));
    Estimate expected = new Estimate(1);
    for (float value : values) {
      expected.add(0, value);
    }
    try (Lab lab = backend.open()) {
      Floats out = lab.floatsOutput(1);
      lab.statistics().sum(lab.floats(values), null, out);
      expected.assertMatches(out.download(), DType.F32, "sum");
    }
  }

  @EveryBackend
  void whatTheMaskClearsDoesNotCountWhateverItIs(BackendUnderTest backend) {
    float[] values = Inputs.integers(40, 5, Seed.random(217));
    boolean[] mask = new boolean[40];
    Arrays.fill(mask, true);
    for (int i : new int[] {3, 17, 39}) {
      values[i] = i == 17 ? Float.POSITIVE_INFINITY : Float.NaN;
      mask[i] = false;
    }
    float[] finite = values.clone();
    finite[3] = finite[17] = finite[39] = 0;
    try (Lab lab = backend.open()) {
      Floats out = lab.floatsOutput(1);
      Floats expected = lab.floatsOutput(1);
      lab.statistics().sum(lab.floats(values), lab.mask(mask), out);
      lab.statistics().sum(lab.floats(finite), null, expected);
      Same.numbers(out.download(), expected.download(), "masked sum");
      lab.statistics().sum(lab.floats(values), null, out);
      assertThat(out.download()[0]).isNaN();

      Matrix x = lab.matrix(new Dense(40, 1, values));
      lab.statistics().totalVariance(x, lab.mask(mask), out);
      assertThat(out.download()[0]).isFinite();
      lab.statistics().totalVariance(x, null, out);
      assertThat(out.download()[0]).isNaN();
      lab.statistics().totalVariance(x, lab.mask(new boolean[40]), out);
      assertThat(out.download()[0]).as("variance of no rows").isZero();
    }
  }

  @EveryBackend
  void totalVarianceAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(218);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 2, 7, 8, 31, 32, 33, 64, 65, 300}) {
        for (int d : new int[] {0, 1, 3, 127, 128, 130, 1025}) {
          Dense x = Inputs.integers(rows, d, 30, random);
          boolean[] mask = Inputs.flags(rows, 0.7, random);
          String description = "[" + rows + ", " + d + "]";
          assertTotalVariance(lab, lab.matrix(x), x, null, description);
          assertTotalVariance(lab, lab.matrix(x), x, mask, description + ", masked");
        }
      }
    }
  }

  @EveryBackend
  void totalVarianceOfEveryFormatAnywhere(BackendUnderTest backend) {
    Dense x = Inputs.normal(90, 77, Seed.random(219));
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType dtype : DType.values()) {
          Matrix placed = lab.matrix(x, dtype, placement);
          assertTotalVariance(lab, placed, x.stored(dtype), null, placement + ", " + dtype);
        }
      }
    }
  }

  /** Σx² − (Σx)²/n would have no digit left. */
  @EveryBackend
  void aLargeMeanCostsNoVariance(BackendUnderTest backend) {
    Random random = Seed.random(220);
    Dense x = Inputs.normal(200, 40, random).map(v -> v + 20_000);
    x.values()[3] = -1e6f; // one row unlike the others, the first as its kind is
    try (Lab lab = backend.open()) {
      assertTotalVariance(lab, lab.matrix(x), x, null, "large mean");
    }
  }

  private static void assertTotalVariance(
      Lab lab, Matrix placed, Dense x, boolean[] mask, String description) {
    Floats out = lab.floatsOutput(1);
    lab.statistics().totalVariance(placed, lab.mask(mask), out);
    double expected = 0;
    double largest = 0;
    for (int i = 0; i < x.columns(); i++) {
      double mean = 0;
      int count = 0;
      for (int row = 0; row < x.rows(); row++) {
        if (mask == null || mask[row]) {
          mean += x.at(row, i);
          count++;
          largest = Math.max(largest, Math.abs(x.at(row, i)));
        }
      }
      for (int row = 0; row < x.rows(); row++) {
        double deviation = mask == null || mask[row] ? x.at(row, i) - mean / count : 0;
        expected += deviation * deviation;
      }
    }
    // Squares as in any sum; means of tiles of at most 64 rows, which shift the distances.
    double shift = Math.min(x.rows(), 64) * 0x1p-24 * largest;
    double elements = x.values().length;
    double allowed =
        (x.rows() + x.columns() + 64) * 0x1p-24 * expected
            + 2 * shift * Math.sqrt(elements * expected)
            + elements * shift * shift;
    assertThat((double) out.download()[0])
        .as(description)
        .isCloseTo(expected, Offset.offset(allowed));
  }

  @EveryBackend
  void totalVarianceAndSumAreTheSameForAnyNumberOfThreads(BackendUnderTest backend) {
    Random random = Seed.random(221);
    Dense x = Inputs.normal(777, 130, random);
    float[] values = Inputs.normal(70_001, random);
    float[] first = null;
    for (int threads : new int[] {1, 2, 3, 1}) {
      try (Lab lab = backend.open(threads)) {
        Floats variance = lab.floatsOutput(1);
        Floats sum = lab.floatsOutput(1);
        lab.statistics().totalVariance(lab.matrix(x), null, variance);
        lab.statistics().sum(lab.floats(values), null, sum);
        float[] found = {variance.download()[0], sum.download()[0]};
        first = first == null ? found : first;
        Same.bits(found, first, threads + " threads");
      }
    }
  }

  @EveryBackend
  void quotientsAndWhatZeroMakesOfThem(BackendUnderTest backend) {
    float nan = Float.NaN;
    float inf = Float.POSITIVE_INFINITY;
    try (Lab lab = backend.open()) {
      Floats a = lab.floats(new float[] {6, 0, 5, inf, nan, -3, 1});
      Floats b = lab.floats(new float[] {4, 0, -0f, 0, 2, inf, 3});
      Floats out = lab.floatsOutput(7);
      lab.statistics().quotients(2, a, b, out);
      Same.numbers(out.download(), new float[] {3, 0, 0, nan, nan, 0, 2 / 3f}, "a / b");
      lab.statistics().quotients(2, null, b, out);
      Same.numbers(out.download(), new float[] {0.5f, 0, 0, 0, 1, 0, 2 / 3f}, "1 / b");

      Dense x = Inputs.normal(300, 5, Seed.random(222));
      Estimate expected = new Estimate(300);
      for (int i = 0; i < 300; i++) {
        expected.add(i, 0.7f * (double) x.at(i, 0) / x.at(i, 1));
      }
      Floats many = lab.floatsOutput(300);
      float[] numerators = new float[300];
      float[] denominators = new float[300];
      for (int i = 0; i < 300; i++) {
        numerators[i] = x.at(i, 0);
        denominators[i] = x.at(i, 1);
      }
      lab.statistics().quotients(0.7f, lab.floats(numerators), lab.floats(denominators), many);
      expected.assertMatches(many.download(), DType.F32, "many");
    }
  }

  /** The fraction of variance unexplained, without a number that leaves the device. */
  @EveryBackend
  void unexplainedVarianceIsComposedOnTheDevice(BackendUnderTest backend) {
    Random random = Seed.random(223);
    Dense x = Inputs.normal(70, 33, random);
    Dense y = x.map(v -> 0.5 * v);
    try (Lab lab = backend.open()) {
      Floats errors = lab.floatsOutput(70);
      Floats fvu = lab.floatsOutput(1);
      Floats variance = lab.floatsOutput(1);
      lab.statistics().squaredErrors(lab.matrix(x), lab.matrix(y), errors);
      lab.statistics().sum(errors, null, fvu);
      lab.statistics().totalVariance(lab.matrix(x), null, variance);
      lab.statistics().quotients(1, fvu, variance, fvu);
      double squares = 0;
      double total = 0;
      for (int i = 0; i < 33; i++) {
        double sum = 0;
        double ofColumn = 0;
        for (int row = 0; row < 70; row++) {
          sum += x.at(row, i);
          ofColumn += (double) x.at(row, i) * x.at(row, i);
        }
        squares += ofColumn;
        total += ofColumn - sum * sum / 70;
      }
      assertThat((double) fvu.download()[0]).isCloseTo(0.25 * squares / total, Offset.offset(1e-5));
    }
  }

  @EveryBackend
  void oneThreadComputesAsTwo(BackendUnderTest backend) {
    Random random = Seed.random(212);
    Dense x = Inputs.normal(257, 63, random);
    Dense y = Inputs.normal(257, 63, random);
    float[][] results = new float[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Lab lab = backend.open(threads)) {
        Floats out = lab.floatsOutput(257);
        lab.statistics().squaredErrors(lab.matrix(x), lab.matrix(y), out);
        results[threads - 1] = out.download();
      }
    }
    Same.bits(results[1], results[0], "two threads");
  }

  private static double dot(Dense x, Dense y, int row) {
    double sum = 0;
    for (int i = 0; i < x.columns(); i++) {
      sum += (double) x.at(row, i) * y.at(row, i);
    }
    return sum;
  }

  private static double norm(Dense x, int row) {
    return Math.sqrt(dot(x, x, row));
  }

  private static Estimate norms(Dense x) {
    Estimate norms = new Estimate(x.rows());
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.columns(); i++) {
        norms.add(row, norm(x, row) / x.columns());
      }
    }
    return norms;
  }

  private static Estimate cosines(Dense x, Dense y) {
    Estimate cosines = new Estimate(x.rows());
    for (int row = 0; row < x.rows(); row++) {
      double norms = norm(x, row) * norm(y, row);
      for (int i = 0; i < x.columns(); i++) {
        double term = (double) x.at(row, i) * y.at(row, i) / norms;
        cosines.add(row, term, 2 * Math.abs(term));
      }
    }
    return cosines;
  }

  private static Estimate squaredErrors(Dense x, Dense y) {
    Estimate errors = new Estimate(x.rows());
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.columns(); i++) {
        double error = (double) x.at(row, i) - y.at(row, i);
        errors.add(row, error * error);
      }
    }
    return errors;
  }
}
