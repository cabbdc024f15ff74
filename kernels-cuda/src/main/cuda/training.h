// Arguments of the kernels in training.cu and gates.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// y[r, i] = alpha * x[r, i] + beta * y[r, i]
struct AxpbyArguments {
  const void* x;       // [rows, columns]
  void* y;             // [rows, columns]; may be x, of the same format
  const float* alpha;  // [1]; null: the number below
  long long xStride;
  long long yStride;
  long long rows;
  int columns;
  int xFormat;
  int yFormat;
  float alphaNumber;
  float beta;  // 0: y is not read
};

// out[b] = x[rowIds[b]]
struct GatherArguments {
  const void* x;  // [n, columns]
  const int* rowIds;
  void* out;                       // [rows, columns]
  unsigned long long* outOfRange;  // raised to the largest bad row + 1
  long long xStride;
  long long outStride;
  long long rows;
  int n;
  int columns;
  int xFormat;
  int outFormat;
};

// Who writes a row of out: owners[r] = b + 1 of the last b that goes there, counts[r] how many do.
struct ClaimArguments {
  const int* rowIds;               // [rows]
  unsigned* owners;                // [n], 0 at first
  unsigned* counts;                // [n], 0 at first
  unsigned long long* outOfRange;  // raised to the largest bad row + 1
  long long rows;
  int n;
};

// out[rowIds[b]] = x[b], or += x[b]
struct ScatterArguments {
  const void* x;          // [rows, columns]
  const int* rowIds;      // [rows]
  const unsigned* owners;  // [n]
  const unsigned* counts;  // [n]
  void* out;              // [n, columns]
  long long xStride;
  long long outStride;
  long long rows;
  int n;
  int columns;
  int xFormat;
  int outFormat;
  int accumulate;
};

// sums[chunk, i] = Σ x[r, i] over the rows of a chunk
struct ColumnSumsArguments {
  const void* x;  // [rows, columns]
  float* sums;    // [ceil(rows / chunkRows), columns]
  long long xStride;
  long long rows;
  long long chunkRows;
  int columns;
  int xFormat;
};

// out[i] = factor * Σ sums[chunk, i] + out[i] or 0
struct AddChunksArguments {
  const float* sums;  // [chunks, columns]
  float* out;         // [columns]
  int chunks;
  int columns;
  float factor;
  int accumulate;
};

// parts[block] = Σ x[r, i]² over the block's tile
struct SumSquaresArguments {
  const void* x;     // [rows, columns]
  const int* count;  // how many rows there are; null: rows
  float* parts;      // one a block
  long long xStride;
  long long rows;
  int columns;
  int xFormat;
};

// out[0] = Σ parts + out[0] or 0
struct AddPartsArguments {
  const float* parts;
  float* out;
  long long count;
  int accumulate;
};

struct ExponentialArguments {
  const float* x;  // [n]
  float* out;      // [n]
  long long n;
};

struct ClipFactorArguments {
  const float* sumOfSquares;
  float* norm;  // null: not wanted
  float* factor;
  float maxNorm;
};

// A step of Adam on gradient rows r, which belong to rows rowIds[r] of m, v and p.
struct AdamArguments {
  const void* gradient;  // [rows, columns]
  const int* rowIds;     // null: r itself
  const int* count;      // how many rows there are; null: rows
  const float* factor;   // [1]; null: 1
  void* m;
  void* v;
  void* p;
  long long gradientStride;
  long long mStride;
  long long vStride;
  long long pStride;
  long long rows;
  int columns;
  int gradientFormat;
  int mFormat;
  int vFormat;
  int pFormat;
  float beta1;
  float beta2;
  float epsilon;
  float stepSize;
  float rootCorrection;
  float kept;
};

// out[c, r] = in[r, c], both of one format
struct TransposeArguments {
  const void* in;  // [rows, columns]
  void* out;       // [columns, rows]
  long long inStride;
  long long outStride;
  int rows;
  int columns;
  int format;
};

enum { GATE_RELU, GATE_JUMP_RELU, GATE_STEP };

struct GateArguments {
  const void* a;           // [rows, columns]
  const float* threshold;  // [columns], or [1]; null: 0
  void* out;               // [rows, columns]; may be a
  long long aStride;
  long long outStride;
  long long rows;
  int columns;
  int aFormat;
  int outFormat;
  int kind;
  int shared;  // there is one threshold
};

// gradientA from g, and sums[chunk, i] = Σ g[r, i] over the rows of a chunk with |a - threshold| < halfBandwidth
struct GateBackwardArguments {
  const void* a;           // [rows, columns]
  const void* g;           // [rows, columns]
  const float* threshold;  // [columns], or [1]; null: 0
  void* gradientA;         // [rows, columns]; may be g; null: not wanted
  float* sums;             // [ceil(rows / chunkRows), columns]; null: not wanted
  long long aStride;
  long long gStride;
  long long gradientStride;
  long long rows;
  long long chunkRows;
  int columns;
  int aFormat;
  int gFormat;
  int gradientFormat;
  int kind;
  int shared;
  float halfBandwidth;
  int accumulate;
};

// out[i] = weight * Σ sums[chunk, i] + out[i] or 0, with the weight -threshold/bandwidth of JumpReLU
struct ThresholdGradientsArguments {
  const float* sums;       // [chunks, columns]
  const float* threshold;  // [columns], or [1]
  float* out;              // [columns]
  int chunks;
  int columns;
  int kind;
  int shared;
  int logarithm;  // times threshold
  int accumulate;
  float bandwidth;
};
