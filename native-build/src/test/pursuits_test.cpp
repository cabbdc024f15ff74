// Matching pursuit against plain loops that compute the same float32 numbers: picks, coefficients and residuals are
// equal to the last bit, on any data. On small integers, which float32 holds exactly, the loops run in double instead.
#include "pursuits.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "test/matrix.h"

namespace {

using test::BF16, test::F16, test::F32, test::normal, test::stored;
const char* const TYPE_NAMES[] = {"f32", "bf16", "f16"};
const float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN(), INFINITE = std::numeric_limits<float>::infinity();

int below(int bound) { return int(test::random()() % unsigned(bound)); }
int round_up(int v, int unit) { return (v + unit - 1) / unit * unit; }

struct Dense {
  int rows, columns;
  std::vector<float> values;
  Dense(int rows, int columns) : rows(rows), columns(columns), values(size_t(rows) * size_t(columns)) {}
  float& at(int r, int c) { return values[size_t(r) * size_t(columns) + size_t(c)]; }
  float at(int r, int c) const { return values[size_t(r) * size_t(columns) + size_t(c)]; }
};

Dense stored(Dense m, int type) {
  for (float& v : m.values) v = stored(v, type);
  return m;
}

struct OnDevice : test::Matrix {
  OnDevice(const Dense& m, int type, int offset = 0, int gap = 0)
      : test::Matrix(m.rows, m.columns, type, size_t(gap), size_t(offset)) {
    for (int r = 0; r < m.rows; r++)
      for (int c = 0; c < m.columns; c++) set(r, c, m.at(r, c));
  }
  long long pitch() const { return (long long)stride; }
};

// Products of atoms whose rows begin where the kernels demand it.
struct GramOnDevice : OnDevice {
  GramOnDevice(const Dense& gram, int type) : OnDevice(gram, type, 0, round_up(gram.rows, type == F32 ? 4 : 8) - gram.rows) {}
};

// ---- What is pursued ----

struct Options {
  int steps = 5, sign = SIGN_MAGNITUDE, reselection = RESELECTION_ALLOW;
  bool normalised = true;
  float toleranceAbsolute = 0, toleranceRelative = 0;
  std::vector<unsigned char> mask{};
  bool tolerant() const { return toleranceAbsolute > 0 || toleranceRelative > 0; }
};

struct Problem {
  Dense x, atoms;
  Options options;
};

struct Tape {
  std::vector<int> indices, counts;
  std::vector<float> values;
  Dense residual;
  Tape(int rows, int steps, Dense residual)
      : indices(size_t(rows) * size_t(steps), -1), counts(size_t(rows), 0), values(size_t(rows) * size_t(steps), 0),
        residual(std::move(residual)) {}
};

template <class Number>
Number dot(const Dense& m, int row, const std::vector<Number>& r) {
  Number sum = 0;
  for (size_t i = 0; i < r.size(); i++) sum = std::fma(Number(m.at(row, int(i))), r[i], sum);
  return sum;
}

// The rule, step by step, in Number. Correlations follow the Gram if there is one, else they are computed anew.
template <class Number>
class Rule {
 public:
  Rule(const Problem& p, const Dense* gram) : p(p), gram(gram), tape(p.x.rows, p.options.steps, p.x) {
    for (int j = 0; j < p.atoms.rows; j++) {
      double sum = 0;
      for (int i = 0; i < p.atoms.columns; i++) sum += double(p.atoms.at(j, i)) * p.atoms.at(j, i);
      squares.push_back(float(sum));
      weights.push_back(p.options.normalised ? float(1 / std::sqrt(sum)) : 1);
    }
    for (int row = 0; row < p.x.rows; row++) pursue(row);
  }

  const Problem& p;
  const Dense* gram;
  Tape tape;
  std::vector<float> squares, weights;

 private:
  void pursue(int row) {
    const Options& o = p.options;
    std::vector<Number> r(size_t(p.x.columns)), correlations(size_t(p.atoms.rows));
    for (int i = 0; i < p.x.columns; i++) r[size_t(i)] = p.x.at(row, i);
    for (Number v : r)
      if (!std::isfinite(v)) return;
    float tolerance = std::max(o.toleranceAbsolute, float(o.toleranceRelative * norm(r)));
    std::vector<bool> picked(size_t(p.atoms.rows), false);
    int step = 0;
    for (bool stopped = false; step < o.steps && !stopped && !(tolerance > 0 && norm(r) <= tolerance); step++) {
      if (!gram || step == 0)
        for (int j = 0; j < p.atoms.rows; j++) correlations[size_t(j)] = dot(p.atoms, j, r);
      int pick = best(correlations, picked);
      if (pick < 0) break;
      Number c = correlations[size_t(pick)];
      if (o.normalised) c /= squares[size_t(pick)];
      if (c == 0 || !std::isfinite(c)) break;
      size_t slot = size_t(row) * size_t(o.steps) + size_t(step);
      tape.indices[slot] = pick;
      tape.values[slot] = exact(c);
      stopped = o.reselection == RESELECTION_STOP && picked[size_t(pick)];
      picked[size_t(pick)] = true;
      for (int i = 0; i < p.x.columns; i++) r[size_t(i)] = std::fma(-c, Number(p.atoms.at(pick, i)), r[size_t(i)]);
      if (gram)
        for (int j = 0; j < p.atoms.rows; j++)
          correlations[size_t(j)] = std::fma(-c, Number(gram->at(pick, j)), correlations[size_t(j)]);
    }
    tape.counts[size_t(row)] = step;
    for (int i = 0; i < p.x.columns; i++) tape.residual.at(row, i) = exact(r[size_t(i)]);
  }

  int best(const std::vector<Number>& correlations, const std::vector<bool>& picked) const {
    int best = -1;
    Number bestScore = p.options.sign == SIGN_SIGNED ? -std::numeric_limits<Number>::infinity() : 0;
    for (int j = 0; j < p.atoms.rows; j++) {
      size_t i = size_t(j);
      bool usable = squares[i] >= std::numeric_limits<float>::min() && squares[i] < INFINITE;
      if (!usable || (!p.options.mask.empty() && !p.options.mask[i])) continue;
      if (p.options.reselection == RESELECTION_FORBID && picked[i]) continue;
      Number score = correlations[i] * Number(weights[i]);
      if (p.options.sign == SIGN_MAGNITUDE) score = std::fabs(score);
      if (score > bestScore) {
        best = j;
        bestScore = score;
      }
    }
    return best;
  }

  static double norm(const std::vector<Number>& r) {
    double sum = 0;
    for (Number v : r) sum += double(v) * double(v);
    return std::sqrt(sum);
  }

  static float exact(Number v) {
    if (Number(float(v)) != v) throw test::Failed("the data are not exact in float32");
    return float(v);
  }
};

Dense gram_of(const Dense& atoms) {
  Dense gram(atoms.rows, atoms.rows);
  for (int i = 0; i < atoms.rows; i++) {
    std::vector<float> atom(atoms.values.begin() + ptrdiff_t(i) * atoms.columns,
                            atoms.values.begin() + ptrdiff_t(i + 1) * atoms.columns);
    for (int j = 0; j <= i; j++) gram.at(i, j) = gram.at(j, i) = dot(atoms, j, atom);
  }
  return gram;
}

// ---- The same on the device ----

struct Shape {
  std::string name;
  int threads, cluster;
  bool shared;
  int exchange() const { return cluster * threads / 32 * 2 * (16 + 8); }
  size_t bytes(int n, int type, const Options& o) const {
    int quads = type == F32 ? 1 : 2, unit = 4 * quads, slice = ((n + unit - 1) / unit + cluster - 1) / cluster;
    int places = round_up(slice, threads) * quads;
    return size_t(exchange()) + size_t(places) * (shared ? 18 : 2) + (o.reselection == RESELECTION_STOP ? size_t(o.steps) * 4 : 0);
  }
};

const std::vector<Shape> SHAPES = {{"pursue_128", 128, 1, true},
                                   {"pursue_256", 256, 1, true},
                                   {"pursue_512", 512, 1, true},
                                   {"pursue_cluster", 256, 4, true},
                                   {"pursue_global", 512, 1, false}};

struct Placing {
  int xType = F32, atomType = F32, offset = 0, gap = 0;
};

// A call, as the host side makes it, but for the products, which plain loops compute.
class Call {
 public:
  Call(const Problem& p, Placing placing)
      : p(p), rows(p.x.rows), n(p.atoms.rows), d(p.x.columns), padded(round_up(n, 8)), xs(stored(p.x, placing.xType)),
        atomsAs(stored(p.atoms, placing.atomType)), x(p.x, placing.xType, placing.offset, placing.gap),
        atoms(p.atoms, placing.atomType, placing.offset, placing.gap),
        residual(Dense(rows, d), F32, placing.offset, placing.gap), mask(p.options.mask), squares(size_t(padded)),
        weights(size_t(padded)), tolerances(size_t(rows)), running(size_t(rows)), best(size_t(rows)),
        indices(size_t(rows) * size_t(p.options.steps)), counts(size_t(rows)), values(indices.size()) {
    const Options& o = p.options;
    MeasureArguments measure{atoms.data(),   o.mask.empty() ? nullptr : mask.data(), squares.data(), weights.data(),
                             atoms.pitch(), n,                                      padded,         d,
                             atoms.type,   o.normalised,                           0};
    test::run("measure_atoms", {unsigned(padded + 7) / 8, 1, 1}, 256, 0, measure);
  }

  Tape with_gram(const Shape& shape, GramOnDevice& g) {
    begin(p.options.tolerant(), nullptr);
    test::Device<float> products(size_t(rows) * size_t(padded));
    std::fill_n(products.data(), products.size(), NOT_A_NUMBER);
    multiply(xs, 0, n, products.data());
    const Options& o = p.options;
    PursueArguments a{g.data(),
                      products.data(),
                      weights.data(),
                      squares.data(),
                      atoms.data(),
                      o.tolerant() ? static_cast<float*>(residual.data()) : nullptr,
                      tolerances.data(),
                      running.data(),
                      indices.data(),
                      values.data(),
                      counts.data(),
                      g.pitch(),
                      padded,
                      atoms.pitch(),
                      residual.pitch(),
                      n,
                      d,
                      atoms.type,
                      o.steps,
                      o.sign,
                      o.reselection,
                      o.normalised,
                      0};
    test::run(shape.name + '_' + TYPE_NAMES[g.type], {unsigned(rows * shape.cluster), 1, 1}, unsigned(shape.threads),
              shape.bytes(n, g.type, o), a);
    if (!o.tolerant()) {
      ResidualArguments left{x.data(),
                             atoms.data(),
                             indices.data(),
                             values.data(),
                             counts.data(),
                             static_cast<float*>(residual.data()),
                             x.pitch(),
                             atoms.pitch(),
                             residual.pitch(),
                             d,
                             x.type,
                             atoms.type,
                             o.steps};
      test::run("subtract_tape", {unsigned(rows * ((d + 511) / 512)), 1, 1}, 128, 0, left);
    }
    return result();
  }

  Tape by_products(int chunk) {
    begin(true, best.data());
    const Options& o = p.options;
    test::Device<float> products(size_t(rows) * size_t(chunk));
    std::fill_n(products.data(), products.size(), NOT_A_NUMBER);
    for (int step = 0; step < o.steps; step++) {
      Dense r = left();
      for (int first = 0; first < n; first += chunk) {
        int columns = std::min(chunk, n - first);
        multiply(r, first, columns, products.data(), chunk);
        SearchArguments a{products.data(), weights.data() + first, best.data(), indices.data(), running.data(), chunk, first,
                          columns,         o.steps,                o.sign,      o.reselection,  0};
        test::run("search_products", {unsigned(rows), 1, 1}, 256, 8 * sizeof(Candidate), a);
      }
      StepArguments a{atoms.data(),      squares.data(),
                      static_cast<float*>(residual.data()), best.data(),
                      tolerances.data(), running.data(),
                      indices.data(),    values.data(),
                      counts.data(),     atoms.pitch(),
                      residual.pitch(), d,
                      atoms.type,      o.steps,
                      o.reselection,     o.normalised,
                      0};
      test::run("take_steps", {unsigned(rows), 1, 1}, 256, 8 * sizeof(double), a);
    }
    return result();
  }

 private:
  void begin(bool residualWanted, Candidate* bests) {
    std::fill_n(indices.data(), indices.size(), -7);
    std::fill_n(values.data(), values.size(), -7.0f);
    std::fill_n(counts.data(), counts.size(), -7);
    const Options& o = p.options;
    BeginArguments a{x.data(),
                     residualWanted ? static_cast<float*>(residual.data()) : nullptr,
                     indices.data(),
                     values.data(),
                     counts.data(),
                     tolerances.data(),
                     running.data(),
                     bests,
                     x.pitch(),
                     residual.pitch(),
                     d,
                     x.type,
                     o.steps,
                     o.toleranceAbsolute,
                     o.toleranceRelative,
                     0};
    test::run("begin_rows", {unsigned(rows), 1, 1}, 256, 8 * sizeof(double), a);
  }

  void multiply(const Dense& r, int first, int columns, float* out, int stride = 0) const {
    for (int row = 0; row < rows; row++) {
      std::vector<float> v(r.values.begin() + ptrdiff_t(row) * d, r.values.begin() + ptrdiff_t(row + 1) * d);
      for (int j = 0; j < columns; j++) out[row * (stride ? stride : padded) + j] = dot(atomsAs, first + j, v);
    }
  }

  Dense left() {
    Dense m(rows, d);
    for (int r = 0; r < rows; r++)
      for (int c = 0; c < d; c++) m.at(r, c) = residual.at(r, c);
    return m;
  }

  Tape result() {
    EXPECT(residual.gaps_untouched());
    Tape tape(rows, p.options.steps, left());
    tape.indices = indices.read();
    tape.counts = counts.read();
    tape.values = values.read();
    return tape;
  }

  const Problem& p;
  int rows, n, d, padded;
  Dense xs, atomsAs;
  OnDevice x, atoms, residual;
  test::Device<unsigned char> mask;
  test::Device<float> squares, weights, tolerances;
  test::Device<int> running;
  test::Device<Candidate> best;
  test::Device<int> indices, counts;
  test::Device<float> values;
};

std::string describe(const Problem& p, const std::string& how) {
  const Options& o = p.options;
  std::ostringstream text;
  text << how << ": " << p.x.rows << " rows, n " << p.atoms.rows << ", d " << p.x.columns << ", " << o.steps
       << " steps, sign " << o.sign << ", reselection " << o.reselection << (o.normalised ? "" : ", as is")
       << (o.mask.empty() ? "" : ", masked") << ", tolerances " << o.toleranceAbsolute << ' ' << o.toleranceRelative;
  return text.str();
}

bool equal(float a, float b) { return a == b || (a != a && b != b); }

void expect_same(const Tape& found, const Tape& expected, const std::string& description) {
  auto fail = [&](const char* what, size_t at, double is, double should) {
    std::ostringstream text;
    text << description << ": " << what << ' ' << at << " is " << is << ", expected " << should;
    throw test::Failed(text.str());
  };
  for (size_t i = 0; i < expected.counts.size(); i++)
    if (found.counts[i] != expected.counts[i]) fail("count", i, found.counts[i], expected.counts[i]);
  for (size_t i = 0; i < expected.indices.size(); i++) {
    if (found.indices[i] != expected.indices[i]) fail("index", i, found.indices[i], expected.indices[i]);
    if (!equal(found.values[i], expected.values[i])) fail("value", i, double(found.values[i]), double(expected.values[i]));
  }
  for (size_t i = 0; i < expected.residual.values.size(); i++)
    if (!equal(found.residual.values[i], expected.residual.values[i]))
      fail("residual", i, double(found.residual.values[i]), double(expected.residual.values[i]));
}

// ---- Data ----


Dense normals(int rows, int columns) {
  Dense m(rows, columns);
  for (float& v : m.values) v = normal();
  return m;
}

Dense integers(int rows, int columns, int most) {
  Dense m(rows, columns);
  for (float& v : m.values) v = float(below(2 * most + 1) - most);
  return m;
}

// Atoms whose norms differ, by up to a factor of a thousand where `spread` is 3.
Dense uneven(int n, int d, int spread) {
  Dense m = normals(n, d);
  for (int j = 0; j < n; j++)
    for (int i = 0; i < d; i++) m.at(j, i) *= std::pow(10.0f, float(j % (spread + 1) - 1));
  return m;
}

// Atoms of ±1 whose squared norms are powers of two: coefficients are exact.
Dense powers_of_two(int n, int d, const std::vector<int>& squares) {
  Dense m(n, d);
  for (int j = 0; j < n; j++)
    for (int left = squares[size_t(below(int(squares.size())))]; left > 0;) {
      float& v = m.at(j, below(d));
      if (v == 0) {
        v = below(2) ? 1.0f : -1.0f;
        left--;
      }
    }
  return m;
}

std::vector<unsigned char> some(int n, int percent) {
  std::vector<unsigned char> mask;
  for (int j = 0; j < n; j++) mask.push_back(below(100) < percent);
  return mask;
}

std::vector<Options> every_rule(int steps) {
  std::vector<Options> rules;
  for (int sign : {SIGN_SIGNED, SIGN_POSITIVE, SIGN_MAGNITUDE})
    for (int reselection : {RESELECTION_ALLOW, RESELECTION_FORBID, RESELECTION_STOP}) {
      Options o;
      o.steps = steps;
      o.sign = sign;
      o.reselection = reselection;
      rules.push_back(o);
    }
  return rules;
}

// ---- Comparisons ----

void check_gram(const Problem& p, const std::vector<Shape>& shapes, int gramType, Placing placing = {}) {
  Problem as{stored(p.x, placing.xType), stored(p.atoms, placing.atomType), p.options};
  Dense gram = stored(gram_of(as.atoms), gramType);
  GramOnDevice g(gram, gramType);
  Tape expected = Rule<float>(as, &gram).tape;
  for (const Shape& shape : shapes)
    expect_same(Call(p, placing).with_gram(shape, g), expected, describe(p, shape.name + ' ' + TYPE_NAMES[gramType]));
}

void check_gram(const Problem& p, const Shape& shape, int gramType, Placing placing = {}) {
  check_gram(p, std::vector<Shape>{shape}, gramType, placing);
}

void check_products(const Problem& p, int chunk, Placing placing = {}) {
  Problem as{stored(p.x, placing.xType), stored(p.atoms, placing.atomType), p.options};
  expect_same(Call(p, placing).by_products(chunk), Rule<float>(as, nullptr).tape,
              describe(p, "products, chunk " + std::to_string(chunk)));
}

void check_exact(const Problem& p) {
  Tape expected = Rule<double>(p, nullptr).tape;
  Dense gram = gram_of(p.atoms);
  for (const Shape& shape : SHAPES) {
    GramOnDevice g(gram, below(test::TYPES));
    expect_same(Call(p, {}).with_gram(shape, g), expected, describe(p, shape.name + ' ' + TYPE_NAMES[g.type]));
  }
  expect_same(Call(p, {}).by_products(16), expected, describe(p, "products"));
}

}  // namespace

TEST(exact_on_small_integers_by_every_rule) {
  for (int n : {1, 7, 64, 257}) {
    for (Options o : every_rule(4)) {
      Problem p{integers(3, 24, 6), powers_of_two(n, 24, {1, 4}), o};
      check_exact(p);
      p.options.mask = some(n, 60);
      p.options.normalised = false;
      check_exact(p);
    }
    if (test::quick()) break;
  }
}

TEST(exact_where_rows_stop_at_a_tolerance) {
  for (float tolerance : {2.5f, 5.0f, 7.5f}) {
    Problem p{Dense(3, 2), Dense(2, 2), {}};
    p.x.values = {3, 4, 4, 3, 6, 8};
    p.atoms.values = {1, 0, 0, 2};
    p.options.steps = 2;
    p.options.toleranceAbsolute = tolerance;
    check_exact(p);
    p.options.toleranceAbsolute = 0;
    p.options.toleranceRelative = tolerance / 10;
    check_exact(p);
  }
}

TEST(every_option_with_every_shape) {
  for (const Shape& shape : SHAPES) {
    int type = below(test::TYPES);
    for (Options o : every_rule(6)) {
      Problem p{normals(2, 20), uneven(300, 20, 1), o};
      check_gram(p, shape, type++ % test::TYPES);
      p.options.toleranceAbsolute = 2.0f;
      p.options.mask = some(300, 70);
      check_gram(p, shape, type++ % test::TYPES);
      if (test::quick()) continue;
      p.options.toleranceRelative = 0.7f;
      p.options.normalised = false;
      p.options.mask.clear();
      p.atoms = uneven(300, 20, 0);
      check_gram(p, shape, type % test::TYPES);
    }
  }
}

TEST(every_option_by_products) {
  for (Options o : every_rule(6)) {
    Problem p{normals(3, 33), uneven(200, 33, 3), o};
    check_products(p, 64);
    p.options.toleranceRelative = 0.6f;
    p.options.mask = some(200, 70);
    check_products(p, 200);
    p.options.normalised = false;
    p.options.toleranceAbsolute = 3;
    p.atoms = uneven(200, 33, 0);
    check_products(p, 8);
  }
}

// Around a quad, a warp's, a block's and a batch's atoms; slices of a cluster without any.
TEST(sizes_around_every_limit) {
  std::vector<int> sizes = {1, 2, 3, 4, 5, 8, 9, 15, 17, 127, 128, 129, 511, 512, 513, 1024, 1025, 2047, 2049};
  if (!test::quick())
    for (int n : {1023, 4096, 4097}) sizes.push_back(n);
  for (int n : sizes) {
    Options o;
    o.steps = n > 1024 ? 3 : 5;
    o.reselection = n % 2 ? RESELECTION_FORBID : RESELECTION_ALLOW;
    Problem p{normals(1, 3), normals(n, 3), o};
    check_gram(p, SHAPES, F32);
    if (n <= 1025) check_gram(p, SHAPES, BF16);
    for (int chunk : {8, 1024, 4096})
      if (chunk * 70 >= n) check_products(p, chunk);
  }
}

TEST(large_slices_of_a_cluster) {
  if (test::quick()) return;
  Options o;
  o.steps = 3;
  Problem p{normals(2, 3), normals(9001, 3), o};
  for (int type : {F32, BF16}) check_gram(p, SHAPES[3], type);
}

// All scores are below zero, where a ceiling bounds none: a long atom scores better than the short one beside it, whose
// weight is the ceiling, and the better ones come in a thread's later batches.
TEST(negative_scores_of_long_rows) {
  int n = test::quick() ? 300 : 4400, d = 12;
  Options o;
  o.steps = 3;
  o.sign = SIGN_SIGNED;
  o.reselection = RESELECTION_FORBID;
  Problem p{Dense(1, d), normals(n, d), o};
  p.x.at(0, 0) = -1;
  for (int j = 0; j < n; j++) {
    float scale = j % 2 ? 0.1f : 10.0f, cosine = j % 2 ? 0.9f : 0.3f - 0.2f * float(j) / float(n), rest = 0;
    for (int i = 1; i < d; i++) rest += p.atoms.at(j, i) * p.atoms.at(j, i);
    p.atoms.at(j, 0) = scale * cosine;
    for (int i = 1; i < d; i++) p.atoms.at(j, i) *= scale * std::sqrt((1 - cosine * cosine) / rest);
  }
  check_gram(p, SHAPES[0], F32);
}

TEST(many_steps_more_than_atoms) {
  for (const Shape& shape : SHAPES) {
    for (int reselection : {RESELECTION_ALLOW, RESELECTION_FORBID, RESELECTION_STOP}) {
      Options o;
      o.steps = test::quick() ? 20 : 70;
      o.reselection = reselection;
      Problem p{normals(2, 40), normals(16, 40), o};
      check_gram(p, shape, F32);
      if (&shape == &SHAPES[0]) check_products(p, 16);
    }
  }
}

TEST(equal_scores_go_to_the_lower_index) {
  for (int n : {6, 150, 1100}) {
    Dense atoms(n, 4);
    for (int j = 0; j < n; j++) atoms.at(j, j % 4) = j % 3 == 0 ? -1.0f : 1.0f;
    Dense x(2, 4);
    x.values = {1, 1, 1, 1, 2, -2, 2, -2};
    for (Options o : every_rule(5)) {
      Problem p{x, atoms, o};
      GramOnDevice g(gram_of(atoms), F32);
      Tape expected = Rule<double>(p, nullptr).tape;
      for (const Shape& shape : SHAPES)
        expect_same(Call(p, {}).with_gram(shape, g), expected, describe(p, shape.name));
      expect_same(Call(p, {}).by_products(64), expected, describe(p, "products"));
    }
    if (test::quick()) break;
  }
}

TEST(rows_with_nan_or_infinity_or_nothing_take_no_step) {
  Dense x = normals(7, 20);
  const float special[] = {NOT_A_NUMBER, -NOT_A_NUMBER, INFINITE, -INFINITE, 3e38f};
  for (int row = 0; row < 5; row++) x.at(row, 3 * row) = special[row];
  x.at(4, 0) = INFINITE;
  for (int i = 0; i < 20; i++) x.at(5, i) = 0;
  for (Options o : every_rule(3)) {
    Problem p{x, normals(50, 20), o};
    for (float tolerance : {0.0f, 0.5f}) {
      p.options.toleranceRelative = tolerance;
      check_gram(p, SHAPES[size_t(below(5))], F32);
      check_products(p, 24);
    }
  }
}

TEST(atoms_without_a_usable_norm_are_never_picked) {
  Dense atoms = uneven(60, 24, 1);
  const float special[] = {NOT_A_NUMBER, INFINITE, -INFINITE, 1e30f};
  for (int s = 0; s < 4; s++) atoms.at(9 * s, 5 * s) = special[s];
  for (int i = 0; i < 24; i++) atoms.at(40, i) = atoms.at(41, i) = atoms.at(42, i) = 0;
  atoms.at(41, 2) = 1e-19f;
  atoms.at(42, 2) = 0x1p-63f;  // its square is the smallest normal float
  for (Options o : every_rule(6)) {
    Problem p{normals(2, 24), atoms, o};
    check_gram(p, SHAPES[size_t(below(5))], F32);
    check_products(p, 16);
    p.options.mask = std::vector<unsigned char>(60, 0);
    check_gram(p, SHAPES[3], F32);
    check_products(p, 16);
    p.options.mask[42] = 1;
    check_gram(p, SHAPES[0], F32);
    check_products(p, 16);
  }
}

// Correlations that overflow: an infinite one stops the row, and so does a coefficient that is not finite.
TEST(rows_stop_before_coefficients_that_are_not_finite) {
  for (float scale : {1e30f, 3e38f}) {
    Problem p{normals(3, 12), normals(40, 12), {}};
    for (float& v : p.x.values) v *= scale / 4;
    for (float& v : p.atoms.values) v *= 1e9f;
    for (const Shape& shape : SHAPES) check_gram(p, shape, F32);
    check_products(p, 16);
  }
}

TEST(every_format_and_placement) {
  for (int xType : {F32, BF16, F16})
    for (int atomType : {F32, BF16, F16})
      for (int offset : {0, 1, 3}) {
        Problem p{normals(3, 37), uneven(50, 37, 1), {}};
        for (float tolerance : {0.0f, 0.5f}) {
          p.options.toleranceRelative = tolerance;
          check_gram(p, SHAPES[size_t(below(5))], F32, {xType, atomType, offset, 2 * offset});
          check_products(p, 32, {xType, atomType, offset, offset});
        }
      }
}

TEST(wide_rows_keep_their_residual) {
  for (int d : {511, 512, 513, 1100}) {
    Problem p{normals(2, d), normals(40, d), {}};
    p.options.steps = 9;
    check_gram(p, SHAPES[0], F32);
    p.options.toleranceRelative = 0.8f;
    check_gram(p, SHAPES[3], F32);
    check_products(p, 40);
  }
}

TEST(gram_is_stored_symmetric) {
  for (int type : {F32, BF16, F16}) {
    for (int n : {1, 5, 63, 64, 65, 130, 200}) {
      for (int from : {0, 1, 64, 70}) {
        if (from >= n) continue;
        Dense products = normals(n - from, n);  // above the diagonal: what must not be read
        OnDevice gram(Dense(n, n), type, 0, 3);
        for (int i = 0; i < n; i++)
          for (int j = 0; j < n; j++) gram.set(i, j, 77);
        test::Device<float> device(products.values);
        GramArguments a{device.data(), gram.data(), n, gram.pitch(), from, n - from, type, 0};
        test::run("store_gram", {unsigned(n + 63) / 64, unsigned(n - from + 63) / 64, 1}, 256, 64 * 65 * 4, a);
        for (int i = 0; i < n; i++)
          for (int j = 0; j < n; j++) {
            int low = std::max(i, j), high = std::min(i, j);
            EXPECT_EQUAL(gram.at(i, j), low < from ? 77.0f : stored(products.at(low - from, high), type));
          }
      }
    }
  }
}
