// A step's choice: the atom of the best score, and of equal scores the lowest index.
//
// score   correlation·weight, its absolute value where the sign does not count. The weight is the atom's inverse norm,
//         or 1 for atoms as they are, and NaN for an atom that must never be picked: then the score is NaN, and a NaN
//         is below everything. So is the NaN of correlations that overflow.
// start   what a score must exceed: 0, or −∞ where negative correlations count too. A magnitude of 0 would stop its row
//         if it were picked, and so does picking nothing.
// key     of keys.cuh; 0 where there is no atom yet.
#pragma once
#include "keys.cuh"
#include "pursuits.h"

constexpr unsigned ALL_LANES = ~0u;

__device__ __forceinline__ float infinity() { return __uint_as_float(0x7f800000u); }
__device__ __forceinline__ float not_a_number() { return __uint_as_float(0x7fffffffu); }

__device__ __forceinline__ float start_score(int sign) { return sign == SIGN_SIGNED ? -infinity() : 0.0f; }

// What one thread has found. It is offered atoms in ascending order.
struct Best {
  float score;  // that of the atom, or what one must exceed
  int index;    // -1 for none
  float correlation;
  float weight;

  __device__ __forceinline__ explicit Best(float start) : score(start), index(-1), correlation(0), weight(0) {}

  template <bool MAGNITUDES>
  __device__ __forceinline__ void offer(int atom, float itsCorrelation, float itsWeight) {
    float product = itsCorrelation * itsWeight, itsScore = MAGNITUDES ? fabsf(product) : product;
    if (itsScore > score) *this = Best(itsScore, atom, itsCorrelation, itsWeight);
  }

  template <bool MAGNITUDES>
  __device__ __forceinline__ void offer(int first, float4 c, float4 w) {
    offer<MAGNITUDES>(first, c.x, w.x);
    offer<MAGNITUDES>(first + 1, c.y, w.y);
    offer<MAGNITUDES>(first + 2, c.z, w.z);
    offer<MAGNITUDES>(first + 3, c.w, w.w);
  }

  __device__ __forceinline__ Candidate candidate() const {
    return Candidate{index < 0 ? 0 : key_of(score), index, correlation, weight};
  }

 private:
  __device__ __forceinline__ Best(float score, int index, float correlation, float weight)
      : score(score), index(index), correlation(correlation), weight(weight) {}
};

// The lane with the best candidate; of lanes without any, the first.
__device__ __forceinline__ int best_lane(const Candidate& own) {
  unsigned key = __reduce_max_sync(ALL_LANES, own.key);
  unsigned index = __reduce_min_sync(ALL_LANES, own.key == key ? (unsigned)own.index : ~0u);
  return __ffs((int)__ballot_sync(ALL_LANES, own.key == key && (unsigned)own.index == index)) - 1;
}

__device__ __forceinline__ Candidate of_lane(const Candidate& own, int lane) {
  return Candidate{__shfl_sync(ALL_LANES, own.key, lane), __shfl_sync(ALL_LANES, own.index, lane),
                   __shfl_sync(ALL_LANES, own.correlation, lane), __shfl_sync(ALL_LANES, own.weight, lane)};
}

// A step's coefficient, 0 where the row must stop.
__device__ __forceinline__ float coefficient(float correlation, float square, int normalised) {
  float c = normalised ? correlation / square : correlation;
  return fabsf(c) < infinity() ? c : 0.0f;
}
