// What is remembered of every byte of shared and device memory: the latest write, and the reads and atomic accesses that
// no later access is known to follow. What is reported as unordered is so, and no unordered pair is missed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "emulator/checker/clocks.h"

namespace simt::checker {

// Where in the kernels an access stands: a return address, or an interned site.
using Where = uint64_t;

enum class Kind : uint8_t { READ, WRITE, ATOMIC };

// One access; or several that are unordered among themselves, summed up by what a later one must follow.
struct Accesses {
  enum Level : uint8_t { ONE, LANES_OF_A_WARP, WARPS_OF_A_BLOCK, BLOCKS_OF_A_CLUSTER, CLUSTERS };

  uint32_t run = 0, epoch = 0, clusterEpoch = 0, clock = 0;  // of the latest; run 0: there was none
  uint16_t rank = 0;                                         // and who did it
  uint8_t warp = 0, lane = 0;
  Level level = ONE;
  uint32_t lanes = 0;   // of several lanes: which
  uint32_t clocks = 0;  // and, where their clocks differ, the number of the list of them
  Where where = 0;
};

// One access at that moment.
Accesses single(const Moment& moment, Where where);

struct Cell {
  Accesses write, reads, atomics;
  std::unique_ptr<Cell[]> bytes;  // once a part of the word was accessed: a cell for each byte
};

struct Conflict {
  bool found = false;
  const char* earlier = nullptr;  // "a write", …
  Accesses with;
};

// A stretch of memory, word by word.
class Shadow {
 public:
  explicit Shadow(size_t bytes) : bytes_(bytes), cells_((bytes + 3) / 4) {}

  Cell& word(size_t offset) { return cells_[offset / 4]; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_;
  std::vector<Cell> cells_;
};

// Judges accesses. `first` is the earliest run whose accesses count: this cluster's for shared memory, the launch's first
// for device memory.
class Judge {
 public:
  explicit Judge(const Clocks& clocks) : clocks_(clocks) {}

  void forget() { lists_.clear(); }

  // Notes an access to `bytes` bytes at `offset` of a word; says what it conflicts with.
  Conflict access(Cell& cell, unsigned offset, unsigned bytes, Kind kind, const Moment& moment, Where where,
                  uint32_t first);

  // Whether anything has been written there since `first`.
  static bool written(const Cell& cell, unsigned offset, unsigned bytes, uint32_t first);

 private:
  Accesses copy(const Accesses& set);
  void split(Cell& cell);
  Conflict one(Cell& cell, Kind kind, const Moment& moment, Where where, uint32_t first);
  bool ordered(const Accesses& earlier, const Moment& moment, uint32_t first) const;
  void add(Accesses& set, const Moment& moment, Where where, uint32_t first);
  void add_lane(Accesses& set, const Moment& moment);
  bool lanes_passed(const Accesses& set, const Moment& moment) const;
  uint32_t clock_of(const Accesses& set, uint32_t lane) const;

  struct List {
    uint32_t clock[LANES];
  };

  const Clocks& clocks_;
  std::vector<List> lists_;
};

}  // namespace simt::checker
