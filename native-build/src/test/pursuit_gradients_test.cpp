// Kernels of pursuit_gradients.cu against plain loops in double, on small integers, of which float32 sums are exact.
#include "pursuit_gradients.h"

#include <algorithm>

#include "test/matrix.h"

namespace {

using test::BF16, test::F16, test::F32, test::UNTOUCHED;

int below(int bound) { return int(test::random()() % unsigned(bound)); }
int integer(int bound) { return below(2 * bound + 1) - bound; }
unsigned blocks(long long threads, int block) { return unsigned((threads + block - 1) / block); }

struct Sizes {
  int rows, k, n, d;
  int picked;          // atoms that are picked at all
  int chunks = 3;      // of the sort
  int quads = 2;       // of a slice
  bool shared = true;  // whether a row's gradient lies in shared memory
  bool normalised = true, accumulate = false, given = true;
  int type = F32, offset = 0, gap = 0;
  bool rowSparse = false;  // with every third atom active before
  bool fits = true;        // whether there is room for the active atoms
};

struct Integers : test::Matrix {
  Integers(int rows, int columns, int bound, const Sizes& s)
      : test::Matrix(rows, columns, s.type, size_t(s.gap), size_t(s.offset)) {
    fill([&] { return float(integer(bound)); });
  }
};

// A call, as the host side makes it, and the same in plain loops.
class Call {
 public:
  explicit Call(const Sizes& s)
      : s(s), slots(s.rows * s.k), tiles(slots / 64), indices(size_t(slots)), counts(size_t(s.rows)), values(size_t(slots)),
        gValues(size_t(slots)), steps(size_t(slots)), scratch(size_t(s.rows) * size_t(pitch())),
        flag(1), atoms(s.n, s.d, s.type, size_t(s.gap), size_t(s.offset)), residual(s.rows, s.d, 4, s),
        gResidual(s.rows, s.d, 4, s), gAtoms(s.n, s.d, 4, s), gX(s.rows, s.d, 4, s),
        tallies(size_t(s.n) * size_t(s.chunks)), starts(size_t(s.n) + 1), order(size_t(slots)),
        contributions(size_t(slots + tiles) * size_t(s.quads) * 4),
        activeCount(1), positions(size_t(s.n)), oldPositions(size_t(s.n)), old(s.n, s.d, F32, size_t(s.gap)) {
    flag.data()[0] = 0;
    atoms.fill([] { return 0.0f; });
    for (int j = 0; j < s.n; j++) {  // squared norms of 1 or 4
      int entries = s.d >= 4 && below(2) ? 4 : 1, at = below(s.d);
      for (int e = 0; e < entries; e++) atoms.set(j, (at + e) % s.d, below(2) ? 1.0f : -1.0f);
    }
    for (int b = 0; b < s.rows; b++) {
      counts.data()[b] = b == 0 ? s.k : below(s.k + 1);
      for (int t = 0; t < s.k; t++) {
        bool filled = t < counts.data()[b];
        indices.data()[b * s.k + t] = filled ? below(s.picked) * (s.n / s.picked) : -1;
        values.data()[b * s.k + t] = filled ? float(integer(2)) : 0;
        gValues.data()[b * s.k + t] = filled ? float(integer(4)) : UNTOUCHED;
      }
    }
    std::fill_n(scratch.data(), scratch.size(), UNTOUCHED);
    std::fill_n(contributions.data(), contributions.size(), UNTOUCHED);
    std::fill_n(tallies.data(), tallies.size(), 0);
    std::fill_n(order.data(), order.size(), -1ll);
    std::fill_n(steps.data(), steps.size(), UNTOUCHED);
    activate();
  }

  // Runs the kernels and compares with the loops.
  void check() {
    for (int j = 0; j < s.n; j++)
      for (int c = 0; c < s.d; c++) untouched.push_back(gAtoms.at(j, c));
    std::vector<double> ofAtoms = before(gAtoms), ofX = before(gX);
    expect(ofAtoms, ofX);
    step_back();
    sort();
    for (int first = 0; first < s.d; first += 4 * s.quads) sum(first);
    s.rowSparse ? compare_active(ofAtoms) : compare(gAtoms, ofAtoms);
    compare(gX, ofX);
    EXPECT_EQUAL(flag.data()[0], 0ull);
  }

  void step_back() {
    StepBackArguments a{indices.data(),
                        counts.data(),
                        atoms.data(),
                        s.given ? gResidual.data() : nullptr,
                        s.given ? gValues.data() : nullptr,
                        steps.data(),
                        s.shared ? nullptr : scratch.data(),
                        gX.data(),
                        flag.data(),
                        (long long)atoms.stride,
                        (long long)gResidual.stride,
                        pitch(),
                        (long long)gX.stride,
                        s.n,
                        s.d,
                        s.k,
                        s.type,
                        s.type,
                        s.type,
                        s.normalised,
                        s.accumulate};
    test::run("step_back", {unsigned(s.rows), 1, 1}, 128, 32 + (s.shared ? size_t(pitch()) * 4 : 0), a);
  }

  void sort() {
    int chunkSlots = ((slots + s.chunks - 1) / s.chunks + 31) / 32 * 32;
    SortPicksArguments a{indices.data(), tallies.data(), starts.data(), order.data(), slots, chunkSlots, s.chunks, s.n};
    test::run("count_picks", {unsigned(s.chunks), 1, 1}, 256, 0, a);
    test::run("total_picks", {blocks(s.n, 256), 1, 1}, 256, 0, a);
    test::run("scan_picks", {1, 1, 1}, 1024, 512, a);
    test::run("sort_picks", {blocks(s.chunks, 4), 1, 1}, 128, 0, a);
    std::vector<long long> expected;
    for (int j = 0; j < s.n; j++) {
      EXPECT_EQUAL(starts.data()[j], (long long)expected.size());
      for (int slot = 0; slot < slots; slot++)
        if (indices.data()[slot] == j) expected.push_back(slot);
    }
    EXPECT_EQUAL(starts.data()[s.n], (long long)expected.size());
    expected.resize(size_t(slots), -1);
    EXPECT_EQUAL(order.read(), expected);
  }

  void sum(int firstColumn) {
    int quads = std::min(s.quads, (s.d - firstColumn + 3) / 4);
    ContributeArguments c{indices.data(),
                          values.data(),
                          counts.data(),
                          steps.data(),
                          atoms.data(),
                          residual.data(),
                          s.given ? gResidual.data() : nullptr,
                          contributions.data(),
                          (long long)atoms.stride,
                          (long long)residual.stride,
                          (long long)gResidual.stride,
                          s.rows,
                          s.n,
                          s.d,
                          s.k,
                          s.type,
                          s.type,
                          s.type,
                          s.normalised,
                          firstColumn,
                          quads,
                          0};
    test::run("contribute", {blocks((long long)s.rows * quads, 256), 1, 1}, 256, 0, c);
    SumPicksArguments a{indices.data(),
                        starts.data(),
                        order.data(),
                        contributions.data(),
                        contributions.data() + slots * quads * 4,
                        gAtoms.data(),
                        s.rowSparse ? activeCount.data() : nullptr,
                        s.rowSparse ? positions.data() : nullptr,
                        s.rowSparse && s.accumulate ? oldPositions.data() : nullptr,
                        s.rowSparse && s.accumulate ? static_cast<float*>(old.data()) : nullptr,
                        (long long)gAtoms.stride,
                        s.n,
                        s.d,
                        s.type,
                        s.accumulate,
                        firstColumn,
                        quads};
    if (tiles > 0) test::run("sum_tiles", {blocks((long long)tiles * quads, 256), 1, 1}, 256, 0, a);
    test::run("sum_picks", {blocks((long long)s.n * quads, 256), 1, 1}, 256, 0, a);
  }

  const Sizes s;
  const int slots, tiles;
  test::Device<int> indices, counts;
  test::Device<float> values, gValues, steps, scratch;
  test::Device<unsigned long long> flag;
  test::Matrix atoms;
  Integers residual, gResidual, gAtoms, gX;
  test::Device<int> tallies;
  test::Device<long long> starts, order;
  test::Device<float> contributions;
  test::Device<int> activeCount, positions, oldPositions;
  test::Matrix old;
  std::vector<int> active;
  std::vector<float> untouched;

 private:
  // Atoms that are picked, and those that stay: where their rows are, and were.
  void activate() {
    int olds = 0;
    for (int j = 0; j < s.n; j++) {
      const int* end = indices.data() + slots;
      bool stays = s.accumulate && j % 3 == 1;
      positions.data()[j] = -77;
      oldPositions.data()[j] = -1;
      if (stays) {  // what it holds is what a dense gradient would
        for (int c = 0; c < s.d; c++) old.set(olds, c, gAtoms.at(j, c));
        oldPositions.data()[j] = olds++;
      } else if (s.rowSparse) {
        for (int c = 0; c < s.d; c++) gAtoms.set(j, c, 0);
      }
      if (!stays && std::find(static_cast<const int*>(indices.data()), end, j) == end) continue;
      positions.data()[j] = int(active.size());
      active.push_back(j);
    }
    activeCount.data()[0] = s.fits ? int(active.size()) : 0;
  }

  // Rows of active atoms, and none after them; none at all where they do not fit.
  void compare_active(const std::vector<double>& expected) {
    EXPECT(gAtoms.gaps_untouched());
    for (size_t p = 0; s.fits && p < active.size(); p++)
      for (int c = 0; c < s.d; c++)
        EXPECT_EQUAL(gAtoms.at(int(p), c), float(expected[size_t(active[p] * s.d + c)]));
    for (size_t p = s.fits ? active.size() : 0; p < size_t(s.n); p++)
      for (int c = 0; c < s.d; c++) EXPECT_EQUAL(gAtoms.at(int(p), c), untouched[p * size_t(s.d) + size_t(c)]);
  }

  long long pitch() const { return (s.d + 3) / 4 * 4; }

  std::vector<double> before(test::Matrix& m) const {
    std::vector<double> all;
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) all.push_back(s.accumulate ? m.at(r, c) : 0);
    return all;
  }

  void expect(std::vector<double>& ofAtoms, std::vector<double>& ofX) {
    for (int b = 0; b < s.rows; b++) {
      std::vector<double> r, g;
      for (int i = 0; i < s.d; i++) {
        r.push_back(residual.at(b, i));
        g.push_back(s.given ? gResidual.at(b, i) : 0);
      }
      for (int slot = b * s.k + counts.data()[b] - 1; slot >= b * s.k; slot--) {
        int j = indices.data()[slot];
        if (j >= s.n) continue;
        double product = 0, square = 0, c = values.data()[slot];
        for (int i = 0; i < s.d; i++) {
          product += g[size_t(i)] * atoms.at(j, i);
          square += double(atoms.at(j, i)) * atoms.at(j, i);
        }
        double step = ((s.given ? gValues.data()[slot] : 0) - product) / (s.normalised ? square : 1);
        for (int i = 0; i < s.d; i++) {
          double atom = atoms.at(j, i), own = s.normalised ? -c : c;
          ofAtoms[size_t(j * s.d + i)] += step * (r[size_t(i)] + own * atom) - c * g[size_t(i)];
          r[size_t(i)] += c * atom;
          g[size_t(i)] += step * atom;
        }
      }
      for (int i = 0; i < s.d; i++) ofX[size_t(b * s.d + i)] += g[size_t(i)];
    }
  }

  void compare(test::Matrix& m, const std::vector<double>& expected) {
    EXPECT(m.gaps_untouched());
    std::vector<float> found, wanted;
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) {
        double exact = expected[size_t(r * m.columns + c)];
        EXPECT_EQUAL(double(float(exact)), exact);
        found.push_back(m.at(r, c));
        wanted.push_back(test::stored(float(exact), s.type));
      }
    EXPECT_EQUAL(found, wanted);
  }
};

TEST(gradients_of_every_shape) {
  for (int d : {1, 4, 9, 130, 515})
    for (int n : {1, 7, 300})
      for (bool normalised : {true, false}) {
        Sizes s{5, 3, n, d, std::min(n, 4)};
        s.normalised = normalised;
        s.shared = n == 7;
        s.quads = 1 + below(40);
        Call(s).check();
      }
}

TEST(every_format_placement_and_write) {
  for (int type : {F32, BF16, F16})
    for (int offset : {0, 1})
      for (bool accumulate : {false, true})
        for (bool given : {true, false}) {
          Sizes s{4, 3, 6, 21, 3};
          s.type = type;
          s.offset = offset;
          s.gap = 3 * offset;
          s.accumulate = accumulate;
          s.given = given;
          Call(s).check();
        }
}

TEST(a_row_sparse_gradient_has_rows_of_active_atoms) {
  for (int n : {7, 40})
    for (int d : {5, 21})
      for (bool accumulate : {false, true})
        for (bool fits : {true, false}) {
          Sizes s{5, 3, n, d, 5};
          s.gap = d % 4 == 1 ? 3 : 0;
          s.rowSparse = true;
          s.accumulate = accumulate;
          s.fits = fits;
          Call(s).check();
        }
}

// Runs of an atom that fill tiles, begin and end within one, or both.
TEST(atoms_that_many_rows_pick) {
  for (int picked : {1, 2, 5})
    for (int rows : {63, 64, 130}) {
      Sizes s{rows, 2, 5, 6, picked};
      s.chunks = 1 + below(9);
      Call(s).check();
    }
}

// More atoms than the scan takes at once, and exactly as many.
TEST(many_atoms_are_sorted) {
  for (int n : {1023, 1024, 1025, 3000}) {
    Sizes s{40, 3, n, 1, 40};
    s.chunks = 2;
    Call(s).check();
  }
}

TEST(an_index_that_no_atom_has_raises_the_flag_and_is_left_out) {
  Sizes s{3, 3, 6, 9, 3};
  Call call(s);
  call.indices.data()[1] = 6;
  call.step_back();
  EXPECT_EQUAL(call.flag.data()[0], 7ull);
  call.flag.data()[0] = 0;
  call.sort();
  call.indices.data()[1] = 8;
  std::vector<long long> before = call.order.read();
  std::fill_n(call.tallies.data(), call.tallies.size(), 0);
  call.sort();
  EXPECT_EQUAL(call.order.read(), before);
}

}  // namespace
