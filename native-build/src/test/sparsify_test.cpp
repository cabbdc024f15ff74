// Kernels of sparsify.cu against plain loops: widths around blocks, pieces and segments, every format, comparison and key.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "test/marks.h"

namespace {

using test::ceil_div;
using test::draw;
using test::draw_number;

struct Problem {
  int rows, columns, type;
  bool magnitude, orEqual, perColumn, masked;
};

Problem draw_problem(int rows, int columns) {
  return {rows, columns, draw(0, 2), draw(0, 2) == 0, draw(0, 1) == 0, draw(0, 1) == 0, draw(0, 2) == 0};
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
        flags_(test::flags(p.columns)),
        numbers_(numbers(p.perColumn ? p.columns : 1)),
        mask_(flags_, 1),
        thresholds_(numbers_, size_t(draw(0, 3))),
        marks_(scores_) {
    scores_.fill(draw_number).fill_gaps(std::numeric_limits<float>::quiet_NaN());
    for (int r = 0; r < p.rows; r++) {
      offsets_.push_back((long long)columns_.size());
      for (int c = 0; c < p.columns; c++)
        if (passes(r, c)) columns_.push_back(c), values_.push_back(scores_.at(r, c));
    }
    offsets_.push_back((long long)columns_.size());
    mark();
  }

  void check_csr(long long spare) {
    long long entries = offsets_.back();
    test::Csr out(p_.rows, std::max(0ll, entries + spare));
    EXPECT_EQUAL(out.write(marks_), spare < 0 ? (unsigned long long)entries : 0ull);
    if (spare < 0)
      out.expect(std::vector<long long>(offsets_.size(), 0), {}, {});
    else
      out.expect(offsets_, columns_, values_);
  }

  void check_slots(int k) {
    marks_.place_rows(false);
    test::Device<int> indices(size_t(p_.rows) * size_t(k)), written(static_cast<size_t>(p_.rows));
    test::Device<float> values(indices.size());
    WriteArguments a = marks_.writing();
    a.totals = marks_.totals.data();
    a.indices = indices.data();
    a.values = values.data();
    a.written = written.data();
    a.k = k;
    marks_.write("write_slots", a);
    for (int r = 0; r < p_.rows; r++) {
      size_t from = size_t(offsets_[size_t(r)]);
      int total = int(offsets_[size_t(r) + 1] - offsets_[size_t(r)]);
      EXPECT_EQUAL(marks_.totals.data()[r], total);
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
    int order = test::compare(p_.magnitude ? std::fabs(score) : score, numbers_[p_.perColumn ? size_t(c) : 0]);
    return order > 0 || (p_.orEqual && order == 0);
  }

  void mark() {
    MarkArguments a = marks_.marking();
    a.thresholds = thresholds_.data();
    a.mask = p_.masked ? mask_.data() : nullptr;
    a.counts = marks_.counts.data();
    a.thresholdStride = p_.perColumn;
    a.options = (p_.magnitude ? MARK_BY_MAGNITUDE : 0) | (p_.orEqual ? MARK_OR_EQUAL : 0);
    marks_.mark(a);
  }

  Problem p_;
  test::Matrix scores_;
  std::vector<unsigned char> flags_;
  std::vector<float> numbers_;
  test::Device<unsigned char> mask_;
  test::Device<float> thresholds_;
  test::Marks marks_;
  std::vector<long long> offsets_;
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
      test::run("place_tiles", {1, 1, 1}, test::MARK_THREADS, 8 * test::MARK_WARPS, a);
      EXPECT_EQUAL(placed.read(), expected);
      EXPECT_EQUAL(exceeded.data()[0], all > capacity ? std::max(5ull, (unsigned long long)all) : 5ull);
    }
  }
}
