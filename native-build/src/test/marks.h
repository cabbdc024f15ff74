// The steps of sparsify.cu, as both selections that go by marks launch them.
#pragma once
#include <algorithm>
#include <limits>
#include <string>

#include "sparsify.h"
#include "test/matrix.h"

namespace test {

constexpr int MARK_THREADS = 256, MARK_WARPS = MARK_THREADS / 32;
inline const char* const FORMATS[] = {"_f32", "_bf16", "_f16"};

inline int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random()); }
inline int ceil_div(int a, int b) { return (a + b - 1) / b; }

// Numbers of which some are special.
inline float draw_number() {
  constexpr float INF = std::numeric_limits<float>::infinity(), NOT = std::numeric_limits<float>::quiet_NaN();
  const float special[] = {0.0f, -0.0f, INF, -INF, NOT, -NOT, 1e-45f, -1e-45f, 0.5f, -0.5f};
  return draw(0, 3) ? normal() : special[draw(0, 9)];
}

// Negative when a ranks below b.
inline int compare(float a, float b) {
  if (a != a || b != b) return (a != a) - (b != b);
  return (a > b) - (a < b);
}

inline std::vector<unsigned char> flags(int count) {
  std::vector<unsigned char> made;
  for (int i = 0; i < count; i++) made.push_back(draw(0, 3) != 0);
  return made;
}

// Marks of a matrix, and the memory that their steps need.
struct Marks {
  explicit Marks(Matrix& scores)
      : scores(scores),
        lanes(scores.type == F32 ? 4 : 8),
        blocks(ceil_div(scores.columns, 32 * lanes)),
        segments(ceil_div(blocks, 32)),
        tileCount(ceil_div(scores.rows, 32)),
        bits(size_t(scores.rows) * size_t(blocks * lanes)),
        counts(std::vector<unsigned>(size_t(scores.rows) * size_t(segments), 0)),
        starts(size_t(scores.rows)),
        tiles(size_t(tileCount) + 1),
        totals(size_t(scores.rows)) {}

  MarkArguments marking() {
    MarkArguments a{};
    a.scores = scores.data();
    a.bits = bits.data();
    a.stride = (long long)scores.stride;
    a.rows = scores.rows;
    a.columns = scores.columns;
    return a;
  }

  void mark(const MarkArguments& a) {
    int warps = ceil_div(scores.rows, 8) * ceil_div(scores.columns, 512);
    run(kernel("mark"), {unsigned(ceil_div(warps, MARK_WARPS)), 1, 1}, MARK_THREADS, 0, a);
  }

  void place_rows(bool csr) {
    PlaceRowsArguments a{counts.data(), csr ? starts.data() : nullptr, tiles.data(), csr ? nullptr : totals.data(),
                         scores.rows, segments};
    run("place_rows", {unsigned(tileCount), 1, 1}, MARK_THREADS, 4 * 32, a);
  }

  // How many entries do not fit, or 0.
  unsigned long long place_tiles(long long capacity) {
    Device<unsigned long long> exceeded({0});
    PlaceTilesArguments a{tiles.data(), exceeded.data(), capacity, tileCount, 0};
    run("place_tiles", {1, 1, 1}, MARK_THREADS, 8 * MARK_WARPS, a);
    return exceeded.data()[0];
  }

  WriteArguments writing() {
    WriteArguments a{};
    a.scores = scores.data();
    a.bits = bits.data();
    a.before = counts.data();
    a.stride = (long long)scores.stride;
    a.rows = scores.rows;
    a.columns = scores.columns;
    return a;
  }

  void write(const std::string& name, const WriteArguments& a) { over_segments(name, 0, a); }

  // A warp a segment.
  template <class Arguments>
  void over_segments(const std::string& name, size_t sharedBytes, const Arguments& a) {
    unsigned grid = unsigned(ceil_div(scores.rows * segments, MARK_WARPS));
    run(kernel(name), {grid, 1, 1}, MARK_THREADS, sharedBytes, a);
  }

  std::string kernel(const std::string& name) { return name + FORMATS[scores.type]; }

  Matrix& scores;
  int lanes, blocks, segments, tileCount;
  Device<unsigned> bits, counts;
  Device<long long> starts, tiles;
  Device<int> totals;
};

// Row-compressed codes, full of junk until the marks are written to them.
struct Csr {
  Csr(int rows, long long capacity)
      : offsets(size_t(rows) + 1), columns(static_cast<size_t>(capacity)), values(static_cast<size_t>(capacity)) {
    std::fill_n(offsets.data(), offsets.size(), -7);
    std::fill_n(columns.data(), columns.size(), -7);
    std::fill_n(values.data(), values.size(), UNTOUCHED);
  }

  // What does not fit, or 0.
  unsigned long long write(Marks& marks) {
    marks.place_rows(true);
    unsigned long long exceeded = marks.place_tiles((long long)columns.size());
    WriteArguments a = marks.writing();
    a.starts = marks.starts.data();
    a.tiles = marks.tiles.data();
    a.offsets = offsets.data();
    a.indices = columns.data();
    a.values = values.data();
    a.capacity = (long long)columns.size();
    marks.write("write_csr", a);
    return exceeded;
  }

  // Holds these entries, and nothing behind them has been touched.
  void expect(const std::vector<long long>& rowOffsets, const std::vector<int>& entryColumns,
              const std::vector<float>& entryValues) {
    EXPECT_EQUAL(offsets.read(), rowOffsets);
    for (size_t e = 0; e < columns.size(); e++) {
      bool filled = e < entryColumns.size();
      EXPECT_EQUAL(columns.data()[e], filled ? entryColumns[e] : -7);
      EXPECT(same(values.data()[e], filled ? entryValues[e] : UNTOUCHED));
    }
  }

  Device<long long> offsets;
  Device<int> columns;
  Device<float> values;
};

}  // namespace test
