// Rows, atoms and what the kernels of a pursuit read before its first step, as plain loops compute it.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "pursuits.h"
#include "test/matrix.h"

namespace test {

using Row = std::vector<double>;

inline double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum += a[i] * b[i];
  return sum;
}

inline Row row_of(Matrix& m, int r) {
  Row v;
  for (int c = 0; c < m.columns; c++) v.push_back(m.at(r, c));
  return v;
}

struct FittedProblem {
  int rows, n, d, steps;
  int sign = SIGN_MAGNITUDE;
  bool nonNegative = false;
  float tolerance = 0, shift = 0;
  int type = F32, offset = 0;
  int dependent = 0;   // atoms that repeat others
  int gram = F32;
  bool whole = false;  // atoms of whole numbers, whose Gram no format rounds
};

// Every seventh atom is excluded, and row 1 does not run.
class FittedRows {
 public:
  explicit FittedRows(const FittedProblem& p)
      : p(p), padded((p.n + 7) / 8 * 8), x(p.rows, p.d, p.type, size_t(p.offset), size_t(p.offset)),
        atoms(p.n, p.d, p.type, size_t(p.offset), size_t(p.offset)), residual(p.rows, p.d, F32, size_t(p.offset), size_t(p.offset)), gram(p.n, padded, p.gram),
        correlations(size_t(p.rows) * size_t(padded)), weights(size_t(padded)), tolerances(size_t(p.rows)),
        running(size_t(p.rows)), best(size_t(p.rows)), indices(size_t(p.rows) * size_t(p.steps)), values(indices.size()), counts(size_t(p.rows)), excluded(size_t(p.n)) {
    auto next = [&] { return normal() + p.shift; };
    x.fill(next);
    if (p.whole)
      atoms.fill([] { return float(int(random()() % 5) - 2); });
    else
      atoms.fill(next);
    for (int j = 0; j < p.dependent; j++)  // twice another atom, of the opposite sign
      for (int c = 0; c < p.d; c++) atoms.set(p.n - 1 - j, c, -2 * atoms.at(j, c));
    for (int j = 0; j < p.n; j++) dense.push_back(row_of(atoms, j));
    std::fill_n(correlations.data(), correlations.size(), std::numeric_limits<float>::quiet_NaN());
    gram.fill([] { return 5.0f; });
    for (int j = 0; j < padded; j++) {
      bool usable = j < p.n && j % 7 != 3;
      if (j < p.n) excluded[size_t(j)] = !usable;
      weights.data()[j] = usable ? float(1 / std::sqrt(dot(dense[size_t(j)], dense[size_t(j)]))) : std::numeric_limits<float>::quiet_NaN();
    }
    for (int i = 0; i < p.n; i++)
      for (int j = 0; j < p.n; j++) gram.set(i, j, float(dot(dense[size_t(i)], dense[size_t(j)])));
    for (int r = 0; r < p.rows; r++) {
      for (int j = 0; j < p.n; j++) correlations.data()[r * padded + j] = float(dot(row_of(x, r), dense[size_t(j)]));
      tolerances.data()[r] = p.tolerance;
      running.data()[r] = r != 1;
      counts.data()[r] = 0;
      best.data()[r] = Candidate{0, -1, 0, 0};
      for (int c = 0; c < p.d; c++) residual.set(r, c, x.at(r, c));
    }
    std::fill_n(indices.data(), indices.size(), -1);
    std::fill_n(values.data(), values.size(), 0.0f);
  }

  // The best atoms for what is left of the rows that run, as a search finds them; not those in slots where `forbid` says so.
  void search(bool forbid) {
    for (int r = 0; r < p.rows; r++) {
      if (!running.data()[r]) continue;
      double highest = p.sign == SIGN_SIGNED ? -std::numeric_limits<double>::infinity() : 0;
      const int* slots = indices.data() + r * p.steps;
      for (int j = 0; j < p.n; j++) {
        if (excluded[size_t(j)] || (forbid && std::find(slots, slots + p.steps, j) != slots + p.steps)) continue;
        double correlation = dot(dense[size_t(j)], row_of(residual, r)), score = correlation * weights.data()[j];
        if (p.sign == SIGN_MAGNITUDE) score = std::fabs(score);
        if (score <= highest) continue;
        highest = score;
        best.data()[r] = Candidate{1, j, float(correlation), weights.data()[j]};
      }
    }
  }

  // The residual is what the codes leave of the rows, to the bit.
  void expect_residual() {
    for (int r = 0; r < p.rows; r++)
      for (int c = 0; c < p.d; c++) {
        float left_of = x.at(r, c);
        for (int s = 0; s < counts.data()[r]; s++)
          left_of = std::fmaf(-values.data()[r * p.steps + s], atoms.at(indices.data()[r * p.steps + s], c), left_of);
        EXPECT(same(residual.at(r, c), left_of));
      }
    EXPECT(residual.gaps_untouched());
  }

  // What the kernel wrote for a row is this support, in its order, with these values up to `bound`.
  void expect(int r, const std::vector<int>& support, const Row& fitted, double bound) {
    std::vector<int> found(indices.data() + r * p.steps, indices.data() + (r + 1) * p.steps), expected = support;
    EXPECT_EQUAL(counts.data()[r], int(expected.size()));
    left += p.steps - int(expected.size());
    expected.resize(size_t(p.steps), -1);
    EXPECT_EQUAL(found, expected);
    for (size_t s = 0; s < size_t(p.steps); s++) {
      double value = values.data()[size_t(r * p.steps) + s], exact = s < support.size() ? fitted[s] : 0;
      EXPECT(std::fabs(value - exact) <= (s < support.size() ? bound * std::max(1.0, std::fabs(exact)) : 0));
    }
  }

  const FittedProblem p;
  const int padded;
  int left = 0;  // slots without an atom
  Matrix x, atoms, residual, gram;
  std::vector<Row> dense;
  Device<float> correlations, weights, tolerances;
  Device<int> running;
  Device<Candidate> best;
  Device<int> indices;
  Device<float> values;
  Device<int> counts;
  std::vector<bool> excluded;
};

}  // namespace test
