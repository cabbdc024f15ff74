// Kernels of gaussian.cu against their formulae in double.
#include "gaussian.h"

#include <cmath>

#include "test/matrix.h"

namespace {

using test::BF16;
using test::F32;
using test::Matrix;
using test::normal;

constexpr float LOW = -1, HIGH = 1, MOST = 1.5f;
constexpr long long SEED = 0x0123456789abcdefll, OFFSET = 0x500000007ll;

double clamped(double v, double low, double high) { return std::fmin(std::fmax(v, low), high); }

// Philox4x32-10 as published, and Box and Muller's transform.
double noise(long long row, int column) {
  unsigned c[4] = {unsigned(column / 4), unsigned(row), unsigned(OFFSET), unsigned(OFFSET >> 32)};
  unsigned k0 = unsigned(SEED), k1 = unsigned(SEED >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = uint64_t(0xD2511F53u) * c[0], p1 = uint64_t(0xCD9E8D57u) * c[2];
    unsigned c0 = unsigned(p1 >> 32) ^ c[1] ^ k0, c2 = unsigned(p0 >> 32) ^ c[3] ^ k1;
    c[0] = c0, c[1] = unsigned(p1), c[2] = c2, c[3] = unsigned(p0);
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  int pair = column % 4 / 2 * 2;
  double u = ((c[pair] >> 8) + 1) * 0x1p-24, angle = 2 * M_PI * ((c[pair + 1] >> 8) * 0x1p-24);
  return std::sqrt(-2 * std::log(u)) * (column % 2 ? std::sin(angle) : std::cos(angle));
}

void expect_close(float found, double expected, double size) {
  if (!(std::fabs(double(found) - expected) <= size * 0x1p-20)) {
    std::ostringstream text;
    text << found << ", expected " << expected;
    throw test::Failed(text.str());
  }
}

TEST(samples_and_their_slopes) {
  for (int rows : {1, 33})
    for (int columns : {1, 3, 6, 128, 131})
      for (int backward : {0, 1})
        for (int accumulate : {0, 1})
          for (int fixed = 0; fixed < 2 - backward; fixed++) {
            int type = columns % 2 ? F32 : BF16;
            Matrix x(rows, columns, F32, 1), v(rows, columns, type, 2, 1), out(rows, columns, F32, 3);
            x.fill(normal);
            v.fill(normal);
            out.fill(normal);
            std::vector<double> expected;
            for (int r = 0; r < rows; r++)
              for (int c = 0; c < columns; c++) {
                double inside = clamped(v.at(r, c), LOW, HIGH), made = x.at(r, c) + noise(r, c) * (fixed ? 1 : std::exp(inside / 2));
                if (backward) made = inside == v.at(r, c) ? x.at(r, c) * noise(r, c) * std::exp(inside / 2) / 2 : 0;
                expected.push_back(made + (accumulate ? out.at(r, c) : 0));
              }
            SampleArguments a{x.data(),
                              fixed ? nullptr : v.data(),
                              out.data(),
                              SEED,
                              OFFSET,
                              (long long)x.stride,
                              (long long)v.stride,
                              (long long)out.stride,
                              rows,
                              columns,
                              F32,
                              type,
                              F32,
                              LOW,
                              HIGH,
                              backward,
                              accumulate};
            unsigned blocks = unsigned((rows + 31) / 32 * ((columns + 127) / 128));
            test::run("gaussian_sample", {blocks, 1, 1}, 256, 0, a);
            for (int r = 0; r < rows; r++)
              for (int c = 0; c < columns; c++) expect_close(out.at(r, c), expected[size_t(r * columns + c)], 10);
            EXPECT(out.gaps_untouched());
          }
}

TEST(divergences_and_their_slopes) {
  for (int rows : {1, 33})
    for (int columns : {0, 1, 3, 131, 1100})
      for (int fixed : {0, 1})
        for (int accumulate : {0, 1}) {
          Matrix mean(rows, columns, F32, 1), v(rows, columns, BF16, 2, 1), gm(rows, columns, F32, 3), gv(rows, columns, F32, 1);
          mean.fill(normal);
          v.fill(normal);
          gm.fill(normal);
          gv.fill(normal);
          test::Device<float> out(std::vector<float>(size_t(rows), -7));
          std::vector<double> sums, slopes, variances;
          for (int r = 0; r < rows; r++) {
            double sum = 0;
            for (int c = 0; c < columns; c++) {
              double m = clamped(mean.at(r, c), -MOST, MOST), inside = clamped(v.at(r, c), LOW, HIGH);
              sum += (m * m + (fixed ? 0 : std::expm1(inside) - inside)) / 2;
              slopes.push_back((m == mean.at(r, c) ? 3 * m : 0) + (accumulate ? gm.at(r, c) : 0));
              variances.push_back((inside == v.at(r, c) ? 1.5 * std::expm1(inside) : 0) + (accumulate ? gv.at(r, c) : 0));
            }
            sums.push_back(sum);
          }
          DivergenceArguments a{mean.data(),
                                fixed ? nullptr : v.data(),
                                out.data(),
                                gm.data(),
                                fixed ? nullptr : gv.data(),
                                (long long)mean.stride,
                                (long long)v.stride,
                                (long long)gm.stride,
                                (long long)gv.stride,
                                rows,
                                columns,
                                F32,
                                BF16,
                                F32,
                                F32,
                                LOW,
                                HIGH,
                                MOST,
                                3,
                                accumulate};
          test::run("gaussian_divergence", {unsigned(rows), 1, 1}, 256, 32, a);
          for (int r = 0; r < rows; r++) expect_close(out.read()[size_t(r)], sums[size_t(r)], 10 + sums[size_t(r)]);
          if (columns == 0) continue;
          unsigned blocks = unsigned((rows + 31) / 32 * ((columns + 127) / 128));
          test::run("gaussian_slopes", {blocks, 1, 1}, 256, 0, a);
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) {
              expect_close(gm.at(r, c), slopes[size_t(r * columns + c)], 10);
              if (!fixed) expect_close(gv.at(r, c), variances[size_t(r * columns + c)], 10);
            }
          EXPECT(gm.gaps_untouched() && gv.gaps_untouched());
        }
}

}  // namespace
