// Arguments of the kernels in sorting.cu.
#pragma once
#include "entries.h"

// One pass of a stable sort of a code's entries by their index. The first pass reads the codes, the others what the one
// before has left.
struct SortArguments {
  CodesArguments codes;
  const int* inIndices;  // pairs of the pass before; not read by the first pass
  const int* inRows;
  const float* inValues;
  int* outIndices;  // [capacity of the codes]
  int* outRows;     // of the same length
  float* outValues;
  unsigned* counts;  // [256, tiles]: of each digit in each tile, then how many of it the tiles before have
  unsigned* totals;  // [256]: of each digit that exists
  unsigned* count;   // [1]: entries that name an atom; written by the first pass
  unsigned long long* outOfRange;
  int atoms;
  int shift;  // bits below the pass's digit
  int tiles;  // of 2048 entries, at least 1
  int digits;  // 1 more than the largest that an atom has in this pass, at most 256
};
