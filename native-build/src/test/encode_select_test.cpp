// Kernels of encode_select.cu, in the order of the host's steps, against sorting and counting: chunks of any size, lists
// that are cut again and again, ties across rows and chunks, masks, every bar and key, and lists that are too short.
#include "encode_select.h"

#include <cmath>
#include <numeric>

#include "test/marks.h"

namespace {

using test::ceil_div;
using test::draw;
constexpr float INF = std::numeric_limits<float>::infinity(), NOT = std::numeric_limits<float>::quiet_NaN();
constexpr int THREADS = 256, WARPS = 8, SEGMENT = 1024;

// A matrix of scores, and how it comes: in tiles of rows and chunks of columns, which are wider in the last tile.
struct Scores {
  Scores(int rows, int columns, int tileRows, int width, float (*next)())
      : rows(rows),
        columns(columns),
        tileRows(tileRows),
        width(width),
        lastWidth(draw(width, 2 * width)),
        biased(draw(0, 1)),
        activated(draw(0, 2) == 0),
        raw(rows, columns, test::F32),
        bias(std::vector<float>(size_t(columns))),
        mask(test::flags(columns)),
        masked(draw(0, 2) == 0) {
    raw.fill(next);
    for (int j = 0; j < columns; j++) bias.data()[j] = float(draw(-2, 2));
  }

  float at(int r, int j) {
    float v = raw.at(r, j);
    if (biased) v += bias.data()[j];
    return activated && v <= 0 ? 0 : v;
  }
  bool takes_part(int j) { return !masked || mask.data()[j]; }
  int last_tile_row() const { return rows / tileRows * tileRows; }
  int width_of(int row) const { return row < last_tile_row() ? width : lastWidth; }
  int chunks() const { return ceil_div(columns, last_tile_row() ? width : lastWidth); }
  long long size() const { return (long long)rows * columns; }

  // Calls visit(arguments) for each chunk, with what does not depend on the selection.
  template <class Visit>
  void each_chunk(int option, Visit visit) {
    for (int row = 0; row < rows; row += tileRows)
      for (int column = 0; column < columns; column += width_of(row)) {
        int chunkRows = std::min(tileRows, rows - row), chunkColumns = std::min(width_of(row), columns - column);
        test::Matrix chunk(chunkRows, chunkColumns, test::F32, size_t(draw(0, 5)), size_t(draw(0, 2)));
        for (int r = 0; r < chunkRows; r++)
          for (int j = 0; j < chunkColumns; j++) chunk.set(r, j, raw.at(row + r, column + j));
        chunk.fill_gaps(NOT);
        test::Device<unsigned> counts(size_t(chunkRows * ceil_div(chunkColumns, SEGMENT)));
        SweepArguments a{};
        a.scores = static_cast<const float*>(chunk.data());
        a.bias = biased ? bias.data() : nullptr;
        a.counts = counts.data();
        a.mask = masked ? mask.data() : nullptr;
        a.stride = (long long)chunk.stride;
        a.last = size() - 1;
        a.rows = chunkRows;
        a.columns = chunkColumns;
        a.firstRow = row;
        a.firstColumn = column;
        a.allColumns = columns;
        a.options = option | (activated ? SWEEP_ACTIVATED : 0);
        visit(a);
      }
  }

  const int rows, columns, tileRows, width, lastWidth;
  const bool biased, activated;
  test::Matrix raw;
  test::Device<float> bias;
  test::Device<unsigned char> mask;
  const bool masked;
};

void read(const std::string& kernel, const SweepArguments& a) {
  unsigned blocks = unsigned(ceil_div(a.rows, WARPS) * ceil_div(a.columns, SEGMENT));
  test::run(kernel, {blocks, 1, 1}, THREADS, 0, a);
}

// A list, and all that is made of it.
struct List {
  List(Scores& scores, long long capacity, long long k, long long codes)
      : scores(scores),
        blocks(draw(1, 3)),
        room(capacity),
        rows(size_t(capacity)),
        columns(size_t(capacity)),
        values(size_t(capacity)),
        keptRows(size_t(k)),
        keptColumns(size_t(k)),
        keptValues(size_t(k)),
        parts(size_t(blocks) + 1),
        cells(std::vector<unsigned>(size_t(scores.rows) * size_t(scores.chunks()), 0)),
        runs(size_t(scores.rows) * size_t(scores.chunks())),
        starts(size_t(scores.rows)),
        tiles(size_t(ceil_div(scores.rows, 32)) + 1),
        out(scores.rows, codes) {
    std::memset(state.data(), 0, sizeof(SweepState));
    a.state = state.data();
    a.entryRows = rows.data();
    a.columns = columns.data();
    a.values = values.data();
    a.keptRows = keptRows.data();
    a.keptColumns = keptColumns.data();
    a.keptValues = keptValues.data();
    a.parts = parts.data();
    a.cells = cells.data();
    a.runs = runs.data();
    a.starts = starts.data();
    a.tiles = tiles.data();
    a.offsets = out.offsets.data();
    a.indices = out.columns.data();
    a.written = out.values.data();
    a.exceeded = exceeded.data();
    a.k = k;
    a.capacity = capacity;
    a.last = scores.size() - 1;
    a.rows = scores.rows;
    a.allColumns = scores.columns;
    a.chunks = scores.chunks();
    a.width = scores.width;
    a.lastTileRow = scores.last_tile_row();
    a.lastWidth = scores.lastWidth;
    for (a.levels = 3; (scores.size() - 1) >> (11 * (a.levels - 3)); a.levels++) {
    }
  }

  void append(const std::string& bar, SweepArguments chunk) {
    chunk.state = state.data();
    chunk.entryRows = rows.data();
    chunk.indices = columns.data();
    chunk.values = values.data();
    chunk.capacity = a.capacity;
    read("sweep_count_" + bar, chunk);
    test::run("sweep_place", {1, 1, 1}, THREADS, 64, chunk);
    read("sweep_append_" + bar, chunk);
  }

  void launch(const std::string& kernel, int grid, size_t sharedBytes) {
    test::run(kernel, {unsigned(grid), 1, 1}, THREADS, sharedBytes, a);
  }

  void cut(long long limit, int options) {
    a.limit = limit;
    int before = a.options;
    a.options |= options;
    for (a.level = 0; a.level < a.levels; a.level++) {
      launch("sweep_histogram", blocks, 4 * SWEEP_BINS);
      launch("sweep_choose", 1, 64);
    }
    launch("sweep_keep_count", blocks, 64);
    sum(parts.data(), blocks);
    launch("sweep_keep", blocks, 64);
    launch("sweep_back", blocks, 0);
    a.options = before;
  }

  void sum(long long* numbers, int count) {
    PlaceTilesArguments place{numbers, exceeded.data(), std::numeric_limits<long long>::max(), count, 0};
    test::run("place_tiles", {1, 1, 1}, THREADS, 64, place);
  }

  void write() {
    int tileCount = ceil_div(scores.rows, 32);
    launch("sweep_cells", blocks, 0);
    PlaceRowsArguments place{cells.data(), starts.data(), tiles.data(), nullptr, scores.rows, scores.chunks()};
    test::run("place_rows", {unsigned(tileCount), 1, 1}, THREADS, 128, place);
    sum(tiles.data(), tileCount);
    launch("sweep_write", blocks, 0);
  }

  Scores& scores;
  int blocks;
  long long room;  // entries that surely fit
  test::Device<SweepState> state{1};
  test::Device<int> rows, columns;
  test::Device<float> values;
  test::Device<int> keptRows, keptColumns;
  test::Device<float> keptValues;
  test::Device<long long> parts;
  test::Device<unsigned> cells;
  test::Device<long long> runs, starts, tiles;
  test::Csr out;
  test::Device<unsigned long long> exceeded{{0}};
  SweepListArguments a{};
};

// Codes of entries in the order of their places.
struct Expected {
  Expected(Scores& scores, const std::vector<int>& places) : offsets(size_t(scores.rows) + 1, 0) {
    for (int i : places) {
      offsets[size_t(i / scores.columns) + 1]++;
      columns.push_back(i % scores.columns);
      values.push_back(scores.at(i / scores.columns, i % scores.columns));
    }
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  }
  std::vector<long long> offsets;
  std::vector<int> columns;
  std::vector<float> values;
};

void check_first(int rows, int columns, int tileRows, int width, long long k, float (*next)()) {
  Scores scores(rows, columns, tileRows, width, next);
  bool magnitude = draw(0, 2) == 0, dropped = draw(0, 2) == 0;
  int option = magnitude ? SWEEP_BY_MAGNITUDE : 0;
  k = std::min(k, scores.size());
  long long chunk = (long long)tileRows * 2 * width;
  List list(scores, std::min(scores.size(), 2 * k + draw(1, 2) * chunk), k, k);
  test::Device<float> threshold({-7}), minPositive({-7});
  list.a.threshold = threshold.data();
  list.a.minPositive = draw(0, 3) ? minPositive.data() : nullptr;
  list.a.options = option;
  scores.each_chunk(option, [&](const SweepArguments& a) {
    long long many = (long long)a.rows * a.columns;
    if (list.room < many) {
      list.cut(2 * k, 0);
      list.room = list.a.capacity - 2 * k;
    }
    list.room -= many;
    list.append("first", a);
  });
  list.cut(0, dropped ? SWEEP_DROPPED : 0);
  list.write();

  std::vector<int> order;
  for (int i = 0; i < scores.size(); i++)
    if (scores.takes_part(i % columns)) order.push_back(i);
  auto key = [&](int i) {
    float score = scores.at(i / columns, i % columns);
    return magnitude ? std::fabs(score) : score;
  };
  std::stable_sort(order.begin(), order.end(), [&](int x, int y) { return test::compare(key(x), key(y)) > 0; });
  order.resize(std::min(order.size(), size_t(k)));
  float last = order.empty() ? NOT : key(order.back()) + 0.0f, least = NOT;
  std::sort(order.begin(), order.end());
  if (dropped)
    order.erase(std::remove_if(order.begin(), order.end(), [&](int i) { return scores.at(i / columns, i % columns) <= 0; }),
                order.end());
  Expected expected(scores, order);
  for (float v : expected.values)
    if (v > 0 && !(least <= v)) least = v;
  list.out.expect(expected.offsets, expected.columns, expected.values);
  EXPECT_EQUAL(list.exceeded.data()[0], 0ull);
  EXPECT(test::same(threshold.data()[0], last));
  EXPECT(test::same(minPositive.data()[0], list.a.minPositive ? least : -7.0f));
}

void check_above(int rows, int columns, int tileRows, int width, float (*next)()) {
  Scores scores(rows, columns, tileRows, width, next);
  const float special[] = {0, -0.0f, 1, INF, -INF, NOT};
  bool each = draw(0, 1), magnitude = draw(0, 2) == 0, orEqual = draw(0, 1);
  std::vector<float> bars;
  for (int j = 0; j < (each ? columns : 1); j++) bars.push_back(draw(0, 1) ? special[draw(0, 5)] : test::normal());
  test::Device<float> thresholds(bars);
  int option = (magnitude ? SWEEP_BY_MAGNITUDE : 0) | (orEqual ? SWEEP_OR_EQUAL : 0);
  std::vector<int> places;
  std::vector<int> totals(size_t(rows), 0);
  for (int i = 0; i < scores.size(); i++) {
    float score = scores.at(i / columns, i % columns);
    int order = test::compare(magnitude ? std::fabs(score) : score, bars[size_t(each ? i % columns : 0)]);
    if (!scores.takes_part(i % columns) || (orEqual ? order < 0 : order <= 0)) continue;
    places.push_back(i);
    totals[size_t(i / columns)]++;
  }
  auto passing = [&](SweepArguments a) {
    a.thresholds = thresholds.data();
    a.thresholdStride = each;
    return a;
  };

  long long needed = (long long)places.size();
  for (long long capacity : {needed, needed + 3, needed - 1, needed / 2}) {
    if (capacity < 0) continue;
    List list(scores, capacity, 0, capacity);
    scores.each_chunk(option, [&](const SweepArguments& a) { list.append("above", passing(a)); });
    list.write();
    bool fits = capacity >= needed;
    Expected expected(scores, fits ? places : std::vector<int>());
    list.out.expect(expected.offsets, expected.columns, expected.values);
    EXPECT_EQUAL(list.exceeded.data()[0], fits ? 0ull : (unsigned long long)needed);
  }

  for (int k : {0, 3, columns + 1}) {
    size_t slots = size_t(rows) * size_t(k);
    test::Device<int> indices(slots), counted(std::vector<int>(size_t(rows), 0)), written(size_t{unsigned(rows)});
    test::Device<float> values(slots);
    auto to_slots = [&](SweepArguments a) {
      a.indices = indices.data();
      a.values = values.data();
      a.totals = counted.data();
      a.written = written.data();
      a.k = k;
      return a;
    };
    scores.each_chunk(option, [&](const SweepArguments& chunk) {
      SweepArguments a = to_slots(passing(chunk));
      read("sweep_count_above", a);
      test::run("sweep_place_slots", {unsigned(ceil_div(a.rows, THREADS)), 1, 1}, THREADS, 0, a);
      read("sweep_append_slots", a);
    });
    SweepArguments all{};
    all.rows = rows;
    test::run("sweep_finish_slots", {unsigned(ceil_div(rows, WARPS)), 1, 1}, THREADS, 0, to_slots(all));
    EXPECT_EQUAL(counted.read(), totals);
    size_t at = 0;
    for (int r = 0; r < rows; r++) {
      int filled = std::min(totals[size_t(r)], k);
      EXPECT_EQUAL(written.data()[r], filled);
      for (int slot = 0; slot < k; slot++) {
        bool full = slot < filled;
        int column = full ? places[at + size_t(slot)] % columns : -1;
        EXPECT_EQUAL(indices.data()[r * k + slot], column);
        EXPECT(test::same(values.data()[r * k + slot], full ? scores.at(r, column) : 0));
      }
      at += size_t(totals[size_t(r)]);
    }
  }
}

float draw_integer() { return float(draw(-3, 3)); }
float draw_nan() { return draw(0, 1) ? NOT : -NOT; }
float draw_zero() { return draw(0, 1) ? 0.0f : -0.0f; }
float rising = 0;
float next_higher() { return rising += 1; }

}  // namespace

TEST(first_of_chunks) {
  for (int columns : {1, 130, 1100})
    for (int rows : {1, 9, 34}) {
      if (test::quick() && rows * columns > 10000) continue;
      int size = rows * columns;
      for (int k : {1, size / 3 + 1, size + 5}) check_first(rows, columns, draw(1, 16), draw(60, 600), k, test::draw_number);
    }
}

TEST(first_of_ties_and_of_a_rising_matrix) {
  for (auto next : {draw_integer, draw_nan, draw_zero, next_higher})
    for (int k : {1, 40, 700}) check_first(20, 150, 8, 32, k, next);
}

TEST(first_of_rows_of_several_segments) { check_first(2, 5000, 2, 2300, 1000, test::draw_number); }

TEST(first_of_many_rows) { check_first(700, 3, 300, 2, 900, draw_integer); }

TEST(above_thresholds) {
  for (int columns : {1, 130, 1100})
    for (int rows : {1, 9, 34}) {
      if (test::quick() && rows * columns > 10000) continue;
      check_above(rows, columns, draw(1, 16), draw(60, 600), test::draw_number);
    }
  check_above(20, 150, 8, 32, draw_integer);
  check_above(2, 2500, 2, 2300, test::draw_number);
  check_above(300, 3, 290, 2, draw_integer);
}
