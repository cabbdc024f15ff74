// Arguments of the kernels in statistics.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// out[r] = sum_i (x[r, i] - y[r, i])^2
struct SquaredErrorsArguments {
  const void* x;  // [rows, columns]
  const void* y;  // [rows, columns]
  float* out;     // [rows]
  long long xStride;
  long long yStride;
  long long rows;
  int columns;
  int xFormat;
  int yFormat;
  int warpsPerRow;  // 1 to 8, a power of two
};
