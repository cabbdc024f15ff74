package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.TopK;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** What stands around the score product: gradients against central differences in double. */
class ScoreStepsContract {
  private static final int[] WIDTHS = {1, 3, 7, 64, 129, 1500};

  /** The forward pass in double precision: the sum of g times the normalised row. */
  private static double weighted(double[] x, float[] g, RowNormalisation normalisation) {
    int d = x.length;
    double mean = 0;
    double squares = 0;
    double plain = 0;
    for (double v : x) {
      mean += v / d;
      plain += v * v;
    }
    for (double v : x) {
      squares += (v - mean) * (v - mean);
    }
    double s = d == 1 ? 0 : Math.sqrt(squares / (d - 1));
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum +=
          g[i]
              * switch (normalisation) {
                case NONE -> x[i];
                case UNIT -> x[i] / Math.max(Math.sqrt(plain), RowNormalisation.UNIT_FLOOR);
                case LAYER_NORM -> (x[i] - mean) / (s + RowNormalisation.LAYER_NORM_EPSILON);
              };
    }
    return sum;
  }

  /** Central differences of {@link #weighted} in every element. */
  private static double[] differences(float[] row, float[] g, RowNormalisation normalisation) {
    double[] x = new double[row.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = row[i];
    }
    double[] slopes = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double h = 1e-5 * (1 + Math.abs(x[i]));
      double at = x[i];
      x[i] = at + h;
      double above = weighted(x, g, normalisation);
      x[i] = at - h;
      double below = weighted(x, g, normalisation);
      x[i] = at;
      slopes[i] = (above - below) / (2 * h);
    }
    return slopes;
  }

  private static double largest(double[] values) {
    double largest = 0;
    for (double v : values) {
      largest = Math.max(largest, Math.abs(v));
    }
    return largest;
  }

  @EveryBackend
  void normaliseBackwardIsTheSlope(BackendUnderTest backend) {
    Random random = Seed.random(240);
    try (Lab lab = backend.open()) {
      for (int d : WIDTHS) {
        int rows = d == 1500 ? 2 : 9;
        Dense x = Inputs.offCentre(rows, d, random);
        Dense g = Inputs.normal(rows, d, random);
        for (RowNormalisation normalisation : RowNormalisation.values()) {
          if (d == 1 && normalisation != RowNormalisation.NONE) {
            continue; // constant: see oddRows
          }
          Matrix out = lab.output(rows, d);
          lab.scoring()
              .normaliseBackward(lab.matrix(x), normalisation, lab.matrix(g), Write.OVERWRITE, out);
          float[] found = out.download();
          for (int b = 0; b < rows; b++) {
            double[] expected = differences(x.row(b), g.row(b), normalisation);
            double bound = 1e-4 * largest(expected) + 1e-7;
            for (int i = 0; i < d; i++) {
              assertThat(Math.abs(found[b * d + i] - expected[i]))
                  .as("%s, d %d, row %d, element %d", normalisation, d, b, i)
                  .isLessThanOrEqualTo(bound);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void oddRows(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix constant = lab.matrix(Dense.ofRows(new float[] {3, 3}, new float[] {0, 0}));
      Matrix g = lab.matrix(Dense.ofRows(new float[] {1, 5}, new float[] {1, 5}));
      Matrix out = lab.output(2, 2);
      lab.scoring()
          .normaliseBackward(constant, RowNormalisation.LAYER_NORM, g, Write.OVERWRITE, out);
      close(out, new double[] {-2e5, 2e5, -2e5, 2e5}, "no deviation");
      lab.scoring().normaliseBackward(constant, RowNormalisation.UNIT, g, Write.OVERWRITE, out);
      double slope = 1 / Math.sqrt(18);
      close(out, new double[] {-2 * slope, 2 * slope, 1e12, 5e12}, "no norm");
      Matrix infinite =
          lab.matrix(Dense.ofRows(new float[] {Float.POSITIVE_INFINITY, 2}, new float[] {0, 0}));
      lab.scoring().normaliseBackward(infinite, RowNormalisation.NONE, g, Write.OVERWRITE, out);
      close(out, new double[] {1, 5, 1, 5}, "not normalised");
      Matrix one = lab.matrix(Dense.ofRows(new float[] {4}, new float[] {-2}));
      Matrix gOne = lab.matrix(Dense.ofRows(new float[] {3}, new float[] {3}));
      Matrix outOne = lab.output(2, 1);
      lab.scoring()
          .normaliseBackward(one, RowNormalisation.LAYER_NORM, gOne, Write.OVERWRITE, outOne);
      close(outOne, new double[] {0, 0}, "one column");
      lab.scoring()
          .normaliseBackward(
              lab.output(0, 5),
              RowNormalisation.UNIT,
              lab.output(0, 5),
              Write.OVERWRITE,
              lab.output(0, 5));
    }
  }

  private static void close(Matrix found, double[] expected, String what) {
    Estimate estimate = new Estimate(expected.length);
    for (int i = 0; i < expected.length; i++) {
      estimate.add(i, expected[i]);
    }
    estimate.assertMatches(found.download(), DType.F32, what);
  }

  @EveryBackend
  void everyFormatAnywhereAndAccumulated(BackendUnderTest backend) {
    Random random = Seed.random(241);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType from : DType.values()) {
          for (DType to : DType.values()) {
            Dense x = Inputs.normal(5, 77, random).stored(from);
            Dense g = Inputs.normal(5, 77, random).stored(to);
            Dense before = Inputs.normal(5, 77, random).stored(to);
            Estimate normalised = new Estimate(5 * 77);
            Estimate closer = new Estimate(5 * 77);
            Dense cosines = x.map(v -> Math.clamp(v, -0.9, 0.9)).stored(from);
            for (int b = 0; b < 5; b++) {
              double[] slopes = differences(x.row(b), g.row(b), RowNormalisation.UNIT);
              for (int i = 0; i < 77; i++) {
                int at = b * 77 + i;
                normalised.add(at, slopes[i], 100 * largest(slopes));
                normalised.add(at, before.at(b, i));
                closer.add(at, g.at(b, i) / Math.sqrt(2 - 2.0 * cosines.at(b, i)));
                closer.add(at, before.at(b, i));
              }
            }
            String what = placement + ", " + from + " to " + to;
            Matrix out = lab.matrix(before.map(v -> v), to, placement);
            lab.scoring()
                .normaliseBackward(
                    lab.matrix(x, from, placement),
                    RowNormalisation.UNIT,
                    lab.matrix(g, to, placement),
                    Write.ACCUMULATE,
                    out);
            normalised.assertMatches(out.download(), to, what);
            out.upload(before.values());
            lab.scoring()
                .closenessBackward(
                    lab.matrix(cosines, from, placement),
                    lab.matrix(g, to, placement),
                    Write.ACCUMULATE,
                    out);
            closer.assertMatches(out.download(), to, what + ", closeness");
          }
        }
      }
    }
  }

  @EveryBackend
  void gradientsInPlace(BackendUnderTest backend) {
    Random random = Seed.random(242);
    Dense x = Inputs.normal(4, 50, random);
    Dense g = Inputs.normal(4, 50, random);
    try (Lab lab = backend.open()) {
      for (RowNormalisation normalisation : RowNormalisation.values()) {
        Matrix apart = lab.output(4, 50);
        Matrix both = lab.matrix(g.map(v -> v));
        lab.scoring()
            .normaliseBackward(lab.matrix(x), normalisation, lab.matrix(g), Write.OVERWRITE, apart);
        lab.scoring().normaliseBackward(lab.matrix(x), normalisation, both, Write.OVERWRITE, both);
        Same.bits(both.download(), apart.download(), normalisation.toString());
      }
    }
  }

  @EveryBackend
  void weighsByColumnAndByGradient(BackendUnderTest backend) {
    Random random = Seed.random(243);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 33}) {
        for (int n : new int[] {1, 16, 131}) {
          Dense z = Inputs.integers(rows, n, 9, random);
          Dense q = Inputs.integers(rows, n, 5, random);
          float[] w = Inputs.integers(n, 4, random);
          for (int way = 0; way < 4; way++) {
            boolean weighted = way % 2 == 1;
            boolean raised = way >= 2;
            float[] expected = new float[rows * n];
            for (int i = 0; i < expected.length; i++) {
              float by = raised ? 1 + 0.5f * Math.abs(q.values()[i]) : 1;
              expected[i] = z.values()[i] * (weighted ? w[i % n] : 1) * by;
            }
            Matrix out = lab.output(rows, n);
            lab.scoring()
                .weigh(
                    lab.matrix(z),
                    weighted ? lab.floats(w) : null,
                    raised ? lab.matrix(q) : null,
                    0.5f,
                    out);
            Same.numbers(out.download(), expected, "[" + rows + ", " + n + "], way " + way);
          }
        }
      }
    }
  }

  @EveryBackend
  void aGradientDecidesAndTheScoreIsKept(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix z = lab.matrix(Dense.ofRows(new float[] {5, 4, 3, -1}));
      Matrix q = lab.matrix(Dense.ofRows(new float[] {0, 1, -2, 9}));
      Matrix ranked = lab.output(1, 4);
      lab.scoring().weigh(z, null, q, 1, ranked);
      FixedWidthCodes codes = lab.codes(1, 2);
      lab.selection().topK(ranked, z, TopK.of(2), codes);
      assertThat(codes.indices().download()).containsExactly(2, 1);
      assertThat(codes.values().download()).containsExactly(3, 4);
    }
  }

  @EveryBackend
  void closenessOfCosines(BackendUnderTest backend) {
    Random random = Seed.random(244);
    float nan = Float.NaN;
    Dense odd = Dense.ofRows(new float[] {1, -1, 0, 1.5f, nan, 0.5f, -0f, 0.99999994f});
    float cusp = (float) (2 - Math.sqrt(2 * 0x1p-24));
    try (Lab lab = backend.open()) {
      Matrix out = lab.output(1, 8);
      lab.scoring().closeness(lab.matrix(odd), out);
      float root = (float) (2 - Math.sqrt(2));
      Same.numbers(out.download(), new float[] {2, 0, root, 2, nan, 1, root, cusp}, "odd cosines");
      lab.scoring()
          .closenessBackward(lab.matrix(odd), lab.matrix(odd.map(v -> 3)), Write.OVERWRITE, out);
      double half = 3 / Math.sqrt(2);
      double steep = 3 / Math.sqrt(2 * 0x1p-24);
      close(out, new double[] {0, 1.5, half, 0, nan, 3, half, steep}, "slopes");
      Dense c = Inputs.normal(37, 130, random).map(v -> Math.clamp(v / 3, -1.0, 1.0));
      Estimate expected = new Estimate(37 * 130);
      for (int i = 0; i < 37 * 130; i++) {
        expected.add(i, 2);
        expected.add(i, -Math.sqrt(2 - 2.0 * c.values()[i]));
      }
      Matrix many = lab.output(37, 130);
      lab.scoring().closeness(lab.matrix(c), many);
      expected.assertMatches(many.download(), DType.F32, "many");
    }
  }
}
