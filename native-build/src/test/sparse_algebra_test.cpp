// Kernels of sparse_algebra.cu against plain loops. Decoded rows and dots are compared bit for bit: their orders of
// summation are promises.
#include "sparse_algebra.h"

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
using test::Codes;
using test::EMPTY;
using test::Entry;
using test::F16;
using test::F32;
using test::Matrix;
using test::normal;
using test::normals;
using test::random_rows;
using test::Row;
using test::same;
using test::stored;
using test::TYPES;
using test::UNTOUCHED;
using test::Vast;
using std::size_t;

constexpr float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();
constexpr float INFINITE = std::numeric_limits<float>::infinity();
const char* const SUFFIXES[] = {"_f32", "_bf16", "_f16"};

int lanes(const Matrix& atoms) { return atoms.type == F32 ? 4 : 8; }

// As CudaSparseAlgebra tells the kernels.
unsigned pitch(Matrix& atoms) {
  size_t bytes = atoms.stride * test::bytes_of(atoms.type);
  return (reinterpret_cast<uintptr_t>(atoms.data()) | bytes) % 16 == 0 ? unsigned(bytes) : 0;
}

// ---- decode ----


unsigned long long decode(Codes& codes, Matrix& atoms, const std::vector<float>* bias, Matrix& out, bool accumulate,
                          int sliceVectors) {
  test::Device<float> deviceBias(bias ? *bias : std::vector<float>(), size_t(below(3)));
  test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
  DecodeArguments a{codes.arguments(),
                    atoms.data(),
                    bias ? deviceBias.data() : nullptr,
                    out.data(),
                    flag.data(),
                    (long long)atoms.stride,
                    (long long)out.stride,
                    pitch(atoms),
                    atoms.rows,
                    atoms.columns,
                    out.type,
                    accumulate,
                    sliceVectors};
  int vectors = (atoms.columns + lanes(atoms) - 1) / lanes(atoms), slices = (vectors + sliceVectors - 1) / sliceVectors;
  unsigned blocks = unsigned(slices * ((out.rows * sliceVectors + 127) / 128));
  test::run(std::string("decode") + SUFFIXES[atoms.type], {blocks, 1, 1}, 128, 0, a);
  return flag.read()[0];
}

// The chain of fmaf that sparse_algebra.cu promises.
float decoded(const Row& row, Matrix& atoms, const std::vector<float>* bias, float old, int i) {
  float sum = old;
  if (bias) sum += (*bias)[size_t(i)];
  for (const Entry& e : row)
    if (e.index >= 0 && e.index < atoms.rows) sum = std::fmaf(e.value, atoms.at(e.index, i), sum);
  return sum;
}

void expect_decoded(Codes& codes, Matrix& atoms, const std::vector<float>* bias, Matrix& out, bool accumulate,
                    int sliceVectors) {
  std::vector<float> expected;
  for (int r = 0; r < out.rows; r++)
    for (int i = 0; i < out.columns; i++)
      expected.push_back(
          stored(decoded(codes.rows[size_t(r)], atoms, bias, accumulate ? out.at(r, i) : 0, i), out.type));
  EXPECT_EQUAL(decode(codes, atoms, bias, out, accumulate, sliceVectors), 0ull);
  for (int r = 0; r < out.rows; r++)
    for (int i = 0; i < out.columns; i++) EXPECT(same(out.at(r, i), expected[size_t(r * out.columns + i)]));
  EXPECT(out.gaps_untouched());
}

// ---- sampledDot ----

constexpr int GROUP_LANES = 16;

int segments(const Matrix& atoms) {
  int columns = GROUP_LANES * lanes(atoms);
  return std::max(1, (atoms.columns + columns - 1) / columns);
}

// Dots of the entries from `first` to `last` of `rows` rows from `firstRow` on, as CudaSparseAlgebra launches them.
unsigned long long dot(Codes& codes, Matrix& g, Matrix& atoms, float* out, int groups, long long first, long long last,
                       int firstRow, int rows, bool accumulate = false) {
  test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
  int parts = segments(atoms);
  bool direct = parts == 1 && !accumulate;
  test::Device<float> scratch(size_t(last - first) * size_t(parts));
  SampledDotArguments a{codes.arguments(),
                        atoms.data(),
                        g.data(),
                        direct ? out + first : scratch.data(),
                        flag.data(),
                        (long long)atoms.stride,
                        (long long)g.stride,
                        direct ? 0 : last - first,
                        first,
                        last,
                        pitch(atoms),
                        atoms.rows,
                        atoms.columns,
                        g.type,
                        firstRow,
                        rows,
                        groups};
  unsigned blocks = unsigned(parts * ((rows * groups + 15) / 16));
  test::run(std::string("sampled_dot") + SUFFIXES[atoms.type], {blocks, 1, 1}, 256, 0, a);
  if (!direct) {
    SumSegmentsArguments sum{
        scratch.data(), codes.compressed ? codes.offsets.data() + codes.rows.size() : nullptr, out + first, first,
        last - first,   parts, accumulate};
    test::run("sum_segments", {unsigned((last - first + 255) / 256), 1, 1}, 256, 0, sum);
  }
  return flag.read()[0];
}

int all_groups(const Codes& codes) { return codes.compressed ? 1 + below(3) : (codes.k + 7) / 8; }

unsigned long long dot(Codes& codes, Matrix& g, Matrix& atoms, float* out) {
  return dot(codes, g, atoms, out, all_groups(codes), 0, (long long)codes.indices.size(), 0, int(codes.rows.size()));
}

// Chains of a lane's columns, a tree over the lanes, the segments in their order.
float expected_dot(Matrix& g, int r, Matrix& atoms, int index) {
  if (index < 0 || index >= atoms.rows) return 0;
  int each = lanes(atoms);
  float sum = 0;
  for (int segment = 0; segment < segments(atoms); segment++) {
    float part[GROUP_LANES] = {}, next[GROUP_LANES];
    for (int lane = 0; lane < GROUP_LANES; lane++)
      for (int j = 0; j < each; j++) {
        int i = (segment * GROUP_LANES + lane) * each + j;
        if (i < atoms.columns) part[lane] = std::fmaf(g.at(r, i), atoms.at(index, i), part[lane]);
      }
    for (int distance : {4, 2, 1, 8}) {
      for (int lane = 0; lane < GROUP_LANES; lane++) next[lane] = part[lane] + part[lane ^ distance];
      std::copy(next, next + GROUP_LANES, part);
    }
    sum = segment == 0 ? part[0] : sum + part[0];
  }
  return sum;
}

void expect_dots(Codes& codes, Matrix& g, Matrix& atoms, const std::vector<float>& found) {
  std::vector<float> expected(found.size(), codes.compressed ? UNTOUCHED : 0);
  for (size_t r = 0; r < codes.rows.size(); r++)
    for (size_t s = 0; s < codes.rows[r].size(); s++)
      expected[codes.at(r) + s] = expected_dot(g, int(r), atoms, codes.rows[r][s].index);
  for (size_t e = 0; e < found.size(); e++) EXPECT(same(found[e], expected[e]));
}

}  // namespace

// Every shape, format, alignment and slice by chance, those of d and k from around the edges.
TEST(decodes_at_any_shape) {
  for (int trial = 0; trial < (test::quick() ? 200 : 1000); trial++) {
    const int ds[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 65, 129, 200}, ks[] = {0, 1, 2, 7, 8, 9, 16, 17, 30};
    int d = ds[below(16)], k = ks[below(9)], n = 1 + below(40), rows = 1 + below(20);
    size_t unit = chance(2) ? 8 : 1;  // with 8 elements as the unit rows begin at multiples of 16 bytes
    size_t gap = unit == 8 ? size_t(8 - d % 8) : size_t(below(9));
    Matrix atoms(n, d, below(TYPES), gap, unit * size_t(below(3)));
    Matrix out(rows, d, below(TYPES), chance(2) ? gap : size_t(below(5)), size_t(below(3)));
    std::vector<float> bias = normals(size_t(d));
    Codes codes(random_rows(rows, k, n), k, chance(2));
    int vectors = (d + lanes(atoms) - 1) / lanes(atoms);
    atoms.fill(normal).fill_gaps(NOT_A_NUMBER);
    expect_decoded(codes, atoms, chance(2) ? &bias : nullptr, out.fill(normal), chance(2), 1 + below(vectors + 2));
  }
}

TEST(decodes_every_combination_of_formats) {
  for (int atomType = 0; atomType < TYPES; atomType++)
    for (int outType = 0; outType < TYPES; outType++)
      for (size_t offset : {0u, 1u}) {
        Matrix atoms(30, 40, atomType, 0, offset), out(11, 40, outType, 0, offset);
        std::vector<float> bias = normals(40);
        Codes codes(random_rows(11, 19, 30), 19, false);
        expect_decoded(codes, atoms.fill(normal), &bias, out.fill(normal), outType == F32, 3);
      }
}

// More than a block's threads of rows and of vectors: rows of later tiles, slices that are not full.
TEST(decodes_many_rows_and_slices) {
  for (int sliceVectors : {1, 3, 8, 40}) {
    Matrix atoms(50, 150, F32, 2), out(300, 150, BF16, 2);
    Codes codes(random_rows(300, 2, 50), 2, sliceVectors == 3);
    expect_decoded(codes, atoms.fill(normal), nullptr, out, false, sliceVectors);
  }
}

TEST(decoded_specials_follow_the_formula) {
  for (int type = 0; type < TYPES; type++)
    for (size_t offset : {0u, 1u}) {
      Matrix atoms(5, 17, type, 7, offset), out(25, 17, F32, 7);
      const float specials[] = {NOT_A_NUMBER, INFINITE, -INFINITE, 0, -0.0f};
      atoms.fill(normal);
      for (int s = 0; s < 5; s++) atoms.set(s, s, specials[s]);
      std::vector<Row> rows;
      for (float value : specials)
        for (int index = 0; index < 5; index++) rows.push_back({{index, value}, {(index + 1) % 5, 1}});
      Codes codes(rows, 2, false);
      expect_decoded(codes, atoms, nullptr, out, false, 2);
      EXPECT(std::isnan(out.at(15, 0)));  // 0·NaN
    }
}

// An entry that is no atom is left out, its neighbours in the batch are not, and the largest number is told.
TEST(decode_flags_indices_out_of_range) {
  for (int type = 0; type < TYPES; type++)
    for (size_t offset : {0u, 1u})
      for (int index : {10, 1 << 30, std::numeric_limits<int>::max(), -2, EMPTY}) {
        Matrix atoms(10, 21, type, 3, offset), out(3, 21, F32);
        std::vector<Row> rows(3);
        for (int s = 0; s < 12; s++) rows[1].push_back({s % 4 == 1 ? index : s % 10, normal()});
        for (int s = 0; s < 9; s++) rows[2].push_back({index, normal()});
        Codes codes(rows, 12, false);
        unsigned long long flag = decode(codes, atoms.fill(normal), nullptr, out, false, 2);
        EXPECT_EQUAL(flag, index == EMPTY ? 0ull : (unsigned long long)(unsigned(index) + 1u));
        for (int r = 0; r < 3; r++)
          for (int i = 0; i < 21; i++) EXPECT(same(out.at(r, i), decoded(rows[size_t(r)], atoms, nullptr, 0, i)));
      }
}

TEST(counts_and_offsets_stay_within_the_codes) {
  Matrix atoms(4, 8, F32), out(3, 8, F32);
  atoms.fill(normal);
  Codes slots({{}, {{1, 2}, {2, 3}}, {{3, 1}}}, 2, false);
  slots.counts.data()[0] = -5;
  slots.counts.data()[1] = 1 << 30;
  expect_decoded(slots, atoms, nullptr, out, false, 2);

  Codes compressed({{}, {{1, 2}, {2, 3}}, {}}, 0, true, 0);
  const long long wild[] = {-7, 0, 1ll << 40, -3};
  std::copy(wild, wild + 4, compressed.offsets.data());
  expect_decoded(compressed, atoms, nullptr, out, false, 2);
}

TEST(dots_at_any_shape) {
  for (int trial = 0; trial < (test::quick() ? 80 : 300); trial++) {
    const int ds[] = {0, 1, 3, 4, 7, 8, 9, 63, 64, 65, 127, 128, 129, 300}, ks[] = {1, 2, 7, 8, 9, 16, 17, 30};
    int d = ds[below(14)], k = ks[below(8)], n = 1 + below(40), rows = 1 + below(12);
    size_t unit = chance(2) ? 8 : 1, gap = unit == 8 ? size_t(8 - d % 8) : size_t(below(9));
    Matrix atoms(n, d, below(TYPES), gap, unit * size_t(below(3))), g(rows, d, below(TYPES), size_t(below(5)));
    Codes codes(random_rows(rows, k, n), k, chance(2));
    test::Device<float> out(std::vector<float>(codes.indices.size(), UNTOUCHED));
    g.fill(normal).fill_gaps(NOT_A_NUMBER), atoms.fill(normal).fill_gaps(NOT_A_NUMBER);
    EXPECT_EQUAL(dot(codes, g, atoms, out.data()), 0ull);
    expect_dots(codes, g, atoms, out.read());
  }
}

TEST(dots_accumulate) {
  for (int d : {20, 140})
    for (bool compressed : {false, true}) {
      Matrix atoms(13, d, F32), g(9, d, F32);
      Codes codes(random_rows(9, 11, 13), 11, compressed, 0);
      test::Device<float> once(codes.indices.size()), out(std::vector<float>(codes.indices.size(), 3));
      dot(codes, g.fill(normal), atoms.fill(normal), once.data());
      dot(codes, g, atoms, out.data(), all_groups(codes), 0, (long long)codes.indices.size(), 0, 9, true);
      for (size_t e = 0; e < out.size(); e++) EXPECT_EQUAL(out.data()[e], 3 + once.data()[e]);
    }
}

TEST(dots_may_replace_the_values) {
  for (int d : {20, 140}) {
    Matrix atoms(13, d, BF16), g(9, d, F32);
    for (bool compressed : {false, true}) {
      Codes codes(random_rows(9, 11, 13), 11, compressed, 0);
      dot(codes, g.fill(normal), atoms.fill(normal), codes.values.data());
      expect_dots(codes, g, atoms, codes.values.read());
    }
  }
}

// Parts of the entries at a time: some rows of codes with slots, any entries of compressed ones.
TEST(dots_in_several_launches) {
  for (int d : {20, 140}) {
    Matrix atoms(30, d, F32), g(14, d, F16);
    g.fill(normal), atoms.fill(normal);
    std::vector<Row> rows = random_rows(14, 11, 30);
    for (bool compressed : {false, true}) {
      Codes codes(rows, 11, compressed, 30);
      test::Device<float> out(std::vector<float>(codes.indices.size(), UNTOUCHED));
      long long size = (long long)codes.indices.size();
      for (long long first = 0; first < size; first += 22) {
        long long last = std::min(first + 22, size);
        int from = compressed ? 0 : int(first / 11), many = compressed ? 14 : int((last - first) / 11);
        dot(codes, g, atoms, out.data(), all_groups(codes), first, last, from, many);
      }
      expect_dots(codes, g, atoms, out.read());
    }
  }
}

TEST(dots_of_specials_and_of_no_atoms) {
  for (int type = 0; type < TYPES; type++)
    for (size_t offset : {0u, 1u})
      for (int index : {10, std::numeric_limits<int>::max(), -2, EMPTY}) {
        Matrix atoms(10, 150, type, 2, offset), g(3, 150, F32);
        atoms.fill(normal), g.fill(normal);
        atoms.set(0, 149, NOT_A_NUMBER);
        atoms.set(1, 0, INFINITE);
        g.set(1, 0, 0);  // 0·∞
        std::vector<Row> rows(3);
        for (int s = 0; s < 12; s++) rows[1].push_back({s % 4 == 2 ? index : s % 10, NOT_A_NUMBER});
        for (int s = 0; s < 9; s++) rows[2].push_back({index, 1});
        Codes codes(rows, 12, false);
        test::Device<float> out(codes.indices.size());
        EXPECT_EQUAL(dot(codes, g, atoms, out.data()),
                     index == EMPTY ? 0ull : (unsigned long long)(unsigned(index) + 1u));
        expect_dots(codes, g, atoms, out.read());
        EXPECT(std::isnan(out.read()[12]));
        EXPECT(std::isnan(out.read()[13]));
      }
}

// Rows of atoms, of codes and of the output that begin past 2^31 elements; a pitch of 4 GiB takes the path by elements.
TEST(decodes_past_2_to_the_31_elements) {
  if (simt::CHECKED) return;  // the access checker knows no memory but the device's
  constexpr long long k = 1ll << 30, n = 5;
  for (long long atomStride : {(1ll << 30) - 4, 1ll << 30}) {
    const long long outStride = (1ll << 31) + 1;
    Vast<int> indices(3 * k);
    Vast<float> values(3 * k), atoms(size_t(n * atomStride)), out(size_t(3 * outStride));
    test::Device<int> counts({0, 9, 11});
    test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
    for (int r = 0; r < 3; r++)
      for (int s = 0; s < counts.data()[r]; s++) {
        indices.data()[r * k + s] = int(n) - 1 - s % 3;
        values.data()[r * k + s] = float(s + r);
      }
    for (int j = 0; j < n; j++)
      for (int i = 0; i < 7; i++) atoms.data()[j * atomStride + i] = float(j * 10 + i);
    unsigned pitch = atomStride < 1ll << 30 ? unsigned(atomStride * 4) : 0;
    CodesArguments codes{indices.data(), values.data(), counts.data(), nullptr, 3 * k, 3, int(k)};
    DecodeArguments a{codes,     atoms.data(), nullptr, out.data(), flag.data(), atomStride,
                      outStride, pitch,        int(n),  7,          F32,         0, 2};
    test::run("decode_f32", {1, 1, 1}, 128, 0, a);
    EXPECT_EQUAL(flag.read()[0], 0ull);
    for (int r = 0; r < 3; r++)
      for (int i = 0; i < 7; i++) {
        float sum = 0;
        for (int s = 0; s < counts.data()[r]; s++) sum += float(s + r) * float((n - 1 - s % 3) * 10 + i);
        EXPECT_EQUAL(out.data()[r * outStride + i], sum);
      }
  }
}

TEST(dots_past_2_to_the_31_elements) {
  if (simt::CHECKED) return;  // the access checker knows no memory but the device's
  constexpr long long rows = 1 << 20, k = 4096, stride = 4096, first = (rows - 1) * k;
  Vast<int> indices(rows * k);
  Vast<float> atoms(rows * stride), g(rows * stride), out(rows * k);
  Vast<int> counts(rows);
  test::Device<float> parts(size_t(3 * k));
  test::Device<unsigned long long> flag(std::vector<unsigned long long>(1));
  counts.data()[rows - 1] = 10;
  for (int s = 0; s < 10; s++) indices.data()[first + s] = int(rows) - 1 - s;
  for (int i = 0; i < 130; i++) {
    g.data()[(rows - 1) * stride + i] = float(i % 7);
    for (int s = 0; s < 10; s++) atoms.data()[(rows - 1 - s) * stride + i] = float(i % (s + 2));
  }
  CodesArguments codes{indices.data(), nullptr, counts.data(), nullptr, rows * k, int(rows), int(k)};
  SampledDotArguments a{codes,  atoms.data(), g.data(),    parts.data(),         flag.data(), stride, stride, k, first,
                        first + k, unsigned(stride) * 4, int(rows), 130, F32, int(rows) - 1, 1, 512};
  test::run("sampled_dot_f32", {3 * 32, 1, 1}, 256, 0, a);
  SumSegmentsArguments sum{parts.data(), nullptr, out.data() + first, first, k, 3, 0};
  test::run("sum_segments", {16, 1, 1}, 256, 0, sum);
  EXPECT_EQUAL(flag.read()[0], 0ull);
  for (int s = 0; s < 11; s++) {
    float expected = 0;
    for (int i = 0; i < 130 && s < 10; i++) expected += float(i % 7) * float(i % (s + 2));
    EXPECT_EQUAL(out.data()[first + s], expected);
  }
}
