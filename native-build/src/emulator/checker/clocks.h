// What happens before what in one cluster: barriers order all threads of a block or cluster, __syncwarp the lanes that it
// names, and nothing else orders anything.
#pragma once
#include <cstdint>
#include <vector>

#include "emulator/machine.h"

namespace simt::checker {

constexpr unsigned LANES = 32;

// A point in a thread's time.
struct Moment {
  uint32_t run;           // of a cluster: every cluster of every launch has its own number
  uint32_t epoch;         // barriers that the block has passed
  uint32_t clusterEpoch;  // barriers that the cluster has passed
  uint32_t clock;         // __syncwarps that the thread has passed
  uint32_t rank, warp, lane;  // whose
};

class Clocks {
 public:
  void begin(const Cluster& cluster);
  void warp_synchronised(const Thread* lanes, unsigned mask);
  void block_synchronised(const Block& block) { epochs_[block.rank]++; }
  void cluster_synchronised();

  Moment now(const Thread& thread) const;
  uint32_t run() const { return run_; }

  // Whether lane `other` of the same warp has passed its `clock` before `moment`, as far as __syncwarp tells.
  bool passed(const Moment& moment, uint32_t other, uint32_t clock) const;

 private:
  // What each lane knows of each other lane's clock: the greater of `all` and its own row.
  struct Warp {
    uint32_t clock[LANES], all[LANES], known[LANES][LANES];
  };

  Warp& warp(const Thread& thread) { return warps_[thread.block->rank * warpsPerBlock_ + thread.linear / LANES]; }
  const Warp& warp(uint32_t rank, uint32_t index) const { return warps_[rank * warpsPerBlock_ + index]; }

  uint32_t run_ = 0, clusterEpoch_ = 0, warpsPerBlock_ = 0;
  std::vector<uint32_t> epochs_;
  std::vector<Warp> warps_;
};

}  // namespace simt::checker
