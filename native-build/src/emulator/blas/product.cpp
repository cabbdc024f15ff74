#include "emulator/blas/product.h"

#include <vector>

#include "emulator/bits16.h"

namespace simt::blas {
namespace {

constexpr int PARTS = 16;

float read(Type type, const void* data, int64_t at) {
  switch (type) {
    case Type::F32: return static_cast<const float*>(data)[at];
    case Type::F16: return f16_to_float(static_cast<const uint16_t*>(data)[at]);
    default: return bf16_to_float(static_cast<const uint16_t*>(data)[at]);
  }
}

void write(Type type, void* data, int64_t at, float value) {
  switch (type) {
    case Type::F32: static_cast<float*>(data)[at] = value; break;
    case Type::F16: static_cast<uint16_t*>(data)[at] = float_to_f16(value); break;
    case Type::BF16: static_cast<uint16_t*>(data)[at] = float_to_bf16(value); break;
  }
}

float rounded(Rounding rounding, float value) {
  switch (rounding) {
    case Rounding::NONE: return value;
    case Rounding::BF16: return bf16_to_float(float_to_bf16(value));
    case Rounding::F16: return f16_to_float(float_to_f16(value));
    default: break;
  }
  // TF32 keeps 10 bits of the mantissa; to nearest, ties away from zero.
  uint32_t bits = float_bits(value);
  if ((bits & 0x7f800000) == 0x7f800000) return value;
  return bits_float((bits + 0x1000) & 0xffffe000);
}

// Rows of `count` vectors, each k long: the rows of op(A), or the columns of op(B).
std::vector<float> packed(const Operand& x, Rounding rounding, int64_t count, int64_t k, bool contiguous) {
  std::vector<float> vectors(size_t(count * k));
  for (int64_t i = 0; i < count; i++)
    for (int64_t l = 0; l < k; l++)
      vectors[size_t(i * k + l)] = rounded(rounding, read(x.type, x.data, contiguous ? i * x.stride + l : l * x.stride + i));
  return vectors;
}

float dot(const float* x, const float* y, int64_t k) {
  float parts[PARTS] = {};
  int64_t l = 0;
  for (; l + PARTS <= k; l += PARTS)
    for (int p = 0; p < PARTS; p++) parts[p] += x[l + p] * y[l + p];
  for (int p = 0; l < k; l++, p++) parts[p] += x[l] * y[l];
  for (int width = PARTS / 2; width > 0; width /= 2)
    for (int p = 0; p < width; p++) parts[p] += parts[p + width];
  return parts[0];
}

}  // namespace

size_t bytes_of(Type type) { return type == Type::F32 ? 4 : 2; }

void multiply(const Product& p) {
  std::vector<float> rows = packed(p.a, p.rounding, p.m, p.k, p.a.transposed);
  std::vector<float> columns = packed(p.b, p.rounding, p.n, p.k, !p.b.transposed);
  for (int64_t j = 0; j < p.n; j++)
    for (int64_t i = 0; i < p.m; i++) {
      float value = p.alpha * dot(&rows[size_t(i * p.k)], &columns[size_t(j * p.k)], p.k);
      int64_t at = j * p.c.stride + i;
      if (p.beta != 0) value += p.beta * read(p.c.type, p.c.data, at);  // with beta 0, C may hold anything
      write(p.c.type, p.c.data, at, value);
    }
}

}  // namespace simt::blas
