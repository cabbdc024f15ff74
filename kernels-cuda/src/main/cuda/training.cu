// The dense steps around a training step's sparse ones, element by element or column by column.
//
// axpby         y[r, i] = alpha·x[r, i] + beta·y[r, i], in any two formats: one product rounded, then one fused step, then
//               the rounding of y's format. Blocks as RowTile has them; a lane takes all its quads at once, so that it
//               has eight loads under way. Bytes: rows·columns·(x + 2·y elements, or x + y where beta is 0).
//               Flops: 3·rows·columns.
// gather_rows   out[b] = x[rowIds[b]]. Blocks as RowTile. Bytes: rows·columns·(x + out elements).
// claim_rows    finds for each row of out the last one that goes there, and how many do; a thread a row.
// scatter_rows  out[rowIds[b]] = x[b] by the last b of those with one row; or adds all of them in their order, which the
//               last one does for the others. Blocks as RowTile. Bytes: as gather_rows; twice as much for out where it
//               is added to.
// column_sums   sums over chunks of rows, as ColumnChunk has them; add_chunks adds those. Bytes: rows·columns elements.
// sum_squares   Σ x² of a RowTile a block; add_parts adds the blocks' parts in a fixed order, in double. Bytes:
//               rows·columns elements.
// exponentials  out[i] = exp(x[i]): a thread an element.
// clip_factor   √ and the factor that keeps a norm within its bound: one thread.
// adam          moments and parameters of a RowTile; rows may be chosen by rowIds. Bytes: rows·columns·(gradient + 2·(m
//               + v + p) elements). Flops: 14·rows·columns.
// transpose     32×32 elements a block, through shared memory. Bytes: 2·rows·columns elements.
//
// Launch contract: one-dimensional grids, blocks of 256 threads (clip_factor: 1). Shared memory: column_sums ColumnChunk's,
// sum_squares 8 floats, add_parts 8 doubles, transpose 32·33 words, else none. Blocks do not depend on each other.
#include "training.h"

#include "columns.cuh"
#include "quads.cuh"
#include "reductions.cuh"
#include "simt.cuh"

ARGUMENTS(AxpbyArguments, 72);
ARGUMENTS(GatherArguments, 72);
ARGUMENTS(ClaimArguments, 48);
ARGUMENTS(ScatterArguments, 88);
ARGUMENTS(ColumnSumsArguments, 48);
ARGUMENTS(AddChunksArguments, 32);
ARGUMENTS(SumSquaresArguments, 48);
ARGUMENTS(AddPartsArguments, 32);
ARGUMENTS(ExponentialArguments, 24);
ARGUMENTS(ClipFactorArguments, 32);
ARGUMENTS(AdamArguments, 144);
ARGUMENTS(TransposeArguments, 48);

constexpr int THREADS = RowTile::THREADS, QUADS = RowTile::QUADS;

__device__ __forceinline__ float4 scaled(float4 v, float by) {
  return make_float4(by * v.x, by * v.y, by * v.z, by * v.w);
}

__device__ __forceinline__ float4 fused(float4 v, float by, float4 sum) {
  return make_float4(fmaf(by, v.x, sum.x), fmaf(by, v.y, sum.y), fmaf(by, v.z, sum.z), fmaf(by, v.w, sum.w));
}

KERNEL(axpby, THREADS, 4, const AxpbyArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat), before = rows_in(a.y, a.yStride, a.columns, a.yFormat);
  OutRows y = rows_out(a.y, a.yStride, a.columns, a.yFormat);
  uint4 added[QUADS], old[QUADS];
  UNROLL for (int i = 0; i < QUADS; i++) {
    long long r = tile.row(i);
    if (r >= a.rows) continue;
    added[i] = load_stored(x, x.row(r), at);
    if (a.beta != 0) old[i] = load_stored(before, before.row(r), at);
  }
  float alpha = a.alpha ? *a.alpha : a.alphaNumber;
  UNROLL for (int i = 0; i < QUADS; i++) {
    long long r = tile.row(i);
    if (r >= a.rows) continue;
    float4 v = scaled(widened(added[i], a.xFormat), alpha);
    if (a.beta != 0) v = fused(widened(old[i], a.yFormat), a.beta, v);
    store_quad(y, y.row(r), at, v);
  }
}

// Whether a row exists; one that does not is noted.
__device__ __forceinline__ bool exists(int row, int n, unsigned long long* outOfRange) {
  if ((unsigned)row < (unsigned)n) return true;
  atomicMax(outOfRange, (unsigned long long)(unsigned)row + 1);
  return false;
}

KERNEL(gather_rows, THREADS, 4, const GatherArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat);
  OutRows out = rows_out(a.out, a.outStride, a.columns, a.outFormat);
  uint4 stored[QUADS];
  bool there[QUADS];
  UNROLL for (int i = 0; i < QUADS; i++) {
    long long b = tile.row(i);
    there[i] = false;
    if (b >= a.rows) continue;
    int row = a.rowIds[b];
    there[i] = exists(row, a.n, a.outOfRange);
    if (there[i]) stored[i] = load_stored(x, x.row(row), at);
  }
  UNROLL for (int i = 0; i < QUADS; i++)
    if (there[i]) store_quad(out, out.row(tile.row(i)), at, widened(stored[i], a.xFormat));
}

KERNEL(claim_rows, THREADS, 4, const ClaimArguments a) {
  long long b = (long long)blockIdx.x * THREADS + threadIdx.x;
  if (b >= a.rows) return;
  int row = a.rowIds[b];
  if (!exists(row, a.n, a.outOfRange)) return;
  atomicMax(&a.owners[row], (unsigned)b + 1);
  atomicAdd(&a.counts[row], 1u);
}

KERNEL(scatter_rows, THREADS, 4, const ScatterArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat);
  InRows before = rows_in(a.out, a.outStride, a.columns, a.outFormat);
  OutRows out = rows_out(a.out, a.outStride, a.columns, a.outFormat);
  UNROLL for (int i = 0; i < QUADS; i++) {
    long long b = tile.row(i);
    if (b >= a.rows) continue;
    int row = a.rowIds[b];
    if ((unsigned)row >= (unsigned)a.n || a.owners[row] != (unsigned)b + 1) continue;
    float4 v = load_quad(x, x.row(b), at);
    if (a.accumulate) {
      float4 sum = load_quad(before, before.row(row), at);
      if (a.counts[row] > 1)
        for (long long earlier = 0; earlier < b; earlier++)
          if (a.rowIds[earlier] == row) sum = add(sum, load_quad(x, x.row(earlier), at));
      v = add(sum, v);
    }
    store_quad(out, out.row(row), at, v);
  }
}

KERNEL(column_sums, ColumnChunk::THREADS, 4, const ColumnSumsArguments a) {
  ColumnChunk chunk(a.columns, a.rows, a.chunkRows);
  InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat);
  float4 sum = make_float4(0, 0, 0, 0);
  if (chunk.column < a.columns)
    for (long long r = chunk.first; r < chunk.end; r += ColumnChunk::WARPS)
      sum = add(sum, load_quad(x, x.row(r), chunk.column));
  chunk.store(sum, a.sums, a.columns);
}

KERNEL(add_chunks, THREADS, 4, const AddChunksArguments a) {
  int at = (int)(blockIdx.x * (unsigned)THREADS + threadIdx.x);
  if (at >= a.columns) return;
  float sum = 0;
  for (int chunk = 0; chunk < a.chunks; chunk++) sum += a.sums[chunk * (long long)a.columns + at];
  sum *= a.factor;
  a.out[at] = a.accumulate ? a.out[at] + sum : sum;
}

KERNEL(sum_squares, THREADS, 4, const SumSquaresArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  long long rows = a.count ? (long long)*a.count : a.rows;
  InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat);
  float4 sum = make_float4(0, 0, 0, 0);
  if (at < a.columns) {
    UNROLL for (int i = 0; i < QUADS; i++) {
      if (tile.row(i) >= rows) continue;
      float4 v = load_quad(x, x.row(tile.row(i)), at);
      sum = make_float4(fmaf(v.x, v.x, sum.x), fmaf(v.y, v.y, sum.y), fmaf(v.z, v.z, sum.z), fmaf(v.w, v.w, sum.w));
    }
  }
  float total = block_sum<THREADS>((sum.x + sum.y) + (sum.z + sum.w), shared_array<float>(0));
  if (threadIdx.x == 0) a.parts[blockIdx.x] = total;
}

KERNEL(add_parts, THREADS, 1, const AddPartsArguments a) {
  double sum = 0;
  for (long long i = threadIdx.x; i < a.count; i += THREADS) sum += (double)a.parts[i];
  sum = block_sum<THREADS>(sum, shared_array<double>(0));
  if (threadIdx.x == 0) *a.out = (float)(a.accumulate ? (double)*a.out + sum : sum);
}

KERNEL(exponentials, THREADS, 6, const ExponentialArguments a) {
  long long i = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (i < a.n) a.out[i] = expf(a.x[i]);
}

KERNEL(clip_factor, 1, 1, const ClipFactorArguments a) {
  float norm = sqrtf(*a.sumOfSquares), factor = a.maxNorm / (norm + 1e-6f);
  if (a.norm) *a.norm = norm;
  *a.factor = factor > 1.0f ? 1.0f : factor;  // a NaN stays
}

KERNEL(adam, THREADS, 3, const AdamArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  long long rows = a.count ? (long long)*a.count : a.rows;
  float factor = a.factor ? *a.factor : 1.0f;
  InRows gradient = rows_in(a.gradient, a.gradientStride, a.columns, a.gradientFormat);
  InRows oldM = rows_in(a.m, a.mStride, a.columns, a.mFormat), oldV = rows_in(a.v, a.vStride, a.columns, a.vFormat);
  InRows oldP = rows_in(a.p, a.pStride, a.columns, a.pFormat);
  OutRows newM = rows_out(a.m, a.mStride, a.columns, a.mFormat), newV = rows_out(a.v, a.vStride, a.columns, a.vFormat);
  OutRows newP = rows_out(a.p, a.pStride, a.columns, a.pFormat);
  UNROLL_BY(2)
  for (int i = 0; i < QUADS; i++) {
    long long r = tile.row(i);
    if (r >= rows) continue;
    long long row = a.rowIds ? (long long)a.rowIds[r] : r;
    float4 g = load_quad(gradient, gradient.row(r), at), m = load_quad(oldM, oldM.row(row), at);
    float4 v = load_quad(oldV, oldV.row(row), at), p = load_quad(oldP, oldP.row(row), at);
    g = scaled(g, factor);
    m = fused(g, 1.0f - a.beta1, scaled(m, a.beta1));
    float4 weighted = scaled(g, 1.0f - a.beta2), kept = scaled(v, a.beta2);
    v = make_float4(fmaf(weighted.x, g.x, kept.x), fmaf(weighted.y, g.y, kept.y), fmaf(weighted.z, g.z, kept.z),
                    fmaf(weighted.w, g.w, kept.w));
    auto moved = [&](float p, float m, float v) {
      float root = fmaf(sqrtf(v), a.rootCorrection, a.epsilon);
      return p * a.kept - m * a.stepSize / root;
    };
    p = make_float4(moved(p.x, m.x, v.x), moved(p.y, m.y, v.y), moved(p.z, m.z, v.z), moved(p.w, m.w, v.w));
    store_quad(newM, newM.row(row), at, m);
    store_quad(newV, newV.row(row), at, v);
    store_quad(newP, newP.row(row), at, p);
  }
}

template <class T>
__device__ __forceinline__ void transpose_tile(const TransposeArguments& a) {
  constexpr int SIDE = 32, STEP = THREADS / SIDE;
  T* tile = shared_array<T>(0);  // SIDE rows of SIDE + 1, so that a column lies in as many banks
  unsigned tilesAcross = (unsigned)(a.columns - 1) / SIDE + 1, down = blockIdx.x / tilesAcross;
  int row = (int)(down * SIDE), column = (int)((blockIdx.x - down * tilesAcross) * SIDE);
  int x = (int)threadIdx.x % SIDE, y = (int)threadIdx.x / SIDE;
  const T* in = static_cast<const T*>(a.in);
  T* out = static_cast<T*>(a.out);
  for (int i = y; i < SIDE; i += STEP)
    if (row + i < a.rows && column + x < a.columns)
      tile[i * (SIDE + 1) + x] = in[(row + i) * a.inStride + column + x];
  __syncthreads();
  for (int i = y; i < SIDE; i += STEP)
    if (column + i < a.columns && row + x < a.rows)
      out[(column + i) * a.outStride + row + x] = tile[x * (SIDE + 1) + i];
}

KERNEL(transpose, THREADS, 4, const TransposeArguments a) {
  if (a.format == FORMAT_F32)
    transpose_tile<unsigned>(a);
  else
    transpose_tile<unsigned short>(a);
}
