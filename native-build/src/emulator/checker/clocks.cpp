#include "emulator/checker/clocks.h"

#include <algorithm>
#include <cstring>

namespace simt::checker {

void Clocks::begin(const Cluster& cluster) {
  run_++;
  clusterEpoch_ = 0;
  warpsPerBlock_ = (cluster.blocks[0].launch->threads + LANES - 1) / LANES;
  epochs_.assign(cluster.size, 0);
  warps_.resize(size_t(cluster.size) * warpsPerBlock_);
  std::memset(warps_.data(), 0, warps_.size() * sizeof(Warp));
}

void Clocks::warp_synchronised(const Thread* lanes, unsigned mask) {
  Warp& w = warp(*lanes);
  if (mask == ~0u) {
    for (uint32_t& clock : w.clock) clock++;
    std::memcpy(w.all, w.clock, sizeof w.all);
    return;
  }
  uint32_t joined[LANES] = {};
  for (unsigned i = 0; i < LANES; i++)
    if (mask >> i & 1)
      for (unsigned j = 0; j < LANES; j++) joined[j] = std::max(joined[j], w.known[i][j]);
  for (unsigned i = 0; i < LANES; i++)
    if (mask >> i & 1) joined[i] = ++w.clock[i];
  for (unsigned i = 0; i < LANES; i++)
    if (mask >> i & 1) std::memcpy(w.known[i], joined, sizeof joined);
}

void Clocks::cluster_synchronised() {
  clusterEpoch_++;
  for (uint32_t& epoch : epochs_) epoch++;
}

Moment Clocks::now(const Thread& thread) const {
  uint32_t rank = thread.block->rank, index = thread.linear / LANES;
  return {run_, epochs_[rank], clusterEpoch_, warp(rank, index).clock[thread.lane], rank, index,
          thread.lane};
}

bool Clocks::passed(const Moment& moment, uint32_t other, uint32_t clock) const {
  const Warp& w = warp(moment.rank, moment.warp);
  return std::max(w.all[other], w.known[moment.lane][other]) > clock;
}

}  // namespace simt::checker
