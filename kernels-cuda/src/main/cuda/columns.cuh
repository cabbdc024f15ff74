// Sums over rows, column by column: a block adds up 128 columns of a chunk of rows. Its warps take every eighth row, a
// lane one quad of it; the warps' sums are added in their order, the chunks' in theirs by another kernel. How rows are
// cut depends on their number alone, so that a sum is the same on any device.
#pragma once
#include "quads.cuh"

struct ColumnChunk {
  static constexpr int THREADS = 256, WARPS = THREADS / 32, COLUMNS = 128;
  static constexpr int SHARED_BYTES = WARPS * COLUMNS * 4;

  int chunk;
  int column;            // of the lane's quad; may lie past the last one
  long long first, end;  // rows of this warp: first, first + WARPS …

  __device__ __forceinline__ ColumnChunk(int columns, long long rows, long long chunkRows) {
    unsigned strips = (unsigned)(columns - 1) / COLUMNS + 1;
    chunk = (int)(blockIdx.x / strips);
    column = (int)((blockIdx.x - (unsigned)chunk * strips) * COLUMNS + threadIdx.x % 32 * 4);
    first = chunk * chunkRows + threadIdx.x / 32;
    end = min(rows, (chunk + 1) * chunkRows);
  }

  // Writes the block's sums: every thread brings what its rows gave its columns.
  __device__ __forceinline__ void store(float4 sum, float* sums, int columns) const {
    float* parts = shared_array<float>(0);
    int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
    *reinterpret_cast<float4*>(&parts[warp * COLUMNS + 4 * lane]) = sum;
    __syncthreads();
    int owned = (int)threadIdx.x, at = column - 4 * lane + owned;
    if (owned >= COLUMNS || at >= columns) return;
    float total = 0;
    UNROLL for (int w = 0; w < WARPS; w++) total += parts[w * COLUMNS + owned];
    sums[chunk * (long long)columns + at] = total;
  }
};

__device__ __forceinline__ float4 add(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}
