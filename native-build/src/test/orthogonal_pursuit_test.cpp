// Orthogonal pursuit against plain loops in double: the same picks, and values and supports of least squares.
#include "orthogonal_pursuit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pursuits.h"
#include "test/matrix.h"

namespace {

using test::BF16, test::F16, test::F32;
const float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();

struct Problem {
  int rows, n, d, steps;
  int sign = SIGN_MAGNITUDE;
  bool nonNegative = false, shared = true;
  float tolerance = 0, shift = 0;
  int type = F32, offset = 0;
  int dependent = 0;  // atoms that repeat others
};

using Row = std::vector<double>;

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum += a[i] * b[i];
  return sum;
}

Row row_of(test::Matrix& m, int r) {
  Row v;
  for (int c = 0; c < m.columns; c++) v.push_back(m.at(r, c));
  return v;
}

// The rule for one row.
class Rule {
 public:
  Rule(const Problem& p, const std::vector<Row>& atoms, const std::vector<bool>& excluded, const Row& x) : atoms(atoms), x(x) {
    std::vector<bool> out = excluded;
    Row left = x;
    for (int step = 0; step < p.steps && !(p.tolerance > 0 && std::sqrt(dot(left, left)) <= p.tolerance);) {
      int pick = -1;
      double best = p.sign == SIGN_SIGNED ? -std::numeric_limits<double>::infinity() : 1e-5;
      for (size_t j = 0; j < atoms.size(); j++) {
        if (out[j]) continue;
        double score = dot(atoms[j], left) / std::sqrt(dot(atoms[j], atoms[j]));
        if (p.sign == SIGN_MAGNITUDE) score = std::fabs(score);
        if (score > best) {
          best = score;
          pick = int(j);
        }
      }
      if (pick < 0) break;
      out[size_t(pick)] = true;
      support.push_back(pick);
      kept.push_back(0);
      if (!solve()) {
        support.pop_back();
        kept.pop_back();
        solve();
        continue;
      }
      step++;
      if (p.nonNegative) keep_positive(out);
      out[size_t(pick)] = true;
      left = x;
      for (size_t s = 0; s < support.size(); s++)
        for (size_t i = 0; i < x.size(); i++) left[i] -= values[s] * atoms[size_t(support[s])][i];
    }
  }

  const std::vector<Row>& atoms;
  const Row& x;
  std::vector<int> support;
  Row values, kept;

 private:
  // The normal equations by elimination; false if the last atom depends on the others.
  bool solve() {
    size_t t = support.size();
    std::vector<Row> m(t, Row(t + 1));
    for (size_t i = 0; i < t; i++) {
      for (size_t l = 0; l < t; l++) m[i][l] = dot(atoms[size_t(support[i])], atoms[size_t(support[l])]);
      m[i][t] = dot(atoms[size_t(support[i])], x);
    }
    for (size_t i = 0; i < t; i++) {
      if (!(m[i][i] > 1e-5 * dot(atoms[size_t(support[i])], atoms[size_t(support[i])]))) return false;
      for (size_t r = i + 1; r < t; r++) {
        double f = m[r][i] / m[i][i];
        for (size_t c = i; c <= t; c++) m[r][c] -= f * m[i][c];
      }
    }
    values.assign(t, 0);
    for (size_t i = t; i-- > 0;) {
      values[i] = m[i][t];
      for (size_t l = i + 1; l < t; l++) values[i] -= m[i][l] * values[l];
      values[i] /= m[i][i];
    }
    return true;
  }

  double part_to_zero(size_t i) const {
    return values[i] > 0 ? 2 : kept[i] == 0 ? 0 : kept[i] / (kept[i] - values[i]);
  }

  void keep_positive(std::vector<bool>& out) {
    for (;;) {
      double part = 2;
      for (size_t i = 0; i < support.size(); i++) part = std::min(part, part_to_zero(i));
      if (part == 2) break;
      std::vector<int> stay;
      Row moved;
      for (size_t i = 0; i < support.size(); i++) {
        if (part_to_zero(i) <= part) {
          out[size_t(support[i])] = false;
          continue;
        }
        stay.push_back(support[i]);
        moved.push_back(kept[i] + part * (values[i] - kept[i]));
      }
      support = stay;
      kept = moved;
      solve();
    }
    kept = values;
  }
};

class Call {
 public:
  explicit Call(const Problem& p)
      : p(p), padded((p.n + 7) / 8 * 8), x(p.rows, p.d, p.type, size_t(p.offset), size_t(p.offset)),
        atoms(p.n, p.d, p.type, size_t(p.offset), size_t(p.offset)), gram(size_t(p.n) * size_t(padded)),
        correlations(size_t(p.rows) * size_t(padded)), weights(size_t(padded)), tolerances(size_t(p.rows)),
        running(size_t(p.rows)), factors(size_t(p.rows) * size_t(p.steps * (p.steps + 1) / 2)),
        indices(size_t(p.rows) * size_t(p.steps)), values(indices.size()), counts(size_t(p.rows)), excluded(size_t(p.n)) {
    auto next = [&] { return test::normal() + p.shift; };
    x.fill(next);
    atoms.fill(next);
    for (int j = 0; j < p.dependent; j++)  // twice another atom, of the opposite sign
      for (int c = 0; c < p.d; c++) atoms.set(p.n - 1 - j, c, -2 * atoms.at(j, c));
    for (int j = 0; j < p.n; j++) dense.push_back(row_of(atoms, j));
    std::fill_n(correlations.data(), correlations.size(), NOT_A_NUMBER);
    std::fill_n(gram.data(), gram.size(), 5.0f);
    for (int j = 0; j < padded; j++) {
      bool usable = j < p.n && j % 7 != 3;
      if (j < p.n) excluded[size_t(j)] = !usable;
      weights.data()[j] = usable ? float(1 / std::sqrt(dot(dense[size_t(j)], dense[size_t(j)]))) : NOT_A_NUMBER;
    }
    for (int i = 0; i < p.n; i++)
      for (int j = 0; j < p.n; j++) gram.data()[i * padded + j] = float(dot(dense[size_t(i)], dense[size_t(j)]));
    for (int r = 0; r < p.rows; r++) {
      for (int j = 0; j < p.n; j++) correlations.data()[r * padded + j] = float(dot(row_of(x, r), dense[size_t(j)]));
      tolerances.data()[r] = p.tolerance;
      running.data()[r] = r != 1;
      counts.data()[r] = 0;
    }
    std::fill_n(indices.data(), indices.size(), -1);
    std::fill_n(values.data(), values.size(), 0.0f);
  }

  void check() {
    OrthogonalArguments a{gram.data(),
                          correlations.data(),
                          weights.data(),
                          x.data(),
                          atoms.data(),
                          tolerances.data(),
                          running.data(),
                          p.shared ? nullptr : factors.data(),
                          indices.data(),
                          values.data(),
                          counts.data(),
                          padded,
                          padded,
                          (long long)x.stride,
                          (long long)atoms.stride,
                          p.n,
                          p.d,
                          p.type,
                          p.type,
                          p.steps,
                          p.sign,
                          p.nonNegative,
                          0};
    size_t bytes = 256 + size_t(p.steps) * 56 + (p.shared ? size_t(p.steps * (p.steps + 1) / 2) * 8 : 0);
    test::run("pursue_orthogonal", {unsigned(p.rows), 1, 1}, 256, bytes, a);
    for (int r = 0; r < p.rows; r++) {
      Row row = row_of(x, r);
      Rule rule(p, dense, excluded, row);
      if (r == 1) rule.support.clear();
      std::vector<int> found(indices.data() + r * p.steps, indices.data() + (r + 1) * p.steps), expected = rule.support;
      EXPECT_EQUAL(counts.data()[r], int(expected.size()));
      left += p.steps - int(expected.size());
      expected.resize(size_t(p.steps), -1);
      EXPECT_EQUAL(found, expected);
      for (size_t s = 0; s < rule.support.size(); s++) {
        double value = values.data()[size_t(r * p.steps) + s];
        EXPECT(std::fabs(value - rule.values[s]) <= 2e-3 * std::max(1.0, std::fabs(rule.values[s])));
      }
      for (size_t s = rule.support.size(); s < size_t(p.steps); s++) EXPECT_EQUAL(values.data()[size_t(r * p.steps) + s], 0.0f);
    }
  }

  const Problem p;
  const int padded;
  int left = 0;  // slots without an atom

 private:
  test::Matrix x, atoms;
  std::vector<Row> dense;
  test::Device<float> gram, correlations, weights, tolerances;
  test::Device<int> running;
  test::Device<double> factors;
  test::Device<int> indices;
  test::Device<float> values;
  test::Device<int> counts;
  std::vector<bool> excluded;
};

TEST(every_sign_and_number_of_atoms) {
  for (int n : {1, 5, 40, 1030})
    for (int sign : {SIGN_SIGNED, SIGN_POSITIVE, SIGN_MAGNITUDE}) {
      Problem p{3, n, 30, 4};
      p.sign = sign;
      Call(p).check();
    }
}

TEST(many_steps_in_shared_and_global_memory) {
  for (bool shared : {true, false}) {
    Problem p{2, 90, 80, 45};
    p.shared = shared;
    Call(p).check();
  }
}

TEST(tolerances_and_formats) {
  for (int type : {F32, BF16, F16})
    for (int offset : {0, 1}) {
      Problem p{4, 60, 26, 9};
      p.type = type;
      p.offset = offset;
      p.tolerance = 3;
      Call(p).check();
    }
}

TEST(atoms_that_depend_on_others_are_passed_over) {
  Problem p{4, 16, 6, 12};
  p.dependent = 8;
  Call call(p);
  call.check();
  EXPECT(call.left > 0);
}

TEST(values_stay_positive_and_atoms_leave) {
  for (int n : {12, 60}) {
    Problem p{12, n, 10, 7};
    p.sign = SIGN_POSITIVE;
    p.nonNegative = true;
    p.shift = 0.8f;
    Call call(p);
    call.check();
    EXPECT(call.left > 7);  // more than the row that does not run has
  }
}

}  // namespace
