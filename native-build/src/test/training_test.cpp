// Kernels of training.cu against plain loops; every element is compared bit for bit.
#include "training.h"

#include <cmath>

#include "test/harness.h"

namespace {

// Every edge of a block's 32 rows × 128 columns, rows that lie apart and begin anywhere.
TEST(axpby_at_every_edge) {
  for (int rows : {1, 31, 32, 33})
    for (int columns : {1, 3, 4, 127, 128, 129, 257})
      for (size_t offset : {0u, 1u})
        for (float beta : {0.0f, -1.75f}) {
          long long xStride = columns + 3, yStride = columns + 4;
          test::Device<float> x(size_t(rows) * size_t(xStride), offset), y(size_t(rows) * size_t(yStride));
          std::normal_distribution<float> normal;
          for (size_t i = 0; i < x.size(); i++) x.data()[i] = normal(test::random());
          for (size_t i = 0; i < y.size(); i++) y.data()[i] = normal(test::random());
          std::vector<float> expected = y.read();
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) {
              float& v = expected[size_t(r * yStride + c)];
              float product = 0.3f * x.data()[r * xStride + c];
              v = beta == 0 ? product : std::fmaf(beta, v, product);
            }
          AxpbyArguments a{x.data(), y.data(), xStride, yStride, rows, columns, 0, 0, 0.3f, beta};
          unsigned blocks = unsigned((rows + 31) / 32 * ((columns + 127) / 128));
          test::run("axpby", {blocks, 1, 1}, 256, 0, a);
          EXPECT_EQUAL(y.read(), expected);
        }
}

TEST(axpby_does_not_read_y_for_a_beta_of_0) {
  test::Device<float> x({1, 2, 3}), y({NAN, INFINITY, -0.0f});
  AxpbyArguments a{x.data(), y.data(), 3, 3, 1, 3, 0, 0, 2, 0};
  test::run("axpby", {1, 1, 1}, 256, 0, a);
  EXPECT_EQUAL(y.read(), (std::vector<float>{2, 4, 6}));
}

}  // namespace
