// Kernels of unit_rows.cu against plain loops.
#include "unit_rows.h"

#include <cmath>

#include "test/harness.h"
#include "test/matrix.h"

namespace {

using test::Device;
using test::Matrix;

bool near(float found, double expected, int type, double scale) {
  double step = type == test::F32 ? 1e-5 : type == test::BF16 ? 0x1p-8 : 0x1p-11;
  return std::abs(found - expected) <= step * scale;
}

TEST(rows_of_unit_norm) {
  for (int warpsPerRow : {1, 8})
    for (int rows : {1, 7, 8, 9})
      for (int columns : {1, 3, 4, 127, 128, 129, 1025})
        for (int type = 0; type < test::TYPES; type++) {
          Matrix x(rows, columns, type, size_t(columns % 3));
          x.fill(test::normal);
          for (int c = 0; c < columns; c++) x.set(rows / 2, c, 0);
          std::vector<std::vector<float>> before(size_t(rows), std::vector<float>(size_t(columns), 0));
          std::vector<double> norms(size_t(rows), 0);
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) {
              before[size_t(r)][size_t(c)] = x.at(r, c);
              norms[size_t(r)] += double(x.at(r, c)) * x.at(r, c);
            }
          UnitRowsArguments a{x.data(), (long long)x.stride, rows, columns, type, warpsPerRow, 0.5f};
          test::run("unit_rows", {unsigned((rows * warpsPerRow + 7) / 8), 1, 1}, 256, 96, a);
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) {
              double v = before[size_t(r)][size_t(c)];
              EXPECT(near(x.at(r, c), v / (std::sqrt(norms[size_t(r)]) + 0.5), type, 1));
            }
          EXPECT(x.gaps_untouched());
        }
}

TEST(a_zero_row_stays_without_an_epsilon) {
  Device<float> x({0, -0.0f, 3, 4});
  UnitRowsArguments a{x.data(), 2, 2, 2, 0, 1, 0};
  test::run("unit_rows", {1, 1, 1}, 256, 96, a);
  EXPECT_EQUAL(x.read(), (std::vector<float>{0, 0, 0.6f, 0.8f}));
}

// Rows of g after the projection, row by row its atom and whether it is projected at all.
void expect_projected(Matrix& g, const std::vector<std::vector<float>>& before, Matrix& atoms,
                      const std::vector<int>& atomOf) {
  for (int r = 0; r < g.rows; r++) {
    double product = 0, square = 0, size = 0;
    int atom = atomOf[size_t(r)];
    for (int c = 0; atom >= 0 && c < g.columns; c++) {
      product += double(before[size_t(r)][size_t(c)]) * atoms.at(atom, c);
      square += double(atoms.at(atom, c)) * atoms.at(atom, c);
    }
    double factor = square == 0 ? 0 : product / square;
    for (int c = 0; c < g.columns; c++) {
      double v = before[size_t(r)][size_t(c)], expected = atom < 0 ? v : v - factor * atoms.at(atom, c);
      size = std::max(std::abs(v), std::abs(v - expected)) + 1;
      EXPECT(near(g.at(r, c), expected, g.type, size));
    }
  }
  EXPECT(g.gaps_untouched());
}

TEST(rows_without_their_part_along_the_atom) {
  for (int warpsPerRow : {1, 8})
    for (int rows : {1, 8, 9})
      for (int columns : {1, 4, 127, 129, 1025})
        for (bool sparse : {false, true}) {
          int gType = columns % 3, atomType = rows % 3, atomCount = rows + 5;
          Matrix g(rows, columns, gType, 1), atoms(atomCount, columns, atomType, 2);
          g.fill(test::normal);
          atoms.fill(test::normal);
          for (int c = 0; c < columns; c++) atoms.set(rows / 2, c, 0);
          std::vector<std::vector<float>> before(size_t(rows), std::vector<float>(size_t(columns), 0));
          for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) before[size_t(r)][size_t(c)] = g.at(r, c);
          size_t size = size_t(rows);
          Device<int> ids(size), count({rows - 1});
          Device<unsigned long long> outOfRange({0});
          std::vector<int> atomOf;
          for (int r = 0; r < rows; r++) {
            ids.data()[r] = r == 2 ? atomCount + 3 : r + 4;
            atomOf.push_back(!sparse ? r : r == rows - 1 || r == 2 ? -1 : r + 4);
          }
          ProjectArguments a{atoms.data(),
                             g.data(),
                             sparse ? ids.data() : nullptr,
                             sparse ? count.data() : nullptr,
                             outOfRange.data(),
                             (long long)atoms.stride,
                             (long long)g.stride,
                             rows,
                             atomCount,
                             columns,
                             atomType,
                             gType,
                             warpsPerRow};
          test::run("project_rows", {unsigned((rows * warpsPerRow + 7) / 8), 1, 1}, 256, 96, a);
          expect_projected(g, before, atoms, atomOf);
          unsigned long long flagged = sparse && rows > 3 ? (unsigned long long)atomCount + 4 : 0;
          EXPECT_EQUAL(outOfRange.read(), (std::vector<unsigned long long>{flagged}));
        }
}

}  // namespace
