// The dense steps around a training step's sparse ones, element by element.
//
// axpby   y[r, i] = alpha·x[r, i] + beta·y[r, i], in any two formats: one product rounded, then one fused step, then
//         the rounding of y's format. Blocks as RowTile has them; a lane takes all its quads at once, so that it has
//         eight loads under way.
//         Bytes: rows·columns·(x + 2·y elements, or x + y where beta is 0). Flops: 3·rows·columns.
//
// Launch contract: one-dimensional grids, blocks of 256 threads, no shared memory. Blocks do not depend on each other.
#include "training.h"

#include "quads.cuh"
#include "simt.cuh"

ARGUMENTS(AxpbyArguments, 64);

KERNEL(axpby, RowTile::THREADS, 4, const AxpbyArguments a) {
  RowTile tile(a.columns);
  int at = tile.column;
  if (at >= a.columns) return;
  InRows x = rows_in(a.x, a.xStride, a.columns, a.xFormat), before = rows_in(a.y, a.yStride, a.columns, a.yFormat);
  OutRows y = rows_out(a.y, a.yStride, a.columns, a.yFormat);
  uint4 added[RowTile::QUADS], old[RowTile::QUADS];
  UNROLL for (int i = 0; i < RowTile::QUADS; i++) {
    long long r = tile.row(i);
    if (r >= a.rows) continue;
    added[i] = load_stored(x, x.row(r), at);
    if (a.beta != 0) old[i] = load_stored(before, before.row(r), at);
  }
  UNROLL for (int i = 0; i < RowTile::QUADS; i++) {
    long long r = tile.row(i);
    if (r >= a.rows) continue;
    float4 v = widened(added[i], a.xFormat);
    v = make_float4(a.alpha * v.x, a.alpha * v.y, a.alpha * v.z, a.alpha * v.w);
    if (a.beta != 0) {
      float4 o = widened(old[i], a.yFormat);
      v = make_float4(fmaf(a.beta, o.x, v.x), fmaf(a.beta, o.y, v.y), fmaf(a.beta, o.z, v.z), fmaf(a.beta, o.w, v.w));
    }
    store_quad(y, y.row(r), at, v);
  }
}
