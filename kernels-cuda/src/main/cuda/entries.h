// Codes as kernels get them.
#pragma once

// Codes with slots, or row-compressed ones.
struct CodesArguments {
  const int* indices;        // [rows, k], or [capacity]
  const float* values;       // of the same length
  const int* counts;         // [rows]; null of row-compressed codes
  const long long* offsets;  // [rows + 1]; null of codes with slots
  long long capacity;        // length of indices
  int rows;
  int k;  // slots a row; 0 of row-compressed codes
};
