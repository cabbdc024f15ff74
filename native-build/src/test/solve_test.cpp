// Kernels of solve.cu: what they find solves the system.
#include "solve.h"

#include <cmath>

#include "test/matrix.h"

namespace {

using test::F32;
using test::Matrix;
using test::normal;

struct System {
  Matrix a, b, x;
  test::Device<double> factor, reciprocals, sides;
  test::Device<int> failed{7};
  test::Device<unsigned long long> flag{0};

  System(int n, int columns, int type)
      : a(n, n, type, 3), b(n, columns, type, 1), x(n, columns, F32, 2), factor(size_t(n * n)), reciprocals(size_t(n)),
        sides(size_t(n * columns)) {}

  void solve(float ridge) {
    FactoriseArguments f{a.data(),      factor.data(), reciprocals.data(), failed.data(), flag.data(), (long long)a.stride, a.rows, a.type,
                         ridge, 0};
    test::run("factorise", {1, 1, 1}, 256, 0, f);
    SubstituteArguments s{factor.data(),       reciprocals.data(),  failed.data(), b.data(), x.data(), sides.data(),
                          (long long)b.stride, (long long)x.stride, a.rows,        b.columns, b.type,  x.type};
    test::run("substitute", {unsigned((b.columns + 31) / 32), 1, 1}, 256, 0, s);
  }
};

TEST(systems_of_every_size) {
  for (int n : {1, 2, 31, test::quick() ? 70 : 300})
    for (int columns : {1, 33, 40})
      for (int type : {F32, int(test::BF16)}) {
        System s(n, columns, type);
        s.a.fill(normal);
        s.b.fill(normal);
        for (int i = 0; i < n; i++)
          for (int j = 0; j < i; j++) s.a.set(j, i, NAN);  // nobody reads the upper triangle
        for (int i = 0; i < n; i++) s.a.set(i, i, float(3 * n));
        s.solve(2);
        EXPECT_EQUAL(s.failed.read()[0], 0);
        EXPECT_EQUAL(s.flag.read()[0], 0ull);
        for (int i = 0; i < n; i++)
          for (int c = 0; c < columns; c++) {
            double sum = 2 * double(s.x.at(i, c)), size = std::fabs(sum);
            for (int k = 0; k < n; k++) {
              double term = double(i >= k ? s.a.at(i, k) : s.a.at(k, i)) * s.x.at(k, c);
              sum += term;
              size += std::fabs(term);
            }
            EXPECT(std::fabs(sum - s.b.at(i, c)) <= size * 0x1p-22);
          }
        EXPECT(s.x.gaps_untouched());
      }
}

TEST(a_pivot_of_zero_or_below_is_flagged) {
  for (float pivot : {1.0f, 0.5f, NAN}) {
    System s(3, 2, F32);
    s.b.fill(normal);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) s.a.set(i, j, i == j ? 1.0f : 0.0f);
    s.a.set(1, 0, 1);
    s.a.set(1, 1, pivot);  // 1 - 1·1 is left of it, or less
    s.solve(0);
    EXPECT_EQUAL(s.failed.read()[0], 1);
    EXPECT_EQUAL(s.flag.read()[0], 2ull);
    for (int i = 0; i < 3; i++)
      for (int c = 0; c < 2; c++) EXPECT(std::isnan(s.x.at(i, c)));
  }
}

}  // namespace
