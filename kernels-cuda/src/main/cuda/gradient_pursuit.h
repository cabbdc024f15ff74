// Arguments of the kernels in gradient_pursuit.cu. Strides count elements; all but the Gram and the atoms begins with the
// first row of the launch.
#pragma once
#include "pursuits.h"

struct GradientPursuitArguments {
  const void* gram;           // [n, n], rows at multiples of 16 bytes, readable up to a multiple of 16 bytes; not by steps
  const float* correlations;  // [rows, padded] of the rows as given, rows at multiples of 16 bytes; not by steps
  const float* weights;       // [padded], of best_atom.cuh; not by steps
  const void* x;              // [rows, d]; with a float32 Gram only read where there is a tolerance
  const void* atoms;          // [n, d]; likewise
  const float* tolerances;    // [rows]
  int* running;               // [rows]
  const int* rowSteps;        // [rows], or null for as many as there are slots
  double* numbers;            // [rows, steps]: what steps keep of a row
  Candidate* best;            // [rows]: a step's picks
  float* residual;            // [rows, d], before and after a step; null with a float32 Gram
  int* indices;               // [rows, steps]
  float* values;              // [rows, steps]
  int* counts;                // [rows]
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
  int persistent;
  float epsilon;
  int step;  // that is taken
};
