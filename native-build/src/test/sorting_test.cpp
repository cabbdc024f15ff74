// Kernels of sorting.cu against a stable sort.
#include "sorting.h"

#include <algorithm>
#include <limits>

#include "test/sparse_codes.h"
#include "test/harness.h"

namespace {

using test::below;
using test::chance;
using test::Codes;
using test::EMPTY;
using test::random_rows;
using test::Row;
using std::size_t;

struct Sorted {
  std::vector<int> indices, rows;
  std::vector<float> values;
};

// As EntrySort launches the passes.
Sorted sorted(Codes& codes, int atoms, unsigned long long* told = nullptr) {
  CodesArguments arguments = codes.arguments();
  size_t entries = codes.indices.size();
  int tiles = std::max(1, int((entries + 2047) / 2048)), passes = 1;
  while (passes < 4 && (unsigned(atoms - 1) >> (8 * passes)) != 0) passes++;
  test::Device<int> indices[2]{test::Device<int>(entries), test::Device<int>(entries)};
  test::Device<int> rows[2]{test::Device<int>(entries), test::Device<int>(entries)};
  test::Device<float> values[2]{test::Device<float>(entries), test::Device<float>(entries)};
  test::Device<unsigned> counts(size_t(256 * tiles)), totals(256), count(1);
  test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
  for (int pass = 0; pass < passes; pass++) {
    int to = pass % 2, from = 1 - to, digits = int(std::min(256u, (unsigned(std::max(atoms, 1) - 1) >> (8 * pass)) + 1));
    SortArguments a{arguments,         indices[from].data(), rows[from].data(), values[from].data(), indices[to].data(),
                    rows[to].data(),   values[to].data(),    counts.data(),     totals.data(),       count.data(),
                    flag.data(),       atoms,                8 * pass,          tiles,               digits};
    std::string source = pass == 0 ? "codes" : "pairs";
    unsigned blocks = unsigned(tiles);
    test::run("sort_count_" + source, {blocks, 1, 1}, 256, 1024, a);
    test::run("sort_offsets", {unsigned(digits), 1, 1}, 256, 64, a);
    test::run("sort_place_" + source, {blocks, 1, 1}, 256, 8224, a);
  }
  if (told) *told = flag.read()[0];
  size_t n = count.read()[0];
  int last = (passes - 1) % 2;
  auto first = [n](auto all) { return decltype(all)(all.begin(), all.begin() + long(n)); };
  return {first(indices[last].read()), first(rows[last].read()), first(values[last].read())};
}

void expect_sorted(const std::vector<Row>& rows, int k, bool compressed, int atoms) {
  struct Entry {
    int index, row;
    float value;
  };
  std::vector<Entry> expected;
  for (size_t r = 0; r < rows.size(); r++)
    for (const test::Entry& e : rows[r])
      if (e.index >= 0 && e.index < atoms) expected.push_back({e.index, int(r), e.value});
  std::stable_sort(expected.begin(), expected.end(), [](const Entry& a, const Entry& b) { return a.index < b.index; });
  Codes codes(rows, k, compressed);
  Sorted found = sorted(codes, atoms);
  EXPECT_EQUAL(found.indices.size(), expected.size());
  for (size_t i = 0; i < expected.size(); i++) {
    EXPECT_EQUAL(found.indices[i], expected[i].index);
    EXPECT_EQUAL(found.rows[i], expected[i].row);
    EXPECT_EQUAL(found.values[i], expected[i].value);
  }
}

}  // namespace

TEST(sorts_at_any_shape) {
  for (int trial = 0; trial < (test::quick() ? 6 : 40); trial++) {
    const int ks[] = {0, 1, 2, 7, 33, 64, 300}, rowCounts[] = {0, 1, 3, 20, 64, 70};
    const int atomCounts[] = {1, 2, 5, 255, 256, 257, 3000, 65536, 65537, 1 << 20, std::numeric_limits<int>::max()};
    int k = ks[below(7)], rows = rowCounts[below(6)], atoms = atomCounts[below(11)];
    expect_sorted(random_rows(rows, k, atoms), k, chance(2), atoms);
  }
}

// Several tiles of one index: their order is that of the rows.
TEST(sorts_equal_indices_in_their_order) {
  for (int atoms : {3, 300})
    for (bool compressed : {false, true}) {
      std::vector<Row> rows(70);
      for (int r = 0; r < 70; r++)
        for (int s = 0; s < (r % 3 == 0 ? 100 : 64); s++) rows[size_t(r)].push_back({atoms - 1 - s / 90, float(100 * r + s)});
      expect_sorted(rows, 100, compressed, atoms);
    }
}

// More tiles than one turn of the running sums takes.
TEST(sorts_more_than_256_tiles) {
  int rows = 2100, k = 260;
  std::vector<Row> made(static_cast<size_t>(rows));
  for (int r = 0; r < rows; r++)
    for (int s = 0; s < k; s++) made[size_t(r)].push_back({(r * 7 + s * 13) % 251, float(r * k + s)});
  if (!test::quick()) expect_sorted(made, k, true, 251);
  // What they do in a large sort, on counts of hardly anything.
  int tiles = 1000;
  test::Device<unsigned> counts(size_t(256 * tiles)), totals(256);
  std::vector<unsigned> expected(size_t(256 * tiles)), sums(256);
  for (int digit = 0; digit < 256; digit++)
    for (int tile = 0; tile < tiles; tile++) {
      size_t at = size_t(digit * tiles + tile);
      counts.data()[at] = unsigned(below(2049));
      expected[at] = sums[size_t(digit)];
      sums[size_t(digit)] += counts.data()[at];
    }
  SortArguments a{};
  a.counts = counts.data(), a.totals = totals.data(), a.tiles = tiles;
  test::run("sort_offsets", {256, 1, 1}, 256, 64, a);
  EXPECT_EQUAL(counts.read(), expected);
  EXPECT_EQUAL(totals.read(), sums);
}

TEST(sort_leaves_out_and_flags_indices_out_of_range) {
  for (bool compressed : {false, true})
    for (int index : {10, 1 << 30, std::numeric_limits<int>::max(), -2, EMPTY}) {
      std::vector<Row> rows(3);
      for (int s = 0; s < 12; s++) rows[1].push_back({s % 4 == 1 ? index : s % 10, float(s)});
      rows[2].push_back({index, 1});
      expect_sorted(rows, 12, compressed, 10);
      Codes codes(rows, 12, compressed);
      unsigned long long told;
      sorted(codes, 10, &told);
      EXPECT_EQUAL(told, index == EMPTY ? 0ull : (unsigned long long)(unsigned(index) + 1u));
    }
}

TEST(sort_stays_within_the_codes) {
  Codes slots({{}, {{1, 2}, {2, 3}}, {{3, 1}}}, 2, false);
  slots.counts.data()[0] = -5;
  slots.counts.data()[1] = 1 << 30;
  EXPECT_EQUAL(sorted(slots, 4).rows, (std::vector<int>{1, 1, 2}));

  Codes compressed({{}, {{1, 2}, {2, 3}}, {}}, 0, true, 0);
  const long long wild[] = {-7, 0, 1ll << 40, -3};
  std::copy(wild, wild + 4, compressed.offsets.data());
  EXPECT_EQUAL(sorted(compressed, 4).indices, (std::vector<int>{1, 2}));
}
