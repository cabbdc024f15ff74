package org.pursuit.contract;

import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** Statistics: exact on small integers, else within the rounding bound. */
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
