// Matrices of any element type in device memory, for the tests of kernels.
#pragma once
#include <cstring>

#include "emulator/bits16.h"
#include "test/harness.h"

namespace test {

inline constexpr int F32 = 0, BF16 = 1, F16 = 2, TYPES = 3;
inline constexpr float UNTOUCHED = -77;

inline size_t bytes_of(int type) { return type == F32 ? 4 : 2; }

inline float stored(float v, int type) {
  if (type == BF16) return simt::bf16_to_float(simt::float_to_bf16(v));
  if (type == F16) return simt::f16_to_float(simt::float_to_f16(v));
  return v;
}

// Equal bits, where any NaN equals any other.
inline bool same(float a, float b) { return (a != a && b != b) || std::memcmp(&a, &b, sizeof a) == 0; }

// A matrix in device memory, of any type, whose rows may begin anywhere and lie apart.
class Matrix {
 public:
  Matrix(int rows, int columns, int type, size_t gap = 0, size_t offset = 0)
      : rows(rows),
        columns(columns),
        type(type),
        stride(size_t(columns) + gap),
        elements_((size_t(rows) * stride) * bytes_of(type), offset * bytes_of(type)) {
    for (size_t i = 0; i < size_t(rows) * stride; i++) put(i, UNTOUCHED);
  }

  template <class Fill>
  Matrix& fill(Fill next) {
    for (int r = 0; r < rows; r++)
      for (int c = 0; c < columns; c++) set(r, c, next());
    return *this;
  }

  void* data() { return elements_.data(); }
  void set(int r, int c, float v) { put(size_t(r) * stride + size_t(c), v); }
  float at(int r, int c) { return get(size_t(r) * stride + size_t(c)); }

  // What lies between the rows must not get into a result.
  Matrix& fill_gaps(float v) {
    for (int r = 0; r < rows; r++)
      for (size_t c = size_t(columns); c < stride; c++) put(size_t(r) * stride + c, v);
    return *this;
  }

  bool gaps_untouched() {
    for (int r = 0; r < rows; r++)
      for (size_t c = size_t(columns); c < stride; c++)
        if (get(size_t(r) * stride + c) != stored(UNTOUCHED, type)) return false;
    return true;
  }

  const int rows, columns, type;
  const size_t stride;

 private:
  void put(size_t i, float v) {
    unsigned char* p = elements_.data() + i * bytes_of(type);
    if (type == F32) {
      std::memcpy(p, &v, 4);
      return;
    }
    uint16_t half = type == BF16 ? simt::float_to_bf16(v) : simt::float_to_f16(v);
    std::memcpy(p, &half, 2);
  }

  float get(size_t i) {
    unsigned char* p = elements_.data() + i * bytes_of(type);
    if (type == F32) {
      float v;
      std::memcpy(&v, p, 4);
      return v;
    }
    uint16_t half;
    std::memcpy(&half, p, 2);
    return type == BF16 ? simt::bf16_to_float(half) : simt::f16_to_float(half);
  }

  test::Device<unsigned char> elements_;
};

inline float normal() {
  static std::normal_distribution<float> distribution;
  return distribution(random());
}

inline std::vector<float> normals(size_t count) {
  std::vector<float> made(count);
  for (float& v : made) v = normal();
  return made;
}

}  // namespace test
