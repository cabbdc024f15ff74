// One kernel for each thing that the access checker judges (checker_kernels.h names them).
#include "test/checker_kernels.h"
#include "simt.cuh"

ARGUMENTS(OrderArguments, 24);

struct OrderShared {
  int words[64];
  int* pointers[64];
};

constexpr int TABLE[4] = {2, 3, 5, 7};

__device__ void in_a_warp(const OrderArguments& a, OrderShared& s, Order order) {
  int t = int(threadIdx.x), lane = t % 32;
  if (t >= 32) return;
  s.words[lane] = lane;
  int by = 1;
  if (order == Order::WARP_BARRIER) __syncwarp();
  if (order == Order::SHUFFLE_ONLY) by = __shfl_sync(~0u, by, 0);
  if (order == Order::PART_OF_A_WARP) __syncwarp(3u << (lane & ~1));
  if (order == Order::OTHER_PART_OF_A_WARP) __syncwarp(lane < 16 ? 0xffffu : 0xffff0000u), by = 16;
  if (order == Order::THROUGH_A_THIRD_LANE) {
    __syncwarp(lane < 16 ? 0xffffu : 0xffff0000u);
    __syncwarp(0x10001u << (lane & 15));
    by = 17;
  }
  a.out[t] = s.words[lane ^ by];
}

// Two warps; two blocks.
KERNEL(checker_order, 64, 1, const OrderArguments a) {
  OrderShared& s = shared_memory<OrderShared>();
  Order order = Order(a.order);
  int t = int(threadIdx.x), b = int(blockIdx.x);
  int local = t;
  if (order != Order::NEVER_WRITTEN) {
    s.words[t] = 0;
    __syncthreads();
  }
  switch (order) {
    case Order::BLOCK_BARRIER:
    case Order::NO_BLOCK_BARRIER:
      s.words[t] = t;
      if (order == Order::BLOCK_BARRIER) __syncthreads();
      a.out[b * 64 + t] = s.words[t ^ 32];
      break;
    case Order::WARP_BARRIER:
    case Order::NO_WARP_BARRIER:
    case Order::SHUFFLE_ONLY:
    case Order::PART_OF_A_WARP:
    case Order::OTHER_PART_OF_A_WARP:
    case Order::THROUGH_A_THIRD_LANE:
      if (b == 0) in_a_warp(a, s, order);
      break;
    case Order::WRITE_AFTER_READ:
      for (int round = 0; round < 2; round++) {
        s.words[t] = round;
        __syncthreads();
        a.out[b * 64 + t] = s.words[t ^ 32];
      }
      break;
    case Order::SAME_VALUE: s.words[a.zero] = 1; break;
    case Order::BYTES_OF_A_WORD: reinterpret_cast<unsigned char*>(s.words)[t] = 1; break;
    case Order::SHARED_BYTE: reinterpret_cast<unsigned char*>(s.words)[t % 63] = 1; break;
    case Order::ATOMICS:
    case Order::READ_AMONG_ATOMICS:
      atomicAdd(&s.words[0], t);
      if (order == Order::ATOMICS) __syncthreads();
      a.out[b * 64 + t] = s.words[0];
      break;
    case Order::NEVER_WRITTEN: a.out[b * 64 + t] = s.words[t]; break;
    case Order::ACROSS_BLOCKS:
      a.out[b * 64 + t] = t;
      a.data[b * 64 + t] = a.out[t];
      break;
    case Order::BLOCKS_WRITE_ONE_WORD:
      if (t == 0) a.out[0] = 1;
      break;
    case Order::BLOCKS_COUNT: atomicAdd(&a.data[0], 1); break;
    case Order::PAST_AN_ALLOCATION: a.out[(b + 3) * 64 + t] = 1; break;
    case Order::FOREIGN_STACK:
      s.pointers[t] = &local;
      __syncthreads();
      a.out[b * 64 + t] = *s.pointers[t ^ 1];
      __syncthreads();
      break;
    case Order::CONSTANT_TABLE: a.out[b * 64 + t] = TABLE[t & 3]; break;
  }
}

CLUSTER_KERNEL(checker_peers, 2, 32, 1, const OrderArguments a) {
  int* words = shared_array<int>(0);
  Peers peers = Peers(a.order);
  unsigned rank = cluster_rank();
  int t = int(threadIdx.x);
  words[t] = 0;
  cluster_sync();
  words[t] = t + int(rank);
  if (peers == Peers::BLOCK_SYNC) __syncthreads();
  if (peers == Peers::ORDERED || peers == Peers::NO_LAST_SYNC) cluster_sync();
  // The block of rank 0 reads late: with the other one gone, if nothing holds it.
  if (peers == Peers::NO_LAST_SYNC && rank == 1) return;
  a.out[int(rank) * 32 + t] = cluster_map(words, rank ^ 1)[t ^ 1];
  if (peers != Peers::NO_LAST_SYNC) cluster_sync();
}
