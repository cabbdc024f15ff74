// Small kernels, right and wrong ones, that show what the emulator does and what it notices.
#include "test/emulator_kernels.h"
#include "simt.cuh"

ARGUMENTS(VectorArguments, 24);

// out[i] = in[i] + 1
KERNEL(emulator_increment, 64, 1, const VectorArguments a) {
  int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < a.count) a.out[i] = a.in[i] + 1;
}

// out[block] = the sum of the block's 256 elements, by shuffles and shared memory
KERNEL(emulator_sum, 256, 1, const VectorArguments a) {
  int* partial = shared_array<int>(0);
  int i = int(blockIdx.x * 256 + threadIdx.x), value = i < a.count ? a.in[i] : 0;
  for (int by = 16; by > 0; by /= 2) value += __shfl_down_sync(~0u, value, unsigned(by));
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
  if (threadIdx.x < 32) {
    value = __reduce_add_sync(~0u, threadIdx.x < 8 ? partial[threadIdx.x] : 0);
    if (threadIdx.x == 0) a.out[blockIdx.x] = value;
  }
}

// out[i] = which thread came as the i-th; in[0] counts them
KERNEL(emulator_order, 256, 1, const VectorArguments a) {
  int i = atomicAdd(const_cast<int*>(a.in), 1);
  a.out[i] = int(threadIdx.x);
}

// Each block of a cluster of 4 writes one number, and reads those of its peers.
CLUSTER_KERNEL(emulator_cluster_sum, 4, 32, 1, const VectorArguments a) {
  int& own = shared_memory<int>();
  unsigned rank = cluster_rank();
  if (threadIdx.x == 0) own = a.in[blockIdx.x];
  cluster_sync();
  int sum = 0;
  for (unsigned peer = 0; peer < 4; peer++) sum += *cluster_map(&own, (rank + peer) % 4);
  if (threadIdx.x == 0) a.out[blockIdx.x] = sum;
  if (a.mode == 0) cluster_sync();
}

// mode 0: some lanes of a warp wait for the others, which wait at the block's barrier.
// mode 1: the two halves wait at different barriers.
// mode 2: the lanes of a warp meet in different collectives.
// mode 3: a shuffle reads a lane that takes no part.
// mode 4: a mask without the caller.
// mode 5: shared memory past its end
// mode 6: an address that is no multiple of 16
KERNEL(emulator_wrong, 64, 1, const VectorArguments a) {
  int t = int(threadIdx.x);
  if (a.mode == 0) {
    if (t >= 32 && t < 48)
      __syncwarp(~0u);
    else
      __syncthreads();
  }
  if (a.mode == 1) {
    if (t < 32)
      __syncthreads();
    else
      __syncthreads();
  }
  if (a.mode == 2) {
    if (t % 32 < 7)
      a.out[t] = int(__ballot_sync(~0u, t));
    else
      a.out[t] = __any_sync(~0u, t);
  }
  if (a.mode == 3 && t < 16) a.out[t] = __shfl_sync(0xffffu, t, 20);
  if (a.mode == 4 && t < 16) a.out[t] = __shfl_sync(0xffu, t, 0);
  if (a.mode == 5) shared_array<int>(0)[t] = t;
  if (a.mode == 6) a.out[t] = int(load_stream(reinterpret_cast<const uint4*>(a.in + 1)).x);
}
