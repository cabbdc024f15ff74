// What rows amount to, and what they amount to together.
//
// squared_errors   out[r] = Σ_i (x[r, i] - y[r, i])²
// row_norms        out[r] = √Σ_i x[r, i]²
// row_cosines      out[r] = Σ_i x[r, i]·y[r, i] / (‖x[r]‖·‖y[r]‖), and 0·Σ_i x[r, i]·y[r, i] where a norm is 0
//                  Sums as row_sums.cuh has them. Blocks: ceil(rows·warpsPerRow / 8).
//                  Bytes: rows·columns·(x + y elements). Flops: 3, 2 and 6 an element.
//
// sum_parts        parts[b] = Σ values[i] over the b-th 4096 values: sixteen a thread in float32, then in double.
// sum_total        out = Σ parts[b] in double: one block. Both depend on nothing but the values.
//                  Bytes: 4·length (and length of a mask).
//
// quotients        out[i] = factor·a[i] / b[i] in double, 0·a[i] where b[i] is 0: a thread an element.
//
// variance_parts   Mean and squared distances from it, of each column over a block's rows that take part. A thread owns
//                  four columns of every eighth row, and takes four rows at a time: their own mean and distances, which are
//                  then merged with those of the rows before (Chan, Golub, LeVeque: Updating formulae, 1979). Nothing is
//                  squared before a mean is taken off, so that a large mean costs no digits. The eight warps' results are
//                  merged in their order. Blocks: ceil(rows / rowsPerBlock)·ceil(columns / 128), of 256.
//                  Bytes: rows·columns elements, and 8·columns a block of rows. Flops: about 8 an element.
// variance_merge   The same of all rows, block of rows after block of rows, a thread a column; parts[b] = Σ over the
//                  columns of a block of 256, in double. sum_total adds them up.
//
// Launch contract: one-dimensional grids, blocks of 256 threads. Shared memory: 96 bytes (rows), 64 (sums), none (quotients), 8224
// (variance_parts), 64 (variance_merge). Blocks do not depend on each other.
#include "statistics.h"

#include "row_sums.cuh"

ARGUMENTS(RowStatisticArguments, 64);
ARGUMENTS(SumPartsArguments, 32);
ARGUMENTS(SumTotalArguments, 24);
ARGUMENTS(QuotientArguments, 40);
ARGUMENTS(VariancePartsArguments, 72);
ARGUMENTS(VarianceMergeArguments, 40);

constexpr int WARPS = RowSums::WARPS, THREADS = RowSums::THREADS;

// ---- Rows ----

struct SquaredError {
  static constexpr int SUMS = 1;
  static constexpr bool PAIR = true;
  static __device__ __forceinline__ void add(float x, float y, float (&sums)[SUMS]) {
    float error = x - y;
    sums[0] = fmaf(error, error, sums[0]);
  }
  static __device__ __forceinline__ float result(const float (&sums)[SUMS]) { return sums[0]; }
};

struct Norm {
  static constexpr int SUMS = 1;
  static constexpr bool PAIR = false;
  static __device__ __forceinline__ void add(float x, float, float (&sums)[SUMS]) { sums[0] = fmaf(x, x, sums[0]); }
  static __device__ __forceinline__ float result(const float (&sums)[SUMS]) { return sqrtf(sums[0]); }
};

struct Cosine {
  static constexpr int SUMS = 3;
  static constexpr bool PAIR = true;
  static __device__ __forceinline__ void add(float x, float y, float (&sums)[SUMS]) {
    sums[0] = fmaf(x, y, sums[0]);
    sums[1] = fmaf(x, x, sums[1]);
    sums[2] = fmaf(y, y, sums[2]);
  }
  // The product of two norms may leave float32's range where the cosine does not.
  static __device__ __forceinline__ float result(const float (&sums)[SUMS]) {
    double norms = sqrt((double)sums[1]) * sqrt((double)sums[2]);
    return norms == 0 ? 0 * sums[0] : (float)(sums[0] / norms);
  }
};

template <class Statistic>
__device__ __forceinline__ void row_statistic(const RowStatisticArguments& a) {
  RowSums row(a.warpsPerRow);
  InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat), y = rows_in(a.y, a.yStride, a.columns, a.yFormat);
  bool present = row.row < a.rows;
  float totals[Statistic::SUMS];
  row.add_up<Statistic>(present, x, x.row(row.row), y, y.row(row.row), totals);
  if (present && row.leads()) a.out[row.row] = Statistic::result(totals);
}

KERNEL(squared_errors, THREADS, 4, const RowStatisticArguments a) { row_statistic<SquaredError>(a); }
KERNEL(row_norms, THREADS, 4, const RowStatisticArguments a) { row_statistic<Norm>(a); }
KERNEL(row_cosines, THREADS, 4, const RowStatisticArguments a) { row_statistic<Cosine>(a); }

// ---- Sums of a vector ----

KERNEL(sum_parts, THREADS, 4, const SumPartsArguments a) {
  constexpr int EACH = 16;
  long long first = blockIdx.x * (long long)(EACH * THREADS) + threadIdx.x;
  float values[EACH];
  UNROLL for (int i = 0; i < EACH; i++) {
    long long at = first + i * THREADS;
    values[i] = at < a.length && (!a.mask || a.mask[at]) ? a.values[at] : 0;
  }
  float sum = 0;
  UNROLL for (int i = 0; i < EACH; i++) sum += values[i];
  double total = block_sum<THREADS>((double)sum, shared_array<double>(0));
  if (threadIdx.x == 0) a.parts[blockIdx.x] = total;
}

KERNEL(sum_total, THREADS, 1, const SumTotalArguments a) {
  double sum = 0;
  for (long long at = threadIdx.x; at < a.count; at += THREADS) sum += a.parts[at];
  sum = block_sum<THREADS>(sum, shared_array<double>(0));
  if (threadIdx.x == 0) a.out[0] = (float)sum;
}

KERNEL(quotients, THREADS, 6, const QuotientArguments a) {
  long long i = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (i >= a.n) return;
  float numerator = a.a ? a.a[i] : 1, denominator = a.b[i];
  a.out[i] = denominator == 0 ? 0 * numerator : (float)((double)a.factor * numerator / denominator);
}

// ---- Total variance ----

// Numbers of which only their count, mean and squared distances from the mean are kept.
struct Moments {
  float mean, squares;

  // Merges numbers with this mean and these squares; `share` and `weight` are c/(n + c) and n·c/(n + c) where n are here
  // and c come.
  __device__ __forceinline__ void merge(float otherMean, float otherSquares, float share, float weight) {
    float difference = otherMean - mean;
    mean = fmaf(difference, share, mean);
    squares += fmaf(difference * difference, weight, otherSquares);
  }
};

__device__ __forceinline__ void merge_four(Moments& m, const float (&v)[4], const bool (&taken)[4], float count,
                                           float share, float weight) {
  float sum = 0, squares = 0;
  UNROLL for (int i = 0; i < 4; i++) sum += taken[i] ? v[i] : 0;
  float mean = sum / count;
  UNROLL for (int i = 0; i < 4; i++) {
    float difference = taken[i] ? v[i] - mean : 0;
    squares = fmaf(difference, difference, squares);
  }
  m.merge(mean, squares, share, weight);
}

KERNEL(variance_parts, THREADS, 3, const VariancePartsArguments a) {
  constexpr int COLUMNS = 128, ROWS = 4;
  struct Shared {
    float means[WARPS][COLUMNS], squares[WARPS][COLUMNS], counts[WARPS];
  };
  static_assert(sizeof(Shared) == 8224, "what the host asks for");
  Shared& shared = shared_memory<Shared>();
  unsigned columnBlocks = (unsigned)(a.columns - 1) / COLUMNS + 1, rowBlock = blockIdx.x / columnBlocks;
  int column = (int)((blockIdx.x - rowBlock * columnBlocks) * COLUMNS);
  int warp = (int)threadIdx.x / 32, within = (int)threadIdx.x % 32 * 4, at = column + within;
  long long first = (long long)rowBlock * a.rowsPerBlock, last = min(first + a.rowsPerBlock, a.rows);
  InRows x = rows_in(a.x, a.stride, a.columns, a.format);
  Moments m0{0, 0}, m1{0, 0}, m2{0, 0}, m3{0, 0};
  float count = 0;
  for (long long row = first + warp; row < last; row += ROWS * WARPS) {
    float v0[ROWS], v1[ROWS], v2[ROWS], v3[ROWS];
    bool taken[ROWS];
    float some = 0;
    UNROLL for (int i = 0; i < ROWS; i++) {
      long long r = row + i * WARPS;
      taken[i] = r < last && (!a.mask || a.mask[r]);
      float4 v = taken[i] ? load_quad(x, x.row(r), at) : make_float4(0, 0, 0, 0);
      v0[i] = v.x, v1[i] = v.y, v2[i] = v.z, v3[i] = v.w;
      some += taken[i] ? 1 : 0;
    }
    if (some == 0) continue;
    float share = some / (count + some), weight = count * share;
    merge_four(m0, v0, taken, some, share, weight);
    merge_four(m1, v1, taken, some, share, weight);
    merge_four(m2, v2, taken, some, share, weight);
    merge_four(m3, v3, taken, some, share, weight);
    count += some;
  }
  *reinterpret_cast<float4*>(&shared.means[warp][within]) = make_float4(m0.mean, m1.mean, m2.mean, m3.mean);
  *reinterpret_cast<float4*>(&shared.squares[warp][within]) =
      make_float4(m0.squares, m1.squares, m2.squares, m3.squares);
  if (threadIdx.x % 32 == 0) shared.counts[warp] = count;
  __syncthreads();
  int owned = (int)threadIdx.x;
  if (owned >= COLUMNS) return;
  Moments all{0, 0};
  count = 0;
  UNROLL for (int w = 0; w < WARPS; w++) {
    float some = shared.counts[w];
    if (some == 0) continue;
    float share = some / (count + some);
    all.merge(shared.means[w][owned], shared.squares[w][owned], share, count * share);
    count += some;
  }
  if (column + owned < a.columns) {
    a.means[(long long)rowBlock * a.columns + column + owned] = all.mean;
    a.squares[(long long)rowBlock * a.columns + column + owned] = all.squares;
  }
  if (column == 0 && owned == 0) a.counts[rowBlock] = count;
}

KERNEL(variance_merge, THREADS, 4, const VarianceMergeArguments a) {
  long long column = blockIdx.x * (long long)THREADS + threadIdx.x;
  Moments all{0, 0};
  if (column < a.columns) {
    float count = 0;
    for (int block = 0; block < a.rowBlocks; block++) {
      float some = a.counts[block];
      if (some == 0) continue;
      float share = some / (count + some);
      long long at = (long long)block * a.columns + column;
      all.merge(a.means[at], a.squares[at], share, count * share);
      count += some;
    }
  }
  double sum = block_sum<THREADS>((double)all.squares, shared_array<double>(0));
  if (threadIdx.x == 0) a.parts[blockIdx.x] = sum;
}
