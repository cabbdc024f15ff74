package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.Precision;
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

/** Products, column sums, moves of rows and norms: exact on small integers. */
class DenseStepsContract {
  private static final int[] SIZES = {0, 1, 7, 33, 130};

  private static Dense transposed(Dense m) {
    Dense made = Dense.zeros(m.columns(), m.rows());
    for (int r = 0; r < m.rows(); r++) {
      for (int c = 0; c < m.columns(); c++) {
        made.values()[c * m.rows() + r] = m.at(r, c);
      }
    }
    return made;
  }

  /** α·A·B + β·C. */
  private static Estimate product(Dense a, Dense b, float alpha, float beta, Dense c) {
    Estimate sums = new Estimate(a.rows() * b.columns());
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < b.columns(); j++) {
        int at = i * b.columns() + j;
        for (int l = 0; l < a.columns(); l++) {
          sums.add(at, (double) alpha * a.at(i, l) * b.at(l, j));
        }
        if (beta != 0) {
          sums.add(at, (double) beta * c.at(i, j));
        }
      }
    }
    return sums;
  }

  @EveryBackend
  void productsOfEveryShapeAndTransposition(BackendUnderTest backend) {
    Random random = Seed.random(230);
    try (Lab lab = backend.open()) {
      for (int m : SIZES) {
        for (int n : SIZES) {
          for (int k : SIZES) {
            int way = random.nextInt(4);
            Dense a = Inputs.integers(m, k, 5, random);
            Dense b = Inputs.integers(k, n, 5, random);
            Dense c = Inputs.integers(m, n, 5, random);
            float beta = random.nextInt(3) - 1;
            Multiply options = options(way).alpha(2).beta(beta);
            Matrix out = lab.output(m, n);
            if (beta != 0) {
              out.upload(c.values());
            }
            lab.training()
                .multiply(
                    lab.matrix(options.transposeA() ? transposed(a) : a),
                    lab.matrix(options.transposeB() ? transposed(b) : b),
                    options,
                    out);
            Same.numbers(
                out.download(),
                product(a, b, 2, beta, c).exactly(DType.F32),
                "[" + m + ", " + k + "]·[" + k + ", " + n + "], " + options);
          }
        }
      }
    }
  }

  @EveryBackend
  void productsOfEveryFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(231);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType left : DType.values()) {
          for (DType right : DType.values()) {
            for (int way = 0; way < 4; way++) {
              DType to = way % 2 == 0 ? left : right;
              Dense a = Inputs.normal(9, 70, random).stored(left);
              Dense b = Inputs.normal(70, 21, random).stored(right);
              Dense c = Inputs.normal(9, 21, random).stored(to);
              Multiply options = options(way).alpha(0.7f).beta(-1.3f);
              Estimate expected = product(a, b, 0.7f, -1.3f, c);
              Matrix out = lab.matrix(c, to, placement);
              lab.training()
                  .multiply(
                      lab.matrix(options.transposeA() ? transposed(a) : a, left, placement),
                      lab.matrix(options.transposeB() ? transposed(b) : b, right, placement),
                      options,
                      out);
              expected.assertMatches(
                  out.download(),
                  to,
                  placement + ", " + left + ", " + right + " to " + to + ", " + options);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void productsOfLessPrecision(BackendUnderTest backend) {
    Random random = Seed.random(232);
    Dense a = Inputs.normal(80, 65, random);
    Dense b = Inputs.normal(65, 90, random);
    try (Lab lab = backend.open()) {
      for (Precision precision : Precision.values()) {
        Matrix out = lab.output(80, 90);
        lab.training()
            .multiply(lab.matrix(a), lab.matrix(b), Multiply.plain().precision(precision), out);
        product(a, b, 1, 0, null)
            .withFactorsOf(precision)
            .assertMatches(out.download(), DType.F32, precision.toString());
      }
    }
  }

  private static Multiply options(int way) {
    Multiply options = Multiply.plain();
    options = (way & 1) == 0 ? options : options.withTransposedA();
    return (way & 2) == 0 ? options : options.withTransposedB();
  }

  @EveryBackend
  void twoViewsOfTheSameElementsAreTheSameMatrix(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Floats bias = lab.floats(new float[] {1, 2, 3});
      lab.training().axpby(2, bias.asRow(), 1, bias.asRow());
      assertThat(bias.download()).containsExactly(3, 6, 9);
      Matrix x = lab.matrix(Dense.ofRows(new float[] {1, 2}, new float[] {3, 4}));
      lab.training().axpby(3, x.rows(1, 2), 0, x.rows(1, 2));
      assertThat(x.download()).containsExactly(1, 2, 9, 12);
    }
  }

  @EveryBackend
  void columnSums(BackendUnderTest backend) {
    Random random = Seed.random(233);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 63, 64, 65, 700}) {
        for (int d : new int[] {0, 1, 16, 129, 1021}) {
          for (Write write : Write.values()) {
            Dense x = Inputs.integers(rows, d, 30, random);
            float[] before = Inputs.integers(d, 9, random);
            Floats out = lab.floats(before);
            lab.training().columnSums(lab.matrix(x), -2, write, out);
            Estimate expected = new Estimate(d);
            for (int i = 0; i < rows * d; i++) {
              expected.add(i % d, -2.0 * x.values()[i]);
            }
            for (int i = 0; i < d && write == Write.ACCUMULATE; i++) {
              expected.add(i, before[i]);
            }
            Same.numbers(
                out.download(), expected.exactly(DType.F32), "[" + rows + ", " + d + "], " + write);
          }
        }
      }
    }
  }

  @EveryBackend
  void rowsMoveInEveryFormat(BackendUnderTest backend) {
    Random random = Seed.random(234);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType from : DType.values()) {
          for (DType to : DType.values()) {
            Dense x = Inputs.integers(20, 45, 30, random);
            int[] rows = new int[50];
            for (int b = 0; b < 50; b++) {
              rows[b] = random.nextInt(20);
            }
            Ints ids = lab.ints(rows);
            Matrix gathered = lab.output(50, 45, to);
            lab.training().gatherRows(lab.matrix(x, from, placement), ids, gathered);
            float[] expected = new float[50 * 45];
            for (int b = 0; b < 50; b++) {
              System.arraycopy(x.row(rows[b]), 0, expected, b * 45, 45);
            }
            String what = placement + ", " + from + " to " + to;
            Same.numbers(gathered.download(), expected, what + ", gathered");
            Dense moved = new Dense(50, 45, expected);
            for (Write write : Write.values()) {
              Dense before = Inputs.integers(20, 45, 30, random);
              float[] expectedAfter = scattered(moved, rows, write, before);
              Matrix scattered = lab.matrix(before, to, placement);
              lab.training().scatterRows(gathered, ids, write, scattered);
              Same.numbers(scattered.download(), expectedAfter, what + ", " + write);
            }
          }
        }
      }
    }
  }

  private static float[] scattered(Dense x, int[] rows, Write write, Dense before) {
    float[] out = before.values().clone();
    for (int i = 0; i < x.values().length; i++) {
      int at = rows[i / x.columns()] * x.columns() + i % x.columns();
      out[at] = x.values()[i] + (write == Write.ACCUMULATE ? out[at] : 0);
    }
    return out;
  }

  @EveryBackend
  void noRowsMoveNothing(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = lab.matrix(Inputs.integers(3, 5, 9, Seed.random(235)));
      Ints none = lab.ints(new int[0]);
      float[] before = x.download();
      lab.training().gatherRows(x, none, lab.output(0, 5));
      lab.training().scatterRows(lab.output(0, 5), none, Write.ACCUMULATE, x);
      Same.bits(x.download(), before, "scattered");
    }
  }

  @EveryBackend
  void rowsThatDoNotExistAreReported(BackendUnderTest backend) {
    for (int bad : new int[] {3, -1, Integer.MAX_VALUE}) {
      try (Lab lab = backend.open()) {
        Matrix x = lab.matrix(Inputs.integers(3, 5, 9, Seed.random(236)));
        Matrix two = lab.matrix(Inputs.integers(2, 5, 9, Seed.random(237)));
        Ints ids = lab.ints(new int[] {1, bad});
        assertThatThrownBy(
                () -> {
                  lab.training().gatherRows(x, ids, two);
                  lab.backend().synchronize();
                })
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining(Integer.toString(bad));
        assertThatThrownBy(
                () -> {
                  lab.training().scatterRows(two, ids, Write.OVERWRITE, x);
                  lab.backend().synchronize();
                })
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining(Integer.toString(bad));
      }
    }
  }

  @EveryBackend
  void normsAndTheFactorThatBoundsThem(BackendUnderTest backend) {
    Random random = Seed.random(238);
    Dense x = Inputs.integers(70, 200, 3, random);
    try (Lab lab = backend.open()) {
      Floats squares = lab.floatsOutput(1);
      double expected = 0;
      for (float v : x.values()) {
        expected += (double) v * v;
      }
      for (DType dtype : DType.values()) {
        lab.training().sumOfSquares(lab.matrix(x, dtype), Write.OVERWRITE, squares);
        assertThat(squares.download()).as(dtype.toString()).containsExactly((float) expected);
      }
      RowSparseMatrix sparse = lab.keep(lab.backend().rowSparseMatrix(90, 2, 4));
      sparse.elements().upload(new float[] {1, 2, 3, 4, Float.NaN, 5, 6, 7});
      sparse.count().upload(new int[] {2});
      lab.training().sumOfSquares(sparse, Write.ACCUMULATE, squares);
      expected += 30;
      assertThat(squares.download()).containsExactly((float) expected);
      lab.training().sumOfSquares(lab.matrix(Dense.zeros(0, 3)), Write.ACCUMULATE, squares);
      assertThat(squares.download()).as("nothing more").containsExactly((float) expected);
    }
  }

  @EveryBackend
  void clipsAsTorchDoes(BackendUnderTest backend) {
    // norm², bound, norm, factor of torch.nn.utils.clip_grad_norm_
    float[][] cases = {
      {16, 1, 4, 1 / (4 + 1e-6f)},
      {0.25f, 1, 0.5f, 1},
      {0, 1, 0, 1},
      {Float.POSITIVE_INFINITY, 1, Float.POSITIVE_INFINITY, 0},
      {Float.NaN, 1, Float.NaN, Float.NaN}
    };
    try (Lab lab = backend.open()) {
      for (float[] expected : cases) {
        Floats norm = lab.floatsOutput(1);
        Floats factor = lab.floatsOutput(1);
        Floats squares = lab.floats(new float[] {expected[0]});
        lab.training().clipFactor(squares, expected[1], norm, factor);
        assertThat(norm.download()).containsExactly(expected[2]);
        Estimate close = new Estimate(1);
        close.add(0, expected[3]);
        close.assertMatches(factor.download(), DType.F32, "factor of norm² " + expected[0]);
        lab.training().clipFactor(squares, expected[1], null, factor);
        Matrix scaled = lab.output(1, 2);
        lab.training().scale(factor, lab.matrix(Dense.ofRows(new float[] {2, -4})), scaled);
        float f = factor.download()[0];
        Same.numbers(scaled.download(), new float[] {2 * f, -4 * f}, "scaled");
      }
    }
  }

  @EveryBackend
  void exponentialsOfEveryElement(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 300}) {
        float[] logarithms = Inputs.normal(n, Seed.random(252));
        Estimate expected = new Estimate(n);
        for (int i = 0; i < n; i++) {
          logarithms[i] *= 9;
          expected.add(i, Math.exp(logarithms[i]));
        }
        Floats out = lab.floatsOutput(n);
        lab.training().exponentials(lab.floats(logarithms), out);
        expected.assertMatches(out.download(), DType.F32, n + " elements");
        Floats inPlace = lab.floats(logarithms);
        lab.training().exponentials(inPlace, inPlace);
        Same.bits(inPlace.download(), out.download(), n + " elements in place");
      }
      float infinity = Float.POSITIVE_INFINITY;
      Floats special = lab.floats(new float[] {-infinity, 0, -0f, infinity, Float.NaN, 200, -200});
      lab.training().exponentials(special, special);
      float[] expected = {0, 1, 1, infinity, Float.NaN, infinity, 0};
      Same.numbers(special.download(), expected, "special");
    }
  }

  @EveryBackend
  void solvesPositiveDefiniteSystems(BackendUnderTest backend) {
    Random random = Seed.random(250);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 2, 33, 130}) {
        for (int m : new int[] {0, 1, 33, 70}) {
          for (DType dtype : DType.values()) {
            Dense factor = Inputs.normal(n, n + 5, random);
            Dense a = gram(factor).stored(dtype);
            Dense b = Inputs.normal(n, m, random).stored(dtype);
            Matrix x = lab.output(n, m);
            lab.training().solve(lab.matrix(a, dtype, Placement.VIEW), n, lab.matrix(b, dtype), x);
            assertSolves(a, n, new Dense(n, m, x.download()), b);
            Matrix both = lab.matrix(b.map(v -> v));
            lab.training().solve(lab.matrix(a, dtype), n, both, both);
            Same.bits(both.download(), x.download(), "in place, n " + n + ", m " + m);
          }
        }
      }
    }
  }

  private static Dense gram(Dense factor) {
    Dense made = Dense.zeros(factor.rows(), factor.rows());
    for (int i = 0; i < factor.rows(); i++) {
      for (int j = 0; j < factor.rows(); j++) {
        for (int k = 0; k < factor.columns(); k++) {
          made.values()[i * factor.rows() + j] += factor.at(i, k) * factor.at(j, k);
        }
      }
    }
    return made;
  }

  /** The lower triangle stands for all of A; X is rounded, and little else. */
  private static void assertSolves(Dense a, float ridge, Dense x, Dense b) {
    int n = a.rows();
    Estimate product = new Estimate(n * x.columns());
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < x.columns(); j++) {
        for (int k = 0; k < n; k++) {
          double element = i >= k ? a.at(i, k) : a.at(k, i);
          product.add(i * x.columns() + j, (element + (i == k ? ridge : 0)) * x.at(k, j));
        }
      }
    }
    product.assertMatches(b.values(), DType.F32, "n " + n + ", m " + x.columns());
  }

  @EveryBackend
  void aSystemWithoutSolutionIsReported(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix a =
          lab.matrix(
              Dense.ofRows(new float[] {4, 9, 9}, new float[] {2, 1, 9}, new float[] {0, 0, 1}));
      Matrix b = lab.matrix(Dense.ofRows(new float[] {1}, new float[] {2}, new float[] {3}));
      Matrix x = lab.output(3, 1);
      assertThatThrownBy(
              () -> {
                lab.training().solve(a, 0, b, x);
                lab.backend().synchronize();
              })
          .isInstanceOf(ArithmeticException.class)
          .hasMessage(
              "solve: a + ridge·I is not positive definite: pivot 1 is not above 0; a larger ridge"
                  + " makes it so");
      Same.numbers(x.download(), new float[] {Float.NaN, Float.NaN, Float.NaN}, "no solution");
      lab.training().solve(a, 1, b, x);
      // [5 2 0; 2 2 0; 0 0 2]·x = [1 2 3]
      Same.numbers(x.download(), new float[] {-1 / 3f, 4 / 3f, 1.5f}, "with a ridge");
    }
  }

  @EveryBackend
  void theSameBitsAgainAndOnTwoThreads(BackendUnderTest backend) {
    Random random = Seed.random(239);
    Dense x = Inputs.normal(517, 263, random);
    Dense y = Inputs.normal(517, 63, random);
    float[][] first = null;
    for (int threads = 1; threads <= 2; threads++) {
      try (Lab lab = backend.open(threads)) {
        Matrix on = lab.matrix(x);
        Matrix right = lab.matrix(y);
        Floats sums = lab.floatsOutput(263);
        Floats squares = lab.floatsOutput(1);
        Matrix product = lab.output(263, 63);
        for (int run = 0; run < 5; run++) {
          lab.training().columnSums(on, 1, Write.OVERWRITE, sums);
          lab.training().sumOfSquares(on, Write.OVERWRITE, squares);
          lab.training().multiply(on, right, Multiply.plain().withTransposedA(), product);
          float[][] results = {sums.download(), squares.download(), product.download()};
          first = first == null ? results : first;
          for (int i = 0; i < results.length; i++) {
            Same.bits(results[i], first[i], "result " + i + " on " + threads + " threads");
          }
        }
      }
    }
  }
}
