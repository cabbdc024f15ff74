// Arguments of the kernel in gradient_pursuit.cu. Strides count elements; all but the Gram and the atoms begins with the
// first row of the launch.
#pragma once

struct GradientPursuitArguments {
  const float* gram;          // [n, n], rows at multiples of 16 bytes, readable up to a multiple of 16 bytes
  const float* correlations;  // [rows, padded] of the rows as given, rows at multiples of 16 bytes
  const float* weights;       // [padded], of best_atom.cuh
  const void* x;              // [rows, d]; read where there is a tolerance
  const void* atoms;          // [n, d]; read where there is a tolerance
  const float* tolerances;    // [rows]
  const int* running;         // [rows]
  const int* rowSteps;        // [rows], or null for as many as there are slots
  int* indices;               // [rows, steps]
  float* values;              // [rows, steps]
  int* counts;                // [rows]
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
  int persistent;
  float epsilon;
  int unused;
};
