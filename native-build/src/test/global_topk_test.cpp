// Kernels of global_topk.cu, in the order of the host's steps, against sorting: guesses from far too low to far too high,
// samples, ties across rows, masks, every format and key.
#include "global_topk.h"

#include <cmath>
#include <numeric>

#include "test/marks.h"

namespace {

using test::draw;
constexpr float INF = std::numeric_limits<float>::infinity(), NOT = std::numeric_limits<float>::quiet_NaN();

struct Problem {
  int rows, columns, type;
  long long k;
  bool magnitude, relu, masked;
  float start;
  bool started;
};

Problem draw_problem(int rows, int columns, long long k) {
  const float starts[] = {0, 0.5f, 2, -1, INF, -INF, NOT, 100};
  return {rows, columns, draw(0, 2), k, draw(0, 2) == 0, draw(0, 2) == 0, draw(0, 2) == 0, starts[draw(0, 7)], draw(0, 3) != 0};
}

void check(const Problem& p, float (*next)()) {
  test::Matrix scores(p.rows, p.columns, p.type, size_t(draw(0, 5)), size_t(draw(0, 2)));
  scores.fill(next).fill_gaps(NOT);
  std::vector<unsigned char> flags = test::flags(p.columns);
  test::Device<unsigned char> mask(flags);
  test::Device<float> start({p.start}), threshold({-7}), minPositive({-7});
  test::Device<GlobalTopKState> state(1);
  test::Marks marks(scores);
  long long size = (long long)p.rows * p.columns;

  GlobalTopKArguments a{};
  a.scores = scores.data();
  a.start = p.started ? start.data() : nullptr;
  a.mask = p.masked ? mask.data() : nullptr;
  a.bits = marks.bits.data();
  a.counts = marks.counts.data();
  a.starts = marks.starts.data();
  a.tiles = marks.tiles.data();
  a.state = state.data();
  a.threshold = threshold.data();
  a.minPositive = draw(0, 3) ? minPositive.data() : nullptr;
  a.stride = (long long)scores.stride;
  a.k = p.k;
  a.rows = p.rows;
  a.columns = p.columns;
  a.sampleRank = !p.started && size >= 2 * 8192 ? int(double(p.k) / double(size) * 8192) + draw(1, 50) : 0;
  bool guessed = p.started || a.sampleRank;
  a.options = (p.magnitude ? GLOBAL_BY_MAGNITUDE : 0) | (p.relu ? GLOBAL_RELU : 0) | (guessed ? GLOBAL_GUESSED : 0);

  auto mark = [&](const float* from, const int* when) {
    MarkArguments m = marks.marking();
    m.thresholds = from;
    m.mask = a.mask;
    m.when = when;
    m.options = MARK_OR_EQUAL | (p.magnitude ? MARK_BY_MAGNITUDE : 0);
    marks.mark(m);
  };
  auto count = [&](int level, bool onlyAgain) {
    a.level = level;
    a.onlyAgain = onlyAgain;
    test::run(marks.kernel("global_histogram"), {unsigned(draw(1, 3)), 1, 1}, 256, 4 * GLOBAL_BINS, a);
    test::run("global_choose", {1, 1, 1}, 256, 64, a);
  };
  test::run(marks.kernel("global_begin"), {1, 1, 1}, 256, a.sampleRank ? 64 + 4 * (8192 + 2048 + 4) : 0, a);
  mark(&state.data()->guess, nullptr);
  count(0, false);
  if (guessed) {
    mark(&state.data()->everything, &state.data()->again);
    count(0, true);
  }
  count(1, false);
  count(2, false);
  marks.over_segments("global_ties", 0, a);
  marks.place_rows(true);
  marks.place_tiles(std::numeric_limits<long long>::max());
  marks.over_segments("global_refine", 0, a);
  test::Csr out(p.rows, std::min(p.k, size));
  EXPECT_EQUAL(out.write(marks), 0ull);
  test::run("global_finish", {1, 1, 1}, 32, 0, a);

  std::vector<int> order;
  for (int i = 0; i < size; i++)
    if (!p.masked || flags[size_t(i % p.columns)]) order.push_back(i);
  auto key = [&](int i) {
    float score = scores.at(i / p.columns, i % p.columns);
    return p.magnitude ? std::fabs(score) : score;
  };
  std::stable_sort(order.begin(), order.end(), [&](int x, int y) { return test::compare(key(x), key(y)) > 0; });
  order.resize(std::min(order.size(), size_t(p.k)));
  float last = order.empty() ? NOT : key(order.back()) + 0.0f, least = NOT;
  std::sort(order.begin(), order.end());
  std::vector<long long> offsets(size_t(p.rows) + 1, 0);
  std::vector<int> columns;
  std::vector<float> values;
  for (int i : order) {
    float value = scores.at(i / p.columns, i % p.columns);
    if (p.relu && value <= 0) continue;
    offsets[size_t(i / p.columns) + 1]++;
    columns.push_back(i % p.columns);
    values.push_back(value);
    if (value > 0 && !(least <= value)) least = value;
  }
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  out.expect(offsets, columns, values);
  EXPECT(test::same(threshold.data()[0], last));
  EXPECT(test::same(minPositive.data()[0], a.minPositive ? least : -7.0f));
}

float draw_integer() { return float(draw(-3, 3)); }
float draw_nan() { return draw(0, 1) ? NOT : -NOT; }
float rising = 0;
float next_higher() { return rising += 1; }

}  // namespace

TEST(first_of_all_rows) {
  for (int columns : {1, 5, 127, 130, 600, 4100})
    for (int rows : {1, 3, 34}) {
      if (test::quick() && rows * columns > 20000) continue;
      int size = rows * columns;
      for (int k : {1, size / 3 + 1, size, size + 5}) check(draw_problem(rows, columns, k), test::draw_number);
    }
}

TEST(ties_across_rows_and_segments) {
  for (int k : {1, 40, 333, 900, 1500}) {
    check(draw_problem(3, 500, k), draw_integer);
    check(draw_problem(70, 20, k), draw_integer);
    check(draw_problem(2, 750, k), draw_nan);
  }
  check(draw_problem(1, 9000, 4000), draw_integer);
}

TEST(a_guess_from_a_sample) {
  for (int k : {1, 100, 5000, 15000}) {
    for (auto next : {test::draw_number, draw_integer, next_higher}) {
      Problem p = draw_problem(5, 3300, k);
      p.started = false;
      check(p, next);
    }
  }
}

TEST(every_guess) {
  for (float start : {-INF, -1.0f, 0.0f, 1.0f, 3.0f, INF, NOT}) {
    Problem p = draw_problem(4, 300, draw(1, 1200));
    p.start = start;
    p.started = true;
    check(p, test::draw_number);
  }
}
