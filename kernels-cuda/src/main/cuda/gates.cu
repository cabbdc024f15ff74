// Gates of pre-activations, and their straight-through estimators (Gate.java states the formulae).
//
// gate                 out = a, 1 or 0 by a > threshold; a NaN is above every threshold. Blocks as RowTile has them.
//                      Bytes: rows·columns·(a + out elements).
// gate_backward        passes g on where the gate is open, and adds up what lies in the thresholds' rectangles, over
//                      chunks of rows: blocks as ColumnChunk has them. Bytes: rows·columns·(a + g + gradient elements).
// threshold_gradients  adds the chunks' sums and weights them; a thread a column.
//
// Launch contract: one-dimensional grids, blocks of 256 threads; gate_backward has ColumnChunk's shared memory, the
// others none. Blocks do not depend on each other.
#include "columns.cuh"
#include "quads.cuh"
#include "simt.cuh"
#include "training.h"

ARGUMENTS(GateArguments, 72);
ARGUMENTS(GateBackwardArguments, 112);
ARGUMENTS(ThresholdGradientsArguments, 56);

__device__ __forceinline__ float4 thresholds_at(const float* threshold, int shared, int columns, int at) {
  if (!shared) return load_vector(threshold, columns, at);
  float theta = *threshold;
  return make_float4(theta, theta, theta, theta);
}

// A NaN lies above every threshold, and nothing above one that is NaN.
__device__ __forceinline__ bool is_open(float a, float theta) { return !(a <= theta) && theta == theta; }

__device__ __forceinline__ float gated(float a, float theta, int kind) {
  float open = kind == GATE_STEP ? 1.0f : a;
  return is_open(a, theta) ? open : 0.0f;
}

KERNEL(gate, RowTile::THREADS, 4, const GateArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows in = rows_in(a.a, a.aStride, a.columns, a.aFormat);
  OutRows out = rows_out(a.out, a.outStride, a.columns, a.outFormat);
  float4 theta = thresholds_at(a.threshold, a.shared, a.columns, at);
  uint4 stored[RowTile::QUADS];
  UNROLL for (int i = 0; i < RowTile::QUADS; i++)
    if (tile.row(i) < a.rows) stored[i] = load_stored(in, in.row(tile.row(i)), at);
  UNROLL for (int i = 0; i < RowTile::QUADS; i++) {
    if (tile.row(i) >= a.rows) continue;
    float4 v = widened(stored[i], a.aFormat);
    v = make_float4(gated(v.x, theta.x, a.kind), gated(v.y, theta.y, a.kind), gated(v.z, theta.z, a.kind),
                    gated(v.w, theta.w, a.kind));
    store_quad(out, out.row(tile.row(i)), at, v);
  }
}

__device__ __forceinline__ float inside(float a, float theta, float half, float g) {
  return fabsf(a - theta) < half ? g : 0.0f;
}

KERNEL(gate_backward, ColumnChunk::THREADS, 4, const GateBackwardArguments a) {
  ColumnChunk chunk(a.columns, a.rows, a.chunkRows);
  int at = chunk.column;
  float4 sum = make_float4(0, 0, 0, 0);
  if (at < a.columns) {
    InRows in = rows_in(a.a, a.aStride, a.columns, a.aFormat), g = rows_in(a.g, a.gStride, a.columns, a.gFormat);
    InRows before = rows_in(a.gradientA, a.gradientStride, a.columns, a.gradientFormat);
    OutRows out = rows_out(a.gradientA, a.gradientStride, a.columns, a.gradientFormat);
    float4 theta = thresholds_at(a.threshold, a.shared, a.columns, at);
    for (long long r = chunk.first; r < chunk.end; r += ColumnChunk::WARPS) {
      float4 v = load_quad(in, in.row(r), at), w = load_quad(g, g.row(r), at);
      sum = add(sum, make_float4(inside(v.x, theta.x, a.halfBandwidth, w.x), inside(v.y, theta.y, a.halfBandwidth, w.y),
                                 inside(v.z, theta.z, a.halfBandwidth, w.z), inside(v.w, theta.w, a.halfBandwidth, w.w)));
      if (!a.gradientA) continue;
      bool none = a.kind == GATE_STEP;
      float4 passed = make_float4(none || !is_open(v.x, theta.x) ? 0.0f : w.x, none || !is_open(v.y, theta.y) ? 0.0f : w.y,
                                  none || !is_open(v.z, theta.z) ? 0.0f : w.z, none || !is_open(v.w, theta.w) ? 0.0f : w.w);
      if (a.accumulate) passed = add(load_quad(before, before.row(r), at), passed);
      store_quad(out, out.row(r), at, passed);
    }
  }
  if (a.sums) chunk.store(sum, a.sums, a.columns);
}

KERNEL(threshold_gradients, 256, 4, const ThresholdGradientsArguments a) {
  int at = (int)(blockIdx.x * 256u + threadIdx.x);
  if (at >= a.columns) return;
  float sum = 0;
  for (int chunk = 0; chunk < a.chunks; chunk++) sum += a.sums[chunk * (long long)a.columns + at];
  float theta = a.threshold[a.shared ? 0 : at];
  float gradient = -(a.kind == GATE_STEP ? 1.0f : theta) / a.bandwidth * sum;
  if (a.logarithm) gradient *= theta;
  a.out[at] = a.accumulate ? a.out[at] + gradient : gradient;
}
