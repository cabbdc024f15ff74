// Kernels of cooccurrence.cu against plain loops.
#include "cooccurrence.h"

#include <algorithm>
#include <cmath>

#include "test/harness.h"
#include "test/matrix.h"

namespace {

using test::Device;

float integer(int bound) { return float(std::uniform_int_distribution<int>(-bound, bound)(test::random())); }
int below(int bound) { return int(test::random()() % unsigned(bound)); }
bool fires(float v, float low, float high) { return !(low <= v && v <= high); }

// Codes of distinct columns, with k slots a row or row-compressed.
struct Codes {
  std::vector<int> indices;
  std::vector<float> values;
  std::vector<long long> offsets{0};
  int rows, k;
  bool compressed;

  Codes(int rows, int k, int columns, bool compressed) : rows(rows), k(k), compressed(compressed) {
    for (int r = 0; r < rows; r++) {
      std::vector<int> all(static_cast<size_t>(columns));
      for (size_t i = 0; i < all.size(); i++) all[i] = int(i);
      std::shuffle(all.begin(), all.end(), test::random());
      int count = r == 0 ? 0 : std::min(r == 1 ? k : below(k + 1), columns);
      for (int slot = 0; slot < (compressed ? count : k); slot++) {
        indices.push_back(slot < count ? all[size_t(slot)] : -1);
        values.push_back(slot < count ? integer(3) : 0);
      }
      offsets.push_back((long long)indices.size());
    }
  }
};

struct OnDevice {
  Device<int> indices;
  Device<float> values;
  Device<long long> offsets;
  RowEntriesArguments arguments;

  explicit OnDevice(const Codes& codes)
      : indices(codes.indices),
        values(codes.values),
        offsets(codes.offsets),
        arguments{indices.data(), values.data(), codes.compressed ? offsets.data() : nullptr,
                  (long long)codes.indices.size(), codes.compressed ? 0 : codes.k} {}
};

TEST(segments_of_every_kind) {
  std::vector<long long> bounds[] = {{0, 0, 1, 5, 5, 20}, {-4, 7, 3, 90}, {0}, {2, 19, 20, 20, 20, 20, 20, 20, 20, 20}};
  for (bool compressed : {false, true})
    for (int k : {1, 20, 40})
      for (int kind : {0, 1, 2})
        for (int accumulate : {0, 1})
          for (auto& segments : bounds) {
            int rows = 20, n = 50, first = 7, columns = 33, count = int(segments.size()) - 1;
            Codes codes(rows, k, n, compressed);
            OnDevice device(codes);
            Device<long long> bound(segments);
            test::Matrix out(count, columns, 0, 3);
            out.fill([] { return integer(5); });
            std::vector<float> expected;
            for (int s = 0; s < count; s++)
              for (int j = 0; j < columns; j++) {
                float v = accumulate ? out.at(s, j) : 0;
                for (long long r = std::max(segments[size_t(s)], 0ll); r < std::min<long long>(segments[size_t(s) + 1], rows); r++)
                  for (long long e = codes.offsets[size_t(r)]; e < codes.offsets[size_t(r) + 1]; e++) {
                    if (codes.indices[size_t(e)] != first + j) continue;
                    float x = codes.values[size_t(e)];
                    v = kind == 0 ? std::max(v, x) : kind == 1 ? v + x : v + float(fires(x, 0, 1));
                  }
                expected.push_back(v);
              }
            SegmentArguments a{device.arguments, bound.data(), static_cast<float*>(out.data()), (long long)out.stride, rows,
                               count, first, columns, kind, accumulate, 0, 1};
            if (count) test::run("segment_reduce", {unsigned((count + 7) / 8), 1, 1}, 256, 0, a);
            std::vector<float> found;
            for (int s = 0; s < count; s++)
              for (int j = 0; j < columns; j++) found.push_back(out.at(s, j));
            EXPECT_EQUAL(found, expected);
            EXPECT(out.gaps_untouched());
          }
}

// Every row has an entry in the same column, so that each goes on from the one before.
TEST(a_chain_of_rows) {
  Codes codes(60, 1, 1, false);
  std::fill(codes.indices.begin(), codes.indices.end(), 0);
  for (float& v : codes.values) v = test::normal();
  OnDevice device(codes);
  Device<long long> bound({0, 60});
  Device<float> out(1);
  float expected = 0;
  for (float v : codes.values) expected += v;
  SegmentArguments a{device.arguments, bound.data(), out.data(), 1, 60, 1, 0, 1, 1, 0, 0, 0};
  test::run("segment_reduce", {1, 1, 1}, 256, 0, a);
  EXPECT_EQUAL(out.read(), (std::vector<float>{expected}));
}

// An entry's place in a row, and so its lane, differs from row to row.
TEST(a_chain_through_different_lanes) {
  Codes codes(40, 40, 40, true);
  for (float& v : codes.values) v = test::normal();
  OnDevice device(codes);
  Device<long long> bound({0, 40});
  Device<float> out(40);
  std::vector<float> expected(40, 0);
  for (size_t e = 0; e < codes.indices.size(); e++) expected[size_t(codes.indices[e])] += codes.values[e];
  SegmentArguments a{device.arguments, bound.data(), out.data(), 40, 40, 1, 0, 40, 1, 0, 0, 0};
  test::run("segment_reduce", {1, 1, 1}, 256, 0, a);
  EXPECT_EQUAL(out.read(), expected);
}

TEST(pairs_of_every_row) {
  for (bool compressed : {false, true})
    for (int rows : {1, 9, 40})
      for (int kx : {1, 12})
        for (int ky : {1, 33, 40}) {
          int n = 45, first = 5, columns = 10;
          Codes x(rows, kx, 20, compressed), y(rows, ky, n, compressed);
          OnDevice xs(x), ys(y);
          Device<unsigned long long> counts(size_t(columns * n)), outOfRange({0});
          std::vector<unsigned long long> expected;
          for (size_t i = 0; i < counts.size(); i++) counts.data()[i] = i % 3;
          expected = counts.read();
          for (int r = 0; r < rows; r++)
            for (long long e = x.offsets[size_t(r)]; e < x.offsets[size_t(r) + 1]; e++)
              for (long long f = y.offsets[size_t(r)]; f < y.offsets[size_t(r) + 1]; f++) {
                int i = x.indices[size_t(e)] - first, j = y.indices[size_t(f)];
                if (x.indices[size_t(e)] < 0 || j < 0 || i < 0 || i >= columns) continue;
                expected[size_t(i * n + j)] += fires(x.values[size_t(e)], 0, 0) && fires(y.values[size_t(f)], 0, 0);
              }
          CooccurrenceArguments a{xs.arguments, ys.arguments, counts.data(), outOfRange.data(), rows, first, columns, n, 0, 0};
          test::run("cooccurrence", {unsigned((rows + 7) / 8), 1, 1}, 256, 0, a);
          EXPECT_EQUAL(counts.read(), expected);
          EXPECT_EQUAL(outOfRange.read(), (std::vector<unsigned long long>{0}));
        }
}

TEST(a_column_that_y_has_not_is_flagged) {
  Device<int> xi({1}), yi({2, 9});
  Device<float> xv({1}), yv({1, 1});
  Device<unsigned long long> counts({0, 0, 0}), outOfRange({0});
  RowEntriesArguments x{xi.data(), xv.data(), nullptr, 1, 1}, y{yi.data(), yv.data(), nullptr, 2, 2};
  CooccurrenceArguments a{x, y, counts.data(), outOfRange.data(), 1, 1, 1, 3, 0, 0};
  test::run("cooccurrence", {1, 1, 1}, 256, 0, a);
  EXPECT_EQUAL(counts.read(), (std::vector<unsigned long long>{0, 0, 1}));
  EXPECT_EQUAL(outOfRange.read(), (std::vector<unsigned long long>{10}));
}

TEST(neighbours_in_their_order) {
  for (int n : {1, 2, 40, 255, 256, 257, 900})
    for (int m : {0, 1, 5, 50}) {
      int columns = std::min(n, 3), first = below(n - columns + 1);
      Device<unsigned long long> counts(size_t(columns * n));
      for (size_t i = 0; i < counts.size(); i++)
        counts.data()[i] = (unsigned long long)below(n < 50 ? 3 : 30) << (i / size_t(n) == 1 ? 40 : 0);
      Device<long long> ids(size_t(columns * m));
      Device<float> values(size_t(columns * m));
      Device<int> found(static_cast<size_t>(columns));
      std::vector<long long> expectedIds;
      std::vector<float> expectedValues;
      std::vector<int> expectedFound;
      for (int i = 0; i < columns; i++) {
        auto count = [&](int j) { return counts.data()[i * n + j]; };
        std::vector<int> order;
        for (int j = 0; j < n; j++)
          if (j != first + i && count(j) > 0) order.push_back(j);
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return count(a) > count(b); });
        order.resize(std::min(order.size(), size_t(m)));
        expectedFound.push_back(int(order.size()));
        for (int place = 0; place < m; place++) {
          bool filled = size_t(place) < order.size();
          expectedIds.push_back(filled ? order[size_t(place)] : -1);
          expectedValues.push_back(filled ? float(count(order[size_t(place)])) : 0);
        }
      }
      NeighbourArguments a{counts.data(), ids.data(), values.data(), found.data(), first, columns, n, m};
      test::run("neighbours", {unsigned(columns), 1, 1}, 256, 96, a);
      EXPECT_EQUAL(ids.read(), expectedIds);
      EXPECT_EQUAL(values.read(), expectedValues);
      EXPECT_EQUAL(found.read(), expectedFound);
    }
}

TEST(associations_of_every_format) {
  for (int n : {1, 3, 4, 5, 1023, 1025, 2050})
    for (int type = 0; type < test::TYPES; type++) {
      int columns = 3, first = 2;
      long long rows = 1000;
      Device<long long> counts(size_t(columns * n)), firesX(5), firesY(static_cast<size_t>(n));
      for (size_t i = 0; i < 5; i++) firesX.data()[i] = i == 4 ? rows : 1 + below(500);
      for (int j = 0; j < n; j++) firesY.data()[j] = j % 7 == 0 ? rows : 1 + below(500);
      for (int i = 0; i < columns; i++)
        for (int j = 0; j < n; j++) {
          long long most = std::min(firesX.data()[first + i], firesY.data()[j]);
          counts.data()[i * n + j] = most == rows ? rows : below(3) == 0 ? below(int(most) + 1) : 0;
        }
      for (const char* kernel : {"jaccard", "npmi"}) {
        test::Matrix out(columns, n, type, 5);
        AssociationArguments a{counts.data(), firesX.data(), firesY.data(), out.data(), (long long)out.stride, rows,
                               first, columns, n, type};
        test::run(kernel, {unsigned(columns * ((n + 1023) / 1024)), 1, 1}, 256, 0, a);
        for (int i = 0; i < columns; i++)
          for (int j = 0; j < n; j++) {
            double c = double(counts.data()[i * n + j]), x = double(firesX.data()[first + i]), y = double(firesY.data()[j]);
            double p = c / double(rows), expected = 0;
            if (c > 0) {
              expected = *kernel == 'j' ? c / (x + y - c)
                         : c == double(rows) ? 1
                         : std::log(p / (x / double(rows) * (y / double(rows)))) / -std::log(p);
            }
            EXPECT(std::abs(out.at(i, j) - expected) <= (type == 0 ? 1e-6 : 0.01));
          }
        EXPECT(out.gaps_untouched());
      }
    }
}

}  // namespace
