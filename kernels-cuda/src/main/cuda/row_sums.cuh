// Sums over the elements of a row, or of a pair of rows, which one to eight warps of a block of 256 share.
//
// Every lane adds up four sums of every fourth element in float32, the lanes are added by shuffles and the warps in their
// order, so that a sum depends on nothing but the row and the number of its warps.
#pragma once
#include "quads.cuh"
#include "reductions.cuh"

struct RowSums {
  static constexpr int WARPS = 8, THREADS = 32 * WARPS;
  static constexpr int MOST = 3;  // sums of a row; shared memory: WARPS·MOST floats

  int warpsPerRow;  // a power of two
  int warp, lane, part;
  long long row;  // of this thread; may lie past the last one

  __device__ __forceinline__ explicit RowSums(int warpsPerRow) : warpsPerRow(warpsPerRow) {
    warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32, part = warp % warpsPerRow;
    row = (long long)blockIdx.x * (WARPS / warpsPerRow) + warp / warpsPerRow;
  }

  // The first of four neighbouring columns that are this thread's, and the distance to its next ones.
  __device__ __forceinline__ int first() const { return 4 * (32 * part + lane); }
  __device__ __forceinline__ int step() const { return 4 * 32 * warpsPerRow; }

  // Whether this thread writes what there is once a row.
  __device__ __forceinline__ bool leads() const { return part == 0 && lane == 0; }

  // totals[s] = Σ_i term s of (x[i], y[i]), for every thread of the row. All threads of the block call it, once; those
  // without a row say so. `Terms` has SUMS, and PAIR if it needs y at all.
  template <class Terms>
  __device__ __forceinline__ void add_up(bool present, const InRows& x, const unsigned char* xRow, const InRows& y,
                                         const unsigned char* yRow, float (&totals)[Terms::SUMS]) const {
    constexpr int SUMS = Terms::SUMS;
    static_assert(SUMS <= MOST, "what the host asks for");
    float* parts = shared_array<float>(0);
    float sums[4][SUMS] = {};
    if (present) {
      for (int at = first(); at < x.columns; at += step()) {
        float4 v = load_quad(x, xRow, at), w = v;  // zeros past the end
        if (Terms::PAIR) w = load_quad(y, yRow, at);
        Terms::add(v.x, w.x, sums[0]);
        Terms::add(v.y, w.y, sums[1]);
        Terms::add(v.z, w.z, sums[2]);
        Terms::add(v.w, w.w, sums[3]);
      }
    }
    UNROLL for (int s = 0; s < SUMS; s++) {
      float sum = warp_sum((sums[0][s] + sums[1][s]) + (sums[2][s] + sums[3][s]));
      if (lane == 0) parts[warp * SUMS + s] = sum;
    }
    __syncthreads();
    UNROLL for (int s = 0; s < SUMS; s++) totals[s] = 0;
    for (int w = warp - part; w < warp - part + warpsPerRow; w++) {
      UNROLL for (int s = 0; s < SUMS; s++) totals[s] += parts[w * SUMS + s];
    }
  }
};
