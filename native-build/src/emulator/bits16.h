// 16-bit floats in plain integer arithmetic: the twin of the conversions and maxima that a GPU has as instructions.
#pragma once
#include <cstdint>
#include <cstring>

namespace simt {

constexpr uint16_t NAN16 = 0x7fff;  // what a GPU answers for every NaN, bf16 and fp16 alike

inline uint32_t float_bits(float f) {
  uint32_t u;
  std::memcpy(&u, &f, sizeof u);
  return u;
}

inline float bits_float(uint32_t u) {
  float f;
  std::memcpy(&f, &u, sizeof f);
  return f;
}

inline float bf16_to_float(uint16_t v) { return bits_float(uint32_t(v) << 16); }

inline uint16_t float_to_bf16(float f) {
  if (f != f) return NAN16;
  uint32_t u = float_bits(f);
  return uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16);  // to nearest, ties to even; past the largest to infinity
}

inline float f16_to_float(uint16_t v) {
  uint32_t sign = uint32_t(v & 0x8000) << 16, exponent = v >> 10 & 31, mantissa = v & 1023;
  if (exponent == 31) return bits_float(sign | 0x7f800000 | mantissa << 13);
  if (exponent == 0) return bits_float(sign | float_bits(float(mantissa) * 0x1p-24f));
  return bits_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

inline uint16_t float_to_f16(float f) {
  if (f != f) return NAN16;
  uint32_t u = float_bits(f), sign = u >> 16 & 0x8000, magnitude = u & 0x7fffffff;
  if (magnitude >= 0x47800000) return uint16_t(sign | 0x7c00);  // 65536 and more
  if (magnitude < 0x38800000)                                   // below 2^-14: the sum's last place is 2^-24
    return uint16_t(sign | (float_bits(bits_float(magnitude) + 0.5f) - float_bits(0.5f)));
  uint32_t rebiased = magnitude - (112u << 23);
  return uint16_t(sign | (rebiased + 0xfff + (rebiased >> 13 & 1)) >> 13);
}

// The larger of two 16-bit floats by their bits; `infinity` is the bit pattern of the format's.
inline uint16_t max16(uint16_t a, uint16_t b, uint16_t infinity) {
  if ((a & 0x7fff) > infinity || (b & 0x7fff) > infinity) return NAN16;
  auto order = [](uint16_t v) { return v & 0x8000 ? 0x7fff - (v & 0x7fff) : 0x8000 + v; };
  return order(a) >= order(b) ? a : b;
}

inline uint32_t max16x2(uint32_t a, uint32_t b, uint16_t infinity) {
  return uint32_t(max16(uint16_t(a >> 16), uint16_t(b >> 16), infinity)) << 16 |
         max16(uint16_t(a), uint16_t(b), infinity);
}

}  // namespace simt
