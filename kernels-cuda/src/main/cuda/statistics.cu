// What rows amount to.
//
// squared_errors   out[r] = Σ_i (x[r, i] - y[r, i])², in float32. A row belongs to one to eight warps of a block of
//                  256: every lane adds up four sums of every fourth element, the lanes are added by shuffles and the
//                  warps in their order, so that a sum depends on nothing but the row and the number of its warps.
//                  Blocks: ceil(rows·warpsPerRow / 8). Bytes: rows·columns·(x + y elements). Flops: 3·rows·columns.
//
// Launch contract: one-dimensional grids, blocks of 256 threads, 8 floats of shared memory. Blocks do not depend on
// each other.
#include "statistics.h"

#include "quads.cuh"
#include "reductions.cuh"
#include "simt.cuh"

ARGUMENTS(SquaredErrorsArguments, 64);

constexpr int WARPS = 8;

__device__ __forceinline__ float add_square(float x, float y, float sum) {
  float error = x - y;
  return fmaf(error, error, sum);
}

KERNEL(squared_errors, 32 * WARPS, 4, const SquaredErrorsArguments a) {
  float* parts = shared_array<float>(0);
  int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
  int rowsPerBlock = WARPS / a.warpsPerRow, part = warp % a.warpsPerRow;
  long long first = (long long)blockIdx.x * rowsPerBlock, r = first + warp / a.warpsPerRow;
  float4 sums = make_float4(0, 0, 0, 0);
  if (r < a.rows) {
    InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat), y = rows_in(a.y, a.yStride, a.columns, a.yFormat);
    const unsigned char *xRow = x.row(r), *yRow = y.row(r);
    for (int at = 4 * (32 * part + lane); at < a.columns; at += 4 * 32 * a.warpsPerRow) {
      float4 v = load_quad(x, xRow, at), w = load_quad(y, yRow, at);  // zeros past the end
      sums = make_float4(add_square(v.x, w.x, sums.x), add_square(v.y, w.y, sums.y), add_square(v.z, w.z, sums.z),
                         add_square(v.w, w.w, sums.w));
    }
  }
  float sum = warp_sum((sums.x + sums.y) + (sums.z + sums.w));
  if (lane == 0) parts[warp] = sum;
  __syncthreads();
  int owned = (int)threadIdx.x;
  if (owned >= rowsPerBlock || first + owned >= a.rows) return;
  float total = 0;
  for (int i = 0; i < a.warpsPerRow; i++) total += parts[owned * a.warpsPerRow + i];
  a.out[first + owned] = total;
}
