// Kernels of row_prefix.cu against sorting and adding up: targets at, between, above and below all prefixes, plateaus, rows
// without energy, infinite ones and NaN, every format.
#include "row_prefix.h"

#include <cmath>

#include "test/marks.h"

namespace {

using test::draw;
constexpr float INF = std::numeric_limits<float>::infinity(), NOT = std::numeric_limits<float>::quiet_NaN();

// The formula, with sums in units of which those of all energies just fit.
int closest(std::vector<float> energies, double target, bool endSentinel) {
  int n = int(energies.size()), k = 1, terms = 0, exponent;
  std::stable_sort(energies.begin(), energies.end(), [](float x, float y) { return test::compare(x, y) > 0; });
  float largest = energies[0];
  bool summable = largest > 0 && largest < INF;
  while (1 << terms < n) terms++;
  std::frexp(largest, &exponent);
  int shift = 61 - terms - (exponent - 1);
  unsigned long long sum = 0;
  double least = INF;
  for (int j = 0; j < n; j++) {
    double root = std::sqrt(double(largest));
    if (summable) {
      sum += (unsigned long long)std::floor(std::ldexp(double(energies[size_t(j)]), shift));
      root = std::sqrt(std::ldexp(double(sum), -shift));
    }
    if (endSentinel && j == n - 1) root = 1e4;
    double distance = std::fabs(root - target);
    if (distance < least) {
      least = distance;
      k = j + 1;
    }
  }
  return k;
}

void check(int rows, int columns, float (*next)(), bool normed) {
  int type = draw(0, 2);
  test::Matrix scores(rows, columns, type, size_t(draw(0, 3)), size_t(draw(0, 2)));
  scores.fill(next).fill_gaps(NOT);
  int energyStride = columns + draw(0, 4);
  std::vector<float> norms, targets;
  for (int c = 0; c < columns; c++) norms.push_back(draw(0, 3) ? test::normal() : float(draw(-2, 2)));
  for (int r = 0; r < rows; r++) {
    const float choices[] = {0, -1, 1e30f, 1e4f, 6000, INF, -INF, NOT, 1e-20f};
    float large = std::sqrt(float(columns));
    targets.push_back(draw(0, 2) ? float(draw(0, 2000)) / 1000 * large : choices[draw(0, 8)]);
    if (draw(0, 5) == 0)
      for (int c = 0; c < columns; c++) scores.set(r, c, draw(0, 1) ? 0.0f : -0.0f);
  }
  test::Device<float> deviceNorms(norms), deviceTargets(targets), energies(size_t(rows) * size_t(energyStride));
  test::Device<int> totals(static_cast<size_t>(rows));
  for (int end = 0; end < 2; end++) {
    RowPrefixArguments a{};
    a.scores = scores.data();
    a.norms = normed ? deviceNorms.data() : nullptr;
    a.targets = deviceTargets.data();
    a.energies = energies.data();
    a.totals = totals.data();
    a.stride = (long long)scores.stride;
    a.energyStride = energyStride;
    a.rows = rows;
    a.columns = columns;
    a.endSentinel = end;
    test::run(std::string("row_prefix") + test::FORMATS[type], {unsigned(rows), 1, 1}, 256, 24688, a);
    for (int r = 0; r < rows; r++) {
      std::vector<float> expected;
      for (int c = 0; c < columns; c++) {
        float length = scores.at(r, c) * (normed ? norms[size_t(c)] : 1.0f);
        expected.push_back(length * length);
        EXPECT(test::same(energies.data()[r * energyStride + c], expected.back()));
      }
      int k = closest(expected, targets[size_t(r)], end);
      if (totals.data()[r] != k)
        throw test::Failed("row " + std::to_string(r) + " of " + std::to_string(columns) + " columns, target " +
                           std::to_string(targets[size_t(r)]) + (end ? ", end sentinel" : "") + ": " +
                           std::to_string(totals.data()[r]) + ", expected " + std::to_string(k));
    }
  }
}

float draw_integer() { return float(draw(-3, 3)); }
float draw_spread() { return std::ldexp(test::normal(), draw(-70, 50)); }
float draw_denormal() { return test::normal() * 1e-21f; }
float draw_one() { return 1; }

}  // namespace

TEST(prefixes_of_integers) {
  for (int columns : {1, 2, 3, 31, 255, 256, 257, 1000}) {
    check(6, columns, draw_integer, false);
    check(6, columns, draw_integer, true);
    check(3, columns, draw_one, false);
  }
}

TEST(prefixes_of_any_numbers) {
  for (int columns : {1, 7, 64, 500, 3000}) {
    check(8, columns, test::normal, true);
    check(8, columns, test::draw_number, false);
    check(8, columns, draw_spread, false);
    check(4, columns, draw_denormal, true);
  }
}
