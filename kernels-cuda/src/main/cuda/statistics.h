// Arguments of the kernels in statistics.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// out[r] = a statistic of x[r, ·] and y[r, ·]
struct RowStatisticArguments {
  const void* x;  // [rows, columns]
  const void* y;  // [rows, columns]; not read by a statistic of one row
  float* out;     // [rows]
  long long xStride;
  long long yStride;
  long long rows;
  int columns;
  int xFormat;
  int yFormat;
  int warpsPerRow;  // 1 to 8, a power of two
};

// parts[block] = sum of the values that the block has, of those that the mask sets
struct SumPartsArguments {
  const float* values;        // [length]
  const unsigned char* mask;  // [length], or null
  double* parts;              // [blocks]
  long long length;
};

// out[0] = sum of parts
struct SumTotalArguments {
  const double* parts;  // [count]
  float* out;           // [1]
  long long count;
};

// out[i] = factor * a[i] / b[i]
struct QuotientArguments {
  const float* a;  // [n], or null for ones
  const float* b;  // [n]
  float* out;      // [n]
  long long n;
  float factor;
};

// For each block of rows and each column: how many rows take part, their mean, and their squared distances from it
struct VariancePartsArguments {
  const void* x;              // [rows, columns]
  const unsigned char* mask;  // [rows], or null
  float* counts;              // [row blocks]
  float* means;               // [row blocks, columns]
  float* squares;             // [row blocks, columns]
  long long stride;
  long long rows;
  int columns;
  int format;
  int rowsPerBlock;  // a multiple of 32
};

// parts[block] = squared distances of the block's columns from their means over all rows
struct VarianceMergeArguments {
  const float* counts;   // [row blocks]
  const float* means;    // [row blocks, columns]
  const float* squares;  // [row blocks, columns]
  double* parts;         // [blocks]
  int columns;
  int rowBlocks;
};
