// Diagonal Gaussians (Gaussian.java states the formulae): reparameterised samples, divergences from N(0, 1), gradients.
//
// gaussian_sample      out = mean + noise·σ, or backwards g·noise·σ/2 with the same noise: Philox4x32-10 gives a lane's quad
//                      its four numbers from row, column, seed and offset (Philox.java), so that none is stored. Blocks as
//                      RowTile has them. Bytes: rows·columns·(x + logVariance + out elements).
// gaussian_divergence  ½·Σ (mean² + exp(ℓ) - 1 - ℓ) of a row, by a block. Bytes: rows·columns·(mean + logVariance elements).
// gaussian_slopes      the divergence's gradients. Blocks as RowTile. Bytes: rows·columns·(what is read and written).
//
// Launch contract: one-dimensional grids, blocks of 256 threads; gaussian_divergence has 8 floats of shared memory, the others
// none. Blocks do not depend on each other.
#include "gaussian.h"

#include <cmath>

#include "quads.cuh"
#include "reductions.cuh"
#include "simt.cuh"

ARGUMENTS(SampleArguments, 104);
ARGUMENTS(DivergenceArguments, 120);

__device__ __forceinline__ void philox_round(unsigned (&c)[4], unsigned k0, unsigned k1) {
  unsigned long long p0 = 0xD2511F53ull * c[0], p1 = 0xCD9E8D57ull * c[2];
  unsigned c0 = (unsigned)(p1 >> 32) ^ c[1] ^ k0, c2 = (unsigned)(p0 >> 32) ^ c[3] ^ k1;
  c[0] = c0, c[1] = (unsigned)p1, c[2] = c2, c[3] = (unsigned)p0;
}

// Two normal numbers of two words, by Box and Muller.
__device__ __forceinline__ float2 normal_pair(unsigned w0, unsigned w1) {
  float u = (float)((w0 >> 8) + 1) * 0x1p-24f, turns = (float)(w1 >> 8) * 0x1p-24f;
  float radius = sqrtf(-2.0f * logf(u));
  return make_float2(radius * cos_pi(2 * turns), radius * sin_pi(2 * turns));
}

// The noise of columns 4·quad … 4·quad + 3 of a row.
__device__ __forceinline__ float4 noise(long long seed, long long offset, long long row, int quad) {
  unsigned c[4] = {(unsigned)quad, (unsigned)row, (unsigned)offset, (unsigned)((unsigned long long)offset >> 32)};
  unsigned k0 = (unsigned)seed, k1 = (unsigned)((unsigned long long)seed >> 32);
  UNROLL_BY(2) for (int round = 0; round < 10; round++) {
    philox_round(c, k0, k1);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  float2 first = normal_pair(c[0], c[1]), second = normal_pair(c[2], c[3]);
  return make_float4(first.x, first.y, second.x, second.y);
}

// A NaN stays.
__device__ __forceinline__ float clamped(float v, float low, float high) { return v < low ? low : v > high ? high : v; }

__device__ __forceinline__ float drawn(const SampleArguments& a, float x, float v, float e) {
  float inside = clamped(v, a.low, a.high);
  if (a.backward) return inside == v ? 0.5f * x * e * expf(0.5f * v) : 0;
  return a.logVariance ? fmaf(e, expf(0.5f * inside), x) : x + e;
}

KERNEL(gaussian_sample, RowTile::THREADS, 6, const SampleArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows xs = rows_in(a.x, a.xStride, a.columns, a.xFormat), before = rows_in(a.out, a.outStride, a.columns, a.outFormat);
  InRows vs = rows_in(a.logVariance, a.logVarianceStride, a.columns, a.logVarianceFormat);
  OutRows out = rows_out(a.out, a.outStride, a.columns, a.outFormat);
  for (long long r = tile.row(0); r < tile.row(RowTile::QUADS) && r < a.rows; r += RowTile::WARPS) {
    float4 x = load_quad(xs, xs.row(r), at), e = noise(a.seed, a.offset, r, at / 4);
    float4 v = a.logVariance ? load_quad(vs, vs.row(r), at) : make_float4(0, 0, 0, 0);
    float4 made = make_float4(drawn(a, x.x, v.x, e.x), drawn(a, x.y, v.y, e.y), drawn(a, x.z, v.z, e.z),
                              drawn(a, x.w, v.w, e.w));
    if (a.accumulate) {
      float4 old = load_quad(before, before.row(r), at);
      made = make_float4(made.x + old.x, made.y + old.y, made.z + old.z, made.w + old.w);
    }
    store_quad(out, out.row(r), at, made);
  }
}

__device__ __forceinline__ float add_term(const DivergenceArguments& a, float mean, float v, float sum) {
  float centre = clamped(mean, -a.mostMean, a.mostMean), inside = clamped(v, a.low, a.high);
  if (a.logVariance) sum += expm1f(inside) - inside;
  return fmaf(centre, centre, sum);
}

KERNEL(gaussian_divergence, 256, 4, const DivergenceArguments a) {
  long long r = blockIdx.x;
  InRows means = rows_in(a.mean, a.meanStride, a.columns, a.meanFormat);
  InRows vs = rows_in(a.logVariance, a.logVarianceStride, a.columns, a.logVarianceFormat);
  float4 sums = make_float4(0, 0, 0, 0);
  for (int at = 4 * (int)threadIdx.x; at < a.columns; at += 4 * 256) {
    float4 m = load_quad(means, means.row(r), at);  // zeros past the end
    float4 v = a.logVariance ? load_quad(vs, vs.row(r), at) : make_float4(0, 0, 0, 0);
    sums.x = add_term(a, m.x, v.x, sums.x);
    if (at + 1 < a.columns) sums.y = add_term(a, m.y, v.y, sums.y);
    if (at + 2 < a.columns) sums.z = add_term(a, m.z, v.z, sums.z);
    if (at + 3 < a.columns) sums.w = add_term(a, m.w, v.w, sums.w);
  }
  float sum = block_sum<256>((sums.x + sums.y) + (sums.z + sums.w), shared_array<float>(0));
  if (threadIdx.x == 0) a.out[r] = 0.5f * sum;
}

__device__ __forceinline__ float mean_slope(const DivergenceArguments& a, float m) {
  return fabsf(m) > a.mostMean ? 0 : a.factor * m;
}

__device__ __forceinline__ float variance_slope(const DivergenceArguments& a, float v) {
  return clamped(v, a.low, a.high) == v ? a.factor * 0.5f * expm1f(v) : 0;
}

// Writes slope(v) of the quads of a tile, for one of the two gradients.
template <class Slope>
__device__ __forceinline__ void write_slopes(const DivergenceArguments& a, const RowTile& tile, const InRows& in,
                                             void* gradient, long long stride, int format, Slope slope) {
  InRows before = rows_in(gradient, stride, a.columns, format);
  OutRows out = rows_out(gradient, stride, a.columns, format);
  int at = tile.column;
  for (long long r = tile.row(0); r < tile.row(RowTile::QUADS) && r < a.rows; r += RowTile::WARPS) {
    float4 v = load_quad(in, in.row(r), at);
    v = make_float4(slope(v.x), slope(v.y), slope(v.z), slope(v.w));
    if (a.accumulate) {
      float4 old = load_quad(before, before.row(r), at);
      v = make_float4(v.x + old.x, v.y + old.y, v.z + old.z, v.w + old.w);
    }
    store_quad(out, out.row(r), at, v);
  }
}

KERNEL(gaussian_slopes, RowTile::THREADS, 4, const DivergenceArguments a) {
  RowTile tile(a.columns);
  if (tile.column >= a.columns) return;
  if (a.gradientMean)
    write_slopes(a, tile, rows_in(a.mean, a.meanStride, a.columns, a.meanFormat), a.gradientMean, a.gradientMeanStride,
                 a.gradientMeanFormat, [&](float m) { return mean_slope(a, m); });
  if (a.gradientLogVariance)
    write_slopes(a, tile, rows_in(a.logVariance, a.logVarianceStride, a.columns, a.logVarianceFormat),
                 a.gradientLogVariance, a.gradientLogVarianceStride, a.gradientLogVarianceFormat,
                 [&](float v) { return variance_slope(a, v); });
}
