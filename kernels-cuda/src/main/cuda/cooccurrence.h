// Arguments of the kernels in cooccurrence.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// The entries of codes, row by row.
struct RowEntriesArguments {
  const int* indices;        // [rows, k], or [capacity]; -1 where there is no entry
  const float* values;       // of the same length
  const long long* offsets;  // [rows + 1]; null of codes with k slots a row
  long long capacity;        // length of indices
  long long k;
};

// out[s, j] = the entries of column firstColumn + j in the rows segments[s] … segments[s + 1], brought together
struct SegmentArguments {
  RowEntriesArguments codes;
  const long long* segments;  // [count + 1]
  float* out;                 // [count, columns]
  long long stride;
  long long rows;
  long long count;
  int firstColumn;
  int columns;
  int kind;  // 0 largest, 1 sum, 2 number outside of low … high
  int accumulate;
  float low;
  float high;
};

// counts[i, j] += rows in which x has an event in column firstColumn + i and y one in column j
struct CooccurrenceArguments {
  RowEntriesArguments x;
  RowEntriesArguments y;
  unsigned long long* counts;  // [columns, n]
  unsigned long long* outOfRange;
  long long rows;
  int firstColumn;
  int columns;
  int n;
  float low;
  float high;
};

// For each column the m others with the largest counts
struct NeighbourArguments {
  const unsigned long long* counts;  // [columns, n]
  long long* ids;                    // [columns, m]
  float* values;                     // [columns, m]
  int* found;                        // [columns]
  int firstColumn;
  int columns;
  int n;
  int m;
};

// out[i, j] = how x's column firstColumn + i and y's column j go together
struct AssociationArguments {
  const long long* counts;  // [columns, n]
  const long long* firesX;  // [firstColumn + columns]
  const long long* firesY;  // [n]
  void* out;                // [columns, n]
  long long stride;
  long long rows;
  int firstColumn;
  int columns;
  int n;
  int format;
};
