// The indices that codes hold: −1 for an empty slot, else an atom's, or one that no atom has.
#pragma once
#include "simt.cuh"

__device__ __forceinline__ bool is_atom(int index, int atoms) { return (unsigned)index < (unsigned)atoms; }

// Raises the flag for an index that is neither an atom's nor −1. A negative one is a large one.
__device__ __forceinline__ void report(int index, int atoms, unsigned long long* outOfRange) {
  unsigned number = (unsigned)index + 1u;
  if (number > (unsigned)atoms) atomicMax(outOfRange, (unsigned long long)number);
}
