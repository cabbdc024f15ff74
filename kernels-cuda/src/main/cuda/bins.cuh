// Where in the bins of a histogram, of numbers or of sums, a rank or a sum is reached; by a block of 256 threads.
#pragma once
#include "marks.cuh"

// Finds the bin that holds the `wanted`-th largest, counted from 1, and calls found(bin, which of that bin's it is) in one
// thread; gives all threads the sum of all bins. `bin(i)` is read by one thread each before the block meets here, found is
// called afterwards; `sums` is shared memory for a number of each warp that nobody uses any more.
template <int BINS, class Bin, class Found>
__device__ __forceinline__ unsigned long long search_bins(unsigned long long* sums, Bin bin, unsigned long long wanted,
                                                          Found found) {
  constexpr int EACH = BINS / THREADS;
  int top = BINS - 1 - EACH * int(threadIdx.x);
  unsigned long long each[EACH], mine = 0;
  UNROLL for (int i = 0; i < EACH; i++) {
    each[i] = bin(top - i);
    mine += each[i];
  }
  unsigned long long upTo = inclusive(mine), total = 0;
  if (lane_of_warp() == 31) sums[threadIdx.x / 32] = upTo;
  __syncthreads();
  unsigned long long above = upTo - mine;
  UNROLL for (unsigned warp = 0; warp < WARPS; warp++) {
    if (warp < threadIdx.x / 32) above += sums[warp];
    total += sums[warp];
  }
  UNROLL for (int i = 0; i < EACH; i++) {
    if (above < wanted && wanted <= above + each[i]) found(unsigned(top - i), wanted - above);
    above += each[i];
  }
  return total;
}
