// Arguments of the kernel in orthogonal_pursuit.cu. Strides count elements; all but the Gram and the atoms begins with the
// first row of the launch.
#pragma once

struct OrthogonalArguments {
  const float* gram;        // [n, n], rows at multiples of 16 bytes, readable up to a multiple of 16 bytes
  float* correlations;      // [rows, padded] of the rows as given, rows at multiples of 16 bytes
  const float* weights;     // [padded], of best_atom.cuh
  const void* x;            // [rows, d]; read where there is a tolerance
  const void* atoms;        // [n, d]; read where there is a tolerance
  const float* tolerances;  // [rows]
  const int* running;       // [rows]
  double* factors;          // [rows, steps·(steps + 1)/2]; null where shared memory holds a row's
  int* indices;             // [rows, steps]
  float* values;            // [rows, steps]
  int* counts;              // [rows]
  long long gramStride;
  long long correlationStride;
  long long xStride;
  long long atomStride;
  int n;
  int d;
  int xFormat;
  int atomFormat;
  int steps;
  int sign;  // of pursuits.h
  int nonNegative;
  int unused;
};
