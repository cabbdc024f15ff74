// The total order of all selections as integers: org.pursuit.kernel.ScoreOrder for the device.
//
//   key   32 bits: orders as the score does; -0 is +0, every NaN is the one above +infinity
//   rank  64 bits: key | 2^31 - 1 - index (31 bits) | sign of the score (1 bit)
//
// All ranks of a row differ and the larger one comes first: by score, then by lower index. The sign bit never decides;
// it is what a key has lost. Key 0 and rank 0 lie below those of every score and mean that there is none.
#pragma once
#include "simt.cuh"

using u64 = unsigned long long;

constexpr unsigned ZERO_KEY = 0x80000000u, INFINITY_KEY = 0xff800000u, NAN_KEY = 0xffffffffu;

// What a score is ranked by, as the bits of it that count: all of them, or all but the sign.
constexpr unsigned SIGNED = 0xffffffffu, MAGNITUDE = 0x7fffffffu;

__device__ __forceinline__ float ranked(float score, unsigned bits) {
  return __uint_as_float(__float_as_uint(score) & bits);
}

__device__ __forceinline__ unsigned key_of(float score) {
  unsigned u = __float_as_uint(score + 0.0f);  // turns -0 into +0
  unsigned key = u ^ (unsigned(int(u) >> 31) | 0x80000000u);
  return score != score ? NAN_KEY : key;
}

// The score of a key: a NaN for NAN_KEY, and a NaN too for keys that no score has.
__device__ __forceinline__ float score_of(unsigned key) {
  return __uint_as_float(key & 0x80000000u ? key ^ 0x80000000u : ~key);
}

// A score b such that exactly the scores with this key or a larger one have !(score <= b).
__device__ __forceinline__ float below(unsigned key) {
  if (key > INFINITY_KEY) return score_of(INFINITY_KEY);
  return score_of(key == ZERO_KEY ? ZERO_KEY - 2 : key - 1);  // no score has the key ZERO_KEY - 1, which -0 would
}

__device__ __forceinline__ u64 rank_of(unsigned key, int index, float score) {
  return (u64)key << 32 | (0x7fffffffu - unsigned(index)) << 1 | __float_as_uint(score) >> 31;
}

__device__ __forceinline__ unsigned key_in(u64 rank) { return unsigned(rank >> 32); }

__device__ __forceinline__ int index_in(u64 rank) { return int(0x7fffffffu - (unsigned(rank) >> 1)); }

// The score that was ranked, by itself or by magnitude; a NaN comes back as 0x7fffffff or with its sign.
__device__ __forceinline__ float score_in(u64 rank) {
  return __uint_as_float((__float_as_uint(score_of(key_in(rank))) & 0x7fffffffu) | unsigned(rank) << 31);
}
