// Dense scores and what stands before and after the product: rows are normalised, formats converted, biases folded.
//
// normalise   out[r, i] = (x[r, i] - c_r) / s'_r - preBias[i], c and s by row:
//             none: x itself. unit: c = 0, s = s' = max(‖x_r‖, 1e-12). layer norm: c the mean, s the unbiased standard
//             deviation about the exact mean (0 for one column), s' = s + 1e-5. Sums and their roots are double, for
//             float32 loses a small deviation about a large mean; there are four double operations an element, which
//             hide behind the memory even at 1/64 rate. A row is read three times: from memory once, then from L1.
//             Bytes: rows·d·(input + output element).
//   _warp     8 rows a block of 256, a warp a row: rows of up to about a thousand elements.
//   _block    a row a block of 256: longer ones. Each adds in an order that depends on d alone.
// normalise_backward
//             the gradient of normalise, from x and the gradient of the normalised rows (Scoring.java states it); sums as
//             there, _warp and _block too. Bytes: rows·d·(x + g + out elements).
// score_step  weights scores by column or by another score; makes cosines VL-SAE's values, and their gradients. Blocks as
//             RowTile has them. Bytes: rows·columns·(z + g + out elements).
// convert_rows
//             out[r, j] = activation(in[r, j] + bias[j]), from any format to any. It is the epilogue of a cuBLAS
//             product while the product is in L2, and it widens or rounds a factor. Blocks as RowTile has them; a lane
//             takes all its quads at once, so that it has four loads under way.
//             Bytes: rows·columns·(input + output element).
// split_rows  Numbers as two bfloat16 parts, high = bf16(v) and low = bf16(v - high), so that |v - high - low| is at most
//             2^-16·|v|. Rows [high high low] times [high low high] make v·w but for low·low and those remainders, all
//             in one product of three times the depth that tensor cores sum in float32. Blocks as RowTile has them.
//             Bytes: rows·columns·(input element + 6).
// fold_pre_bias
//             out[j] = bias[j] - ⟨preBias, weights_j⟩: a pre-bias subtracted behind the product, so that x keeps its
//             16-bit format. A warp an atom, 8 a block. Bytes: atoms·d·element. Flops: 2·atoms·d.
// product     see product.cuh. _128: 128 × 128 results a block of 256 threads; _32: 32 × 64 a block of 128, where the
//             larger tile would stay empty or leave multiprocessors idle. Both give the same bits.
//             Blocks: ceil(rows / tile rows)·ceil(columns / tile columns).
//
// Launch contract: one-dimensional grids, blocks of the declared number of threads. Shared memory: sizeof(Shared) of the
// product's tiling, 8 doubles for the normalise kernels' _block, else none. No block waits for another one; there are no atomics.
#include "scoring.h"

#include "product.cuh"
#include "reductions.cuh"
#include "simt.cuh"

ARGUMENTS(NormaliseArguments, 80);
ARGUMENTS(ConvertArguments, 64);
ARGUMENTS(SplitArguments, 56);
ARGUMENTS(FoldArguments, 56);
ARGUMENTS(ProductArguments, 88);
ARGUMENTS(NormaliseBackwardArguments, 80);
ARGUMENTS(ScoreStepArguments, 96);

constexpr int UNIT = 1, LAYER_NORM = 2;
constexpr int GROUP_THREADS = 256, GROUP_WARPS = GROUP_THREADS / 32;

// The threads that share a row. A sum is the same in every thread, and orders memory between none.
struct Warp {
  static constexpr int THREADS = 32;
  static __device__ __forceinline__ int thread() { return (int)threadIdx.x % 32; }
  static __device__ __forceinline__ long long row() { return blockIdx.x * (long long)GROUP_WARPS + threadIdx.x / 32; }
  static __device__ __forceinline__ double sum(double v) { return warp_sum(v); }
};

struct Block {
  static constexpr int THREADS = GROUP_THREADS;
  static __device__ __forceinline__ int thread() { return (int)threadIdx.x; }
  static __device__ __forceinline__ long long row() { return blockIdx.x; }
  static __device__ __forceinline__ double sum(double v) {
    __syncthreads();  // the last sum's parts have been read
    return block_sum<GROUP_THREADS>(v, shared_array<double>(0));
  }
};

// Calls visit(element) for this thread's elements of a row.
template <class Group, class Visit>
__device__ __forceinline__ void for_each_element(const InRows& x, const unsigned char* row, Visit visit) {
  for (int at = 4 * Group::thread(); at < x.columns; at += 4 * Group::THREADS) {
    float4 v = load_quad(x, row, at);
    visit(v.x);
    if (at + 1 < x.columns) visit(v.y);
    if (at + 2 < x.columns) visit(v.z);
    if (at + 3 < x.columns) visit(v.w);
  }
}

template <class Group>
__device__ __forceinline__ double squares(const InRows& x, const unsigned char* row, double centre) {
  double sum = 0;
  for_each_element<Group>(x, row, [&](float v) {
    double difference = v - centre;
    sum = fma(difference, difference, sum);
  });
  return Group::sum(sum);
}

__device__ __forceinline__ float normalised(float v, float centre, float divisor, bool plain) {
  return plain ? v : (v - centre) / divisor;
}

template <class Group>
__device__ __forceinline__ void normalise(const NormaliseArguments& a) {
  long long r = Group::row();
  if (r >= a.rows) return;
  InRows x = rows_in(a.x, a.xStride, a.d, a.xFormat);
  OutRows out = rows_out(a.out, a.outStride, a.d, a.outFormat);
  const unsigned char* row = x.row(r);
  float centre = 0, scale = 1, divisor = 1;
  if (a.normalisation == UNIT) {
    float norm = (float)sqrt(squares<Group>(x, row, 0));
    scale = norm < 1e-12f ? 1e-12f : norm;  // a NaN stays
    divisor = scale;
  } else if (a.normalisation == LAYER_NORM) {
    double sum = 0;
    for_each_element<Group>(x, row, [&](float v) { sum += v; });
    double mean = Group::sum(sum) / a.d;
    centre = (float)mean;
    scale = a.d == 1 ? 0 : (float)sqrt(squares<Group>(x, row, mean) / (a.d - 1));
    divisor = scale + 1e-5f;
  }
  bool plain = a.normalisation != UNIT && a.normalisation != LAYER_NORM;
  for (int at = 4 * Group::thread(); at < a.d; at += 4 * Group::THREADS) {
    float4 v = load_quad(x, row, at), p = load_vector(a.preBias, a.d, at);
    float4 n = make_float4(normalised(v.x, centre, divisor, plain) - p.x, normalised(v.y, centre, divisor, plain) - p.y,
                           normalised(v.z, centre, divisor, plain) - p.z, normalised(v.w, centre, divisor, plain) - p.w);
    store_quad(out, out.row(r), at, n);
  }
  if (Group::thread() == 0) {
    if (a.centre) a.centre[r] = centre;
    if (a.scale) a.scale[r] = scale;
  }
}

KERNEL(normalise_warp, GROUP_THREADS, 4, const NormaliseArguments a) { normalise<Warp>(a); }

KERNEL(normalise_block, GROUP_THREADS, 4, const NormaliseArguments a) { normalise<Block>(a); }

// Calls visit(element of x, element of g) for this thread's elements of a row.
template <class Group, class Visit>
__device__ __forceinline__ void for_each_pair(const InRows& x, const InRows& g, long long r, Visit visit) {
  for (int at = 4 * Group::thread(); at < x.columns; at += 4 * Group::THREADS) {
    float4 v = load_quad(x, x.row(r), at), w = load_quad(g, g.row(r), at);
    visit(v.x, w.x);
    if (at + 1 < x.columns) visit(v.y, w.y);
    if (at + 2 < x.columns) visit(v.z, w.z);
    if (at + 3 < x.columns) visit(v.w, w.w);
  }
}

template <class Group>
__device__ __forceinline__ void normalise_backward(const NormaliseBackwardArguments& a) {
  long long r = Group::row();
  if (r >= a.rows) return;
  InRows x = rows_in(a.x, a.xStride, a.d, a.xFormat), g = rows_in(a.g, a.gStride, a.d, a.gFormat);
  InRows before = rows_in(a.out, a.outStride, a.d, a.outFormat);
  OutRows out = rows_out(a.out, a.outStride, a.d, a.outFormat);
  double mean = 0, shift = 0, squares = 0, dot = 0, gain = 1, tilt = 0;
  if (a.normalisation == LAYER_NORM) {
    for_each_pair<Group>(x, g, r, [&](float v, float w) {
      mean += v;
      shift += w;
    });
    mean = Group::sum(mean) / a.d;
    shift = Group::sum(shift) / a.d;
  }
  if (a.normalisation == UNIT || a.normalisation == LAYER_NORM) {
    for_each_pair<Group>(x, g, r, [&](float v, float w) {
      double difference = v - mean;
      squares = fma(difference, difference, squares);
      dot = fma(difference, (double)w, dot);
    });
    squares = Group::sum(squares);
    dot = Group::sum(dot);
  }
  if (a.normalisation == UNIT) {
    double norm = sqrt(squares);
    bool floored = norm <= 1e-12f;
    gain = 1 / (floored ? 1e-12f : norm);
    tilt = floored ? 0 : dot / squares;
  } else if (a.normalisation == LAYER_NORM) {
    double s = a.d == 1 ? 0 : sqrt(squares / (a.d - 1));
    gain = 1 / (s + 1e-5f);
    tilt = s == 0 ? 0 : dot * gain / (s * (a.d - 1));
  }
  float centre = (float)mean, by = (float)gain, tilted = (float)tilt, shifted = (float)shift;
  // Without a tilt an infinite x has no part in it.
  auto sloped = [&](float v, float w) { return (w - shifted - (tilted == 0 ? 0 : (v - centre) * tilted)) * by; };
  for (int at = 4 * Group::thread(); at < a.d; at += 4 * Group::THREADS) {
    float4 v = load_quad(x, x.row(r), at), w = load_quad(g, g.row(r), at);
    float4 made = make_float4(sloped(v.x, w.x), sloped(v.y, w.y), sloped(v.z, w.z), sloped(v.w, w.w));
    if (a.accumulate) {
      float4 old = load_quad(before, before.row(r), at);
      made = make_float4(made.x + old.x, made.y + old.y, made.z + old.z, made.w + old.w);
    }
    store_quad(out, out.row(r), at, made);
  }
}

KERNEL(normalise_backward_warp, GROUP_THREADS, 3, const NormaliseBackwardArguments a) { normalise_backward<Warp>(a); }

KERNEL(normalise_backward_block, GROUP_THREADS, 3, const NormaliseBackwardArguments a) { normalise_backward<Block>(a); }

__device__ __forceinline__ float stepped(const ScoreStepArguments& a, float z, float g, float weight) {
  if (a.step == STEP_CLOSENESS) {
    float square = 2 - 2 * z;
    return 2 - sqrtf(square < 0 ? 0 : square);  // a NaN stays
  }
  if (a.step == STEP_CLOSENESS_BACKWARD) return z >= 1 ? 0 : g / sqrtf(2 - 2 * z);
  float v = a.weights ? z * weight : z;
  return a.g ? v * (fabsf(g) * a.beta + 1) : v;
}

KERNEL(score_step, RowTile::THREADS, 4, const ScoreStepArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows zs = rows_in(a.z, a.zStride, a.columns, a.zFormat), gs = rows_in(a.g, a.gStride, a.columns, a.gFormat);
  InRows before = rows_in(a.out, a.outStride, a.columns, a.outFormat);
  OutRows out = rows_out(a.out, a.outStride, a.columns, a.outFormat);
  float4 weight = load_vector(a.weights, a.columns, at);
  for (long long r = tile.row(0); r < tile.row(RowTile::QUADS) && r < a.rows; r += RowTile::WARPS) {
    float4 z = load_quad(zs, zs.row(r), at), g = a.g ? load_quad(gs, gs.row(r), at) : make_float4(0, 0, 0, 0);
    float4 v = make_float4(stepped(a, z.x, g.x, weight.x), stepped(a, z.y, g.y, weight.y),
                           stepped(a, z.z, g.z, weight.z), stepped(a, z.w, g.w, weight.w));
    if (a.accumulate) {
      float4 old = load_quad(before, before.row(r), at);
      v = make_float4(v.x + old.x, v.y + old.y, v.z + old.z, v.w + old.w);
    }
    store_quad(out, out.row(r), at, v);
  }
}

KERNEL(convert_rows, RowTile::THREADS, 4, const ConvertArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows in = rows_in(a.in, a.inStride, a.columns, a.inFormat);
  OutRows out = rows_out(a.out, a.outStride, a.columns, a.outFormat);
  float4 bias = load_vector(a.bias, a.columns, at);
  uint4 stored[RowTile::QUADS];
  UNROLL for (int i = 0; i < RowTile::QUADS; i++) {
    long long r = tile.row(i);
    if (r < a.rows) stored[i] = load_stored(in, in.row(r), at);
  }
  UNROLL for (int i = 0; i < RowTile::QUADS; i++) {
    long long r = tile.row(i);
    if (r >= a.rows) continue;
    float4 v = widened(stored[i], a.inFormat);
    v = make_float4(v.x + bias.x, v.y + bias.y, v.z + bias.z, v.w + bias.w);
    store_quad(out, out.row(r), at, activated(v, a.relu));
  }
}

// The nearest bfloat16, of finite numbers a finite one, so that what is left to the low part is finite too.
__device__ __forceinline__ float high_part(float v) {
  constexpr unsigned INFINITE = 0x7f800000u, LARGEST = 0x7f7f0000u;
  unsigned bits = __float_as_uint(v), high = (unsigned)narrow_bf16(v) << 16;
  bool overflows = (high & ~0x80000000u) == INFINITE && (bits & ~0x80000000u) < INFINITE;
  return __uint_as_float(overflows ? (bits & 0x80000000u) | LARGEST : high);
}

// What the high part lacks; nothing where the number is not finite.
__device__ __forceinline__ float low_part(float v) { return v - v == 0 ? v - high_part(v) : 0; }

KERNEL(split_rows, RowTile::THREADS, 4, const SplitArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows in = rows_in(a.in, a.inStride, a.columns, a.inFormat);
  for (long long r = tile.row(0); r < tile.row(RowTile::QUADS) && r < a.rows; r += RowTile::WARPS) {
    float4 v = load_quad(in, in.row(r), at);
    float4 high = make_float4(high_part(v.x), high_part(v.y), high_part(v.z), high_part(v.w));
    float4 low = make_float4(low_part(v.x), low_part(v.y), low_part(v.z), low_part(v.w));
    UNROLL for (int third = 0; third < 3; third++) {
      unsigned short* begin = static_cast<unsigned short*>(a.out) + (long long)third * a.columns;
      OutRows out = rows_out(begin, a.outStride, a.columns, FORMAT_BF16);
      store_quad(out, out.row(r), at, third == a.low ? low : high);
    }
  }
}

KERNEL(fold_pre_bias, 256, 4, const FoldArguments a) {
  long long j = blockIdx.x * 8ll + threadIdx.x / 32;
  if (j >= a.atoms) return;
  InRows weights = rows_in(a.weights, a.stride, a.d, a.format);
  const unsigned char* atom = weights.row(j);
  float sum = 0;
  for (int at = (int)threadIdx.x % 32 * 4; at < a.d; at += 128) {
    float4 w = load_quad(weights, atom, at), p = load_vector(a.preBias, a.d, at);
    sum = fmaf(p.w, w.w, fmaf(p.z, w.z, fmaf(p.y, w.y, fmaf(p.x, w.x, sum))));
  }
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) a.out[j] = (a.bias ? a.bias[j] : 0) - sum;
}

using LargeTile = Tiling<128, 128, 8, 4, 2, 2>;
using SmallTile = Tiling<32, 64, 16, 2, 1, 1>;

static_assert(sizeof(LargeTile::Shared) == 16896 && sizeof(SmallTile::Shared) == 13312, "what the host asks for");

KERNEL(product_128, LargeTile::THREADS, 2, const ProductArguments a) { LargeTile::run(a); }

KERNEL(product_32, SmallTile::THREADS, 6, const ProductArguments a) { SmallTile::run(a); }
