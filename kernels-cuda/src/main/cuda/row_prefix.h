// Arguments of row_prefix.cu. Strides count elements; formats are those of elements.cuh.
#pragma once

// How many of the first of each row by energy come closest to a target, and the energies.
struct RowPrefixArguments {
  const void* scores;    // [rows, columns]
  const float* norms;    // [columns], or null: ones
  const float* targets;  // [rows]
  float* energies;       // [rows, columns]
  int* totals;           // [rows]
  long long stride;
  long long energyStride;
  int rows;
  int columns;      // 1 or more
  int endSentinel;  // whether the last prefix's root is 10^4
  int unused;
};
