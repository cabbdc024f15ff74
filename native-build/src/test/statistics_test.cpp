// Kernels of statistics.cu against plain loops, on small integers, of which sums are exact.
#include "statistics.h"

#include "test/harness.h"

namespace {

TEST(squared_errors_at_every_edge) {
  for (int warpsPerRow : {1, 2, 4, 8})
    for (int rows : {1, 7, 8, 9})
      for (int columns : {0, 1, 3, 4, 5, 127, 128, 129, 1025}) {
        long long xStride = columns + 1, yStride = columns + 4;
        test::Device<float> x(size_t(rows) * size_t(xStride)), y(size_t(rows) * size_t(yStride), 1);
        test::Device<float> out(size_t(rows) + 2);
        std::uniform_int_distribution<int> integer(-30, 30);
        for (size_t i = 0; i < x.size(); i++) x.data()[i] = float(integer(test::random()));
        for (size_t i = 0; i < y.size(); i++) y.data()[i] = float(integer(test::random()));
        for (size_t i = 0; i < out.size(); i++) out.data()[i] = -77;
        std::vector<float> expected = out.read();
        for (int r = 0; r < rows; r++) {
          float sum = 0;
          for (int c = 0; c < columns; c++) {
            float error = x.data()[r * xStride + c] - y.data()[r * yStride + c];
            sum += error * error;
          }
          expected[size_t(r) + 1] = sum;
        }
        SquaredErrorsArguments a{x.data(), y.data(), out.data() + 1, xStride, yStride, rows, columns, 0, 0, warpsPerRow};
        unsigned blocks = unsigned((rows * warpsPerRow + 7) / 8);
        test::run("squared_errors", {blocks, 1, 1}, 256, 8 * sizeof(float), a);
        EXPECT_EQUAL(out.read(), expected);
      }
}

}  // namespace
