// Kernels of column_statistics.cu against plain loops.
#include "column_statistics.h"

#include <algorithm>
#include <cmath>

#include "test/harness.h"
#include "test/matrix.h"

namespace {

using test::Device;

float integer(int bound) { return float(std::uniform_int_distribution<int>(-bound, bound)(test::random())); }

struct Interval {
  float low, high;
  bool fires(float v) const { return !(low <= v && v <= high); }
};

constexpr Interval NON_ZERO{0, 0};
const Interval INTERVALS[] = {NON_ZERO, {-INFINITY, 1}, {INFINITY, -INFINITY}};

// The larger of two, NaN above all.
float larger(float a, float b) { return a != a || b != b ? NAN : std::max(a, b); }

TEST(columns_of_a_matrix_at_every_edge) {
  for (int rows : {1, 7, 8, 31, 32, 33, 100})
    for (int columns : {1, 3, 4, 127, 128, 129, 260})
      for (int rowsPerBlock : {32, 64})
        for (int accumulate : {0, 1}) {
          int type = rows % 3;
          test::Matrix x(rows, columns, type, size_t(columns % 2));
          x.fill([] { return integer(3); }).fill_gaps(NAN);
          Interval interval = INTERVALS[columns % 3];
          unsigned rowBlocks = unsigned((rows + rowsPerBlock - 1) / rowsPerBlock);
          unsigned columnBlocks = unsigned((columns + 127) / 128), words = rowBlocks * unsigned(columns);
          Device<unsigned> counts(words);
          size_t n = size_t(columns);
          Device<float> maxima(words), sums(words), outMaxima(n), outSums(n);
          Device<unsigned long long> fires(n);
          std::vector<unsigned long long> expectedFires(size_t(columns), accumulate ? 5 : 0);
          std::vector<float> expectedMaxima(size_t(columns), accumulate ? 2 : -INFINITY);
          std::vector<float> expectedSums(size_t(columns), accumulate ? 7 : 0);
          for (int c = 0; c < columns; c++) {
            fires.data()[c] = 5, outMaxima.data()[c] = 2, outSums.data()[c] = 7;
            for (int r = 0; r < rows; r++) {
              expectedFires[size_t(c)] += interval.fires(x.at(r, c));
              expectedMaxima[size_t(c)] = larger(expectedMaxima[size_t(c)], x.at(r, c));
              expectedSums[size_t(c)] += x.at(r, c);
            }
          }
          ColumnPartsArguments a{x.data(),     counts.data(), maxima.data(), sums.data(), (long long)x.stride, rows,
                                 columns,      type,          rowsPerBlock,  interval.low, interval.high};
          test::run("column_parts", {rowBlocks * columnBlocks, 1, 1}, 256, 12288, a);
          ColumnMergeArguments b{counts.data(),    maxima.data(),  sums.data(), fires.data(),
                                 outMaxima.data(), outSums.data(), columns,     int(rowBlocks), accumulate};
          test::run("column_merge", {unsigned((columns + 255) / 256), 1, 1}, 256, 0, b);
          EXPECT_EQUAL(fires.read(), expectedFires);
          EXPECT_EQUAL(outMaxima.read(), expectedMaxima);
          EXPECT_EQUAL(outSums.read(), expectedSums);
        }
}

TEST(no_rows_leave_nothing_behind) {
  Device<float> outMaxima(3), outSums(3);
  ColumnMergeArguments a{nullptr, nullptr, nullptr, nullptr, outMaxima.data(), outSums.data(), 3, 0, 0};
  test::run("column_merge", {1, 1, 1}, 256, 0, a);
  EXPECT_EQUAL(outMaxima.read(), std::vector<float>(3, -INFINITY));
  EXPECT_EQUAL(outSums.read(), std::vector<float>(3, 0));
}

// What the kernels of entries make of codes.
struct Entries {
  Device<int> indices;
  Device<float> values;
  int columns;
  Device<unsigned long long> fires, units, outOfRange{1};
  Device<unsigned> keys, magnitudes, specials;
  Device<float> maxima, sums;

  Entries(const std::vector<int>& indices, const std::vector<float>& values, int columns)
      : indices(indices),
        values(values),
        columns(columns),
        fires(size_t(columns)),
        units(size_t(columns)),
        keys(size_t(columns)),
        magnitudes(size_t(columns)),
        specials(size_t(columns)),
        maxima(size_t(columns)),
        sums(size_t(columns)) {
    for (int j = 0; j < columns; j++) {
      fires.data()[j] = units.data()[j] = 0;
      keys.data()[j] = magnitudes.data()[j] = specials.data()[j] = 0;
    }
    outOfRange.data()[0] = 0;
  }

  void run(Interval interval, const long long* end, int bits, int accumulate = 0) {
    EntriesArguments a{indices.data(),  values.data(), end,          fires.data(),      keys.data(),
                       magnitudes.data(), specials.data(), units.data(), outOfRange.data(), (long long)indices.size(),
                       columns,         bits,          interval.low, interval.high};
    unsigned blocks = unsigned((indices.size() + 255) / 256);
    for (const char* kernel : {"count_entries", "sum_entries"}) {
      if (blocks) test::run(kernel, {blocks, 1, 1}, 256, 0, a);
    }
    EntriesMergeArguments b{keys.data(), magnitudes.data(), specials.data(), units.data(), maxima.data(),
                            sums.data(), columns,           bits,            accumulate};
    test::run("merge_entries", {unsigned((columns + 255) / 256), 1, 1}, 256, 0, b);
  }
};

TEST(columns_of_entries) {
  for (int count : {0, 1, 255, 256, 257, 2000})
    for (int columns : {1, 10, 300}) {
      std::vector<int> indices;
      std::vector<float> values;
      for (int e = 0; e < count; e++) {
        bool empty = e % 7 == 3;
        indices.push_back(empty ? -1 : int(test::random()() % unsigned(columns)));
        values.push_back(empty ? 0 : integer(3));
      }
      long long end = count - count / 5;
      Device<long long> ends({end});
      Entries entries(indices, values, columns);
      std::vector<unsigned long long> fires(size_t(columns), 0);
      std::vector<float> maxima(size_t(columns), -INFINITY), sums(size_t(columns), 0);
      Interval interval = INTERVALS[count % 3];
      for (size_t e = 0; e < size_t(end); e++) {
        if (indices[e] < 0) continue;
        size_t j = size_t(indices[e]);
        fires[j] += interval.fires(values[e]);
        maxima[j] = larger(maxima[j], values[e]);
        sums[j] += values[e];
      }
      entries.run(interval, ends.data(), 40);
      EXPECT_EQUAL(entries.fires.read(), fires);
      EXPECT_EQUAL(entries.maxima.read(), maxima);
      EXPECT_EQUAL(entries.sums.read(), sums);
      EXPECT_EQUAL(entries.outOfRange.read(), (std::vector<unsigned long long>{0}));
    }
}

TEST(sums_of_entries_from_the_smallest_to_the_largest) {
  for (int bits : {31, 45, 62 - 3}) {
    std::vector<float> terms[] = {
        {1e-45f, 3e-45f},           {1.5f, 0x1p-23f, -1.5f}, {3e38f, -3e38f, 1e31f}, {-2e-38f, 1e-38f, 1e-40f},
        {0.0f, -0.0f},              {1, 0x1p-30f},           {3e38f, 3e38f},         {-1e20f},
        {INFINITY, 1},              {-INFINITY, INFINITY},   {-INFINITY, 2},         {NAN, INFINITY, -INFINITY},
    };
    std::vector<int> indices;
    std::vector<float> values, expected;
    for (auto& column : terms) {
      double sum = 0;
      for (float term : column) {
        indices.push_back(int(expected.size()));
        values.push_back(term);
        sum += double(term);
      }
      expected.push_back(float(sum));
    }
    Entries entries(indices, values, int(expected.size()));
    entries.run(NON_ZERO, nullptr, bits);
    std::vector<float> found = entries.sums.read();
    for (size_t j = 0; j < expected.size(); j++) {
      float largest = 0;
      for (float term : terms[j]) largest = std::max(largest, std::abs(term));
      bool exact = std::isinf(expected[j]) ? found[j] == expected[j] : expected[j] != expected[j] ? found[j] != found[j]
                   : std::abs(double(found[j]) - double(expected[j])) <= double(largest) * std::ldexp(3, -bits) + std::abs(expected[j]) * 0x1p-23;
      EXPECT(exact);
    }
  }
}

TEST(accumulated_entries) {
  Entries entries({0, 1, 1}, {2, 5, -3}, 3);
  for (int j = 0; j < 3; j++) entries.maxima.data()[j] = 4, entries.sums.data()[j] = 10;
  entries.run(NON_ZERO, nullptr, 50, 1);
  EXPECT_EQUAL(entries.maxima.read(), (std::vector<float>{4, 5, 4}));
  EXPECT_EQUAL(entries.sums.read(), (std::vector<float>{12, 12, 10}));
}

TEST(an_index_that_no_column_has_is_flagged) {
  Entries entries({0, 7, 2, -1, -5}, {1, 1, 1, 1, 1}, 3);
  entries.run(NON_ZERO, nullptr, 50);
  EXPECT_EQUAL(entries.fires.read(), (std::vector<unsigned long long>{1, 0, 1}));
  EXPECT_EQUAL(entries.outOfRange.read(), (std::vector<unsigned long long>{0xfffffffcu}));
}

}  // namespace
