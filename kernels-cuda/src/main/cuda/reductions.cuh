// Sums over the threads of a warp or a block, in a fixed order and the same in every thread.
#pragma once
#include "simt.cuh"

// Orders no memory.
template <class T>
__device__ __forceinline__ T warp_sum(T v) {
  UNROLL for (int distance = 16; distance; distance >>= 1) v += __shfl_xor_sync(~0u, v, distance);
  return v;
}

// `parts` is shared memory for a number of each warp, which nobody reads or writes any more when the sum begins.
template <int THREADS, class T>
__device__ __forceinline__ T block_sum(T v, T* parts) {
  v = warp_sum(v);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
  __syncthreads();
  T sum = 0;
  UNROLL for (int warp = 0; warp < THREADS / 32; warp++) sum += parts[warp];
  return sum;
}
