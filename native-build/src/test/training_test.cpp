// Kernels of training.cu and gates.cu against plain loops; every element is compared bit for bit, sums on small integers,
// of which they are exact.
#include "training.h"

#include <cmath>

#include "test/matrix.h"

namespace {

using test::F32;
using test::Matrix;

constexpr int ROW_TILE = 32, COLUMN_TILE = 128, TYPES[] = {test::F32, test::BF16, test::F16};

int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(test::random()); }
float integer() { return float(below(19) - 9); }

unsigned row_tiles(int rows, int columns) {
  return unsigned((rows + ROW_TILE - 1) / ROW_TILE * ((columns + COLUMN_TILE - 1) / COLUMN_TILE));
}

int chunks_of(int rows, int chunkRows) { return std::max(1, (rows + chunkRows - 1) / chunkRows); }

std::vector<float> integers(size_t count) {
  std::vector<float> made(count);
  for (float& v : made) v = integer();
  return made;
}

// Every edge of a block's 32 rows × 128 columns, rows that lie apart and begin anywhere.
TEST(axpby_at_every_edge) {
  for (int rows : {1, 31, 32, 33})
    for (int columns : {1, 3, 4, 127, 128, 129, 257})
      for (size_t offset : {0u, 1u})
        for (float beta : {0.0f, -1.75f}) {
          Matrix x(rows, columns, F32, 3, offset), y(rows, columns, F32, 4);
          x.fill(test::normal);
          y.fill(test::normal);
          std::vector<float> expected;
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) {
              float product = 0.3f * x.at(r, c);
              expected.push_back(beta == 0 ? product : std::fmaf(beta, y.at(r, c), product));
            }
          test::Device<float> alpha({0.3f});
          AxpbyArguments a{x.data(), y.data(), offset ? alpha.data() : nullptr, (long long)x.stride, (long long)y.stride,
                           rows,     columns,  F32, F32, offset ? 7.0f : 0.3f, beta};
          test::run("axpby", {row_tiles(rows, columns), 1, 1}, 256, 0, a);
          std::vector<float> found;
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) found.push_back(y.at(r, c));
          EXPECT_EQUAL(found, expected);
          EXPECT(y.gaps_untouched());
        }
}

TEST(axpby_does_not_read_y_for_a_beta_of_0) {
  test::Device<float> x({1, 2, 3}), y({NAN, INFINITY, -0.0f});
  AxpbyArguments a{x.data(), y.data(), nullptr, 3, 3, 1, 3, 0, 0, 2, 0};
  test::run("axpby", {1, 1, 1}, 256, 0, a);
  EXPECT_EQUAL(y.read(), (std::vector<float>{2, 4, 6}));
}

TEST(rows_are_gathered_and_scattered) {
  for (int type : TYPES)
    for (int columns : {1, 5, 128, 131})
      for (int accumulate : {0, 1}) {
        int n = 40, rows = 75;
        Matrix x(n, columns, type, 1), moved(rows, columns, F32, 2), out(n, columns, type, 3);
        x.fill(integer);
        out.fill(integer);
        std::vector<int> ids;
        for (int b = 0; b < rows; b++) ids.push_back(b == 70 ? -1 : b == 71 ? n : below(n / 2));
        test::Device<int> rowIds(ids);
        test::Device<unsigned long long> flag({0});
        GatherArguments gather{x.data(),     rowIds.data(), moved.data(), flag.data(), (long long)x.stride,
                               (long long)moved.stride, rows, n, columns, type, F32};
        test::run("gather_rows", {row_tiles(rows, columns), 1, 1}, 256, 0, gather);
        EXPECT_EQUAL(flag.read()[0], 0x100000000ull);
        std::vector<std::vector<float>> expected(static_cast<size_t>(n));
        for (int r = 0; r < n; r++)
          for (int c = 0; c < columns; c++) expected[size_t(r)].push_back(out.at(r, c));
        for (int b = 0; b < rows; b++)
          for (int c = 0; c < columns; c++) {
            bool bad = ids[size_t(b)] < 0 || ids[size_t(b)] >= n;
            float v = bad ? test::UNTOUCHED : x.at(ids[size_t(b)], c);
            EXPECT_EQUAL(moved.at(b, c), v);
            if (bad) continue;
            float& sum = expected[size_t(ids[size_t(b)])][size_t(c)];
            sum = accumulate ? sum + v : v;
          }
        test::Device<unsigned> owners(std::vector<unsigned>(size_t(n), 0)), counts(std::vector<unsigned>(size_t(n), 0));
        ClaimArguments claim{rowIds.data(), owners.data(), counts.data(), flag.data(), rows, n};
        test::run("claim_rows", {1, 1, 1}, 256, 0, claim);
        ScatterArguments scatter{moved.data(), rowIds.data(), owners.data(), counts.data(), out.data(),
                                 (long long)moved.stride, (long long)out.stride, rows, n, columns, F32, type, accumulate};
        test::run("scatter_rows", {row_tiles(rows, columns), 1, 1}, 256, 0, scatter);
        for (int r = 0; r < n; r++)
          for (int c = 0; c < columns; c++) EXPECT_EQUAL(out.at(r, c), expected[size_t(r)][size_t(c)]);
        EXPECT(out.gaps_untouched());
      }
}

TEST(column_sums_at_every_edge) {
  for (int type : TYPES)
    for (int rows : {0, 1, 7, 8, 9, 70})
      for (int columns : {1, 3, 128, 130})
        for (int accumulate : {0, 1}) {
          int chunkRows = 20, chunks = chunks_of(rows, chunkRows);
          Matrix x(rows, columns, type, 3, 1);
          x.fill(integer);
          test::Device<float> sums(size_t(chunks * columns)), out(integers(size_t(columns)));
          std::vector<float> expected = out.read();
          for (int c = 0; c < columns; c++) {
            float sum = 0;
            for (int r = 0; r < rows; r++) sum += x.at(r, c);
            expected[size_t(c)] = -2 * sum + (accumulate ? expected[size_t(c)] : 0);
          }
          ColumnSumsArguments a{x.data(), sums.data(), (long long)x.stride, rows, chunkRows, columns, type};
          test::run("column_sums", {unsigned(chunks * ((columns + 127) / 128)), 1, 1}, 256, 4096, a);
          AddChunksArguments add{sums.data(), out.data(), chunks, columns, -2, accumulate};
          test::run("add_chunks", {1, 1, 1}, 256, 0, add);
          EXPECT_EQUAL(out.read(), expected);
        }
}

TEST(squares_of_all_rows_or_of_some) {
  for (int rows : {1, 33, 70})
    for (int columns : {1, 127, 300})
      for (int some : {0, 1}) {
        Matrix x(rows, columns, F32, 1);
        x.fill(integer);
        test::Device<int> count({rows / 2});
        unsigned blocks = row_tiles(rows, columns);
        test::Device<float> parts(static_cast<size_t>(blocks)), out({5});
        float expected = some ? 5 : 0;
        for (int r = 0; r < (some ? rows / 2 : rows); r++)
          for (int c = 0; c < columns; c++) expected += x.at(r, c) * x.at(r, c);
        SumSquaresArguments a{x.data(), some ? count.data() : nullptr, parts.data(), (long long)x.stride, rows, columns, F32};
        test::run("sum_squares", {blocks, 1, 1}, 256, 32, a);
        AddPartsArguments sum{parts.data(), out.data(), blocks, some};
        test::run("add_parts", {1, 1, 1}, 256, 64, sum);
        EXPECT_EQUAL(out.read()[0], expected);
      }
}

TEST(many_parts_are_added) {
  test::Device<float> parts(integers(1000)), out({0});
  float expected = 0;
  for (float v : parts.read()) expected += v;
  AddPartsArguments a{parts.data(), out.data(), 1000, 0};
  test::run("add_parts", {1, 1, 1}, 256, 64, a);
  EXPECT_EQUAL(out.read()[0], expected);
}

TEST(exponentials_of_every_element) {
  test::Device<float> x(700), out(700);
  for (int i = 0; i < 700; i++) x.data()[i] = float(i - 350) / 8;
  x.data()[3] = NAN;
  x.data()[4] = -INFINITY;
  ExponentialArguments a{x.data(), out.data(), 699};
  out.data()[699] = test::UNTOUCHED;
  test::run("exponentials", {3, 1, 1}, 256, 0, a);
  for (int i = 0; i < 699; i++) EXPECT(test::same(out.data()[i], std::exp(x.data()[i])));
  EXPECT_EQUAL(out.data()[699], test::UNTOUCHED);
}

TEST(factors_that_bound_a_norm) {
  for (auto [squares, expected] : {std::pair<float, float>{16, 2 / (4 + 1e-6f)}, {1, 1}, {0, 1}, {INFINITY, 0}, {NAN, NAN}}) {
    test::Device<float> in({squares}), norm({0}), factor({0});
    ClipFactorArguments a{in.data(), norm.data(), factor.data(), 2};
    test::run("clip_factor", {1, 1, 1}, 1, 0, a);
    EXPECT(test::same(factor.read()[0], expected));
    EXPECT(test::same(norm.read()[0], std::sqrt(squares)));
  }
}

TEST(adam_moves_every_row_or_the_active_ones) {
  for (int columns : {1, 6, 129})
    for (int active : {0, 1}) {
      int n = 50, rows = active ? 12 : n, count = active ? 9 : n;
      Matrix g(rows, columns, F32, 1), m(n, columns, F32, 2, 1), v(n, columns, F32, 3), p(n, columns, F32, 4);
      g.fill(test::normal);
      m.fill(test::normal);
      v.fill([] { return std::fabs(test::normal()); });
      p.fill(test::normal);
      std::vector<int> ids;
      for (int i = 0; i < rows; i++) ids.push_back(active ? 3 * i + 1 : i);
      test::Device<int> rowIds(ids), counted({count});
      test::Device<float> factor({0.4f});
      std::vector<float> ms, vs, ps;
      float b1 = 0.8f, b2 = 0.9f, epsilon = 1e-6f, size = 0.05f, root = 1.5f, kept = 0.99f;
      for (int r = 0; r < n; r++)
        for (int c = 0; c < columns; c++) {
          int at = -1;
          for (int i = 0; i < count; i++)
            if (ids[size_t(i)] == r) at = i;
          float mr = m.at(r, c), vr = v.at(r, c), pr = p.at(r, c);
          if (at >= 0) {
            float scaled = 0.4f * g.at(at, c);
            mr = std::fmaf(1 - b1, scaled, b1 * mr);
            vr = std::fmaf((1 - b2) * scaled, scaled, b2 * vr);
            pr = pr * kept - mr * size / std::fmaf(std::sqrt(vr), root, epsilon);
          }
          ms.push_back(mr);
          vs.push_back(vr);
          ps.push_back(pr);
        }
      AdamArguments a{g.data(),
                      active ? rowIds.data() : nullptr,
                      active ? counted.data() : nullptr,
                      factor.data(),
                      m.data(),
                      v.data(),
                      p.data(),
                      (long long)g.stride,
                      (long long)m.stride,
                      (long long)v.stride,
                      (long long)p.stride,
                      rows,
                      columns,
                      F32,
                      F32,
                      F32,
                      F32,
                      b1,
                      b2,
                      epsilon,
                      size,
                      root,
                      kept};
      test::run("adam", {row_tiles(rows, columns), 1, 1}, 256, 0, a);
      for (int r = 0; r < n; r++)
        for (int c = 0; c < columns; c++) {
          size_t i = size_t(r * columns + c);
          EXPECT_EQUAL(m.at(r, c), ms[i]);
          EXPECT_EQUAL(v.at(r, c), vs[i]);
          EXPECT_EQUAL(p.at(r, c), ps[i]);
        }
      EXPECT(m.gaps_untouched() && v.gaps_untouched() && p.gaps_untouched());
    }
}

TEST(transposes_both_sizes_of_elements) {
  for (int type : TYPES)
    for (int rows : {1, 31, 32, 65})
      for (int columns : {1, 33, 64}) {
        Matrix in(rows, columns, type, 3, 1), out(columns, rows, type, 2, 1);
        in.fill(integer);
        TransposeArguments a{in.data(), out.data(), (long long)in.stride, (long long)out.stride, rows, columns, type};
        test::run("transpose", {unsigned((rows + 31) / 32 * ((columns + 31) / 32)), 1, 1}, 256, 4224, a);
        for (int r = 0; r < rows; r++)
          for (int c = 0; c < columns; c++) EXPECT_EQUAL(out.at(c, r), in.at(r, c));
        EXPECT(out.gaps_untouched());
      }
}

// The gate and its gradients, with one threshold or one a column.
TEST(gates_and_their_estimators) {
  for (int kind : {GATE_RELU, GATE_JUMP_RELU, GATE_STEP})
    for (int shared : {0, 1})
      for (int rows : {1, 33, 70})
        for (int columns : {1, 5, 128, 131})
          for (int accumulate : {0, 1}) {
            int type = TYPES[below(3)], chunkRows = 20, chunks = chunks_of(rows, chunkRows);
            Matrix x(rows, columns, type, 1), g(rows, columns, F32, 2, 1), out(rows, columns, type, 3);
            x.fill(integer);
            g.fill(integer);
            out.fill(integer);
            test::Device<float> theta(integers(shared ? 1 : size_t(columns)));
            const float* thetas = kind == GATE_RELU ? nullptr : theta.data();
            auto at = [&](int c) { return thetas ? thetas[shared ? 0 : c] : 0.0f; };
            std::vector<float> gradients(size_t(columns), 0), passed, opened;
            for (int r = 0; r < rows; r++)
              for (int c = 0; c < columns; c++) {
                bool open = x.at(r, c) > at(c);
                passed.push_back((open && kind != GATE_STEP ? g.at(r, c) : 0) + (accumulate ? out.at(r, c) : 0));
                opened.push_back(open ? kind == GATE_STEP ? 1 : x.at(r, c) : 0);
                if (std::fabs(x.at(r, c) - at(c)) < 2) gradients[size_t(c)] += g.at(r, c);
              }
            test::Device<float> sums(size_t(chunks * columns)), gradient(integers(size_t(columns)));
            int one = shared && thetas;
            GateBackwardArguments back{x.data(),
                                       g.data(),
                                       thetas,
                                       out.data(),
                                       sums.data(),
                                       (long long)x.stride,
                                       (long long)g.stride,
                                       (long long)out.stride,
                                       rows,
                                       chunkRows,
                                       columns,
                                       type,
                                       F32,
                                       type,
                                       kind,
                                       one,
                                       2,
                                       accumulate};
            test::run("gate_backward", {unsigned(chunks * ((columns + 127) / 128)), 1, 1}, 256, 4096, back);
            for (int r = 0; r < rows; r++)
              for (int c = 0; c < columns; c++) EXPECT_EQUAL(out.at(r, c), passed[size_t(r * columns + c)]);
            EXPECT(out.gaps_untouched());
            if (thetas) {
              std::vector<float> expected = gradient.read();
              for (int c = 0; c < columns; c++) {
                float weighted = -(kind == GATE_STEP ? 1 : at(c)) / 4 * gradients[size_t(c)] * at(c);
                expected[size_t(c)] = weighted + (accumulate ? expected[size_t(c)] : 0);
              }
              ThresholdGradientsArguments finish{sums.data(), thetas, gradient.data(), chunks, columns,
                                                 kind,        one,    1,               accumulate, 4};
              test::run("threshold_gradients", {1, 1, 1}, 256, 0, finish);
              EXPECT_EQUAL(gradient.read(), expected);
            }
            GateArguments forward{x.data(), thetas, out.data(), (long long)x.stride, (long long)out.stride, rows,
                                  columns,  type,   type,       kind,                one};
            test::run("gate", {row_tiles(rows, columns), 1, 1}, 256, 0, forward);
            for (int r = 0; r < rows; r++)
              for (int c = 0; c < columns; c++) EXPECT_EQUAL(out.at(r, c), opened[size_t(r * columns + c)]);
          }
}

}  // namespace
