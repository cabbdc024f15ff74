// Kernels of codes.cu against plain loops.
#include "codes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "test/sparse_codes.h"
#include "test/harness.h"
#include "test/matrix.h"

namespace {

using test::below;
using test::chance;
using test::Codes;
using test::EMPTY;
using test::Entry;
using test::normal;
using test::random_rows;
using test::Row;
using test::same;
using test::UNTOUCHED;
using std::size_t;

constexpr float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();
constexpr float INFINITE = std::numeric_limits<float>::infinity();

Slotted slotted(Codes& codes) { return {codes.indices.data(), codes.values.data(), codes.counts.data()}; }

int power_of_two(int at_least) {
  int size = 2;
  while (size < at_least) size *= 2;
  return size;
}

void expect_coalesced(const std::string& kernel, const std::vector<Row>& rows, int k) {
  Codes codes(rows, k, false);
  size_t slots = rows.size() * size_t(k);
  test::Device<int> indices(std::vector<int>(slots, 77)), counts(std::vector<int>(rows.size(), 77));
  test::Device<float> values(std::vector<float>(slots, UNTOUCHED));
  int size = power_of_two(k);
  bool warp = kernel == "merge_warp", memory = kernel == "merge_memory";
  unsigned blocks = warp ? unsigned(rows.size() + 7) / 8 : memory ? 2 : unsigned(rows.size());
  test::Device<unsigned long long> keys(memory ? size_t(size) * blocks : 0);
  MergeArguments a{slotted(codes),  Slotted{},   indices.data(), values.data(), counts.data(), keys.data(),
                   int(rows.size()), k,          0,              k,             size,          0,
                   1,               0};
  size_t shared = warp ? size_t(size) * 64 : memory ? 128 : 128 + size_t(size) * 8;
  test::run(kernel, {blocks, 1, 1}, 256, shared, a);

  std::vector<int> expectedIndices(slots, EMPTY), expectedCounts;
  std::vector<float> expectedValues(slots);
  for (size_t r = 0; r < rows.size(); r++) {
    std::map<int, double> sums;
    for (const Entry& e : rows[r])
      if (e.index >= 0) sums[e.index] += double(e.value);
    expectedCounts.push_back(int(sums.size()));
    size_t at = r * size_t(k);
    for (const auto& sum : sums) {
      expectedIndices[at] = sum.first;
      expectedValues[at++] = float(sum.second);
    }
  }
  EXPECT_EQUAL(counts.read(), expectedCounts);
  EXPECT_EQUAL(indices.read(), expectedIndices);
  for (size_t i = 0; i < slots; i++) EXPECT(same(values.read()[i], expectedValues[i]));
}

struct Sorter {
  const char* kernel;
  std::vector<int> ks;
};

std::vector<Sorter> sorters() {
  if (test::quick())
    return {{"merge_warp", {0, 1, 33, 100}}, {"merge_block", {257, 1000}}, {"merge_memory", {3, 300}}};
  return {{"merge_warp", {0, 1, 2, 3, 31, 32, 33, 64, 100, 256}},
          {"merge_block", {1, 32, 257, 512, 1000, 4096}},
          {"merge_memory", {1, 33, 513}}};
}

// Codes with slots that a kernel is to write.
struct Out {
  Out(int rows, int k)
      : k(k),
        indices(std::vector<int>(size_t(rows * k), 77)),
        values(std::vector<float>(size_t(rows * k), UNTOUCHED)),
        counts(std::vector<int>(size_t(rows), 77)) {}

  void expect(size_t row, const Row& entries) {
    EXPECT_EQUAL(counts.data()[row], int(entries.size()));
    for (size_t s = 0; s < size_t(k); s++) {
      size_t at = row * size_t(k) + s;
      EXPECT_EQUAL(indices.data()[at], s < entries.size() ? entries[s].index : EMPTY);
      EXPECT(same(values.data()[at], s < entries.size() ? entries[s].value : 0));
    }
  }

  const int k;
  test::Device<int> indices;
  test::Device<float> values;
  test::Device<int> counts;
};

Row merged(const Row& a, const Row& b, float alpha, float beta, bool both) {
  struct Sum {
    double sum;
    bool inA, inB;
  };
  std::map<int, Sum> sums;
  for (const Entry& e : a)
    if (e.index >= 0) sums[e.index].sum += double(alpha) * double(e.value), sums[e.index].inA = true;
  for (const Entry& e : b)
    if (e.index >= 0) sums[e.index].sum += both ? 0 : double(beta) * double(e.value), sums[e.index].inB = true;
  Row row;
  for (const auto& one : sums)
    if (!both || (one.second.inA && one.second.inB)) row.push_back({one.first, float(one.second.sum)});
  return row;
}

void expect_merged(const std::string& kernel, const std::vector<Row>& a, int aK, const std::vector<Row>& b, int bK,
                   bool both) {
  Codes left(a, aK, false), right(b, bK, false);
  int outK = (both ? std::min(aK, bK) : aK + bK) + below(3), size = power_of_two(aK + bK);
  float alpha = both ? 1 : normal(), beta = normal();
  Out out(int(a.size()), outK);
  bool warp = kernel == "merge_warp", memory = kernel == "merge_memory";
  unsigned blocks = warp ? unsigned(a.size() + 7) / 8 : memory ? 2 : unsigned(a.size());
  test::Device<unsigned long long> keys(memory ? size_t(size) * blocks : 0);
  MergeArguments m{slotted(left), slotted(right), out.indices.data(), out.values.data(), out.counts.data(),
                   keys.data(),   int(a.size()),  aK,                 bK,                outK,
                   size,          both,           alpha,              beta};
  size_t shared = warp ? size_t(size) * 64 : memory ? 128 : 128 + size_t(size) * 8;
  test::run(kernel, {blocks, 1, 1}, 256, shared, m);
  for (size_t r = 0; r < a.size(); r++) out.expect(r, merged(a[r], b[r], alpha, beta, both));
}

// Rows without repeated indices, ascending, in slots.
std::vector<Row> ascending_rows(int rows, int k, int n) {
  std::vector<Row> made = random_rows(rows, k, n);
  for (Row& row : made) row = merged(row, {}, 1, 0, false);
  return made;
}

}  // namespace

TEST(coalesces_rows_of_every_length) {
  for (const Sorter& sorter : sorters())
    for (int k : sorter.ks)
      for (int n : {1, k / 4 + 1, 1 << 20}) expect_coalesced(sorter.kernel, random_rows(k > 600 ? 2 : 9, k, n), k);
}

TEST(coalesces_in_any_order) {
  for (const Sorter& sorter : sorters()) {
    int k = sorter.ks.back();
    std::vector<Row> rows(4);
    for (int s = 0; s < k; s++) {
      rows[0].push_back({s, normal()});
      rows[1].push_back({k - s, normal()});
      rows[2].push_back({std::numeric_limits<int>::max() - s % 2, normal()});
      rows[3].push_back({s % 3 ? s / 5 : EMPTY, normal()});
    }
    expect_coalesced(sorter.kernel, rows, k);
  }
}

// Summed in double and in the order of the slots: 1 + 2^60 − 2^60 is 0, 2^60 − 2^60 + 1 is 1, and 2^40 + 1 − 2^40 too.
TEST(coalesced_sums_keep_the_order_of_the_slots) {
  for (const Sorter& sorter : sorters()) {
    std::vector<Row> rows = {{{5, 1}, {5, 0x1p60f}, {2, -0.0f}, {5, -0x1p60f}},
                             {{5, 0x1p60f}, {5, -0x1p60f}, {5, 1}},
                             {{5, 0x1p40f}, {2, NOT_A_NUMBER}, {5, 1}, {5, -0x1p40f}},
                             {{7, INFINITE}, {7, -INFINITE}, {6, 2}, {6, -2}}};
    expect_coalesced(sorter.kernel, rows, std::max(4, sorter.ks[0]));
  }
}

TEST(coalesce_stays_within_the_codes) {
  for (const Sorter& sorter : sorters()) {
    test::Device<int> indices({3, 1, 2, 2}), counts({-9, 1 << 30}), outIndices(4), outCounts(2);
    test::Device<float> values({1, 1, 4, 5}), outValues(4);
    test::Device<unsigned long long> keys(2 * 2);
    Slotted codes{indices.data(), values.data(), counts.data()};
    MergeArguments a{codes, Slotted{}, outIndices.data(), outValues.data(), outCounts.data(), keys.data(), 2, 2, 0,
                     2,     2,         0,                 1,                0};
    bool warp = std::string(sorter.kernel) == "merge_warp";
    test::run(sorter.kernel, {warp ? 1u : 2u, 1, 1}, 256, 128 + 16, a);
    EXPECT_EQUAL(outCounts.read(), (std::vector<int>{0, 1}));
    EXPECT_EQUAL(outIndices.read(), (std::vector<int>{EMPTY, EMPTY, 2, EMPTY}));
    EXPECT_EQUAL(outValues.read(), (std::vector<float>{0, 0, 9, 0}));
  }
}

TEST(merges_two_codes) {
  for (const Sorter& sorter : sorters())
    for (int trial = 0; trial < (test::quick() ? 6 : 20); trial++) {
      int most = sorter.ks.back(), aK = below(most + 1), bK = below(most + 1 - aK), n = 1 + below(aK + bK + 1);
      int rows = most > 600 ? 2 : 9;
      std::vector<Row> a = random_rows(rows, aK, n), b = random_rows(rows, bK, n);
      std::reverse(b.begin(), b.end());
      expect_merged(sorter.kernel, a, aK, b, bK, chance(2));
    }
}

TEST(merges_specials) {
  std::vector<Row> a = {{{3, NOT_A_NUMBER}, {1, INFINITE}, {2, 0}, {EMPTY, 5}}, {{4, 1}}};
  std::vector<Row> b = {{{2, -0.0f}, {1, -INFINITE}, {EMPTY, 5}}, {{5, 2}}};
  for (const Sorter& sorter : sorters())
    for (bool both : {false, true}) expect_merged(sorter.kernel, a, 4, b, 3, both);
}

TEST(copies_rows_of_any_layout) {
  for (int trial = 0; trial < (test::quick() ? 20 : 80); trial++) {
    int k = below(12), rows = below(70), outK = below(14);
    std::vector<Row> given = random_rows(rows, k, 50);
    bool compressed = chance(2);
    Codes codes(given, k, compressed);
    Out out(rows, outK);
    test::Device<int> totals(std::vector<int>(size_t(rows), 77));
    CopyRowsArguments a{codes.arguments(),  out.indices.data(), out.values.data(), out.counts.data(),
                        chance(3) ? nullptr : totals.data(), outK, 0};
    unsigned blocks = unsigned((rows * std::max(1, outK) + 255) / 256);
    if (blocks > 0) test::run("copy_rows", {blocks, 1, 1}, 256, 0, a);
    for (size_t r = 0; r < given.size(); r++) {
      if (a.totals) EXPECT_EQUAL(totals.data()[r], int(given[r].size()));
      Row row = given[r];
      row.resize(std::min(row.size(), size_t(outK)));
      out.expect(r, row);
    }
  }
}

TEST(compresses_rows) {
  for (int rows : {0, 1, 7, 8, 255, 256, 257, 600})
    for (int spare : {-1, 0, 3}) {
      int k = rows == 7 ? 70 : 5, tiles = std::max(1, (rows + 255) / 256);
      std::vector<Row> given = ascending_rows(rows, k, 90);
      size_t entries = 0;
      for (const Row& row : given) entries += row.size();
      if (entries == 0 && spare < 0) continue;
      Codes codes(given, k, false);
      size_t capacity = size_t((long long)entries + spare);
      test::Device<unsigned long long> tileEntries(static_cast<size_t>(tiles)), flags(std::vector<unsigned long long>(2));
      test::Device<long long> offsets(size_t(rows) + 1);
      test::Device<int> columns(std::vector<int>(capacity, 77));
      test::Device<float> values(std::vector<float>(capacity, UNTOUCHED));
      CompressArguments a{slotted(codes),  tileEntries.data(), offsets.data(),       columns.data(),
                          values.data(),   flags.data(),       flags.data() + 1,     (long long)capacity,
                          rows,            k,                  rows == 8 ? 80 : 90,  tiles};
      test::run("count_filled", {unsigned(tiles), 1, 1}, 256, 192, a);
      test::run("place_filled", {unsigned(tiles), 1, 1}, 256, 192, a);
      if (rows > 0) test::run("store_filled", {unsigned((rows + 7) / 8), 1, 1}, 256, 0, a);
      bool fits = spare >= 0;
      EXPECT_EQUAL(flags.read()[0], fits ? 0ull : (unsigned long long)entries);
      size_t next = 0;
      int largest = 0;
      for (size_t r = 0; r < given.size(); r++) {
        EXPECT_EQUAL(offsets.data()[r], fits ? (long long)next : 0ll);
        for (const Entry& e : given[r]) {
          if (fits) EXPECT_EQUAL(columns.data()[next], e.index);
          if (fits) EXPECT(same(values.data()[next], e.value));
          if (e.index >= a.columnCount) largest = std::max(largest, e.index + 1);
          next++;
        }
      }
      EXPECT_EQUAL(offsets.data()[rows], fits ? (long long)entries : 0ll);
      if (fits) EXPECT_EQUAL(flags.read()[1], (unsigned long long)largest);
      for (size_t e = fits ? entries : 0; e < capacity; e++) EXPECT_EQUAL(columns.data()[e], 77);
    }
}

TEST(stores_sorted_entries) {
  for (int outRows : {0, 1, 300})
    for (int spare : {-1, 0, 5}) {
      std::vector<int> indices, rows;
      std::vector<long long> starts(size_t(outRows) + 1);
      for (int j = 0; j < outRows; j++) {
        starts[size_t(j)] = (long long)indices.size();
        for (int e = 0; e < (outRows == 1 ? 9 : below(4)); e++) indices.push_back(j), rows.push_back(e);
      }
      starts[size_t(outRows)] = (long long)indices.size();
      size_t entries = indices.size();
      if (entries == 0 && spare < 0) continue;
      std::vector<float> values = test::normals(entries);
      size_t capacity = size_t((long long)entries + spare);
      test::Device<int> sorted(indices), of(rows), columns(std::vector<int>(capacity, 77));
      test::Device<float> from(values), to(std::vector<float>(capacity, UNTOUCHED));
      test::Device<unsigned> count({unsigned(entries)});
      test::Device<long long> offsets(size_t(outRows) + 1);
      test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
      StoreSortedArguments a{sorted.data(),  of.data(), from.data(), count.data(),        offsets.data(),
                             columns.data(), to.data(), flag.data(), (long long)capacity, outRows,
                             0};
      unsigned blocks = unsigned((std::max(size_t(outRows) + 1, entries + 7) + 255) / 256);
      test::run("store_sorted", {blocks, 1, 1}, 256, 0, a);
      bool fits = spare >= 0;
      EXPECT_EQUAL(flag.read()[0], fits ? 0ull : (unsigned long long)entries);
      if (!fits) std::fill(starts.begin(), starts.end(), 0ll);
      EXPECT_EQUAL(offsets.read(), starts);
      for (size_t e = 0; e < capacity; e++) {
        EXPECT_EQUAL(columns.data()[e], fits && e < entries ? rows[e] : 77);
        EXPECT(same(to.data()[e], fits && e < entries ? values[e] : UNTOUCHED));
      }
    }
}
