// The threads that share a task, a row for example: a warp, or a whole block. One source serves both.
#pragma once
#include "simt.cuh"

template <int THREADS>
class Team {
  static_assert(THREADS % 32 == 0 && THREADS <= 512, "whole warps, at most 16");

 public:
  static constexpr int WARPS = THREADS / 32;

  // What the warps of a team tell each other; used in turns, so that one barrier a reduction is enough.
  struct Shared {
    unsigned words[2][16];
  };

  __device__ __forceinline__ explicit Team(Shared& shared) : shared_(shared) {}

  // This thread's number in its team.
  static __device__ __forceinline__ unsigned thread() { return WARPS == 1 ? lane() : threadIdx.x; }
  static __device__ __forceinline__ unsigned lane() { return threadIdx.x % 32; }
  static __device__ __forceinline__ unsigned warp() { return WARPS == 1 ? 0 : threadIdx.x / 32; }

  // Orders the shared memory of the team.
  static __device__ __forceinline__ void sync(CALLER) {
    if (WARPS == 1)
      __syncwarp(OF_CALLER);
    else
      __syncthreads(OF_CALLER);
  }

  // Reductions over the team, which every thread gets. They order no memory.
  __device__ __forceinline__ unsigned sum(unsigned mine) {
    mine = __reduce_add_sync(~0u, mine);
    return WARPS == 1 ? mine : __reduce_add_sync(~0u, exchanged(mine, 0));
  }
  __device__ __forceinline__ unsigned maximum(unsigned mine) {
    mine = __reduce_max_sync(~0u, mine);
    return WARPS == 1 ? mine : __reduce_max_sync(~0u, exchanged(mine, 0));
  }
  __device__ __forceinline__ unsigned minimum(unsigned mine) {
    mine = __reduce_min_sync(~0u, mine);
    return WARPS == 1 ? mine : __reduce_min_sync(~0u, exchanged(mine, ~0u));
  }
  __device__ __forceinline__ unsigned count(bool mine) {
    return WARPS == 1 ? __popc(__ballot_sync(~0u, mine)) : __syncthreads_count(mine);
  }

  // How many threads before this one say yes; `total` is how many of all do.
  __device__ __forceinline__ unsigned before(bool mine, unsigned& total) {
    unsigned yes = __ballot_sync(~0u, mine), within = __popc(yes & ((1u << lane()) - 1));
    total = __popc(yes);
    if (WARPS == 1) return within;
    unsigned theirs = exchanged(total, 0);
    total = __reduce_add_sync(~0u, theirs);
    return within + __reduce_add_sync(~0u, lane() < warp() ? theirs : 0);
  }

 private:
  // Lane i gets the word of warp i, lanes past the last warp `neutral`.
  __device__ __forceinline__ unsigned exchanged(unsigned word, unsigned neutral) {
    turn_ ^= 1;
    if (lane() == 0) shared_.words[turn_][warp()] = word;
    __syncthreads();
    return lane() < WARPS ? shared_.words[turn_][lane()] : neutral;
  }

  Shared& shared_;
  unsigned turn_ = 0;
};
