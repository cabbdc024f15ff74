// Arguments of the kernels in orthogonal_pursuit.cu. Strides count elements; all but the Gram and the atoms begins with
// the first row of the launch.
#pragma once
#include "pursuits.h"

struct OrthogonalArguments {
  const void* gram;         // [n, n], rows at multiples of 16 bytes, readable up to a multiple of 16 bytes; not by steps
  float* correlations;      // [rows, padded] of the rows as given, rows at multiples of 16 bytes; not by steps
  const float* weights;     // [padded], of best_atom.cuh; not by steps
  const void* x;            // [rows, d]; with a float32 Gram only read where there is a tolerance
  const void* atoms;        // [n, d]; likewise
  const float* tolerances;  // [rows]
  int* running;             // [rows]
  double* factors;          // [rows, steps·(steps + 1)/2]; null where shared memory holds a row's
  double* numbers;          // [rows, 3, steps]: what steps keep of a row
  Candidate* best;          // [rows]: a step's picks
  float* residual;          // [rows, d] after a step
  int* indices;             // [rows, steps]
  float* values;            // [rows, steps]
  int* counts;              // [rows]
  long long gramStride;
  long long correlationStride;
  long long xStride;
  long long atomStride;
  long long residualStride;
  int n;
  int d;
  int xFormat;
  int atomFormat;
  int steps;
  int sign;  // of pursuits.h
  int nonNegative;
  int last;  // whether a step is the last
};
