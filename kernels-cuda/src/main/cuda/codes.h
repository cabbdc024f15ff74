// Arguments of the kernels in codes.cu.
#pragma once
#include "entries.h"

// Codes with slots.
struct Slotted {
  const int* indices;   // [rows, k]
  const float* values;  // [rows, k]
  const int* counts;    // [rows]
};

// out = alpha·a + beta·b by index, or what a has at the indices of both
struct MergeArguments {
  Slotted a;
  Slotted b;                 // null where there is none
  int* outIndices;           // [rows, outK]
  float* outValues;          // [rows, outK]
  int* outCounts;            // [rows]
  unsigned long long* keys;  // [blocks, size] of merge_memory, else null
  int rows;
  int aK;
  int bK;  // 0 where there is no b
  int outK;
  int size;  // keys of a row: a power of two, at least 2 and aK + bK
  int both;  // only the indices of both
  float alpha;
  float beta;
};

// Rows of codes of any layout in slots
struct CopyRowsArguments {
  CodesArguments codes;
  int* outIndices;   // [rows, k]
  float* outValues;  // [rows, k]
  int* outCounts;    // [rows]
  int* totals;       // [rows]: entries, whether they fit or not; null if nobody asks
  int k;
  int unused;
};

// Rows of slots one after another
struct CompressArguments {
  Slotted codes;
  unsigned long long* tileEntries;  // [tiles]: of 256 rows
  long long* offsets;               // [rows + 1]
  int* columns;                     // [capacity]
  float* values;                    // [capacity]
  unsigned long long* exceeded;     // flag: the capacity that is needed
  unsigned long long* outOfRange;   // flag
  long long capacity;
  int rows;
  int k;
  int columnCount;
  int tiles;  // at least 1
};

// Sorted entries as row-compressed codes whose rows are the indices
struct StoreSortedArguments {
  const int* indices;     // [*count]
  const int* rows;        // of the same length
  const float* values;
  const unsigned* count;  // [1]
  long long* offsets;     // [outRows + 1]
  int* columns;           // [capacity]
  float* outValues;       // [capacity]
  unsigned long long* exceeded;
  long long capacity;
  int outRows;
  int unused;
};
