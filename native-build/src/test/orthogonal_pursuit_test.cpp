// Orthogonal pursuit against plain loops in double: the same picks, and values and supports of least squares.
#include "orthogonal_pursuit.h"

#include "test/fitted_rows.h"

namespace {

using test::BF16, test::F16, test::F32, test::Row, test::dot;
using Problem = test::FittedProblem;

// The rule for one row.
class Rule {
 public:
  Rule(const Problem& p, const std::vector<Row>& atoms, const std::vector<bool>& excluded, const Row& x) : atoms(atoms), x(x) {
    std::vector<bool> out = excluded;
    Row left = x;
    for (int step = 0; step < p.steps && !(p.tolerance > 0 && std::sqrt(dot(left, left)) <= p.tolerance) && support.size() < x.size(); step++) {
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

class Call : public test::FittedRows {
 public:
  explicit Call(const Problem& p, bool shared = true)
      : test::FittedRows(p),
        shared(shared),
        factors(size_t(p.rows) * size_t(p.steps * (p.steps + 1) / 2)),
        numbers(size_t(p.rows) * 3 * size_t(p.steps)) {}

  // With a Gram.
  void check() {
    OrthogonalArguments a = arguments();
    a.gram = gram.data();
    a.correlations = correlations.data();
    a.gramStride = a.correlationStride = padded;
    if (shared) a.factors = nullptr;
    const char* names[] = {"pursue_orthogonal_f32", "pursue_orthogonal_bf16", "pursue_orthogonal_f16"};
    size_t bytes = 256 + size_t(p.steps) * 56 + (shared ? size_t(p.steps * (p.steps + 1) / 2) * 8 : 0);
    test::run(names[p.gram], {unsigned(p.rows), 1, 1}, 256, bytes, a);
    expect_all();
  }

  // Without one, step by step.
  void check_steps() {
    OrthogonalArguments a = arguments();
    a.numbers = numbers.data();
    a.best = best.data();
    a.residual = static_cast<float*>(residual.data());
    a.residualStride = (long long)residual.stride;
    for (int step = 0; step < p.steps; step++) {
      search(true);
      a.last = step + 1 == p.steps;
      test::run("step_orthogonal", {unsigned(p.rows), 1, 1}, 256, 256 + size_t(p.steps) * 24, a);
    }
    expect_all();
    expect_residual();
  }

 private:
  OrthogonalArguments arguments() {
    OrthogonalArguments a{};
    a.weights = weights.data();
    a.x = x.data();
    a.atoms = atoms.data();
    a.tolerances = tolerances.data();
    a.running = running.data();
    a.factors = factors.data();
    a.indices = indices.data();
    a.values = values.data();
    a.counts = counts.data();
    a.xStride = (long long)x.stride;
    a.atomStride = (long long)atoms.stride;
    a.n = p.n;
    a.d = p.d;
    a.xFormat = a.atomFormat = p.type;
    a.steps = p.steps;
    a.sign = p.sign;
    a.nonNegative = p.nonNegative;
    return a;
  }

  void expect_all() {
    for (int r = 0; r < p.rows; r++) {
      Row row = test::row_of(x, r);
      Rule rule(p, dense, excluded, row);
      if (r == 1) rule.support.clear();
      expect(r, rule.support, rule.values, 2e-3);
    }
  }

  const bool shared;
  test::Device<double> factors, numbers;
};

void check_both(const Problem& p) {
  Call(p).check();
  Call(p).check_steps();
}

TEST(every_sign_and_number_of_atoms) {
  for (int n : {1, 5, 40, 1030})
    for (int sign : {SIGN_SIGNED, SIGN_POSITIVE, SIGN_MAGNITUDE}) {
      Problem p{3, n, 30, 4};
      p.sign = sign;
      check_both(p);
    }
}

TEST(many_steps_in_shared_and_global_memory) {
  for (bool shared : {true, false}) {
    Problem p{2, 90, 80, 45};
    Call(p, shared).check();
  }
  Call(Problem{2, 90, 80, 45}).check_steps();
}

TEST(grams_of_16_bits) {
  for (int gram : {BF16, F16})
    for (float tolerance : {0.0f, 3.0f}) {
      Problem p{3, 1030, 30, 9};
      p.gram = gram;
      p.whole = true;
      p.tolerance = tolerance;
      Call(p).check();
    }
  Problem p{6, 40, 30, 9};
  p.gram = BF16;
  p.whole = p.nonNegative = true;
  p.sign = SIGN_POSITIVE;
  p.shift = 0.8f;
  Call(p).check();
}

TEST(tolerances_and_formats) {
  for (int type : {F32, BF16, F16})
    for (int offset : {0, 1}) {
      Problem p{4, 60, 26, 9};
      p.type = type;
      p.offset = offset;
      p.tolerance = 3;
      check_both(p);
    }
}

TEST(atoms_that_depend_on_others_are_passed_over) {
  for (bool steps : {false, true})
    for (int sign : {SIGN_MAGNITUDE, SIGN_SIGNED}) {
      Problem p{4, 16, 6, 12};
      p.dependent = 8;
      p.sign = sign;
      Call call(p);
      steps ? call.check_steps() : call.check();
      EXPECT(call.left > 0);
    }
}

TEST(values_stay_positive_and_atoms_leave) {
  for (int n : {12, 60}) {
    Problem p{12, n, 10, 7};
    p.sign = SIGN_POSITIVE;
    p.nonNegative = true;
    p.shift = 0.8f;
    for (bool steps : {false, true}) {
      Call call(p);
      steps ? call.check_steps() : call.check();
      EXPECT(call.left > 7);  // more than the row that does not run has
    }
  }
}

}  // namespace
