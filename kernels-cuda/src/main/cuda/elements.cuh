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

  // Every lane with only those bits that `bits` has.
  static __device__ __forceinline__ void keep_bits(Vector& v, unsigned bits) {
    v = make_float4(masked(v.x, bits), masked(v.y, bits), masked(v.z, bits), masked(v.w, bits));
  }

  // Whether !(lane <= bar) for any lane.
  static __device__ __forceinline__ bool any_above(const Vector& v, float bar) {
    return !(v.x <= bar) | !(v.y <= bar) | !(v.z <= bar) | !(v.w <= bar);
  }

  // For how many lanes !(lane <= bar).
  static __device__ __forceinline__ unsigned count_above(const Vector& v, float bar) {
    return unsigned(!(v.x <= bar)) + !(v.y <= bar) + !(v.z <= bar) + !(v.w <= bar);
  }

  // The largest lane, NaN if there is one.
  static __device__ __forceinline__ float largest(const Vector& v) {
    return max_f32(max_f32(v.x, v.y), max_f32(v.z, v.w));
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

  // `bits` as for float32.
  static __device__ __forceinline__ void keep_bits(Vector& v, unsigned bits) {
    unsigned both = (bits & 0xffff0000u) | bits >> 16;
    v = make_uint4(v.x & both, v.y & both, v.z & both, v.w & both);
  }

  static __device__ __forceinline__ bool any_above(const Vector& v, float bar) {
    float2 pair = Half::widen2(largest2(v));
    return !(pair.x <= bar) | !(pair.y <= bar);
  }

  static __device__ __forceinline__ unsigned count_above(const Vector& v, float bar) {
    return count_above(v.x, bar) + count_above(v.y, bar) + count_above(v.z, bar) + count_above(v.w, bar);
  }

  static __device__ __forceinline__ float largest(const Vector& v) {
    float2 pair = Half::widen2(largest2(v));
    return max_f32(pair.x, pair.y);
  }

 private:
  static __device__ __forceinline__ unsigned largest2(const Vector& v) {
    return Half::max2(Half::max2(v.x, v.y), Half::max2(v.z, v.w));
  }

  static __device__ __forceinline__ unsigned count_above(unsigned word, float bar) {
    float2 pair = Half::widen2(opaque(word));  // widening is cheaper than registers for all that is widened
    return unsigned(!(pair.x <= bar)) + !(pair.y <= bar);
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

// max(0, v) where relu is set; NaN stays NaN.
__device__ __forceinline__ float activated(float v, int relu) { return relu && v <= 0 ? 0.0f : v; }

__device__ __forceinline__ float4 activated(float4 v, int relu) {
  return make_float4(activated(v.x, relu), activated(v.y, relu), activated(v.z, relu), activated(v.w, relu));
}
