// Gradient pursuit against plain loops in double: the same supports, in their order, and the same values.
#include "gradient_pursuit.h"

#include "test/fitted_rows.h"

namespace {

using test::BF16, test::F16, test::F32, test::Row, test::dot;
using Problem = test::FittedProblem;

// The rule for one row, with residual and direction in full.
class Rule {
 public:
  Rule(const Problem& p, const std::vector<Row>& atoms, const std::vector<bool>& excluded, const Row& x, int steps,
       bool persistent, float epsilon) {
    Row left = x;
    for (int step = 0; step < steps && !(p.tolerance > 0 && std::sqrt(dot(left, left)) <= p.tolerance); step++) {
      int pick = -1;
      double best = p.sign == SIGN_SIGNED ? -std::numeric_limits<double>::infinity() : 0, next = best;
      for (size_t j = 0; j < atoms.size(); j++) {
        if (excluded[j]) continue;
        double score = dot(atoms[j], left) / std::sqrt(dot(atoms[j], atoms[j]));
        if (p.sign == SIGN_MAGNITUDE) score = std::fabs(score);
        if (score > best) {
          next = best;
          best = score;
          pick = int(j);
        } else {
          next = std::max(next, score);
        }
      }
      margin = std::min(margin, best - next);
      if (pick < 0) break;
      if (std::find(support.begin(), support.end(), pick) == support.end()) {
        support.push_back(pick);
        values.push_back(0);
      }
      Row gradient, direction(x.size(), 0);
      for (int atom : support) {
        gradient.push_back(dot(atoms[size_t(atom)], left));
        for (size_t i = 0; i < x.size(); i++) direction[i] += gradient.back() * atoms[size_t(atom)][i];
      }
      if (!(dot(direction, direction) > epsilon)) break;
      double along = dot(direction, left) / dot(direction, direction);
      for (size_t s = 0; s < support.size(); s++) {
        values[s] += along * gradient[s];
        if (p.nonNegative && values[s] < 0) values[s] = 0;
      }
      if (!persistent) drop_zeros();
      left = x;
      for (size_t s = 0; s < support.size(); s++)
        for (size_t i = 0; i < x.size(); i++) left[i] -= values[s] * atoms[size_t(support[s])][i];
    }
    drop_zeros();
  }

  std::vector<int> support;
  Row values;
  double margin = 1;  // the smallest lead of a best score

 private:
  void drop_zeros() {
    for (size_t s = support.size(); s-- > 0;) {
      if (values[s] != 0) continue;
      support.erase(support.begin() + ptrdiff_t(s));
      values.erase(values.begin() + ptrdiff_t(s));
    }
  }
};

struct Details {
  bool persistent = true, ofRows = false;
  float epsilon = 0;
};

class Call : public test::FittedRows {
 public:
  explicit Call(const Problem& p) : test::FittedRows(p), rowSteps(size_t(p.rows)), numbers(size_t(p.rows * p.steps)) {
    for (int r = 0; r < p.rows; r++) rowSteps.data()[r] = r % 4 * p.steps / 2 - 1;
  }

  // With a Gram.
  void check(const Details& details = {}) {
    GradientPursuitArguments a = arguments(details);
    a.gram = gram.data();
    a.correlations = correlations.data();
    a.gramStride = a.correlationStride = padded;
    if (p.gram != F32) receive_residual(a);
    const char* names[] = {"pursue_gradient_f32", "pursue_gradient_bf16", "pursue_gradient_f16"};
    test::run(names[p.gram], {unsigned(p.rows), 1, 1}, 256, 272 + size_t(p.steps) * 24, a);
    expect_all(details);
    if (p.gram != F32) expect_residual();
  }

  // Without one, step by step.
  void check_steps(const Details& details = {}) {
    GradientPursuitArguments a = arguments(details);
    receive_residual(a);
    a.numbers = numbers.data();
    a.best = best.data();
    for (a.step = 0; a.step < p.steps; a.step++) {
      search(false);
      test::run("step_gradient", {unsigned(p.rows), 1, 1}, 256, 272 + size_t(p.steps) * 8, a);
    }
    expect_all(details);
    expect_residual();
  }

 private:
  GradientPursuitArguments arguments(const Details& details) {
    GradientPursuitArguments a{};
    a.weights = weights.data();
    a.x = x.data();
    a.atoms = atoms.data();
    a.tolerances = tolerances.data();
    a.running = running.data();
    a.rowSteps = details.ofRows ? rowSteps.data() : nullptr;
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
    a.persistent = details.persistent;
    a.epsilon = details.epsilon;
    return a;
  }

  void receive_residual(GradientPursuitArguments& a) {
    a.residual = static_cast<float*>(residual.data());
    a.residualStride = (long long)residual.stride;
  }

  void expect_all(const Details& details) {
    int clear = 0;  // rows of clear choices
    for (int r = 0; r < p.rows; r++) {
      int steps = r == 1 ? 0 : details.ofRows ? std::min(rowSteps.data()[r], p.steps) : p.steps;
      Rule rule(p, dense, excluded, test::row_of(x, r), steps, details.persistent, details.epsilon);
      if (rule.margin > 1e-5) {
        expect(r, rule.support, rule.values, 1e-4);
        clear++;
      }
    }
    EXPECT(clear > 0);
  }

  test::Device<int> rowSteps;
  test::Device<double> numbers;
};

void check_both(const Problem& p, const Details& details = {}) {
  Call(p).check(details);
  Call(p).check_steps(details);
}

TEST(every_sign_and_number_of_atoms) {
  for (int n : {1, 5, 40, 1030})
    for (int sign : {SIGN_SIGNED, SIGN_POSITIVE, SIGN_MAGNITUDE}) {
      Problem p{3, n, 30, 4};
      p.sign = sign;
      check_both(p);
    }
}

TEST(many_steps) {
  Problem p{2, 90, 80, 45};
  check_both(p);
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

TEST(grams_of_16_bits) {
  for (int gram : {BF16, F16})
    for (float tolerance : {0.0f, 3.0f}) {
      Problem p{3, 1030, 30, 9};
      p.gram = gram;
      p.whole = true;
      p.tolerance = tolerance;
      Call(p).check();
      p.sign = SIGN_SIGNED;
      p.nonNegative = true;
      Call(p).check({false});
    }
}

TEST(rows_have_steps_of_their_own) {
  Problem p{8, 60, 26, 6};
  check_both(p, {true, true});
}

TEST(steps_that_lead_nowhere_end_a_row) {
  Problem p{4, 30, 20, 8};
  for (bool steps : {false, true}) {
    Call call(p);
    Details details{true, false, 2000};
    steps ? call.check_steps(details) : call.check(details);
    EXPECT(call.left > 8);  // more than the row that does not run has
  }
}

TEST(values_stay_positive_and_atoms_leave) {
  for (bool persistent : {true, false}) {
    Problem p{12, 40, 10, 9};
    p.sign = SIGN_SIGNED;
    p.nonNegative = true;
    p.shift = 0.8f;
    for (bool steps : {false, true}) {
      Call call(p);
      steps ? call.check_steps({persistent}) : call.check({persistent});
      EXPECT(call.left > 9);
    }
  }
}

}  // namespace
