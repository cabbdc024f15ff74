package org.pursuit.contract;

import java.util.Random;
import org.pursuit.data.DType;
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

/** Dense steps: exact on small integers, else within the rounding bound. */
class TrainingContract {
  private static final int[] ROWS = {0, 1, 3, 130};
  private static final int[] WIDTHS = {0, 1, 7, 8, 9, 15, 16, 17, 1021};

  @EveryBackend
  void axpbyExactlyAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(200);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int d : WIDTHS) {
          Dense x = Inputs.integers(rows, d, 30, random);
          Dense y = Inputs.integers(rows, d, 30, random);
          for (float beta : new float[] {0, 1, -3}) {
            Matrix out = lab.output(rows, d);
            out.upload(y.values());
            lab.training().axpby(2, lab.matrix(x), beta, out);
            Same.numbers(
                out.download(),
                sum(2, x, beta, y).exactly(DType.F32),
                "[" + rows + ", " + d + "], beta " + beta);
          }
        }
      }
    }
  }

  @EveryBackend
  void axpbyOfEveryFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(201);
    Dense x = Inputs.normal(5, 77, random);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType from : DType.values()) {
          for (DType to : DType.values()) {
            Dense y = Inputs.normal(5, 77, random);
            Estimate expected = sum(0.3f, x.stored(from), -1.7f, y.stored(to));
            Matrix out = lab.matrix(y, to, placement);
            lab.training().axpby(0.3f, lab.matrix(x, from, placement), -1.7f, out);
            expected.assertMatches(out.download(), to, placement + ", " + from + " to " + to);
          }
        }
      }
    }
  }

  @EveryBackend
  void aFactorOfOneCopiesBetweenFormats(BackendUnderTest backend) {
    Dense x = Dense.ofRows(new float[] {0f, -0f, 0x1.01p0f, 1e-40f, 7e4f, -3e38f});
    try (Lab lab = backend.open()) {
      for (DType from : DType.values()) {
        for (DType to : DType.values()) {
          Matrix out = lab.output(1, x.columns(), to);
          lab.training().axpby(1, lab.matrix(x, from), 0, out);
          Same.bits(out.download(), x.stored(from).stored(to).values(), from + " to " + to);
        }
      }
    }
  }

  @EveryBackend
  void onlyAFactorOfZeroIgnoresWhatWasThere(BackendUnderTest backend) {
    float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1};
    try (Lab lab = backend.open()) {
      Matrix x = lab.matrix(Dense.ofRows(new float[] {2, 2, 2, 2}));
      Matrix y = lab.matrix(Dense.ofRows(odd));
      lab.training().axpby(1, x, 0, y);
      Same.numbers(y.download(), new float[] {2, 2, 2, 2}, "beta 0");
      y.upload(odd);
      lab.training().axpby(1, x, 1, y);
      Same.numbers(
          y.download(),
          new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3},
          "beta 1");
      lab.training().axpby(0, y, 1, x);
      Same.numbers(
          x.download(), new float[] {Float.NaN, Float.NaN, Float.NaN, 2}, "alpha 0 of NaN and ∞");
    }
  }

  @EveryBackend
  void axpbyOntoItself(BackendUnderTest backend) {
    Dense x = Inputs.integers(4, 50, 30, Seed.random(202));
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        Matrix both = lab.matrix(x, dtype);
        lab.training().axpby(2, both, -1, both);
        Same.numbers(both.download(), x.values(), "2x − x in " + dtype);
      }
    }
  }

  @EveryBackend
  void oneThreadComputesAsTwo(BackendUnderTest backend) {
    Random random = Seed.random(203);
    Dense x = Inputs.normal(257, 63, random);
    Dense y = Inputs.normal(257, 63, random);
    float[][] results = new float[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Lab lab = backend.open(threads)) {
        Matrix out = lab.matrix(y);
        lab.training().axpby(0.7f, lab.matrix(x), 1.1f, out);
        results[threads - 1] = out.download();
      }
    }
    Same.bits(results[1], results[0], "two threads");
  }

  private static Estimate sum(float alpha, Dense x, float beta, Dense y) {
    Estimate sum = new Estimate(x.values().length);
    for (int i = 0; i < x.values().length; i++) {
      sum.add(i, (double) alpha * x.values()[i]);
      if (beta != 0) {
        sum.add(i, (double) beta * y.values()[i]);
      }
    }
    return sum;
  }
}
