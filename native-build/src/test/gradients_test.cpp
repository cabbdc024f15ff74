// Kernels of gradients.cu against plain loops, bit for bit: their orders of summation are promises.
#include "gradients.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "test/sparse_codes.h"
#include "test/harness.h"
#include "test/matrix.h"
#include "test/vast.h"

namespace {

using test::below;
using test::BF16;
using test::chance;
using test::F16;
using test::F32;
using test::Matrix;
using test::normal;
using test::normals;
using test::same;
using test::stored;
using test::TYPES;
using test::UNTOUCHED;
using test::Vast;
using std::size_t;

constexpr float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();
constexpr unsigned PIECE = 128;

struct Entry {
  int row;
  float value;
};
using Run = std::vector<Entry>;  // an atom's entries

// Sorted entries, and what find_runs and place_runs make of them.
struct Runs {
  explicit Runs(const std::vector<Run>& runs, int spare = 0)
      : runs(runs),
        atoms(int(runs.size())),
        tiles(std::max(1, (atoms + 255) / 256)),
        indices(entries(runs) + size_t(spare)),
        rows(indices.size()),
        values(indices.size()),
        count({unsigned(entries(runs))}),
        starts(runs.size() + 1),
        pieceStarts(runs.size() + 1),
        tilePieces(size_t(tiles)),
        tileActive(size_t(tiles)),
        positions(runs.size()),
        oldPositions(runs.size()),
        pieces(int(indices.size() / PIECE)) {
    size_t next = 0;
    for (size_t j = 0; j < runs.size(); j++)
      for (const Entry& e : runs[j]) {
        indices.data()[next] = int(j);
        rows.data()[next] = e.row;
        values.data()[next++] = e.value;
      }
  }

  static size_t entries(const std::vector<Run>& runs) {
    size_t count = 0;
    for (const Run& run : runs) count += run.size();
    return count;
  }

  // As CudaGradients launches them; the flag.
  unsigned long long find(test::Device<int>* ids = nullptr, test::Device<int>* active = nullptr, bool keep = false) {
    test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
    RunsArguments a{indices.data(),
                    count.data(),
                    starts.data(),
                    pieceStarts.data(),
                    tilePieces.data(),
                    ids ? tileActive.data() : nullptr,
                    ids ? positions.data() : nullptr,
                    keep ? oldPositions.data() : nullptr,
                    ids ? ids->data() : nullptr,
                    ids ? active->data() : nullptr,
                    flag.data(),
                    atoms,
                    tiles,
                    ids ? int(ids->size()) : 0,
                    0};
    test::run("find_runs", {unsigned(tiles), 1, 1}, 256, 128, a);
    test::run("place_runs", {unsigned(tiles), 1, 1}, 256, 128, a);
    return flag.read()[0];
  }

  const std::vector<Run> runs;
  const int atoms, tiles;
  test::Device<int> indices, rows;
  test::Device<float> values;
  test::Device<unsigned> count, starts, pieceStarts, tilePieces, tileActive;
  test::Device<int> positions, oldPositions;
  const int pieces;
};

// Runs of all lengths, of which few are long.
std::vector<Run> random_runs(int atoms, int rows, int longest) {
  std::vector<Run> made(static_cast<size_t>(atoms));
  const int lengths[] = {0, 0, 1, 1, 2, 7, 8, 9, 16, 17};
  for (Run& run : made) {
    int length = chance(6) ? below(longest + 1) : lengths[below(10)];
    for (int e = 0; e < length; e++) run.push_back({below(rows), normal()});
  }
  return made;
}

// A chain of fmaf for each piece, the first one from the old value; the pieces in their order.
float summed(const Run& run, Matrix& rows, float old, int i) {
  float sum = 0, part = old;
  bool first = true;
  for (size_t e = 0; e <= run.size(); e++) {
    if (e == run.size() || (e > 0 && e % PIECE == 0)) {
      sum = first ? part : sum + part;
      first = false;
      part = 0;
    }
    if (e < run.size()) part = std::fmaf(run[e].value, rows.at(run[e].row, i), part);
  }
  return sum;
}

int lanes(const Matrix& rows) { return rows.type == F32 ? 4 : 8; }

unsigned pitch(Matrix& rows) {
  size_t bytes = rows.stride * test::bytes_of(rows.type);
  return (reinterpret_cast<uintptr_t>(rows.data()) | bytes) % 16 == 0 ? unsigned(bytes) : 0;
}

struct Active {
  test::Device<int>*ids, *count;
  const float* old;
};

const char* const SUM_RUNS[] = {"sum_runs_f32", "sum_runs_bf16", "sum_runs_f16"};

void sum(Runs& runs, Matrix& rows, Matrix& out, bool accumulate, int sliceVectors, const Active* active) {
  int partStride = (out.columns + 3) / 4 * 4, sums = active ? out.rows : runs.atoms;
  test::Device<float> parts(std::vector<float>(size_t(2 * runs.pieces * partStride), NOT_A_NUMBER));
  test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
  SumRunsArguments a{runs.rows.data(),
                     runs.values.data(),
                     rows.data(),
                     runs.starts.data(),
                     runs.pieceStarts.data(),
                     out.data(),
                     parts.data(),
                     active ? active->old : nullptr,
                     active ? active->ids->data() : nullptr,
                     active ? active->count->data() : nullptr,
                     active ? runs.positions.data() : nullptr,
                     active && accumulate ? runs.oldPositions.data() : nullptr,
                     flag.data(),
                     (long long)rows.stride,
                     (long long)out.stride,
                     pitch(rows),
                     partStride,
                     rows.rows,
                     out.columns,
                     out.type,
                     accumulate,
                     runs.atoms,
                     sums,
                     runs.pieces,
                     sliceVectors};
  int vectors = (out.columns + lanes(rows) - 1) / lanes(rows), slices = (vectors + sliceVectors - 1) / sliceVectors;
  unsigned blocks = unsigned(slices * (((sums + runs.pieces) * sliceVectors + 127) / 128));
  test::run(SUM_RUNS[rows.type], {blocks, 1, 1}, 128, 0, a);
  int quads = (out.columns + 3) / 4;
  if (runs.pieces > 0) test::run("fix_runs", {unsigned((runs.pieces * quads + 255) / 256), 1, 1}, 256, 0, a);
  EXPECT_EQUAL(flag.read()[0], 0ull);
}

// All atoms' sums.
void expect_summed(const std::vector<Run>& given, Matrix& rows, Matrix& out, bool accumulate, int sliceVectors) {
  Runs runs(given, below(300));
  runs.find();
  std::vector<float> expected;
  for (int j = 0; j < out.rows; j++)
    for (int i = 0; i < out.columns; i++)
      expected.push_back(stored(summed(given[size_t(j)], rows, accumulate ? out.at(j, i) : 0, i), out.type));
  sum(runs, rows, out, accumulate, sliceVectors, nullptr);
  for (int j = 0; j < out.rows; j++)
    for (int i = 0; i < out.columns; i++) EXPECT(same(out.at(j, i), expected[size_t(j * out.columns + i)]));
  EXPECT(out.gaps_untouched());
}

}  // namespace

TEST(finds_and_places_runs) {
  for (int atoms : {0, 1, 255, 256, 257, 1000}) {
    Runs runs(random_runs(atoms, 10, 600), 5);
    EXPECT_EQUAL(runs.find(), 0ull);
    unsigned start = 0, pieces = 0;
    for (int j = 0; j < atoms; j++) {
      EXPECT_EQUAL(runs.starts.data()[j], start);
      EXPECT_EQUAL(runs.pieceStarts.data()[j], pieces);
      unsigned length = unsigned(runs.runs[size_t(j)].size());
      start += length;
      pieces += length == 0 ? 0 : (length - 1) / PIECE;
    }
    if (atoms > 0) EXPECT_EQUAL(runs.starts.data()[atoms], start);
    EXPECT_EQUAL(runs.pieceStarts.data()[atoms], pieces);
    EXPECT(pieces <= unsigned(runs.pieces));
  }
}

TEST(sums_runs_at_any_shape) {
  for (int trial = 0; trial < (test::quick() ? 60 : 300); trial++) {
    const int ds[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 65, 129, 200};
    int d = ds[below(16)], count = 1 + below(30), atoms = 1 + below(30);
    size_t unit = chance(2) ? 8 : 1, gap = unit == 8 ? size_t(8 - d % 8) : size_t(below(9));
    Matrix rows(count, d, below(TYPES), gap, unit * size_t(below(3)));
    Matrix out(atoms, d, below(TYPES), chance(2) ? gap : size_t(below(5)), size_t(below(3)));
    rows.fill(normal).fill_gaps(NOT_A_NUMBER);
    int vectors = (d + lanes(rows) - 1) / lanes(rows);
    expect_summed(random_runs(atoms, count, 40), rows, out.fill(normal), chance(2), 1 + below(vectors + 2));
  }
}

TEST(sums_long_runs_in_pieces) {
  for (int length : {127, 128, 129, 255, 256, 257, 385, 1000})
    for (int type = 0; type < TYPES; type++) {
      int d = type == F32 ? 9 : 40;
      Matrix rows(50, d, type, type == F32 ? 3 : 0), out(7, d, type == BF16 ? F16 : F32);
      std::vector<Run> runs(7);
      for (int j : {0, 3, 4, 6})
        for (int e = 0; e < (j == 4 ? 130 : length); e++) runs[size_t(j)].push_back({below(50), normal()});
      expect_summed(runs, rows.fill(normal), out.fill(normal), length % 2 == 1, 1 + below(3));
    }
}

TEST(summed_specials_follow_the_formula) {
  const float specials[] = {NOT_A_NUMBER, INFINITY, -INFINITY, 0, -0.0f};
  for (int type = 0; type < TYPES; type++) {
    Matrix rows(5, 17, type, 7), out(25, 17, F32, 7);
    rows.fill(normal);
    for (int s = 0; s < 5; s++) rows.set(s, s, specials[s]);
    std::vector<Run> runs;
    for (float value : specials)
      for (int row = 0; row < 5; row++) runs.push_back({{row, value}, {(row + 1) % 5, 1}});
    expect_summed(runs, rows, out, false, 2);
    EXPECT(std::isnan(out.at(15, 0)));  // 0·NaN
  }
}

// Rows that stay, rows that come, and rows of more than one piece.
TEST(sums_active_rows_on_top_of_old_ones) {
  for (int trial = 0; trial < (test::quick() ? 10 : 60); trial++) {
    int atoms = 1 + below(trial % 10 == 0 ? 700 : 40), d = 1 + below(20), capacity = atoms + below(3);
    bool accumulate = chance(2);
    std::vector<Run> given = random_runs(atoms, 20, 300);
    Runs runs(given);
    Matrix rows(20, d, below(TYPES)), out(capacity, d, F32, size_t(below(3)));
    rows.fill(normal), out.fill(normal);
    test::Device<int> ids(std::vector<int>(size_t(capacity), 77)), count({accumulate ? 0 : 77});
    std::vector<float> expected;
    std::vector<int> expectedIds;
    int olds = 0;
    test::Device<float> old(size_t(capacity) * out.stride);
    for (int j = 0; j < atoms; j++) {
      bool stays = accumulate && chance(3);
      if (given[size_t(j)].empty() && !stays) continue;
      for (int i = 0; i < d; i++)
        expected.push_back(summed(given[size_t(j)], rows, stays ? out.at(olds, i) : 0, i));
      expectedIds.push_back(j);
      if (stays) ids.data()[olds++] = j;
    }
    if (accumulate) count.data()[0] = olds;
    std::copy(static_cast<float*>(out.data()), static_cast<float*>(out.data()) + old.size(), old.data());
    Active active{&ids, &count, old.data()};
    EXPECT_EQUAL(runs.find(&ids, &count, accumulate), 0ull);
    sum(runs, rows, out, accumulate, 1 + below(3), &active);
    EXPECT_EQUAL(count.read()[0], int(expectedIds.size()));
    for (size_t p = 0; p < expectedIds.size(); p++) {
      EXPECT_EQUAL(ids.data()[p], expectedIds[p]);
      for (int i = 0; i < d; i++) EXPECT(same(out.at(int(p), i), expected[p * size_t(d) + size_t(i)]));
    }
    EXPECT(out.gaps_untouched());
  }
}

TEST(active_rows_that_do_not_fit_are_none) {
  std::vector<Run> given(300, Run{{0, 1}});
  given[7] = Run(400, Entry{0, 1});
  for (int capacity : {0, 1, 299, 300}) {
    Runs runs(given);
    Matrix rows(1, 5, F32), out(capacity, 5, F32);
    rows.fill(normal);
    test::Device<int> ids(static_cast<size_t>(capacity)), count({5});
    Active active{&ids, &count, nullptr};
    EXPECT_EQUAL(runs.find(&ids, &count), capacity < 300 ? 300ull : 0ull);
    EXPECT_EQUAL(count.read()[0], capacity < 300 ? 0 : 300);
    sum(runs, rows, out, false, 2, &active);
    for (int r = 0; r < capacity; r++)
      for (int i = 0; i < 5; i++) EXPECT_EQUAL(out.at(r, i) == UNTOUCHED, capacity < 300);
  }
}

TEST(sums_values_of_runs) {
  for (int atoms : {1, 7, 8, 9, 100}) {
    Runs runs(random_runs(atoms, 3, 300));
    runs.find();
    for (bool accumulate : {false, true}) {
      test::Device<float> sums(std::vector<float>(size_t(atoms), UNTOUCHED)), out(normals(size_t(atoms)));
      std::vector<float> old = out.read();
      SumValuesArguments a{runs.values.data(), runs.starts.data(), sums.data(), out.data(), atoms, accumulate};
      test::run("sum_values", {unsigned((atoms + 7) / 8), 1, 1}, 256, 0, a);
      for (int j = 0; j < atoms; j++) {
        float lane[32] = {}, next[32];
        const Run& run = runs.runs[size_t(j)];
        for (size_t e = 0; e < run.size(); e++) lane[e % 32] += run[e].value;
        for (int distance : {16, 8, 4, 2, 1}) {
          for (int l = 0; l < 32; l++) next[l] = lane[l] + lane[l ^ distance];
          std::copy(next, next + 32, lane);
        }
        EXPECT(same(sums.data()[j], lane[0]));
        EXPECT(same(out.data()[j], accumulate ? old[size_t(j)] + lane[0] : lane[0]));
      }
    }
  }
}

TEST(sums_columns_at_any_shape) {
  for (int trial = 0; trial < (test::quick() ? 20 : 80); trial++) {
    const int counts[] = {0, 1, 7, 8, 9, 255, 256, 257, 600}, ds[] = {1, 3, 4, 5, 127, 128, 129, 300};
    int count = counts[below(9)], d = ds[below(8)], chunks = (count + 255) / 256;
    Matrix rows(count, d, below(TYPES), size_t(below(5)), size_t(below(3)));
    rows.fill(normal).fill_gaps(NOT_A_NUMBER);
    bool weighted = chance(2), counting = chance(2), accumulate = chance(2);
    float sign = chance(2) ? 1.0f : -1.0f;
    test::Device<float> weights(normals(size_t(count))), parts(size_t(chunks * d)), out(normals(size_t(d)));
    test::Device<unsigned> starts(size_t(count) + 1);
    for (int r = 0; r < count; r++) {
      starts.data()[r + 1] = starts.data()[r] + unsigned(below(2));
      if (counting && starts.data()[r + 1] == starts.data()[r]) weights.data()[r] = NOT_A_NUMBER;
    }
    std::vector<float> old = out.read();
    WeightedRowsArguments a{rows.data(), weighted ? weights.data() : nullptr, counting ? starts.data() : nullptr,
                          parts.data(), (long long)rows.stride, count, d, rows.type, 0};
    if (chunks > 0) test::run("weighted_rows", {unsigned(chunks * ((d + 127) / 128)), 1, 1}, 256, 4096, a);
    SumChunksArguments s{parts.data(), out.data(), chunks, d, accumulate, sign};
    test::run("sum_chunks", {unsigned((d + 255) / 256), 1, 1}, 256, 0, s);
    for (int i = 0; i < d; i++) {
      float sum = 0;
      for (int chunk = 0; chunk < chunks; chunk++) {
        float part = 0;
        for (int warp = 0; warp < 8; warp++) {
          float chain = 0;
          for (int r = chunk * 256 + warp; r < std::min(count, chunk * 256 + 256); r += 8)
            if (!counting || starts.data()[r + 1] > starts.data()[r])
              chain = std::fmaf(weighted ? weights.data()[r] : 1, rows.at(r, i), chain);
          part = warp == 0 ? chain : part + chain;
        }
        sum += part;
      }
      sum *= sign;
      EXPECT(same(out.data()[i], accumulate ? old[size_t(i)] + sum : sum));
    }
  }
}

TEST(positive_entries_keep_their_index) {
  std::vector<float> values = {1, 0, -0.0f, -1, NOT_A_NUMBER, INFINITY, -INFINITY, 1e-45f};
  test::Device<int> indices({3, 4, 5, 6, 7, 8, 9, -1}), out(8);
  test::Device<float> given(values);
  PositiveArguments a{indices.data(), given.data(), out.data(), 8};
  test::run("positive", {1, 1, 1}, 256, 0, a);
  EXPECT_EQUAL(out.read(), (std::vector<int>{3, -1, -1, -1, 7, 8, -1, -1}));
}

// Rows, sums and pieces that begin past 2^31 elements.
TEST(sums_past_2_to_the_31_elements) {
  if (simt::CHECKED) return;  // the access checker knows no memory but the device's
  const long long stride = 1ll << 30;
  Vast<float> rows(size_t(4 * stride)), out(size_t(5 * stride)), parts(size_t(8 * stride));
  std::vector<Run> given(5);
  given[4] = Run(300, Entry{3, 2});
  given[3] = {{3, 1}, {0, 5}};
  Runs runs(given, 512 - 302);
  runs.find();
  test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
  for (int i = 0; i < 6; i++) rows.data()[3 * stride + i] = float(i + 1), rows.data()[i] = 1;
  SumRunsArguments a{runs.rows.data(), runs.values.data(), rows.data(), runs.starts.data(), runs.pieceStarts.data(),
                     out.data(),       parts.data(),       nullptr,     nullptr,            nullptr,
                     nullptr,          nullptr,            flag.data(), stride,             stride,
                     0,                int(stride),        4,           6,                  F32,
                     0,                5,                  5,           4,                  2};
  test::run("sum_runs_f32", {1, 1, 1}, 128, 0, a);
  test::run("fix_runs", {1, 1, 1}, 256, 0, a);
  for (int i = 0; i < 6; i++) {
    EXPECT_EQUAL(out.data()[4 * stride + i], 600.0f * float(i + 1));
    EXPECT_EQUAL(out.data()[3 * stride + i], float(i + 1) + 5);
    EXPECT_EQUAL(out.data()[i], 0.0f);
  }
}
