// Small symmetric positive definite systems (A + ridge·I)·X = B by L·D·Lᵀ in double.
//
// factorise   c_ij = a_ij - Σ_k c_ik·c_jk / d_k for i ≥ j, d_j = c_jj, so that L = C·D⁻¹; one block, a thread every 256th
//             row, column after column with one barrier each. The factor lies column after column, so that neighbouring
//             threads read neighbouring words. Flops: n³/3.
// substitute  y = L⁻¹·b, then D⁻¹, then Lᵀ: a block 32 columns of B, which all its threads work on together, element by
//             element of what an unknown that is known now takes from the others. Flops: 2·n²·columns.
//
// Launch contract: factorise one block, substitute ceil(columns / 32) blocks, of 256 threads; no shared memory. Blocks do
// not depend on each other.
#include "solve.h"

#include "elements.cuh"
#include "simt.cuh"

ARGUMENTS(FactoriseArguments, 64);
ARGUMENTS(SubstituteArguments, 80);

constexpr int THREADS = 256, COLUMNS = 32;

__device__ __forceinline__ float element(const void* matrix, long long at, int format) {
  if (format == FORMAT_F32) return static_cast<const float*>(matrix)[at];
  unsigned short v = static_cast<const unsigned short*>(matrix)[at];
  return format == FORMAT_BF16 ? widen_bf16(v) : widen_f16(v);
}

__device__ __forceinline__ void set_element(void* matrix, long long at, int format, float v) {
  if (format == FORMAT_F32)
    static_cast<float*>(matrix)[at] = v;
  else
    static_cast<unsigned short*>(matrix)[at] = format == FORMAT_BF16 ? narrow_bf16(v) : narrow_f16(v);
}

KERNEL(factorise, THREADS, 1, const FactoriseArguments a) {
  long long n = a.n;
  bool failed = false;
  for (int j = 0; j < a.n && !failed; j++) {
    for (int i = j + (int)threadIdx.x; i < a.n; i += THREADS) {
      double sum = (double)element(a.a, i * a.stride + j, a.format) + (i == j ? (double)a.ridge : 0);
      for (int k = 0; k < j; k++)
        sum = fma(-a.factor[k * n + i], a.factor[k * n + j] * a.reciprocals[k], sum);
      a.factor[j * n + i] = sum;
      if (i == j) a.reciprocals[j] = 1 / sum;
    }
    __syncthreads();  // the next column needs this one whole
    failed = !(a.factor[j * n + j] > 0);
    if (failed && threadIdx.x == 0) atomicMax(a.notPositive, (unsigned long long)j + 1);
  }
  if (threadIdx.x == 0) *a.failed = failed;
}

KERNEL(substitute, THREADS, 2, const SubstituteArguments a) {
  long long n = a.n;
  int first = (int)blockIdx.x * COLUMNS, columns = min(COLUMNS, a.columns - first);
  double* sides = a.sides + first * n;  // a column's numbers side by side
  bool failed = *a.failed != 0;
  for (long long e = threadIdx.x; e < n * columns; e += THREADS) {
    int column = (int)(e / n);
    long long row = e - column * n;
    sides[e] = element(a.b, row * a.bStride + first + column, a.bFormat);
  }
  for (int k = 0; k < a.n && !failed; k++) {
    __syncthreads();
    long long below = n - k - 1;
    for (long long e = threadIdx.x; e < below * columns; e += THREADS) {
      int column = (int)(e / below);
      long long i = k + 1 + (e - column * below);
      sides[column * n + i] = fma(-(a.factor[k * n + i] * a.reciprocals[k]), sides[column * n + k], sides[column * n + i]);
    }
  }
  // The last unknown has nothing below it: its barrier was the last, as the first one's will be below.
  for (long long e = threadIdx.x; e < n * columns && !failed; e += THREADS) sides[e] *= a.reciprocals[e % n];
  for (int k = a.n - 1; k >= 0 && !failed; k--) {
    __syncthreads();
    for (long long e = threadIdx.x; e < (long long)k * columns; e += THREADS) {
      int column = (int)(e / k);
      long long i = e - (long long)column * k;
      sides[column * n + i] = fma(-(a.factor[i * n + k] * a.reciprocals[i]), sides[column * n + k], sides[column * n + i]);
    }
  }
  for (long long e = threadIdx.x; e < n * columns; e += THREADS) {
    long long row = e / columns;
    int column = (int)(e - row * columns);
    float v = failed ? __uint_as_float(0x7fffffffu) : (float)sides[column * n + row];
    set_element(a.x, row * a.xStride + first + column, a.xFormat, v);
  }
}
