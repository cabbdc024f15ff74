// Kernels of statistics.cu against plain loops, on small integers, of which sums are exact.
#include "statistics.h"

#include <cmath>
#include <memory>

#include "test/harness.h"

namespace {

constexpr float UNTOUCHED = -77;

float integer(int bound) { return float(std::uniform_int_distribution<int>(-bound, bound)(test::random())); }

void fill(test::Device<float>& x, int bound = 30) {
  for (size_t i = 0; i < x.size(); i++) x.data()[i] = integer(bound);
}

// dots[0] = x·y, dots[1] = x·x, dots[2] = y·y, dots[3] = the squared distance
void dots(const float* x, const float* y, int columns, float (&dots)[4]) {
  for (float& dot : dots) dot = 0;
  for (int c = 0; c < columns; c++) {
    dots[0] += x[c] * y[c];
    dots[1] += x[c] * x[c];
    dots[2] += y[c] * y[c];
    dots[3] += (x[c] - y[c]) * (x[c] - y[c]);
  }
}

TEST(statistics_of_rows_at_every_edge) {
  for (int warpsPerRow : {1, 2, 4, 8})
    for (int rows : {1, 7, 8, 9})
      for (int columns : {0, 1, 3, 4, 5, 127, 128, 129, 1025}) {
        long long xStride = columns + 1, yStride = columns + 4;
        test::Device<float> x(size_t(rows) * size_t(xStride)), y(size_t(rows) * size_t(yStride), 1);
        test::Device<float> out(size_t(rows) + 2);
        fill(x);
        fill(y);
        RowStatisticArguments a{x.data(), y.data(), out.data() + 1, xStride, yStride, rows, columns, 0, 0, warpsPerRow};
        unsigned blocks = unsigned((rows * warpsPerRow + 7) / 8);
        for (const char* kernel : {"squared_errors", "row_norms", "row_cosines"}) {
          for (size_t i = 0; i < out.size(); i++) out.data()[i] = UNTOUCHED;
          std::vector<float> expected = out.read();
          for (int r = 0; r < rows; r++) {
            float d[4];
            dots(x.data() + r * xStride, y.data() + r * yStride, columns, d);
            double norms = std::sqrt(double(d[1])) * std::sqrt(double(d[2]));
            float cosine = norms == 0 ? 0 * d[0] : float(d[0] / norms);
            bool error = std::string(kernel) == "squared_errors", norm = std::string(kernel) == "row_norms";
            expected[size_t(r) + 1] = error ? d[3] : norm ? std::sqrt(d[1]) : cosine;
          }
          test::run(kernel, {blocks, 1, 1}, 256, 96, a);
          EXPECT_EQUAL(out.read(), expected);
        }
      }
}

TEST(a_norm_does_not_read_y) {
  test::Device<float> x({3, 4}), out(1);
  RowStatisticArguments a{x.data(), nullptr, out.data(), 2, 0, 1, 2, 0, 0, 1};
  test::run("row_norms", {1, 1, 1}, 256, 96, a);
  EXPECT_EQUAL(out.read(), (std::vector<float>{5}));
}

TEST(sums_of_any_length) {
  for (int length : {0, 1, 255, 256, 257, 4095, 4096, 4097, 9000})
    for (bool masked : {false, true}) {
      size_t size = size_t(length);
      test::Device<float> values(size), out(1);
      test::Device<unsigned char> mask(size);
      unsigned blocks = unsigned((length + 4095) / 4096);
      test::Device<double> parts(blocks);
      fill(values);
      float expected = 0;
      for (int i = 0; i < length; i++) {
        mask.data()[i] = integer(1) > 0;
        if (masked && !mask.data()[i] && i % 5 == 0) values.data()[i] = NAN;
        if (!masked || mask.data()[i]) expected += values.data()[i];
      }
      SumPartsArguments a{values.data(), masked ? mask.data() : nullptr, parts.data(), length};
      if (blocks) test::run("sum_parts", {blocks, 1, 1}, 256, 64, a);
      SumTotalArguments b{parts.data(), out.data(), blocks};
      test::run("sum_total", {1, 1, 1}, 256, 64, b);
      EXPECT_EQUAL(out.read(), (std::vector<float>{expected}));
    }
}

TEST(sum_of_many_parts) {
  test::Device<double> parts(1000);
  test::Device<float> out(1);
  for (size_t i = 0; i < parts.size(); i++) parts.data()[i] = double(i);
  SumTotalArguments a{parts.data(), out.data(), 1000};
  test::run("sum_total", {1, 1, 1}, 256, 64, a);
  EXPECT_EQUAL(out.read(), (std::vector<float>{499500}));
}

TEST(quotients_and_what_zero_makes_of_them) {
  test::Device<float> a({6, 0, 5, INFINITY, NAN, -3}), b({4, 0, 0, 0, 2, INFINITY}), out(6);
  QuotientArguments q{a.data(), b.data(), out.data(), 6, 2};
  test::run("quotients", {1, 1, 1}, 256, 0, q);
  std::vector<float> found = out.read();
  EXPECT(std::isnan(found[3]) && std::isnan(found[4]));
  found.erase(found.begin() + 3, found.begin() + 5);
  EXPECT_EQUAL(found, (std::vector<float>{3, 0, 0, -0.0f}));
  q.a = nullptr;
  test::run("quotients", {1, 1, 1}, 256, 0, q);
  EXPECT_EQUAL(out.read(), (std::vector<float>{0.5f, 0, 0, 0, 1, 0}));
  test::Device<float> many(700), ones(700);
  for (size_t i = 0; i < 700; i++) many.data()[i] = float(i);
  QuotientArguments m{many.data(), many.data(), ones.data(), 700, 3};
  test::run("quotients", {3, 1, 1}, 256, 0, m);
  std::vector<float> expected(700, 3);
  expected[0] = 0;
  EXPECT_EQUAL(ones.read(), expected);
}

// The result of variance_parts, variance_merge and sum_total.
float total_variance(const float* x, const unsigned char* mask, int rows, int columns, long long stride,
                     int rowsPerBlock) {
  unsigned rowBlocks = unsigned((rows + rowsPerBlock - 1) / rowsPerBlock), columnBlocks = unsigned((columns + 127) / 128);
  unsigned mergeBlocks = unsigned((columns + 255) / 256);
  test::Device<float> counts(rowBlocks), means(rowBlocks * size_t(columns)), squares(rowBlocks * size_t(columns)), out(1);
  test::Device<double> parts(mergeBlocks);
  VariancePartsArguments a{x,      mask,    counts.data(), means.data(), squares.data(), stride, rows,
                           columns, 0,      rowsPerBlock};
  test::run("variance_parts", {rowBlocks * columnBlocks, 1, 1}, 256, 8224, a);
  VarianceMergeArguments b{counts.data(), means.data(), squares.data(), parts.data(), columns, int(rowBlocks)};
  test::run("variance_merge", {mergeBlocks, 1, 1}, 256, 64, b);
  SumTotalArguments c{parts.data(), out.data(), mergeBlocks};
  test::run("sum_total", {1, 1, 1}, 256, 64, c);
  return out.read()[0];
}

TEST(total_variance_at_every_edge) {
  for (int rows : {1, 8, 9, 31, 32, 33, 64, 100})
    for (int columns : {1, 4, 127, 128, 129, 300})
      for (int rowsPerBlock : {32, 64}) {
        long long stride = columns + 3;
        test::Device<float> x(size_t(rows) * size_t(stride));
        size_t size = size_t(rows);
        test::Device<unsigned char> mask(size);
        fill(x, 9);
        for (int r = 0; r < rows; r++) mask.data()[r] = integer(2) != 0;
        for (bool masked : {false, true}) {
          double expected = 0;
          for (int c = 0; c < columns; c++) {
            double sum = 0, squares = 0;
            int count = 0;
            for (int r = 0; r < rows; r++) {
              if (masked && !mask.data()[r]) continue;
              double v = x.data()[r * stride + c] + 0.0;
              sum += v, squares += v * v, count++;
            }
            if (count) expected += squares - sum * sum / count;
          }
          float found = total_variance(x.data(), masked ? mask.data() : nullptr, rows, columns, stride, rowsPerBlock);
          EXPECT(std::abs(found - expected) <= 1e-5 * expected + 1e-3);
        }
      }
}

TEST(rows_that_do_not_take_part_are_not_read) {
  test::Device<float> x({1, NAN, 3, INFINITY, 5, 6});
  test::Device<unsigned char> mask({1, 0, 1, 0, 1, 0});
  EXPECT_EQUAL(total_variance(x.data(), mask.data(), 6, 1, 1, 32), 8.0f);
  test::Device<unsigned char> none({0, 0, 0, 0, 0, 0});
  EXPECT_EQUAL(total_variance(x.data(), none.data(), 6, 1, 1, 32), 0.0f);
}

}  // namespace
