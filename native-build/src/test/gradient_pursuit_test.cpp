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

class Call : public test::FittedRows {
 public:
  explicit Call(const Problem& p) : test::FittedRows(p), rowSteps(size_t(p.rows)) {}

  void check(bool persistent = true, bool ofRows = false, float epsilon = 0) {
    for (int r = 0; r < p.rows; r++) rowSteps.data()[r] = r % 4 * p.steps / 2 - 1;
    GradientPursuitArguments a{gram.data(),
                               correlations.data(),
                               weights.data(),
                               x.data(),
                               atoms.data(),
                               tolerances.data(),
                               running.data(),
                               ofRows ? rowSteps.data() : nullptr,
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
                               persistent,
                               epsilon,
                               0};
    int clear = 0;  // rows of clear choices
    test::run("pursue_gradient", {unsigned(p.rows), 1, 1}, 256, 272 + size_t(p.steps) * 24, a);
    for (int r = 0; r < p.rows; r++) {
      int steps = r == 1 ? 0 : ofRows ? std::min(rowSteps.data()[r], p.steps) : p.steps;
      Rule rule(p, dense, excluded, test::row_of(x, r), steps, persistent, epsilon);
      if (rule.margin > 1e-5) {
        expect(r, rule.support, rule.values, 1e-4);
        clear++;
      }
    }
    EXPECT(clear > 0);
  }

  test::Device<int> rowSteps;
};

TEST(every_sign_and_number_of_atoms) {
  for (int n : {1, 5, 40, 1030})
    for (int sign : {SIGN_SIGNED, SIGN_POSITIVE, SIGN_MAGNITUDE}) {
      Problem p{3, n, 30, 4};
      p.sign = sign;
      Call(p).check();
    }
}

TEST(many_steps) {
  Problem p{2, 90, 80, 45};
  Call(p).check();
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

TEST(rows_have_steps_of_their_own) {
  Problem p{8, 60, 26, 6};
  Call(p).check(true, true);
}

TEST(steps_that_lead_nowhere_end_a_row) {
  Problem p{4, 30, 20, 8};
  Call call(p);
  call.check(true, false, 2000);
  EXPECT(call.left > 8);  // more than the row that does not run has
}

TEST(values_stay_positive_and_atoms_leave) {
  for (bool persistent : {true, false}) {
    Problem p{12, 40, 10, 9};
    p.sign = SIGN_SIGNED;
    p.nonNegative = true;
    p.shift = 0.8f;
    Call call(p);
    call.check(persistent);
    EXPECT(call.left > 9);
  }
}

}  // namespace
