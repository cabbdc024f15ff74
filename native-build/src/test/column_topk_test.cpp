// Kernels of column_topk.cu against sorting: one warp or eight a strip, several parts, ids in any order, held entries,
// budgets, every format and key, and entries of codes.
#include "column_topk.h"

#include <cmath>
#include <numeric>

#include "test/marks.h"

namespace {

using test::ceil_div;
using test::draw;
using u64 = unsigned long long;
constexpr int THREADS = 256, WARPS = 8;

struct Entry {
  int column;
  long long id;
  float value;
};

struct Problem {
  int rows, columns, m, type, parts, warps;
  bool magnitude, relu, budgets, ids, held;
};

Problem draw_problem(int rows, int columns, int m) {
  return {rows, columns, m, draw(0, 2), draw(1, 3), draw(0, 1) ? 8 : 1, draw(0, 2) == 0, draw(0, 2) == 0,
          draw(0, 2) == 0, draw(0, 2) == 0, draw(0, 1) == 0};
}

// The selection apart from its source.
class Selection {
 public:
  explicit Selection(const Problem& p)
      : p_(p),
        strips_(ceil_div(p.columns, 32)),
        lists_(size_t(p.parts * strips_ * p.m * 32)),
        listCounts_(size_t(p.parts * strips_ * 32)),
        rowIds_(size_t(p.rows)),
        budgets_(size_t(p.columns)),
        heldIds_(size_t(p.columns * p.m)),
        ids_(heldIds_.size()),
        values_(heldIds_.size()),
        counts_(size_t(p.columns)) {
    std::iota(rowIds_.data(), rowIds_.data() + p.rows, 3000000000ll);
    if (p.ids) std::shuffle(rowIds_.data(), rowIds_.data() + p.rows, test::random());
    for (int c = 0; c < p.columns; c++) {
      budgets_.data()[c] = draw(-1, p.m + 1);
      counts_.data()[c] = p.held ? draw(0, p.m) : -9;
      for (int s = 0; s < p.m; s++) {
        size_t at = size_t(c * p.m + s);
        heldIds_.data()[at] = ids_.data()[at] = p.held ? (draw(0, 1) ? 0 : 4000000000ll) + s : -9;
        values_.data()[at] = test::draw_number();
        if (p.held && s < counts_.data()[c]) offer({c, ids_.data()[at], values_.data()[at]});
      }
    }
  }

  void offer(const Entry& entry) {
    if (!(p_.relu && entry.value <= 0)) entries_.push_back(entry);
  }
  long long id(int row) { return p_.ids ? rowIds_.data()[row] : 5000000000ll + row; }

  ColumnTopKArguments arguments() {
    ColumnTopKArguments a{};
    a.rowIds = p_.ids ? rowIds_.data() : nullptr;
    a.columnM = p_.budgets ? budgets_.data() : nullptr;
    a.lists = lists_.data();
    a.listCounts = listCounts_.data();
    a.heldIds = p_.held ? heldIds_.data() : nullptr;
    a.ids = ids_.data();
    a.values = values_.data();
    a.counts = counts_.data();
    a.firstRow = 5000000000ll;
    a.rows = p_.rows;
    a.columns = p_.columns;
    a.m = p_.m;
    a.options = (p_.magnitude ? COLUMN_BY_MAGNITUDE : 0) | (p_.relu ? COLUMN_RELU : 0);
    a.parts = p_.parts;
    a.warpsPerStrip = p_.warps;
    return a;
  }

  void check(const std::string& scan, const ColumnTopKArguments& a) {
    unsigned blocks = unsigned(p_.parts * ceil_div(strips_, WARPS / p_.warps));
    test::run(scan, {blocks, 1, 1}, THREADS, 1152 + (p_.warps == 8 ? 2048 * size_t(p_.m) : 0), a);
    test::run("column_topk_merge", {unsigned(ceil_div(strips_, WARPS)), 1, 1}, THREADS, 0, a);
    auto ranked = [&](float v) { return p_.magnitude ? std::fabs(v) : v; };
    std::sort(entries_.begin(), entries_.end(), [&](const Entry& x, const Entry& y) {
      if (x.column != y.column) return x.column < y.column;
      int order = test::compare(ranked(x.value), ranked(y.value));
      return order ? order > 0 : x.id < y.id;
    });
    size_t e = 0;
    for (int c = 0; c < p_.columns; c++) {
      int most = p_.budgets ? std::max(0, std::min(budgets_.data()[c], p_.m)) : p_.m, slot = 0;
      for (; e < entries_.size() && entries_[e].column == c; e++) {
        if (slot == most) continue;
        EXPECT_EQUAL(ids_.data()[c * p_.m + slot], entries_[e].id);
        EXPECT(test::same(values_.data()[c * p_.m + slot], entries_[e].value));
        slot++;
      }
      EXPECT_EQUAL(counts_.data()[c], slot);
      for (; slot < p_.m; slot++) {
        EXPECT_EQUAL(ids_.data()[c * p_.m + slot], -1ll);
        EXPECT(test::same(values_.data()[c * p_.m + slot], 0.0f));
      }
    }
  }

 private:
  Problem p_;
  int strips_;
  std::vector<Entry> entries_;
  test::Device<u64> lists_;
  test::Device<int> listCounts_;
  test::Device<long long> rowIds_;
  test::Device<int> budgets_;
  test::Device<long long> heldIds_, ids_;
  test::Device<float> values_;
  test::Device<int> counts_;
};

void check_matrix(const Problem& p, float (*next)()) {
  test::Matrix scores(p.rows, p.columns, p.type, size_t(draw(0, 5)), size_t(draw(0, 2)));
  scores.fill(next);
  Selection selection(p);
  for (int r = 0; r < p.rows; r++)
    for (int c = 0; c < p.columns; c++) selection.offer({c, selection.id(r), scores.at(r, c)});
  ColumnTopKArguments a = selection.arguments();
  a.scores = scores.data();
  a.stride = (long long)scores.stride;
  selection.check("column_topk_scan" + std::string(test::FORMATS[p.type]), a);
}

void check_codes(const Problem& p, int k, bool csr) {
  Selection selection(p);
  std::vector<int> indices, counts;
  std::vector<float> values;
  std::vector<long long> offsets{0};
  for (int r = 0; r < p.rows; r++) {
    std::vector<int> all(size_t(p.columns));
    std::iota(all.begin(), all.end(), 0);
    std::shuffle(all.begin(), all.end(), test::random());
    counts.push_back(draw(0, std::min(k, p.columns)));
    for (int s = 0; s < (csr ? counts.back() : k); s++) {
      bool filled = s < counts.back();
      indices.push_back(filled ? all[size_t(s)] : -1);
      values.push_back(filled ? float(draw(-3, 3)) : 0);
      if (filled) selection.offer({indices.back(), selection.id(r), values.back()});
    }
    offsets.push_back((long long)indices.size());
  }
  test::Device<int> deviceIndices(indices), deviceCounts(counts);
  test::Device<float> deviceValues(values);
  test::Device<long long> deviceOffsets(offsets), firsts(std::vector<long long>(size_t(p.columns) + 1, 0));
  test::Device<unsigned> cursors(std::vector<unsigned>(size_t(p.columns), 0));
  test::Device<u64> entries(indices.size()), outOfRange({0}), exceeded({0});
  ColumnEntriesArguments e{deviceIndices.data(),
                           deviceValues.data(),
                           csr ? nullptr : deviceCounts.data(),
                           csr ? deviceOffsets.data() : nullptr,
                           firsts.data(),
                           cursors.data(),
                           entries.data(),
                           outOfRange.data(),
                           p.rows,
                           p.columns,
                           csr ? 0 : k,
                           0};
  unsigned blocks = unsigned(ceil_div(p.rows, WARPS));
  test::run("column_topk_count", {blocks, 1, 1}, THREADS, 0, e);
  PlaceTilesArguments sum{firsts.data(), exceeded.data(), std::numeric_limits<long long>::max(), p.columns, 0};
  test::run("place_tiles", {1, 1, 1}, THREADS, 8 * WARPS, sum);
  test::run("column_topk_scatter", {blocks, 1, 1}, THREADS, 0, e);
  EXPECT_EQUAL(outOfRange.data()[0], 0ull);
  ColumnTopKArguments a = selection.arguments();
  a.entries = entries.data();
  a.firsts = firsts.data();
  selection.check("column_topk_scan_entries", a);
}

float draw_integer() { return float(draw(-2, 2)); }
float rising = 0;
float next_higher() { return rising += 1; }

}  // namespace

TEST(columns_of_a_matrix) {
  for (int columns : {1, 31, 32, 33, 100, 300})
    for (int m : {1, 2, 5, 20}) {
      int rows = draw(0, 1) ? draw(1, 20) : 150;
      check_matrix(draw_problem(rows, columns, m), test::draw_number);
      check_matrix(draw_problem(rows, columns, m), draw_integer);
    }
}

TEST(every_row_is_a_first_one) {
  for (int warps : {1, 8})
    for (int m : {1, 3, 8}) {
      Problem p = draw_problem(200, 40, m);
      p.warps = warps;
      check_matrix(p, next_higher);
    }
}

TEST(more_slots_than_rows) { check_matrix(draw_problem(30, 40, 70), test::draw_number); }

TEST(entries_of_codes) {
  for (int m : {1, 4, 9})
    for (bool csr : {false, true}) {
      check_codes(draw_problem(90, 40, m), 12, csr);
      check_codes(draw_problem(7, 3, m), 5, csr);
      check_codes(draw_problem(50, 1000, m), 20, csr);
    }
}

TEST(an_index_outside_of_the_columns_is_flagged_and_left_out) {
  test::Device<int> indices({2, 5}), counts({2});
  test::Device<float> values({1, 1});
  test::Device<long long> firsts({0, 0, 0, 0, 0, 0});
  test::Device<u64> outOfRange({0});
  ColumnEntriesArguments e{indices.data(), values.data(), counts.data(), nullptr, firsts.data(), nullptr,
                           nullptr,        outOfRange.data(), 1,         5,       2,             0};
  test::run("column_topk_count", {1, 1, 1}, THREADS, 0, e);
  EXPECT_EQUAL(outOfRange.data()[0], 6ull);
  EXPECT_EQUAL(firsts.read(), (std::vector<long long>{0, 0, 1, 0, 0, 0}));
}
