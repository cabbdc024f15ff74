// Codes in device memory, for the tests of kernels that read them.
#pragma once
#include <limits>

#include "entries.h"
#include "test/harness.h"
#include "test/matrix.h"

namespace test {

constexpr int EMPTY = -1;

inline int below(int bound) { return int(random()() % unsigned(bound)); }
inline bool chance(int of) { return below(of) == 0; }

struct Entry {
  int index;
  float value;
};
using Row = std::vector<Entry>;

// Up to k entries of atoms below n, as a pursuit leaves them; a first row of none, a second one of k.
inline std::vector<Row> random_rows(int rows, int k, int n) {
  std::vector<Row> made(static_cast<std::size_t>(rows));
  for (int r = 0; r < rows; r++) {
    int count = r == 0 ? 0 : r == 1 ? k : below(k + 1);
    for (int s = 0; s < count; s++) made[std::size_t(r)].push_back({below(n), chance(9) ? 0 : normal()});
  }
  return made;
}

// Rows as a kernel takes them: in k slots each, or one after another with offsets.
class Codes {
 public:
  Codes(const std::vector<Row>& rows, int k, bool compressed, int spare = 3)
      : rows(rows),
        k(k),
        compressed(compressed),
        indices(length(rows, k, compressed, spare)),
        values(indices.size()),
        counts(rows.size()),
        offsets(rows.size() + 1) {
    for (std::size_t i = 0; i < indices.size(); i++) indices.data()[i] = compressed ? 1 << 30 : EMPTY;
    for (std::size_t i = 0; i < values.size(); i++) values.data()[i] = compressed ? std::numeric_limits<float>::quiet_NaN() : 0;
    std::size_t next = 0;
    for (std::size_t r = 0; r < rows.size(); r++) {
      if (!compressed) next = r * std::size_t(k);
      offsets.data()[r] = (long long)next;
      counts.data()[r] = int(rows[r].size());
      for (const Entry& e : rows[r]) {
        indices.data()[next] = e.index;
        values.data()[next++] = e.value;
      }
      offsets.data()[r + 1] = (long long)next;
    }
  }

  CodesArguments arguments() {
    return {indices.data(),
            values.data(),
            compressed ? nullptr : counts.data(),
            compressed ? offsets.data() : nullptr,
            (long long)indices.size(),
            int(rows.size()),
            compressed ? 0 : k};
  }

  // Where a row's entries begin.
  std::size_t at(std::size_t row) { return std::size_t(offsets.data()[row]); }

  const std::vector<Row> rows;
  const int k;
  const bool compressed;
  Device<int> indices;
  Device<float> values;
  Device<int> counts;
  Device<long long> offsets;

 private:
  static std::size_t length(const std::vector<Row>& rows, int k, bool compressed, int spare) {
    if (!compressed) return rows.size() * std::size_t(k);
    std::size_t entries = std::size_t(spare);
    for (const Row& row : rows) entries += row.size();
    return entries;
  }
};

}  // namespace test
