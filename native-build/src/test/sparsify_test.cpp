// Kernels of sparsify.cu against plain loops: widths around blocks, pieces and segments, every format, comparison and key.
#include "sparsify.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "test/matrix.h"

namespace {

constexpr int THREADS = 256, WARPS = THREADS / 32;
constexpr float INF = std::numeric_limits<float>::infinity(), NOT = std::numeric_limits<float>::quiet_NaN();
const char* const FORMATS[] = {"_f32", "_bf16", "_f16"};

int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(test::random()); }
int ceil_div(int a, int b) { return (a + b - 1) / b; }

float draw_number() {
  const float special[] = {0.0f, -0.0f, INF, -INF, NOT, -NOT, 1e-45f, -1e-45f, 0.5f, -0.5f};
  return draw(0, 3) ? test::normal() : special[draw(0, 9)];
}

// Negative when a ranks below b.
int compare(float a, float b) {
  if (a != a || b != b) return (a != a) - (b != b);
  return (a > b) - (a < b);
}

struct Problem {
  int rows, columns, type;
  bool magnitude, orEqual, perColumn, masked;
};

Problem draw_problem(int rows, int columns) {
  return {rows, columns, draw(0, 2), draw(0, 2) == 0, draw(0, 1) == 0, draw(0, 1) == 0, draw(0, 2) == 0};
}

std::vector<unsigned char> flags(int count) {
  std::vector<unsigned char> made;
  for (int i = 0; i < count; i++) made.push_back(draw(0, 3) != 0);
  return made;
}

std::vector<float> numbers(int count) {
  std::vector<float> made;
  for (int i = 0; i < count; i++) made.push_back(draw_number());
  return made;
}

// A selection in all its steps, and what it must give.
class Selection {
 public:
  explicit Selection(const Problem& p)
      : p_(p),
        scores_(p.rows, p.columns, p.type, size_t(draw(0, 1) ? draw(0, 9) : (8 - p.columns % 8) % 8), size_t(draw(0, 2))),
        flags_(flags(p.columns)),
        numbers_(numbers(p.perColumn ? p.columns : 1)),
        mask_(flags_, 1),
        thresholds_(numbers_, size_t(draw(0, 3))),
        lanes_(p.type == test::F32 ? 4 : 8),
        blocks_(ceil_div(p.columns, 32 * lanes_)),
        segments_(ceil_div(blocks_, 32)),
        tileCount_(ceil_div(p.rows, 32)),
        bits_(size_t(p.rows) * size_t(blocks_ * lanes_)),
        counts_(std::vector<unsigned>(size_t(p.rows) * size_t(segments_), 0)),
        starts_(size_t(p.rows)),
        tiles_(size_t(tileCount_) + 1),
        totals_(size_t(p.rows)) {
    scores_.fill(draw_number).fill_gaps(NOT);
    for (int r = 0; r < p.rows; r++) {
      rowOffsets_.push_back((long long)columns_.size());
      for (int c = 0; c < p.columns; c++)
        if (passes(r, c)) columns_.push_back(c), values_.push_back(scores_.at(r, c));
    }
    rowOffsets_.push_back((long long)columns_.size());
    mark();
  }

  void check_csr(long long spare) {
    long long entries = rowOffsets_.back(), capacity = std::max(0ll, entries + spare);
    place(true);
    test::Device<unsigned long long> exceeded({0});
    PlaceTilesArguments tiles{tiles_.data(), exceeded.data(), capacity, tileCount_, 0};
    test::run("place_tiles", {1, 1, 1}, THREADS, 8 * WARPS, tiles);
    test::Device<long long> offsets(rowOffsets_.size());
    test::Device<int> columns(static_cast<size_t>(capacity));
    test::Device<float> values(static_cast<size_t>(capacity));
    std::fill_n(columns.data(), columns.size(), -7);
    std::fill_n(values.data(), values.size(), test::UNTOUCHED);
    WriteArguments a = writing();
    a.starts = starts_.data();
    a.tiles = tiles_.data();
    a.offsets = offsets.data();
    a.indices = columns.data();
    a.values = values.data();
    a.capacity = capacity;
    write("write_csr", a);
    bool fits = entries <= capacity;
    EXPECT_EQUAL(exceeded.read(), std::vector<unsigned long long>{fits ? 0ull : (unsigned long long)entries});
    EXPECT_EQUAL(offsets.read(), fits ? rowOffsets_ : std::vector<long long>(rowOffsets_.size(), 0));
    for (size_t e = 0; e < size_t(capacity); e++) {
      bool filled = fits && e < columns_.size();
      EXPECT_EQUAL(columns.data()[e], filled ? columns_[e] : -7);
      EXPECT(test::same(values.data()[e], filled ? values_[e] : test::UNTOUCHED));
    }
  }

  void check_slots(int k) {
    place(false);
    test::Device<int> indices(size_t(p_.rows) * size_t(k)), written(static_cast<size_t>(p_.rows));
    test::Device<float> values(indices.size());
    WriteArguments a = writing();
    a.totals = totals_.data();
    a.indices = indices.data();
    a.values = values.data();
    a.written = written.data();
    a.k = k;
    write("write_slots", a);
    for (int r = 0; r < p_.rows; r++) {
      size_t from = size_t(rowOffsets_[size_t(r)]);
      int total = int(rowOffsets_[size_t(r) + 1] - rowOffsets_[size_t(r)]);
      EXPECT_EQUAL(totals_.data()[r], total);
      EXPECT_EQUAL(written.data()[r], std::min(total, k));
      for (int slot = 0; slot < k; slot++) {
        size_t at = size_t(r) * size_t(k) + size_t(slot), e = from + size_t(slot);
        EXPECT_EQUAL(indices.data()[at], slot < total ? columns_[e] : -1);
        EXPECT(test::same(values.data()[at], slot < total ? values_[e] : 0.0f));
      }
    }
  }

 private:
  bool passes(int r, int c) {
    if (p_.masked && !flags_[size_t(c)]) return false;
    float score = scores_.at(r, c);
    int order = compare(p_.magnitude ? std::fabs(score) : score, numbers_[p_.perColumn ? size_t(c) : 0]);
    return order > 0 || (p_.orEqual && order == 0);
  }

  void mark() {
    MarkArguments a{};
    a.scores = scores_.data();
    a.thresholds = thresholds_.data();
    a.mask = p_.masked ? mask_.data() : nullptr;
    a.bits = bits_.data();
    a.counts = counts_.data();
    a.stride = (long long)scores_.stride;
    a.rows = p_.rows;
    a.columns = p_.columns;
    a.thresholdStride = p_.perColumn;
    a.options = (p_.magnitude ? MARK_BY_MAGNITUDE : 0) | (p_.orEqual ? MARK_OR_EQUAL : 0);
    int warps = ceil_div(p_.rows, 8) * ceil_div(p_.columns, 512);
    test::run("mark" + std::string(FORMATS[p_.type]), {unsigned(ceil_div(warps, WARPS)), 1, 1}, THREADS, 0, a);
  }

  void place(bool csr) {
    PlaceRowsArguments a{counts_.data(), csr ? starts_.data() : nullptr, tiles_.data(), csr ? nullptr : totals_.data(),
                         p_.rows, segments_};
    test::run("place_rows", {unsigned(tileCount_), 1, 1}, THREADS, 4 * 32, a);
  }

  WriteArguments writing() {
    WriteArguments a{};
    a.scores = scores_.data();
    a.bits = bits_.data();
    a.before = counts_.data();
    a.stride = (long long)scores_.stride;
    a.rows = p_.rows;
    a.columns = p_.columns;
    return a;
  }

  void write(const std::string& kernel, const WriteArguments& a) {
    unsigned blocks = unsigned(ceil_div(p_.rows * segments_, WARPS));
    test::run(kernel + FORMATS[p_.type], {blocks, 1, 1}, THREADS, 0, a);
  }

  Problem p_;
  test::Matrix scores_;
  std::vector<unsigned char> flags_;
  std::vector<float> numbers_;
  test::Device<unsigned char> mask_;
  test::Device<float> thresholds_;
  int lanes_, blocks_, segments_, tileCount_;
  test::Device<unsigned> bits_, counts_;
  test::Device<long long> starts_, tiles_;
  test::Device<int> totals_;
  std::vector<long long> rowOffsets_;
  std::vector<int> columns_;
  std::vector<float> values_;
};

}  // namespace

TEST(row_compressed_codes) {
  for (int columns : {1, 3, 4, 5, 31, 32, 127, 128, 129, 256, 257, 511, 512, 513, 1025, 4095, 4096, 4097, 8192, 9001})
    Selection(draw_problem(draw(1, 20), columns)).check_csr(draw(0, 3));
}

TEST(many_short_rows) {
  for (int rows : {31, 32, 33, 64, 65, 700}) Selection(draw_problem(rows, draw(1, 9))).check_csr(0);
}

TEST(what_does_not_fit_is_flagged_and_not_written) {
  for (int spare : {-1, -5, -100000}) {
    Problem p = draw_problem(40, 300);
    p.orEqual = p.perColumn = true;
    Selection(p).check_csr(spare);
  }
}

TEST(codes_with_slots) {
  for (int columns : {1, 5, 128, 300, 4096, 4100, 9001})
    for (int k : {0, 1, 33, 5000}) Selection(draw_problem(draw(1, 9), columns)).check_slots(k);
}

TEST(places_of_many_tiles) {
  for (int count : {1, 8, 9, 2047, 2048, 2049, 5000}) {
    std::vector<long long> tiles;
    for (int i = 0; i < count; i++) tiles.push_back(draw(0, 3) ? draw(0, 1 << 30) : 0);
    long long all = std::accumulate(tiles.begin(), tiles.end(), 0ll), before = 0;
    std::vector<long long> expected;
    for (long long tile : tiles) expected.push_back(before), before += tile;
    expected.push_back(all);
    tiles.push_back(-1);
    for (long long capacity : {all, all - 1}) {
      test::Device<long long> placed(tiles);
      test::Device<unsigned long long> exceeded({5});
      PlaceTilesArguments a{placed.data(), exceeded.data(), capacity, count, 0};
      test::run("place_tiles", {1, 1, 1}, THREADS, 8 * WARPS, a);
      EXPECT_EQUAL(placed.read(), expected);
      EXPECT_EQUAL(exceeded.data()[0], all > capacity ? std::max(5ull, (unsigned long long)all) : 5ull);
    }
  }
}
