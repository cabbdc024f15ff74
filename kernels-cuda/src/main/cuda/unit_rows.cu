// What keeps a dictionary's atoms at unit norm.
//
// unit_rows      x[r] /= ‖x[r]‖ + epsilon; a row of norm 0 stays.
//                Bytes: 2·rows·columns elements. Flops: 3 an element.
// project_rows   g[r] -= c·a with c = ⟨g[r], a⟩ / ⟨a, a⟩, where a is the row's atom; of an atom of norm 0 the row stays.
//                Bytes: rows·columns·(2·g + atom elements). Flops: 6 an element.
//
// Sums as row_sums.cuh has them; a row's second reading comes from a cache. Blocks: ceil(rows·warpsPerRow / 8).
//
// Launch contract: one-dimensional grids, blocks of 256 threads, 96 bytes of shared memory. Blocks do not depend on each
// other. A row id that no atom has raises the flag, and the row stays.
#include "unit_rows.h"

#include "indices.cuh"
#include "row_sums.cuh"

ARGUMENTS(UnitRowsArguments, 40);
ARGUMENTS(ProjectArguments, 88);

struct Square {
  static constexpr int SUMS = 1;
  static constexpr bool PAIR = false;
  static __device__ __forceinline__ void add(float x, float, float (&sums)[SUMS]) { sums[0] = fmaf(x, x, sums[0]); }
};

struct ProductAndSquare {
  static constexpr int SUMS = 2;
  static constexpr bool PAIR = true;
  static __device__ __forceinline__ void add(float g, float a, float (&sums)[SUMS]) {
    sums[0] = fmaf(g, a, sums[0]);
    sums[1] = fmaf(a, a, sums[1]);
  }
};

KERNEL(unit_rows, RowSums::THREADS, 4, const UnitRowsArguments a) {
  RowSums row(a.warpsPerRow);
  InRows x = rows_in(a.x, a.stride, a.columns, a.format);
  OutRows out = rows_out(a.x, a.stride, a.columns, a.format);
  bool present = row.row < a.rows;
  float squares[1];
  row.add_up<Square>(present, x, x.row(row.row), x, x.row(row.row), squares);
  float norm = sqrtf(squares[0]), divisor = norm + a.epsilon;
  if (!present || norm == 0) return;
  for (int at = row.first(); at < a.columns; at += row.step()) {
    float4 v = load_quad(x, x.row(row.row), at);
    v = make_float4(v.x / divisor, v.y / divisor, v.z / divisor, v.w / divisor);
    store_quad(out, out.row(row.row), at, v);
  }
}

KERNEL(project_rows, RowSums::THREADS, 4, const ProjectArguments a) {
  RowSums row(a.warpsPerRow);
  InRows atoms = rows_in(a.atoms, a.atomStride, a.columns, a.atomFormat);
  InRows g = rows_in(a.g, a.gStride, a.columns, a.gFormat);
  OutRows out = rows_out(a.g, a.gStride, a.columns, a.gFormat);
  long long rows = a.count ? min((long long)*a.count, a.rows) : a.rows, atom = row.row;
  bool present = row.row < rows;
  if (present && a.rowIds) {
    int id = a.rowIds[row.row];
    if (row.leads()) report(id, a.atomCount, a.outOfRange);
    present = is_atom(id, a.atomCount);
    atom = present ? id : 0;
  }
  float sums[2];
  row.add_up<ProductAndSquare>(present, g, g.row(row.row), atoms, atoms.row(atom), sums);
  if (!present || sums[1] == 0) return;
  float c = sums[0] / sums[1];
  for (int at = row.first(); at < a.columns; at += row.step()) {
    float4 v = load_quad(g, g.row(row.row), at), w = load_quad(atoms, atoms.row(atom), at);
    v = make_float4(fmaf(-c, w.x, v.x), fmaf(-c, w.y, v.y), fmaf(-c, w.z, v.z), fmaf(-c, w.w, v.w));
    store_quad(out, out.row(row.row), at, v);
  }
}
