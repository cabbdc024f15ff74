// What columns amount to: how often a latent fires, its largest value, the sum of its values.
//
// column_parts     Of a block's rows, for each column: elements outside of low … high, the largest element (NaN above all),
//                  their sum. A thread owns four columns of every eighth row; the eight warps' results are merged in their
//                  order. Blocks: ceil(rows / rowsPerBlock)·ceil(columns / 128), of 256.
//                  Bytes: rows·columns elements, and 12·columns a block of rows.
// column_merge     Of all rows, block of rows after block of rows (sums in double), a thread a column: into the outputs.
//
// count_entries    The same of a code's entries, a thread an entry. Counts, largest values and largest magnitudes are
//                  integers, which atomics bring together in any order.
// sum_entries      So are the sums: of a column whose largest magnitude lies below 2^(e + 1), values are added as 64-bit
//                  integers in units of 2^(e + 1 - bits), where as many terms as there are entries leave 2^62 unreached.
//                  That is exact but for the rounding of values below 2^(24 - bits) of the largest, at most 2^(e - bits)
//                  each: less than a chain of float32 sums loses, and bitwise the same for any order of the threads.
//                  Values that are not finite are noted apart.
// merge_entries    Maxima and sums from these, a thread a column.
//                  Bytes: 8 an entry a kernel, and 24 a column; one to three atomics an entry, which end in L2.
//
// Launch contract: one-dimensional grids, blocks of 256 threads; 12288 bytes of shared memory (column_parts), else none.
// Blocks do not depend on each other. An index of -1 is an empty slot; any other index that no column has raises the flag,
// and the entry is left out. keys, magnitudes, specials and units are 0 before count_entries.
#include "column_statistics.h"

#include "indices.cuh"
#include "keys.cuh"
#include "quads.cuh"
#include "simt.cuh"

ARGUMENTS(ColumnPartsArguments, 72);
ARGUMENTS(ColumnMergeArguments, 64);
ARGUMENTS(EntriesArguments, 96);
ARGUMENTS(EntriesMergeArguments, 64);

constexpr int WARPS = 8, THREADS = 32 * WARPS;

__device__ __forceinline__ float minus_infinity() { return __uint_as_float(0xff800000u); }

__device__ __forceinline__ bool fires(float v, float low, float high) { return !(low <= v && v <= high); }

// ---- Dense ----

struct Column {
  unsigned count;
  float maximum, sum;

  __device__ __forceinline__ Column() : count(0), maximum(minus_infinity()), sum(0) {}
  __device__ __forceinline__ void add(float v, float low, float high) {
    count += fires(v, low, high) ? 1 : 0;
    maximum = max_f32(maximum, v);
    sum += v;
  }
};

KERNEL(column_parts, THREADS, 3, const ColumnPartsArguments a) {
  constexpr int COLUMNS = 128, ROWS = 4;
  struct Shared {
    unsigned counts[WARPS][COLUMNS];
    float maxima[WARPS][COLUMNS], sums[WARPS][COLUMNS];
  };
  static_assert(sizeof(Shared) == 12288, "what the host asks for");
  Shared& shared = shared_memory<Shared>();
  unsigned columnBlocks = (unsigned)(a.columns - 1) / COLUMNS + 1, rowBlock = blockIdx.x / columnBlocks;
  int column = (int)((blockIdx.x - rowBlock * columnBlocks) * COLUMNS);
  int warp = (int)threadIdx.x / 32, within = (int)threadIdx.x % 32 * 4, at = column + within;
  long long first = (long long)rowBlock * a.rowsPerBlock, last = min(first + a.rowsPerBlock, a.rows);
  InRows x = rows_in(a.x, a.stride, a.columns, a.format);
  Column c0, c1, c2, c3;
  for (long long row = first + warp; row < last; row += ROWS * WARPS) {
    uint4 stored[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) {
      if (row + i * WARPS < last) stored[i] = load_stored(x, x.row(row + i * WARPS), at);
    }
    UNROLL for (int i = 0; i < ROWS; i++) {
      if (row + i * WARPS >= last) continue;
      float4 v = widened(stored[i], a.format);
      c0.add(v.x, a.low, a.high);
      c1.add(v.y, a.low, a.high);
      c2.add(v.z, a.low, a.high);
      c3.add(v.w, a.low, a.high);
    }
  }
  *reinterpret_cast<uint4*>(&shared.counts[warp][within]) = make_uint4(c0.count, c1.count, c2.count, c3.count);
  *reinterpret_cast<float4*>(&shared.maxima[warp][within]) =
      make_float4(c0.maximum, c1.maximum, c2.maximum, c3.maximum);
  *reinterpret_cast<float4*>(&shared.sums[warp][within]) = make_float4(c0.sum, c1.sum, c2.sum, c3.sum);
  __syncthreads();
  int owned = (int)threadIdx.x;
  if (owned >= COLUMNS || column + owned >= a.columns) return;
  Column all;
  UNROLL for (int w = 0; w < WARPS; w++) {
    all.count += shared.counts[w][owned];
    all.maximum = max_f32(all.maximum, shared.maxima[w][owned]);
    all.sum += shared.sums[w][owned];
  }
  long long out = (long long)rowBlock * a.columns + column + owned;
  a.counts[out] = all.count;
  a.maxima[out] = all.maximum;
  a.sums[out] = all.sum;
}

__device__ __forceinline__ void write_maximum(float* out, float maximum, int accumulate) {
  *out = (accumulate ? max_f32(*out, maximum) : maximum) + 0.0f;  // a zero without a sign
}

__device__ __forceinline__ void write_sum(float* out, double sum, int accumulate) {
  *out = (float)(accumulate ? sum + *out : sum);
}

KERNEL(column_merge, THREADS, 4, const ColumnMergeArguments a) {
  long long j = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (j >= a.columns) return;
  unsigned long long count = 0;
  float maximum = minus_infinity();
  double sum = 0;
  for (int block = 0; block < a.rowBlocks; block++) {
    long long at = (long long)block * a.columns + j;
    count += a.counts[at];
    maximum = max_f32(maximum, a.maxima[at]);
    sum += a.sums[at];
  }
  if (a.fires) a.fires[j] = count + (a.accumulate ? a.fires[j] : 0);
  if (a.outMaxima) write_maximum(a.outMaxima + j, maximum, a.accumulate);
  if (a.outSums) write_sum(a.outSums + j, sum, a.accumulate);
}

// ---- Codes ----

constexpr unsigned INFINITE = 0x7f800000u;
enum Special { PLUS_INFINITY = 1, MINUS_INFINITY = 2, NOT_A_NUMBER = 4 };

// The exponent field, from which on all finite floats are mantissa·2^(field - 150).
__device__ __forceinline__ int exponent_field(unsigned magnitude) { return max((int)(magnitude >> 23), 1); }

// The finite float with these bits in units of 2^(largest - 126 - bits), rounded to nearest.
__device__ __forceinline__ long long in_units(unsigned stored, int largest, int bits) {
  unsigned magnitude = stored & 0x7fffffffu;
  long long mantissa = magnitude >> 23 ? (magnitude & 0x7fffffu) | 0x800000u : magnitude;
  int shift = exponent_field(magnitude) - largest + bits - 24;
  if (shift >= 0)
    mantissa <<= shift;
  else
    mantissa = shift < -25 ? 0 : (mantissa + (1ll << (-shift - 1))) >> -shift;
  return stored >> 31 ? -mantissa : mantissa;
}

__device__ __forceinline__ bool entry_of(const EntriesArguments& a, long long e, int& column) {
  long long end = a.end ? min(max(*a.end, 0ll), a.capacity) : a.capacity;
  if (e >= end) return false;
  column = a.indices[e];
  return is_atom(column, a.columns);
}

KERNEL(count_entries, THREADS, 6, const EntriesArguments a) {
  long long e = blockIdx.x * (long long)THREADS + threadIdx.x;
  int j = -1;
  if (!entry_of(a, e, j)) {
    report(j, a.columns, a.outOfRange);
    return;
  }
  float v = a.values[e];
  if (a.fires && fires(v, a.low, a.high)) atomicAdd(a.fires + j, 1ull);
  if (a.keys) atomicMax(a.keys + j, key_of(v));
  if (!a.magnitudes) return;
  unsigned stored = __float_as_uint(v), magnitude = stored & 0x7fffffffu;
  if (magnitude < INFINITE) {
    atomicMax(a.magnitudes + j, magnitude);
  } else {
    atomicOr(a.specials + j, magnitude > INFINITE ? NOT_A_NUMBER : stored >> 31 ? MINUS_INFINITY : PLUS_INFINITY);
  }
}

KERNEL(sum_entries, THREADS, 6, const EntriesArguments a) {
  long long e = blockIdx.x * (long long)THREADS + threadIdx.x;
  int j;
  if (!entry_of(a, e, j)) return;
  unsigned stored = __float_as_uint(a.values[e]);
  if ((stored & 0x7fffffffu) >= INFINITE) return;
  long long units = in_units(stored, exponent_field(a.magnitudes[j]), a.bits);
  if (units != 0) atomicAdd(a.units + j, (unsigned long long)units);
}

__device__ __forceinline__ double sum_of(unsigned special, unsigned magnitude, unsigned long long units, int bits) {
  if (special == PLUS_INFINITY) return __uint_as_float(INFINITE);
  if (special == MINUS_INFINITY) return minus_infinity();
  if (special) return __uint_as_float(0x7fffffffu);
  return ldexp((double)(long long)units, exponent_field(magnitude) - 126 - bits);
}

KERNEL(merge_entries, THREADS, 4, const EntriesMergeArguments a) {
  long long j = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (j >= a.columns) return;
  if (a.outMaxima) {
    unsigned key = a.keys[j];
    write_maximum(a.outMaxima + j, key ? score_of(key) : minus_infinity(), a.accumulate);
  }
  if (a.outSums) write_sum(a.outSums + j, sum_of(a.specials[j], a.magnitudes[j], a.units[j], a.bits), a.accumulate);
}
