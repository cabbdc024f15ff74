// Running sums over the threads of a block.
#pragma once
#include "simt.cuh"

// The sum of the numbers of the threads before this one; `total` is that of all. `parts` is shared memory for a number of
// each warp, which nobody reads or writes any more when the scan begins.
template <int THREADS>
__device__ __forceinline__ unsigned block_scan(unsigned mine, unsigned* parts, unsigned& total) {
  unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32, reached = mine;
  UNROLL for (unsigned by = 1; by < 32; by *= 2) {
    unsigned before = __shfl_up_sync(~0u, reached, by);
    if (lane >= by) reached += before;
  }
  if (lane == 31) parts[warp] = reached;
  __syncthreads();
  unsigned before = 0;
  total = 0;
  UNROLL for (unsigned w = 0; w < THREADS / 32; w++) {
    unsigned part = parts[w];
    if (w < warp) before += part;
    total += part;
  }
  return before + reached - mine;
}

// How many of `count` ascending numbers are smaller.
template <class T>
__device__ __forceinline__ unsigned smaller_ones(const T* ascending, unsigned count, T bound) {
  unsigned low = 0, high = count;
  while (low < high) {
    unsigned middle = low + (high - low) / 2;
    if (ascending[middle] < bound)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}
