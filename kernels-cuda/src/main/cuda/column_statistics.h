// Arguments of the kernels in column_statistics.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// For each block of rows and each column: how many elements lie outside of low … high, the largest one, their sum
struct ColumnPartsArguments {
  const void* x;     // [rows, columns]
  unsigned* counts;  // [row blocks, columns]
  float* maxima;     // [row blocks, columns]
  float* sums;       // [row blocks, columns]
  long long stride;
  long long rows;
  int columns;
  int format;
  int rowsPerBlock;
  float low;
  float high;
};

// The same of all rows
struct ColumnMergeArguments {
  const unsigned* counts;     // [row blocks, columns]
  const float* maxima;        // [row blocks, columns]
  const float* sums;          // [row blocks, columns]
  unsigned long long* fires;  // [columns], or null
  float* outMaxima;           // [columns], or null
  float* outSums;             // [columns], or null
  int columns;
  int rowBlocks;
  int accumulate;
};

// The entries of codes, and for each column what they add up to
struct EntriesArguments {
  const int* indices;         // [capacity]; -1 where there is no entry
  const float* values;        // [capacity]
  const long long* end;       // where the number of entries stands; null: capacity
  unsigned long long* fires;  // [columns], or null
  unsigned* keys;             // [columns]: of the largest value; or null
  unsigned* magnitudes;       // [columns]: bits of the largest magnitude; or null
  unsigned* specials;         // [columns]: which values are not finite
  unsigned long long* units;  // [columns]: sums in units, signed
  unsigned long long* outOfRange;
  long long capacity;
  int columns;
  int bits;  // of a sum's largest term
  float low;
  float high;
};

// Maxima and sums from what the entries have left
struct EntriesMergeArguments {
  const unsigned* keys;             // [columns]
  const unsigned* magnitudes;       // [columns]
  const unsigned* specials;         // [columns]
  const unsigned long long* units;  // [columns]
  float* outMaxima;                 // [columns], or null
  float* outSums;                   // [columns], or null
  int columns;
  int bits;
  int accumulate;
};
