// What follows from how often latents have fired.
//
// since_fired      since[j] = fires[j] > 0 ? 0 : since[j] + rows
// dead_latents     dead[j] = since[j] >= limit; how many are is an integer, which warps add to in any order
// density          out[j] = fires[j] / rows, a quotient in double
// moving_average   average[i] = momentum·average[i] + (1 - momentum)·observed[i], past every NaN
//                  A thread an element: ceil(n / 256) blocks of 256.
//
// adapt_bias       With p = fires[j] / rows and r[j] = max(maxima[j], 0), and T the mean of the r above 0 of a group:
//                    p > targets[group]   bias[j] = max(bias[j] - decrease·r[j], floor)
//                    p < deadBelow        bias[j] = min(bias[j] + increase·T, ceiling)
//                  in double. A block of 512 a group: reads all latents twice, and adds the group's in a fixed order.
//                  Bytes: 2·n·(16 and a group's 4) a group, all but the first from L2. NaN in the maxima reaches the bias.
//
// Launch contract: one-dimensional grids; no shared memory but 256 bytes (adapt_bias). Blocks do not depend on each other.
#include "latents.h"

#include "reductions.cuh"
#include "simt.cuh"

ARGUMENTS(SinceFiredArguments, 32);
ARGUMENTS(DeadLatentsArguments, 40);
ARGUMENTS(DensityArguments, 32);
ARGUMENTS(MovingAverageArguments, 32);
ARGUMENTS(AdaptBiasArguments, 80);

constexpr int THREADS = 256;

KERNEL(since_fired, THREADS, 6, const SinceFiredArguments a) {
  long long j = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (j < a.n) a.since[j] = a.fires[j] > 0 ? 0 : a.since[j] + a.rows;
}

KERNEL(dead_latents, THREADS, 6, const DeadLatentsArguments a) {
  long long j = blockIdx.x * (long long)THREADS + threadIdx.x;
  bool dead = j < a.n && a.since[j] >= a.limit;
  if (j < a.n) a.dead[j] = dead ? 1 : 0;
  unsigned ofWarp = __ballot_sync(~0u, dead);
  if (threadIdx.x % 32 == 0 && ofWarp) atomicAdd(a.count, __popc(ofWarp));
}

KERNEL(density, THREADS, 6, const DensityArguments a) {
  long long j = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (j < a.n) a.out[j] = (float)((double)a.fires[j] / (double)a.rows);
}

KERNEL(moving_average, THREADS, 6, const MovingAverageArguments a) {
  long long i = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (i >= a.n) return;
  float seen = a.observed[i], before = a.average[i];
  if (before != before)
    a.average[i] = seen;
  else if (seen == seen)
    a.average[i] = fmaf(a.momentum, before, (1 - a.momentum) * seen);
}

// max(0, the largest value); a NaN stays.
__device__ __forceinline__ double activation(float maximum) { return maximum <= 0 ? 0 : maximum; }

__device__ __forceinline__ bool is_in(const AdaptBiasArguments& a, long long j, int group) {
  return !a.groups || a.groups[j] == group;
}

KERNEL(adapt_bias, 512, 1, const AdaptBiasArguments a) {
  int group = (int)blockIdx.x;
  double sum = 0, count = 0;
  for (long long j = threadIdx.x; j < a.n; j += 512) {
    double r = is_in(a, j, group) ? activation(a.maxima[j]) : 0;
    if (!(r <= 0)) sum += r, count += 1;
  }
  sum = block_sum<512>(sum, shared_array<double>(0));
  count = block_sum<512>(count, shared_array<double>(128));
  double mean = count == 0 ? 0 : sum / count, target = a.targets[group];
  for (long long j = threadIdx.x; j < a.n; j += 512) {
    if (!is_in(a, j, group)) continue;
    double p = (double)a.fires[j] / (double)a.rows, bias = a.bias[j];
    if (p > target) {
      double lower = bias - a.decrease * activation(a.maxima[j]);
      a.bias[j] = (float)(lower < a.floor ? a.floor : lower);
    } else if (p < a.deadBelow) {
      double higher = bias + a.increase * mean;
      a.bias[j] = (float)(higher > a.ceiling ? a.ceiling : higher);
    }
  }
}
