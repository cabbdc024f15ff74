// What threads do together, as the vocabulary calls it.
#pragma once
#include "emulator/thread.h"

namespace simt {

enum class WarpOperation : uint8_t {
  SYNC,
  SHUFFLE,
  SHUFFLE_XOR,
  SHUFFLE_UP,
  SHUFFLE_DOWN,
  BALLOT,
  ANY,
  ALL,
  MATCH_ANY,
  MAX,
  MIN,
  MAX_SIGNED,
  MIN_SIGNED,
  ADD,
  AND,
  OR,
  XOR
};

// Values are bit patterns, zero-extended; `selector` and `width` are those of a shuffle.
uint64_t warp_collective(WarpOperation operation, unsigned mask, uint64_t value, unsigned selector, unsigned width,
                         Site site);
int block_barrier(BlockOperation operation, bool predicate, Site site);
void cluster_barrier(Site site);

unsigned cluster_rank();
void* cluster_map(void* own, unsigned rank, Site site);

// The arena from `offset` on, where an object of `bytes` must fit.
void* shared_memory(size_t offset, size_t bytes, size_t alignment, Site site);

// Called before an atomic access: another thread may run first.
void before_atomic(const void* address, size_t bytes, Site site);

[[noreturn]] void misaligned(const void* address, size_t alignment, Site site);

inline void check_aligned(const void* address, size_t alignment, Site site) {
  if (reinterpret_cast<uintptr_t>(address) % alignment) misaligned(address, alignment, site);
}

}  // namespace simt
