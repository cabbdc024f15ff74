// Arguments of the kernels in sparse_algebra.cu. Formats are those of elements.cuh, strides count elements.
#pragma once
#include "entries.h"

// out[b, i] = Σ_s values[b, s]·atoms[indices[b, s], i] + bias[i], and + out[b, i] where it accumulates
struct DecodeArguments {
  CodesArguments codes;
  const void* atoms;  // [atomCount, d]
  const float* bias;  // [d], or null
  void* out;          // [rows, d]
  unsigned long long* outOfRange;
  long long atomStride;
  long long outStride;
  unsigned atomPitch;  // bytes from an atom to the next where each begins at a multiple of 16 of them; else 0
  int atomCount;
  int d;
  int outFormat;
  int accumulate;
  int sliceVectors;  // 16-byte vectors of an atom that make a slice
};

// parts[segment, e − first] = ⟨g_b, atoms[indices[e]]⟩ over the columns of a segment, for the entries e from first to
// last of the rows from firstRow on
struct SampledDotArguments {
  CodesArguments codes;
  const void* atoms;  // [atomCount, d]
  const void* g;      // [rows, d]
  float* parts;       // rows of partStride
  unsigned long long* outOfRange;
  long long atomStride;
  long long gStride;
  long long partStride;
  long long first;
  long long last;  // exclusive
  unsigned atomPitch;  // bytes from an atom to the next where each begins at a multiple of 16 of them; else 0
  int atomCount;
  int d;
  int gFormat;
  int firstRow;
  int rows;    // of this launch
  int groups;  // of lanes that share a row's entries
};

// out[e] = (out[e]) + Σ parts[segment, e], over ascending segments
struct SumSegmentsArguments {
  const float* parts;    // [segments, count]
  const long long* end;  // where the number of entries from the first on stands; null: count
  float* out;            // [count]
  long long first;       // which entry e = 0 is
  long long count;
  int segments;
  int accumulate;
};
