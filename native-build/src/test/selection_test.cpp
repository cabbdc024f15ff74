// Kernels of selection.cu in every launch shape against sorting, exactly: widths and k around each limit, every kind of
// row, every format, every option.
#include "selection.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>

#include "emulator/bits16.h"
#include "test/harness.h"

namespace {

int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(test::random()); }
float draw_normal() { return std::normal_distribution<float>()(test::random()); }
float draw_bits(uint32_t from, uint32_t mask) { return simt::bits_float(from | (uint32_t(test::random()()) & mask)); }

constexpr float INF = std::numeric_limits<float>::infinity();

// ---- Rows ----

constexpr int KINDS = 21;

float draw_score(int kind, int i, int n) {
  switch (kind) {
    case 0: return draw_normal();
    case 1: return 0.75f;
    case 2: return float(i - n / 2);
    case 3: return float(n / 2 - i);
    case 4: return float(i % 37);
    case 5: return -0.5f - std::abs(draw_normal());
    case 6: return i == n / 3 ? 3e38f : draw_normal() * 1e-3f;
    case 7: return draw_normal() + (i < n / 16 + 1 ? 10.0f : 0.0f);
    case 8: return draw_normal() + (i >= n - n / 16 - 1 ? 10.0f : 0.0f);
    case 9: return i % 97 == 41 ? float(2 + draw(0, 2)) : 1.0f;
    case 10: return float(draw(-3, 3));
    case 11: return draw(0, 39) == 0 ? float(draw(-1, 1)) : draw(0, 1) ? 0.0f : -0.0f;
    case 12: return draw_bits(0, 0x807fffff);
    case 13: return draw(0, 20) == 0 ? INF : draw(0, 9) == 0 ? -INF : draw_normal();
    case 14: return draw(0, 2) == 0 ? draw_bits(draw(0, 1) ? 0x7fc00000 : 0xffc00000, 0x3fffff) : draw_normal();
    case 15: return draw_bits(0x7fc00000, 0x803fffff);
    case 16: return -INF;
    case 17: return std::max(0.0f, draw_normal() - 2.5f);
    case 18: return i % 1024 < 16 ? 100.0f + draw_normal() : draw_normal();
    case 19: return draw_bits(0, 0xffffffff);
    default: return i < n / 2 ? -0.0f : 0.0f;
  }
}

uint16_t narrowed(float v, int format) {
  if (v != v) return uint16_t((simt::float_bits(v) >> 16) | 0x7fc0);  // any NaN; of both signs and several payloads
  return format == 1 ? simt::float_to_bf16(v) : simt::float_to_f16(v);
}

// A matrix in device memory, and its elements as float32.
struct Stored {
  Stored(int rows, int columns, int format)
      : columns(columns),
        format(format),
        stride(columns + (draw(0, 1) ? draw(0, 9) : (8 - columns % 8) % 8)),
        offset(draw(0, 1) ? 0 : draw(0, 8)),
        bytes((size_t(rows) * size_t(stride) + 1) * size_t(format ? 2 : 4), size_t(offset * (format ? 2 : 4))),
        floats(size_t(rows) * size_t(columns)) {}

  void put(int row, int column, float v) {
    size_t at = size_t(row) * size_t(stride) + size_t(column);
    float& kept = floats[size_t(row) * size_t(columns) + size_t(column)];
    if (format == 0) {
      std::memcpy(bytes.data() + 4 * at, &v, 4);
      kept = v;
    } else {
      uint16_t bits = narrowed(v, format);
      std::memcpy(bytes.data() + 2 * at, &bits, 2);
      kept = format == 1 ? simt::bf16_to_float(bits) : simt::f16_to_float(bits);
    }
  }
  const float* row(int r) const { return floats.data() + size_t(r) * size_t(columns); }

  int columns, format, stride, offset;
  test::Device<unsigned char> bytes;
  std::vector<float> floats;
};

// ---- The reference: sort everything ----

int64_t order_of(float score, bool magnitude) {
  if (score != score) return INT64_MAX;
  if (magnitude) score = std::fabs(score);
  if (score == 0) return 0;
  int64_t bits = simt::float_bits(std::fabs(score));
  return score < 0 ? -bits : bits;
}

struct Codes {
  std::vector<int> indices;
  std::vector<float> values;
  int count = 0;
};

Codes reference(const float* scores, const float* values, int n, int k, int keeps, int options,
                const std::vector<unsigned char>& mask) {
  std::vector<int> all;
  for (int i = 0; i < n; i++)
    if (mask.empty() || mask[size_t(i)]) all.push_back(i);
  bool magnitude = options & BY_MAGNITUDE;
  std::vector<int64_t> order(static_cast<size_t>(n));
  for (int i = 0; i < n; i++) order[size_t(i)] = order_of(scores[i], magnitude);
  size_t wants = std::min(all.size(), size_t(keeps) + 1);
  std::partial_sort(all.begin(), all.begin() + long(wants), all.end(), [&](int a, int b) {
    int64_t x = order[size_t(a)], y = order[size_t(b)];
    return x != y ? x > y : a < b;
  });
  size_t kept = std::min(all.size(), size_t(keeps));
  if (options & DROP_TIES && all.size() > kept) {
    int64_t boundary = order[size_t(all[kept])];
    while (kept > 0 && order[size_t(all[kept - 1])] == boundary) kept--;
  }
  all.resize(kept);
  if (options & BY_INDEX) std::sort(all.begin(), all.end());
  Codes codes{std::vector<int>(size_t(k), -1), std::vector<float>(size_t(k), 0.0f)};
  for (int i : all) {
    if (options & RELU && values[i] <= 0) continue;
    codes.indices[size_t(codes.count)] = i;
    codes.values[size_t(codes.count++)] = values[i];
  }
  return codes;
}

// ---- Launching ----

struct Shape {
  const char* kernel;
  int threads, teams, blocks;  // of a block; rows a block; blocks a row (0: as many as are asked for, then topk_merge)
};
const Shape WARP{"topk_warp", 128, 4, 1}, BLOCK128{"topk_block128", 128, 1, 1}, BLOCK512{"topk_block512", 512, 1, 1},
    STREAM{"topk_stream", 256, 1, 1}, CLUSTER2{"topk_cluster2", 512, 1, 2}, CLUSTER4{"topk_cluster4", 512, 1, 4},
    CLUSTER8{"topk_cluster8", 512, 1, 8}, SPLIT{"topk_split", 512, 1, 0};

const char* const SUFFIXES[] = {"_f32", "_bf16", "_f16"};

int power_of_two(int least) {
  int size = 128;
  while (size < least) size *= 2;
  return size;
}

// The least that the kernels can do with, or enough for most rows.
int capacity_of(int wants, int teamThreads, bool least) {
  int room = wants + wants / 4 + 4 * teamThreads + (least ? 0 : wants);
  return std::max((room + 1) / 2 * 2, power_of_two(wants));
}

int stash_of(int wants, bool least) { return least ? 4 : (64 + wants * 3 / 2) / 4 * 4; }

size_t shared_bytes(int capacity, int stash) { return 1200 + 8 * size_t(capacity) + 20 * size_t(stash); }

struct Problem {
  int rows = 1, columns = 0, k = 0, options = 0, format = 0;
  bool separateValues = false, leastCapacity = false;
  int valueFormat = 0, slices = 1;
  double maskShare = 1;  // 1: no mask
  bool ownK = false;
  std::vector<int> kinds;

  std::string text(const char* kernel) const {
    std::ostringstream out;
    out << kernel << SUFFIXES[format] << " columns " << columns << " k " << k << " options " << options << " mask "
        << maskShare << (ownK ? " own k" : "") << " slices " << slices << (leastCapacity ? " least capacity" : "");
    return out.str();
  }
};

// Options at random; k in most rows.
Problem draw_problem(int rows, int columns, int k) {
  Problem p;
  p.rows = rows;
  p.columns = columns;
  p.k = k;
  p.options = draw(0, 1) ? 0 : draw(0, 15);
  p.format = draw(0, 2);
  p.separateValues = draw(0, 3) == 0;
  p.valueFormat = p.separateValues ? draw(0, 2) : p.format;
  p.leastCapacity = draw(0, 1);
  p.slices = draw(1, 5);
  const double shares[] = {0, 3.0 / std::max(columns, 3), 0.1, 0.9};
  p.maskShare = draw(0, 3) ? 1 : shares[draw(0, 3)];
  p.ownK = draw(0, 3) == 0;
  for (int r = 0; r < rows; r++) p.kinds.push_back(draw(0, 1) ? 0 : draw(0, KINDS - 1));
  return p;
}

std::vector<int> draw_own_k(const Problem& p) {
  std::vector<int> own;
  for (int r = 0; r < p.rows; r++) {
    const int choices[] = {0, -3, p.k, p.k + 9, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()};
    own.push_back(draw(0, 1) ? draw(0, p.k) : choices[draw(0, 5)]);
  }
  return own;
}

std::vector<unsigned char> draw_mask(int columns, double share) {
  std::vector<unsigned char> mask;
  if (share == 1) return mask;
  for (int i = 0; i < columns; i++) mask.push_back(std::uniform_real_distribution<double>()(test::random()) < share);
  return mask;
}

void expect_row(const Codes& expected, const int* indices, const float* values, int count, const std::string& text) {
  if (count != expected.count)
    throw test::Failed(text + ": count " + std::to_string(count) + ", expected " + std::to_string(expected.count));
  for (size_t i = 0; i < expected.indices.size(); i++) {
    float a = values[i], b = expected.values[i];
    bool same = simt::float_bits(a) == simt::float_bits(b) || (a != a && b != b);
    if (indices[i] != expected.indices[i] || !same)
      throw test::Failed(text + ": slot " + std::to_string(i) + " holds index " + std::to_string(indices[i]) +
                         " value " + std::to_string(a) + ", expected " + std::to_string(expected.indices[i]) + ", " +
                         std::to_string(b));
  }
}

// A selection's outputs, dirty and with a row before and behind that must stay dirty.
struct Outputs {
  Outputs(int rows, int k) : k(k), indices(size_t(rows + 2) * size_t(k)), values(indices.size()), counts(size_t(rows) + 2) {
    std::fill_n(indices.data(), indices.size(), -77);
    std::fill_n(values.data(), values.size(), -77.0f);
    std::fill_n(counts.data(), counts.size(), -77);
  }
  void expect(int row, const Codes& expected, const std::string& text) {
    size_t at = size_t(row + 1) * size_t(k);
    expect_row(expected, indices.data() + at, values.data() + at, counts.data()[row + 1], text);
  }
  void expect_surroundings() {
    size_t last = counts.size() - 1;
    EXPECT(counts.data()[0] == -77 && counts.data()[last] == -77);
    for (size_t i = 0; i < size_t(k); i++) {
      EXPECT(indices.data()[i] == -77 && indices.data()[last * size_t(k) + i] == -77);
      EXPECT(values.data()[i] == -77 && values.data()[last * size_t(k) + i] == -77);
    }
  }
  int k;
  test::Device<int> indices;
  test::Device<float> values;
  test::Device<int> counts;
};

void check(const Shape& shape, const Problem& p) {
  std::string text = p.text(shape.kernel);
  Stored scores(p.rows, p.columns, p.format), values(p.separateValues ? p.rows : 0, p.columns, p.valueFormat);
  for (int r = 0; r < p.rows; r++)
    for (int i = 0; i < p.columns; i++) {
      scores.put(r, i, draw_score(p.kinds[size_t(r)], i, p.columns));
      if (p.separateValues) values.put(r, i, draw_score(p.kinds[size_t(r)] == 14 ? 14 : 0, i, p.columns));
    }
  Stored& stored = p.separateValues ? values : scores;
  std::vector<unsigned char> mask = draw_mask(p.columns, p.maskShare);
  std::vector<int> ownK = p.ownK ? draw_own_k(p) : std::vector<int>();
  test::Device<unsigned char> deviceMask(mask, 1);
  test::Device<int> deviceOwnK(ownK);
  Outputs out(p.rows, p.k);

  int wants = p.k + (p.options & DROP_TIES ? 1 : 0), teamThreads = shape.threads / shape.teams;
  int slices = shape.blocks ? 1 : p.slices;
  test::Device<unsigned long long> lists(size_t(p.rows) * size_t(slices) * size_t(wants));
  test::Device<unsigned> listCounts(size_t(p.rows) * size_t(slices));
  TopKArguments a{};
  a.scores = scores.bytes.data();
  a.values = stored.bytes.data();
  a.mask = p.maskShare == 1 ? nullptr : deviceMask.data();
  a.rowK = p.ownK ? deviceOwnK.data() : nullptr;
  a.indices = out.indices.data() + p.k;
  a.written = out.values.data() + p.k;
  a.counts = out.counts.data() + 1;
  a.lists = lists.data();
  a.listCounts = listCounts.data();
  a.scoreStride = scores.stride;
  a.valueStride = stored.stride;
  a.rows = p.rows;
  a.columns = p.columns;
  a.slots = p.k;
  a.k = draw(0, 1) ? p.k : std::min(p.k, p.columns);
  a.capacity = capacity_of(wants, teamThreads, p.leastCapacity);
  a.stash = stash_of(wants, p.leastCapacity && draw(0, 1));
  a.options = p.options;
  a.valueFormat = p.valueFormat;
  a.slices = slices;
  a.listCapacity = wants;

  unsigned rows = unsigned(p.rows), teams = unsigned(shape.teams);
  unsigned grid = shape.blocks ? (rows + teams - 1) / teams * unsigned(shape.blocks) : rows * unsigned(slices);
  try {
    test::run(shape.kernel + std::string(SUFFIXES[p.format]), {grid, 1, 1}, unsigned(shape.threads),
              teams * shared_bytes(a.capacity, a.stash), a);
    if (shape.blocks == 0) {
      a.capacity = capacity_of(wants, 256, p.leastCapacity);
      a.stash = 0;
      test::run("topk_merge", {rows, 1, 1}, 256, shared_bytes(a.capacity, 0), a);
    }
  } catch (const test::Failed& e) {
    throw test::Failed(text + ": " + e.what());
  }
  for (int r = 0; r < p.rows; r++) {
    int keeps = p.ownK ? std::max(0, std::min(ownK[size_t(r)], p.k)) : p.k;
    Codes expected = reference(scores.row(r), stored.row(r), p.columns, p.k, keeps, p.options, mask);
    out.expect(r, expected, text + " kind " + std::to_string(p.kinds[size_t(r)]));
  }
  out.expect_surroundings();
}

// Every kind of row without options, then problems at random.
void check_around(const Shape& shape, const std::vector<int>& widths, const std::vector<int>& ks, int rows) {
  for (int columns : widths)
    for (int k : ks) check(shape, draw_problem(rows, columns, k));
}

void check_kinds(const Shape& shape, int columns, int k) {
  for (int format = 0; format < (test::quick() ? 1 : 3); format++)
    for (int magnitude = 0; magnitude < 2; magnitude++) {
      Problem p;
      p.rows = KINDS;
      p.columns = columns;
      p.k = k;
      p.format = p.valueFormat = format;
      p.options = magnitude ? BY_MAGNITUDE : 0;
      p.slices = 3;
      p.leastCapacity = magnitude;
      for (int kind = 0; kind < KINDS; kind++) p.kinds.push_back(kind);
      check(shape, p);
    }
}

}  // namespace

TEST(warp_a_row) {
  check_kinds(WARP, 1000, 40);
  check_kinds(WARP, 77, 20);
  check_around(WARP, {0, 1, 3, 4, 5, 31, 32, 33, 127, 128, 129, 255, 256, 257, 1020, 1023, 1024, 1025, 1032, 3000},
               {0, 1, 2, 15, 16, 17, 33, 64, 127, 128, 129}, 6);
}

TEST(block_a_row_in_registers) {
  check_kinds(BLOCK128, 4000, 100);
  check_kinds(BLOCK128, 4096, 600);
  check_around(BLOCK128, {0, 1, 5, 1023, 1025, 4095, 4096, 4097, 4104, 8192, 8200, 9000},
               {0, 1, 63, 64, 65, 128, 511, 512, 513, 1000, 4096}, 2);
}

TEST(large_block_a_row_in_registers) {
  check_kinds(BLOCK512, 9000, 64);
  check_around(BLOCK512, {0, 7, 4098, 8193, 16383, 16384, 16385, 16400}, {1, 32, 255, 256, 257, 1024, 2049, 4096}, 1);
}

TEST(stream_a_row) {
  check_kinds(STREAM, 20000, 64);
  check_kinds(STREAM, 20000, 1000);
  check_around(STREAM, {0, 9, 8191, 8192, 8193, 16384, 24577, 65536}, {0, 1, 64, 255, 257, 1024, 1025, 2048, 4096}, 1);
}

TEST(cluster_a_row) {
  check_kinds(CLUSTER2, 17000, 64);
  check_around(CLUSTER2, {0, 3, 8195, 40000}, {1, 64, 1025, 4096}, 1);
  check_around(CLUSTER4, {0, 3, 8195, 40000}, {1, 64, 1025, 4096}, 1);
  check_around(CLUSTER8, {0, 3, 8195, 70000}, {1, 64, 1025, 4096}, 1);
}

TEST(split_a_row) {
  check_kinds(SPLIT, 17000, 64);
  check_around(SPLIT, {0, 3, 8195, 40000}, {0, 1, 64, 1025, 4096}, 2);
}

TEST(a_row_of_a_million) {
  for (int kind : {0, 2, 9, 14}) {
    Problem p;
    p.columns = 1 << 20;
    p.k = kind == 2 ? 4096 : 100;
    p.kinds = {kind};
    p.slices = 16;
    check(kind == 0 ? CLUSTER4 : kind == 9 ? SPLIT : STREAM, p);
  }
}

namespace {

// One selector of a fused encode.
struct Running {
  Running(int rows, int columns, int k)
      : problem(draw_problem(rows, columns, k)),
        mask(draw_mask(columns, problem.maskShare)),
        ownK(problem.ownK ? draw_own_k(problem) : std::vector<int>()),
        deviceMask(mask, 1),
        deviceOwnK(ownK),
        wants(k + (problem.options & DROP_TIES ? 1 : 0)),
        listCapacity(wants + wants / 4 + (problem.leastCapacity ? 0 : wants)),
        lists(size_t(rows) * size_t(listCapacity)),
        floors(std::vector<unsigned long long>(size_t(rows), 0)),
        counts(std::vector<unsigned>(size_t(rows), 0)),
        out(rows, k) {}

  RunningSelector selector() {
    return {lists.data(),
            floors.data(),
            counts.data(),
            problem.maskShare == 1 ? nullptr : deviceMask.data(),
            problem.ownK ? deviceOwnK.data() : nullptr,
            problem.k,
            problem.options,
            listCapacity};
  }

  void finish() {
    TopKArguments a{};
    a.rowK = selector().rowK;
    a.indices = out.indices.data() + problem.k;
    a.written = out.values.data() + problem.k;
    a.counts = out.counts.data() + 1;
    a.lists = lists.data();
    a.listCounts = counts.data();
    a.rows = problem.rows;
    a.slots = a.k = problem.k;
    a.capacity = capacity_of(wants, 256, problem.leastCapacity);
    a.options = problem.options;
    a.slices = 1;
    a.listCapacity = listCapacity;
    test::run("topk_merge", {unsigned(problem.rows), 1, 1}, 256, shared_bytes(a.capacity, 0), a);
  }

  Problem problem;
  std::vector<unsigned char> mask;
  std::vector<int> ownK;
  test::Device<unsigned char> deviceMask;
  test::Device<int> deviceOwnK;
  int wants, listCapacity;
  test::Device<unsigned long long> lists, floors;
  test::Device<unsigned> counts;
  Outputs out;
};

void check_running(int rows, int columns, int chunk, const std::vector<int>& ks) {
  bool biased = draw(0, 1), relu = draw(0, 2) == 0;
  std::vector<float> bias;
  for (int i = 0; i < columns; i++) bias.push_back(float(draw(-2, 2)));
  test::Device<float> deviceBias(bias, size_t(draw(0, 3)));
  std::vector<std::vector<float>> scores(static_cast<size_t>(rows)), activated(static_cast<size_t>(rows));
  std::vector<int> kinds;
  for (int r = 0; r < rows; r++) {
    kinds.push_back(draw(0, 1) ? 0 : draw(0, KINDS - 1));
    for (int i = 0; i < columns; i++) {
      float score = draw_score(kinds.back(), i, columns), v = biased ? score + bias[size_t(i)] : score;
      scores[size_t(r)].push_back(score);
      activated[size_t(r)].push_back(relu && v <= 0 ? 0.0f : v);
    }
  }
  std::vector<std::unique_ptr<Running>> running;
  for (int k : ks) running.push_back(std::make_unique<Running>(rows, columns, k));

  int stride = chunk + draw(0, 1) * draw(0, 5);
  test::Device<float> buffer(size_t(rows) * size_t(stride), size_t(draw(0, 1) * draw(0, 3)));
  RunningArguments a{};
  a.scores = buffer.data();
  a.bias = biased ? deviceBias.data() : nullptr;
  a.stride = stride;
  a.relu = relu;
  int wants = 0;
  for (auto& each : running) {
    a.selectors[a.count++] = each->selector();
    wants = std::max(wants, each->wants);
  }
  a.capacity = capacity_of(wants, 128, draw(0, 1));
  a.stash = stash_of(wants, draw(0, 2) == 0);
  for (int first = 0; first < columns; first += chunk) {
    a.firstColumn = first;
    a.columns = std::min(chunk, columns - first);
    for (int r = 0; r < rows; r++)
      for (int i = 0; i < a.columns; i++) buffer.data()[r * stride + i] = scores[size_t(r)][size_t(first + i)];
    test::run("running_consume", {unsigned(rows), 1, 1}, 128, shared_bytes(a.capacity, a.stash), a);
  }
  for (auto& each : running) {
    each->finish();
    const Problem& p = each->problem;
    for (int r = 0; r < rows; r++) {
      int keeps = p.ownK ? std::max(0, std::min(each->ownK[size_t(r)], p.k)) : p.k;
      const float* row = activated[size_t(r)].data();
      each->out.expect(r, reference(row, row, columns, p.k, keeps, p.options, each->mask),
                       p.text("running") + " chunk " + std::to_string(chunk) + " kind " + std::to_string(kinds[size_t(r)]));
    }
    each->out.expect_surroundings();
  }
}

}  // namespace

TEST(running_selection_over_chunks) {
  for (int chunk : {1, 5, 64, 1000, 4096, 5000})
    for (int columns : {1, 7, 300, 4100, 13000}) {
      if (columns > 70 * chunk) continue;
      check_running(5, columns, chunk, {draw(1, 64)});
      check_running(3, columns, chunk, {64, draw(0, 300), draw(500, 1500), draw(0, 1) ? 4096 : 33});
    }
}
