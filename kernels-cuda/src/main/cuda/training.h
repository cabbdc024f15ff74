// Arguments of the kernels in training.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// y[r, i] = alpha * x[r, i] + beta * y[r, i]
struct AxpbyArguments {
  const void* x;  // [rows, columns]
  void* y;        // [rows, columns]; may be x, of the same format
  long long xStride;
  long long yStride;
  long long rows;
  int columns;
  int xFormat;
  int yFormat;
  float alpha;
  float beta;  // 0: y is not read
};
