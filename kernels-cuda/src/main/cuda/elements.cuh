// How a matrix stores its elements: F32, BF16 or F16, numbered 0, 1, 2 as org.pursuit.data.DType is. A row is read in
// vectors of 16 bytes, where its address allows.
#pragma once
#include "simt.cuh"

enum Format { FORMAT_F32, FORMAT_BF16, FORMAT_F16 };

struct F32 {
  using Stored = float;
  using Vector = float4;
  static constexpr int LANES = 4;

  static __device__ __forceinline__ float widen(float stored) { return stored; }

  // Lane `i` as float32; `i` is known at compile time.
  static __device__ __forceinline__ float at(const Vector& v, int i) {
    return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w;
  }

  static __device__ __forceinline__ Vector fill(float value) { return make_float4(value, value, value, value); }

  // Lane `i` replaced by a value that the format has.
  static __device__ __forceinline__ void put(Vector& v, int i, float value) {
    (i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w) = value;
  }

  // Whether !(lane <= bar) for any lane, of whose bits only `bits` count.
  static __device__ __forceinline__ bool any_above(const Vector& v, float bar, unsigned bits) {
    bool x = !(masked(v.x, bits) <= bar), y = !(masked(v.y, bits) <= bar);
    bool z = !(masked(v.z, bits) <= bar), w = !(masked(v.w, bits) <= bar);
    return x | y | z | w;
  }

  // The largest lane, NaN if there is one.
  static __device__ __forceinline__ float largest(const Vector& v, unsigned bits) {
    return max_f32(max_f32(masked(v.x, bits), masked(v.y, bits)), max_f32(masked(v.z, bits), masked(v.w, bits)));
  }

 private:
  static __device__ __forceinline__ float masked(float v, unsigned bits) {
    return __uint_as_float(__float_as_uint(v) & bits);
  }
};

// Eight 16-bit lanes, two in a word with the first in the low half.
template <class Half>
struct Packed {
  using Stored = unsigned short;
  using Vector = uint4;
  static constexpr int LANES = 8;

  static __device__ __forceinline__ float widen(unsigned short stored) { return Half::widen(stored); }

  static __device__ __forceinline__ float at(const Vector& v, int i) {
    unsigned word = i < 2 ? v.x : i < 4 ? v.y : i < 6 ? v.z : v.w;
    float2 pair = Half::widen2(word);
    return i % 2 ? pair.y : pair.x;
  }

  static __device__ __forceinline__ Vector fill(float value) {
    unsigned pair = Half::narrow(value) * 0x10001u;
    return make_uint4(pair, pair, pair, pair);
  }

  static __device__ __forceinline__ void put(Vector& v, int i, float value) {
    unsigned& word = i < 2 ? v.x : i < 4 ? v.y : i < 6 ? v.z : v.w;
    unsigned half = Half::narrow(value);
    word = i % 2 ? (word & 0xffffu) | half << 16 : (word & 0xffff0000u) | half;
  }

  static __device__ __forceinline__ bool any_above(const Vector& v, float bar, unsigned bits) {
    float2 pair = Half::widen2(largest2(v, bits));
    return !(pair.x <= bar) | !(pair.y <= bar);
  }

  static __device__ __forceinline__ float largest(const Vector& v, unsigned bits) {
    float2 pair = Half::widen2(largest2(v, bits));
    return max_f32(pair.x, pair.y);
  }

 private:
  static __device__ __forceinline__ unsigned largest2(const Vector& v, unsigned bits) {
    unsigned both = (bits & 0xffff0000u) | bits >> 16;
    return Half::max2(Half::max2(v.x & both, v.y & both), Half::max2(v.z & both, v.w & both));
  }
};

struct Bf16Half {
  static __device__ __forceinline__ float widen(unsigned short v) { return widen_bf16(v); }
  static __device__ __forceinline__ float2 widen2(unsigned v) { return widen_bf16x2(v); }
  static __device__ __forceinline__ unsigned narrow(float v) { return narrow_bf16(v); }
  static __device__ __forceinline__ unsigned max2(unsigned a, unsigned b) { return max_bf16x2(a, b); }
};

struct F16Half {
  static __device__ __forceinline__ float widen(unsigned short v) { return widen_f16(v); }
  static __device__ __forceinline__ float2 widen2(unsigned v) { return widen_f16x2(v); }
  static __device__ __forceinline__ unsigned narrow(float v) { return narrow_f16(v); }
  static __device__ __forceinline__ unsigned max2(unsigned a, unsigned b) { return max_f16x2(a, b); }
};

using Bf16 = Packed<Bf16Half>;
using F16 = Packed<F16Half>;

// Element `at` of a matrix whose format is known only at run time.
__device__ __forceinline__ float element(const void* matrix, int format, long long at) {
  if (format == FORMAT_F32) return static_cast<const float*>(matrix)[at];
  unsigned short stored = static_cast<const unsigned short*>(matrix)[at];
  return format == FORMAT_BF16 ? widen_bf16(stored) : widen_f16(stored);
}
