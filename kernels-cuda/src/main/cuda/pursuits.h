// Arguments of the kernels in pursuits.cu. Formats are those of elements.cuh, strides count elements; what stands
// "by row" begins with the first row of the launch. Scores, weights and candidates are explained in best_atom.cuh.
#pragma once

// Ordinals of org.pursuit.kernel.MatchingPursuit.Sign and .Reselection.
enum Sign { SIGN_SIGNED, SIGN_POSITIVE, SIGN_MAGNITUDE };
enum Reselection { RESELECTION_ALLOW, RESELECTION_FORBID, RESELECTION_STOP };

// The best atom that is known of: of the highest key, and among equal keys the lowest index. Key 0: none yet.
struct alignas(16) Candidate {
  unsigned key;
  int index;
  float correlation;
  float weight;
};

struct MeasureArguments {
  const void* atoms;          // [n, d]
  const unsigned char* mask;  // [n], or null
  float* squares;             // [padded]
  float* weights;             // [padded]
  long long atomStride;
  int n;
  int padded;  // n, rounded up
  int d;
  int atomFormat;
  int normalised;
  int unused;
};

struct BeginArguments {
  const void* x;      // [rows, d]
  float* residual;    // [rows, d], or null if not wanted yet
  int* indices;       // [rows, steps]
  float* values;      // [rows, steps]
  int* counts;        // [rows]
  float* tolerances;  // [rows]
  int* running;       // [rows]
  Candidate* best;    // [rows], or null
  long long xStride;
  long long residualStride;
  int d;
  int xFormat;
  int steps;
  float toleranceAbsolute;
  float toleranceRelative;
  int unused;
};

struct PursueArguments {
  const void* gram;         // [n, n], rows at multiples of 16 bytes, readable up to a multiple of 16 bytes
  float* correlations;      // [rows, padded] of the rows as given, rows at multiples of 16 bytes
  const float* weights;     // [padded]
  const float* squares;     // [n]
  const void* atoms;        // [n, d]; read where there is a residual
  float* residual;          // [rows, d], as begin_rows leaves it; null unless tolerances need it
  const float* tolerances;  // [rows]; read where there is a residual
  const int* running;       // [rows]
  int* indices;             // [rows, steps]
  float* values;            // [rows, steps]
  int* counts;              // [rows]
  long long gramStride;
  long long correlationStride;
  long long atomStride;
  long long residualStride;
  int n;
  int d;
  int atomFormat;
  int steps;
  int sign;
  int reselection;
  int normalised;
  int unused;
};

struct SearchArguments {
  float* correlations;   // [rows, columns], rows at multiples of 16 bytes
  const float* weights;  // of the columns, at a multiple of 16 bytes, NaN up to a multiple of four
  Candidate* best;       // [rows]
  const int* indices;    // [rows, steps]; −1 where a slot is empty
  const int* running;    // [rows]
  long long correlationStride;
  int firstColumn;
  int columns;
  int steps;
  int sign;
  int reselection;
  int unused;
};

struct StepArguments {
  const void* atoms;     // [n, d]
  const float* squares;  // [n]
  float* residual;       // [rows, d]
  Candidate* best;       // [rows]
  const float* tolerances;
  int* running;  // [rows]
  int* indices;  // [rows, steps]
  float* values;
  int* counts;
  long long atomStride;
  long long residualStride;
  int d;
  int atomFormat;
  int steps;
  int reselection;
  int normalised;
  int unused;
};

struct ResidualArguments {
  const void* x;         // [rows, d]
  const void* atoms;     // [n, d]
  const int* indices;    // [rows, steps]
  const float* values;   // [rows, steps]
  const int* counts;     // [rows]
  float* residual;       // [rows, d]
  long long xStride;
  long long atomStride;
  long long residualStride;
  int d;
  int xFormat;
  int atomFormat;
  int steps;
};

struct GramArguments {
  const float* products;  // [rows, firstRow + rows]: of atoms firstRow and on with all atoms up to the last of them
  void* gram;
  long long productStride;
  long long gramStride;
  int firstRow;
  int rows;
  int format;
  int unused;
};
