// What is left of a row: a float32 matrix row at any address. The thread that owns a quad reads and writes it step after
// step.
#pragma once
#include "quads.cuh"

// r − c·D for a quad, each element rounded once.
__device__ __forceinline__ float4 without(float4 r, float c, float4 atom) {
  return make_float4(fmaf(-c, atom.x, r.x), fmaf(-c, atom.y, r.y), fmaf(-c, atom.z, r.z), fmaf(-c, atom.w, r.w));
}

__device__ __forceinline__ double sum_of_squares(float4 v) {
  double x = v.x, y = v.y, z = v.z, w = v.w;
  return fma(x, x, y * y) + fma(z, z, w * w);
}

// residual −= c·D_pick for the quads at 4·first, 4·(first + count) … of a row; the sum of the results' squares.
__device__ __forceinline__ double subtract_atom(void* residual, long long stride, long long row, const InRows& atoms,
                                                int pick, float c, int first, int count) {
  InRows before = rows_in(residual, stride, atoms.columns, FORMAT_F32);
  OutRows after = rows_out(residual, stride, atoms.columns, FORMAT_F32);
  double sum = 0;
  for (int at = 4 * first; at < atoms.columns; at += 4 * count) {
    float4 r = without(load_quad(before, before.row(row), at), c, load_quad(atoms, atoms.row(pick), at));
    store_quad(after, after.row(row), at, r);
    sum += sum_of_squares(r);
  }
  return sum;
}

// The inner product of two rows over the quads at 4·first, 4·(first + count) …
__device__ __forceinline__ double product_of(const InRows& a, long long rowOfA, const InRows& b, long long rowOfB, int first,
                                             int count) {
  double sum = 0;
  for (int at = 4 * first; at < a.columns; at += 4 * count) {
    float4 u = load_quad(a, a.row(rowOfA), at), v = load_quad(b, b.row(rowOfB), at);
    double x = u.x, y = u.y, z = u.z, w = u.w;
    sum += fma(x, (double)v.x, y * v.y) + fma(z, (double)v.z, w * v.w);
  }
  return sum;
}

// The sum of squares of x − Σ v·D over a support, in its order, for the quads at 4·first, 4·(first + count) … of a row.
// They are stored in the residual's row of the same number, if there is one.
__device__ __forceinline__ double squares_left(const InRows& x, long long row, const InRows& atoms, const int* support,
                                               const float* values, int size, int first, int count, float* residual,
                                               long long stride) {
  OutRows left = rows_out(residual, stride, x.columns, FORMAT_F32);
  double squares = 0;
  for (int at = 4 * first; at < x.columns; at += 4 * count) {
    float4 r = load_quad(x, x.row(row), at);
    for (int i = 0; i < size; i++) r = without(r, values[i], load_quad(atoms, atoms.row(support[i]), at));
    if (residual) store_quad(left, left.row(row), at, r);
    squares += sum_of_squares(r);
  }
  return squares;
}
