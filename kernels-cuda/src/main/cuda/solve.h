// Arguments of the kernels in solve.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// The factor of a + ridge * I: c column after column, and the pivots' reciprocals.
struct FactoriseArguments {
  const void* a;                   // [n, n], of which the lower triangle is read
  double* factor;                  // [n, n]: column k at k * n
  double* reciprocals;             // [n]
  int* failed;                     // set to 1 if a pivot is not above 0, else to 0
  unsigned long long* notPositive;  // raised to the first such pivot's number + 1
  long long stride;
  int n;
  int format;
  float ridge;
  int unused;
};

struct SubstituteArguments {
  const double* factor;
  const double* reciprocals;
  const int* failed;
  const void* b;  // [n, columns]
  void* x;        // [n, columns]; may be b
  double* sides;  // [n, columns]
  long long bStride;
  long long xStride;
  int n;
  int columns;
  int bFormat;
  int xFormat;
};
