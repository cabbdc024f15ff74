// The entries of codes, wherever they lie.
#pragma once
#include "entries.h"
#include "indices.cuh"

ARGUMENTS(CodesArguments, 48);

constexpr int EMPTY = -1;  // the index of a slot that holds nothing

// A row's entries. Whatever its count or offsets say, they lie within the codes.
struct Entries {
  long long first;
  unsigned count;
};

__device__ __forceinline__ Entries entries_of(const CodesArguments& codes, int row) {
  if (codes.offsets) {
    long long first = min(max(codes.offsets[row], 0ll), codes.capacity);
    long long last = min(max(codes.offsets[row + 1ll], first), codes.capacity);
    return Entries{first, (unsigned)(last - first)};
  }
  return Entries{(long long)row * codes.k, (unsigned)min(max(codes.counts[row], 0), codes.k)};
}
