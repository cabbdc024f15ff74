// Kernels of scoring.cu against plain loops. Products are compared bit for bit: their order of summation is a promise.
#include "scoring.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "test/harness.h"
#include "test/matrix.h"

namespace {

using test::BF16;
using test::F16;
using test::F32;
using test::Matrix;
using test::normal;
using test::normals;
using test::same;
using test::stored;
using test::TYPES;
using test::UNTOUCHED;

struct Tile {
  const char* kernel;
  int rows, columns;
  unsigned threads;
  size_t shared;
};
const Tile TILES[] = {{"product_128", 128, 128, 256, 16896}, {"product_32", 32, 64, 128, 13312}};

void multiply(const Tile& tile, Matrix& a, Matrix& b, const float* bias, Matrix& out, int relu) {
  ProductArguments g{a.data(),           b.data(),           bias,
                     out.data(),         (long long)a.stride, (long long)b.stride,
                     (long long)out.stride, a.rows,          b.rows,
                     a.columns,          a.type,             b.type,
                     out.type,           relu};
  unsigned tiles = unsigned((a.rows + tile.rows - 1) / tile.rows * ((b.rows + tile.columns - 1) / tile.columns));
  test::run(tile.kernel, {tiles, 1, 1}, tile.threads, tile.shared, g);
}

// The chain of fmaf that product.cuh promises.
float product(Matrix& a, int r, Matrix& b, int j) {
  float sum = 0;
  for (int i = 0; i < a.columns; i++) sum = std::fmaf(a.at(r, i), b.at(j, i), sum);
  return sum;
}

float activated(float v, int relu) { return relu && v <= 0 ? 0 : v; }

void expect_product(const Tile& tile, Matrix& a, Matrix& b, const std::vector<float>& bias, Matrix& out, int relu) {
  test::Device<float> deviceBias(bias);
  multiply(tile, a, b, bias.empty() ? nullptr : deviceBias.data(), out, relu);
  for (int r = 0; r < a.rows; r++)
    for (int j = 0; j < b.rows; j++) {
      float score = product(a, r, b, j) + (bias.empty() ? 0 : bias[size_t(j)]);
      EXPECT(same(out.at(r, j), stored(activated(score, relu), out.type)));
    }
  EXPECT(out.gaps_untouched());
}

double squares(Matrix& x, int r, double centre) {
  double sum = 0;
  for (int i = 0; i < x.columns; i++) sum += (x.at(r, i) - centre) * (x.at(r, i) - centre);
  return sum;
}

struct Normalised {
  std::vector<float> values;
  float centre, scale;
};

// As org.pursuit.scalar.ScalarScoring defines it.
Normalised normalised(Matrix& x, int r, int normalisation, const std::vector<float>& preBias) {
  Normalised n{std::vector<float>(size_t(x.columns)), 0, 1};
  float divisor = 1;
  if (normalisation == 1) {
    n.scale = float(std::sqrt(squares(x, r, 0)));
    divisor = n.scale = n.scale < 1e-12f ? 1e-12f : n.scale;
  }
  if (normalisation == 2) {
    double sum = 0;
    for (int i = 0; i < x.columns; i++) sum += x.at(r, i);
    n.centre = float(sum / x.columns);
    n.scale = x.columns == 1 ? 0 : float(std::sqrt(squares(x, r, sum / x.columns) / (x.columns - 1)));
    divisor = n.scale + 1e-5f;
  }
  for (int i = 0; i < x.columns; i++) {
    float v = normalisation == 0 ? x.at(r, i) : (x.at(r, i) - n.centre) / divisor;
    n.values[size_t(i)] = preBias.empty() ? v : v - preBias[size_t(i)];
  }
  return n;
}

// Sums in double agree to about 1e-14, so that what is rounded to float32 differs by an ulp at most.
bool close(float actual, float expected, float magnitude) {
  return same(actual, expected) || std::fabs(actual - expected) <= magnitude * 0x1p-22f;
}

void expect_normalised(const char* kernel, Matrix& x, int normalisation, const std::vector<float>& preBias, Matrix& out,
                       bool statistics) {
  std::vector<Normalised> expected;
  for (int r = 0; r < x.rows; r++) expected.push_back(normalised(x, r, normalisation, preBias));
  test::Device<float> deviceBias(preBias);
  test::Device<float> centres(std::vector<float>(size_t(x.rows), UNTOUCHED)), scales(centres.read());
  NormaliseArguments a{x.data(),
                       preBias.empty() ? nullptr : deviceBias.data(),
                       out.data(),
                       statistics ? centres.data() : nullptr,
                       statistics ? scales.data() : nullptr,
                       (long long)x.stride,
                       (long long)out.stride,
                       x.rows,
                       x.columns,
                       x.type,
                       out.type,
                       normalisation};
  bool warp = std::string(kernel) == "normalise_warp";
  test::run(kernel, {unsigned(warp ? (x.rows + 7) / 8 : x.rows), 1, 1}, 256, warp ? 0 : 8 * sizeof(double), a);
  for (int r = 0; r < x.rows; r++) {
    const Normalised& n = expected[size_t(r)];
    EXPECT(close(centres.read()[size_t(r)], statistics ? n.centre : UNTOUCHED, std::fabs(n.centre)));
    EXPECT(close(scales.read()[size_t(r)], statistics ? n.scale : UNTOUCHED, n.scale));
    for (int i = 0; i < x.columns; i++) {
      float v = n.values[size_t(i)], magnitude = std::fabs(v) + (preBias.empty() ? 0 : std::fabs(preBias[size_t(i)])) + 1;
      EXPECT(out.type == F32 ? close(out.at(r, i), v, magnitude)
                             : std::fabs(out.at(r, i) - v) <= magnitude * (out.type == BF16 ? 0x1p-8f : 0x1p-11f));
    }
  }
  EXPECT(out.gaps_untouched());
}

// The gradient as Scoring.java states it, in double.
TEST(gradients_of_normalised_rows) {
  for (auto [kernel, group] : {std::pair<const char*, int>{"normalise_backward_warp", 8}, {"normalise_backward_block", 1}})
    for (int d : {1, 3, 4, 33, 1030})
      for (int normalisation : {0, 1, 2})
        for (int accumulate : {0, 1}) {
          int rows = 9, type = d % 2 ? F32 : BF16;
          Matrix x(rows, d, type, 3, 1), g(rows, d, F32, 1), out(rows, d, F32, 2);
          x.fill(normal);
          g.fill(normal);
          out.fill(normal);
          for (int i = 0; i < d; i++) x.set(2, i, normalisation == 1 ? 0.0f : 5.0f);  // no norm, or no deviation
          std::vector<float> expected, size;
          for (int r = 0; r < rows; r++) {
            double mean = 0, shift = 0, dot = 0, gain = 1, tilt = 0;
            for (int i = 0; i < d && normalisation == 2; i++) {
              mean += x.at(r, i) / double(d);
              shift += g.at(r, i) / double(d);
            }
            for (int i = 0; i < d; i++) dot += (x.at(r, i) - mean) * g.at(r, i);
            double sum = squares(x, r, mean);
            if (normalisation == 1) {
              gain = 1 / (r == 2 ? 1e-12f : std::sqrt(sum));
              tilt = r == 2 ? 0 : dot / sum;
            }
            if (normalisation == 2) {
              double s = d == 1 ? 0 : std::sqrt(sum / (d - 1));
              gain = 1 / (s + 1e-5f);
              tilt = s == 0 ? 0 : dot * gain / (s * (d - 1));
            }
            for (int i = 0; i < d; i++) {
              double v = (g.at(r, i) - shift - (x.at(r, i) - mean) * tilt) * gain;
              expected.push_back(float(v + (accumulate ? out.at(r, i) : 0)));
              size.push_back(float((std::fabs(g.at(r, i)) + std::fabs(shift) + std::fabs((x.at(r, i) - mean) * tilt) +
                                    std::fabs(mean * tilt)) * gain + 4));
            }
          }
          NormaliseBackwardArguments a{x.data(),
                                       g.data(),
                                       out.data(),
                                       (long long)x.stride,
                                       (long long)g.stride,
                                       (long long)out.stride,
                                       rows,
                                       d,
                                       type,
                                       F32,
                                       F32,
                                       normalisation,
                                       accumulate};
          test::run(kernel, {unsigned((rows + group - 1) / group), 1, 1}, 256, group == 1 ? 64 : 0, a);
          for (int r = 0; r < rows; r++)
            for (int i = 0; i < d; i++) {
              size_t at = size_t(r * d + i);
              EXPECT(close(out.at(r, i), expected[at], 4 * size[at]));
            }
          EXPECT(out.gaps_untouched());
        }
}

TEST(steps_on_scores) {
  for (int columns : {1, 5, 128, 131})
    for (int step : {STEP_WEIGH, STEP_CLOSENESS, STEP_CLOSENESS_BACKWARD})
      for (int accumulate : {0, 1}) {
        int rows = 35;
        Matrix z(rows, columns, F32, 1, 1), g(rows, columns, BF16, 2), out(rows, columns, F32, 3);
        z.fill([] { return std::fmin(normal(), 1.0f); });
        g.fill(normal);
        out.fill(normal);
        test::Device<float> weights(normals(size_t(columns)));
        std::vector<float> expected;
        for (int r = 0; r < rows; r++)
          for (int j = 0; j < columns; j++) {
            float c = z.at(r, j), v = 2 - std::sqrt(std::fmax(2 - 2 * c, 0.0f));
            if (step == STEP_WEIGH) v = c * weights.data()[j] * (std::fabs(g.at(r, j)) * 0.7f + 1);
            if (step == STEP_CLOSENESS_BACKWARD) v = c >= 1 ? 0 : g.at(r, j) / std::sqrt(2 - 2 * c);
            expected.push_back(accumulate ? v + out.at(r, j) : v);
          }
        ScoreStepArguments a{z.data(),
                             g.data(),
                             weights.data(),
                             out.data(),
                             (long long)z.stride,
                             (long long)g.stride,
                             (long long)out.stride,
                             rows,
                             columns,
                             F32,
                             BF16,
                             F32,
                             step,
                             accumulate,
                             0.7f,
                             0};
        test::run("score_step", {unsigned(2 * ((columns + 127) / 128)), 1, 1}, 256, 0, a);
        for (int r = 0; r < rows; r++)
          for (int j = 0; j < columns; j++) EXPECT(same(out.at(r, j), expected[size_t(r * columns + j)]));
        EXPECT(out.gaps_untouched());
      }
}

}  // namespace

TEST(products_of_every_shape_and_alignment) {
  for (const Tile& tile : TILES)
    for (int rows : {1, 31, 33, 130})
      for (int columns : {1, 63, 65, 130})
        for (int d : {0, 1, 8, 17}) {
          size_t gap = test::random()() % 5, offset = test::random()() % 4;
          Matrix a(rows, d, F32, gap, offset), b(columns, d, F32, offset, gap), out(rows, columns, F32, gap, offset);
          expect_product(tile, a.fill(normal), b.fill(normal), {}, out, 0);
        }
}

TEST(products_of_every_combination_of_types) {
  for (const Tile& tile : TILES)
    for (int aType = 0; aType < TYPES; aType++)
      for (int bType = 0; bType < TYPES; bType++)
        for (int outType = 0; outType < TYPES; outType++)
          for (size_t offset : {0, 1, 2}) {
            Matrix a(5, 37, aType, 3 + offset, offset), b(70, 37, bType, 3, offset), out(5, 70, outType, 2, offset);
            expect_product(tile, a.fill(normal), b.fill(normal), normals(70), out, 1);
          }
}

TEST(tiles_come_in_groups_and_cover_everything) {
  for (const Tile& tile : TILES) {
    int rows = 9 * tile.rows + 1, columns = 2 * tile.columns + 1;
    Matrix a(rows, 3, F32), b(columns, 3, F32), out(rows, columns, F32);
    expect_product(tile, a.fill(normal), b.fill(normal), {}, out, 0);
  }
}

TEST(a_deep_product_uses_both_buffers_often) {
  for (const Tile& tile : TILES) {
    Matrix a(3, 1030, BF16), b(5, 1030, BF16), out(3, 5, F32);
    expect_product(tile, a.fill(normal), b.fill(normal), normals(5), out, 0);
  }
}

TEST(relu_keeps_nan) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Tile& tile : TILES) {
    Matrix a(2, 2, F32), b(3, 2, F32), out(2, 3, F32);
    a.fill(normal).set(1, 0, nan);
    expect_product(tile, a, b.fill(normal), {}, out, 1);
    EXPECT(out.at(1, 2) != out.at(1, 2));
  }
}

TEST(normalises_rows_of_every_length) {
  for (const char* kernel : {"normalise_warp", "normalise_block"})
    for (int d : {1, 2, 3, 33, 129, 1027})
      for (int normalisation = 0; normalisation < 3; normalisation++)
        for (bool biased : {false, true}) {
          Matrix x(9, d, F32, 1, 1), out(9, d, F32, 4);
          x.fill([] { return 3 * normal() + 5; });
          expect_normalised(kernel, x, normalisation, biased ? normals(size_t(d)) : std::vector<float>(), out, true);
        }
}

TEST(normalises_every_combination_of_types) {
  for (const char* kernel : {"normalise_warp", "normalise_block"})
    for (int xType = 0; xType < TYPES; xType++)
      for (int outType = 0; outType < TYPES; outType++)
        for (size_t offset : {0, 1, 4}) {
          Matrix x(3, 70, xType, 2, offset), out(3, 70, outType, 2, offset);
          expect_normalised(kernel, x.fill(normal), 2, normals(70), out, false);
        }
}

TEST(normalises_in_place) {
  for (const char* kernel : {"normalise_warp", "normalise_block"})
    for (int type = 0; type < TYPES; type++) {
      Matrix x(10, 300, type), apart(10, 300, type);
      expect_normalised(kernel, x.fill(normal), 2, normals(300), apart, true);
      NormaliseArguments a{x.data(), nullptr, x.data(), nullptr, nullptr, 300, 300, 10, 300, type, type, 2};
      NormaliseArguments b = a;
      b.out = apart.data();
      bool warp = std::string(kernel) == "normalise_warp";
      for (const NormaliseArguments& g : {b, a})
        test::run(kernel, {warp ? 2u : 10u, 1, 1}, 256, warp ? 0 : 8 * sizeof(double), g);
      for (int r = 0; r < 10; r++)
        for (int i = 0; i < 300; i++) EXPECT(same(x.at(r, i), apart.at(r, i)));
    }
}

// The mean 2^24 + 1 is no float32; the deviation about it is the root of 2, about a rounded one 2.
TEST(deviation_about_the_exact_mean) {
  for (const char* kernel : {"normalise_warp", "normalise_block"}) {
    Matrix x(1, 2, F32), out(1, 2, F32);
    x.set(0, 0, 0x1p24f);
    x.set(0, 1, 0x1p24f + 2);
    expect_normalised(kernel, x, 2, {}, out, true);
    EXPECT_EQUAL(normalised(x, 0, 2, {}).scale, float(std::sqrt(2.0)));
  }
}

TEST(rows_of_zeros_constants_and_nan) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* kernel : {"normalise_warp", "normalise_block"})
    for (int normalisation = 0; normalisation < 3; normalisation++)
      for (float v : {0.0f, 3.25f, nan, 1e-20f, 1e18f}) {
        Matrix x(2, 40, F32), out(2, 40, F32);
        expect_normalised(kernel, x.fill([v] { return v; }), normalisation, {}, out, true);
      }
}

TEST(converts_every_combination_of_types) {
  for (int inType = 0; inType < TYPES; inType++)
    for (int outType = 0; outType < TYPES; outType++)
      for (int rows : {1, 33})
        for (int columns : {1, 127, 130})
          for (size_t offset : {0, 1, 2})
            for (int relu : {0, 1}) {
              Matrix in(rows, columns, inType, 2, offset), out(rows, columns, outType, 6, offset);
              in.fill(normal).set(0, 0, std::numeric_limits<float>::quiet_NaN());
              std::vector<float> bias = normals(size_t(columns));
              test::Device<float> deviceBias(bias, offset);
              ConvertArguments a{in.data(), relu ? deviceBias.data() : nullptr,
                                 out.data(), (long long)in.stride,
                                 (long long)out.stride, rows,
                                 columns,   inType,
                                 outType,   relu};
              unsigned blocks = unsigned((rows + 31) / 32 * ((columns + 127) / 128));
              test::run("convert_rows", {blocks, 1, 1}, 256, 0, a);
              for (int r = 0; r < rows; r++)
                for (int c = 0; c < columns; c++) {
                  float v = in.at(r, c) + (relu ? bias[size_t(c)] : 0);
                  EXPECT(same(out.at(r, c), stored(activated(v, relu), outType)));
                }
              EXPECT(out.gaps_untouched());
            }
}

TEST(converts_in_place) {
  Matrix x(40, 200, F32), expected(40, 200, F32);
  x.fill(normal);
  test::Device<float> bias(normals(200));
  ConvertArguments a{x.data(), bias.data(), expected.data(), 200, 200, 40, 200, F32, F32, 1};
  ConvertArguments b = a;
  b.out = x.data();
  for (const ConvertArguments& g : {a, b}) test::run("convert_rows", {4, 1, 1}, 256, 0, g);
  for (int r = 0; r < 40; r++)
    for (int c = 0; c < 200; c++) EXPECT(same(x.at(r, c), expected.at(r, c)));
}

// The numbers that bfloat16 has no room for, and those it rounds to infinity, among others.
TEST(splits_numbers_into_parts) {
  const float infinite = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float special[] = {0x1.ffffp127f, -0x1.fffffep127f, infinite, -infinite, nan, 0, -0.0f, 0x1p-140f, 1 + 0x1p-9f};
  for (int type = 0; type < TYPES; type++)
    for (int columns : {1, 9, 127, 130})
      for (size_t offset : {0, 1, 2})
        for (int low : {1, 2}) {
          const int rows = 35;
          Matrix in(rows, columns, type, 2, offset), out(rows, 3 * columns, BF16, 6, offset);
          in.fill(normal);
          for (int i = 0; i < 9; i++) in.set(3 * i, i % columns, special[i]);
          SplitArguments a{in.data(), out.data(), (long long)in.stride, (long long)out.stride, rows, columns, type, low, 0};
          test::run("split_rows", {unsigned(2 * ((columns + 127) / 128)), 1, 1}, 256, 0, a);
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) {
              float v = in.at(r, c), high = out.at(r, c), rest = out.at(r, low * columns + c);
              EXPECT(same(out.at(r, (3 - low) * columns + c), high));
              if (std::isfinite(v)) {
                EXPECT(std::isfinite(high) && std::fabs(double(v) - high) <= 0x1p-8 * std::fabs(v) + 0x1p-134);
                EXPECT(same(rest, stored(v - high, BF16)));
                EXPECT(std::fabs(double(v) - high - rest) <= 0x1p-16 * std::fabs(v) + 0x1p-134);
              } else {
                EXPECT(same(high, v) && rest == 0);
              }
            }
          EXPECT(out.gaps_untouched());
        }
}

TEST(folds_a_pre_bias_into_the_bias) {
  for (int type = 0; type < TYPES; type++)
    for (int d : {0, 1, 127, 300})
      for (bool biased : {false, true}) {
        Matrix weights(19, d, type, 1);
        weights.fill(normal);
        std::vector<float> preBias = normals(size_t(d)), bias = normals(19);
        test::Device<float> devicePreBias(preBias), deviceBias(bias), out(19);
        FoldArguments a{weights.data(), devicePreBias.data(), biased ? deviceBias.data() : nullptr,
                        out.data(),     (long long)weights.stride, 19, d, type};
        test::run("fold_pre_bias", {3, 1, 1}, 256, 0, a);
        for (int j = 0; j < 19; j++) {
          double sum = biased ? bias[size_t(j)] : 0, magnitude = std::fabs(sum);
          for (int i = 0; i < d; i++) {
            double term = double(preBias[size_t(i)]) * weights.at(j, i);
            sum -= term;
            magnitude += std::fabs(term);
          }
          EXPECT(std::fabs(out.read()[size_t(j)] - sum) <= (d + 2) * 0x1p-24 * magnitude);
        }
      }
}
