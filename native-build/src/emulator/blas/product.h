// C = alpha op(A) op(B) + beta C, as the emulated cuBLAS computes it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simt::blas {

// cudaDataType, as far as products take them.
enum class Type : int { F32 = 0, F16 = 2, BF16 = 14 };

// What factors are rounded to before they are multiplied.
enum class Rounding { NONE, TF32, BF16, F16 };

size_t bytes_of(Type type);

// A column-major matrix: element (row, column) stands at column * stride + row.
struct Operand {
  Type type;
  void* data;
  int64_t stride;
  bool transposed;  // op(A) is its transpose
};

struct Product {
  int64_t m, n, k;  // op(A) is m x k, op(B) is k x n
  Operand a, b, c;
  Rounding rounding;
  float alpha, beta;
};

// Sums in float32, in sixteen interleaved parts: not the order of any other backend.
void multiply(const Product& product);

}  // namespace simt::blas
