// Arguments of the kernels in scoring.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// out[r, i] = (x[r, i] - centre_r) / divisor_r - preBias[i]
struct NormaliseArguments {
  const void* x;         // [rows, d]
  const float* preBias;  // [d], or null
  void* out;             // [rows, d]; may be x
  float* centre;         // [rows], or null
  float* scale;          // [rows], or null
  long long xStride;
  long long outStride;
  long long rows;
  int d;
  int xFormat;
  int outFormat;
  int normalisation;  // 0 none, 1 unit norm, 2 layer norm
};

// out[r, j] = activation(in[r, j] + bias[j])
struct ConvertArguments {
  const void* in;     // [rows, columns]
  const float* bias;  // [columns], or null
  void* out;          // [rows, columns]; may be in, of the same format
  long long inStride;
  long long outStride;
  long long rows;
  int columns;
  int inFormat;
  int outFormat;
  int relu;
};

// out[r] = high, low and high parts of in[r], where `low` says which of the three columns-wide thirds has the low ones
struct SplitArguments {
  const void* in;  // [rows, columns]
  void* out;       // bfloat16 [rows, 3 * columns]
  long long inStride;
  long long outStride;
  long long rows;
  int columns;
  int inFormat;
  int low;
  int unused;
};

// out[j] = bias[j] - sum_i preBias[i] * weights[j, i]
struct FoldArguments {
  const void* weights;   // [atoms, d]
  const float* preBias;  // [d]
  const float* bias;     // [atoms], or null
  float* out;            // [atoms]; may be bias
  long long stride;
  long long atoms;
  int d;
  int format;
};

// out[r, j] = activation(sum_i a[r, i] * b[j, i] + bias[j])
struct ProductArguments {
  const void* a;      // [rows, d]
  const void* b;      // [columns, d]
  const float* bias;  // [columns], or null
  void* out;          // [rows, columns]
  long long aStride;
  long long bStride;
  long long outStride;
  long long rows;
  int columns;
  int d;
  int aFormat;
  int bFormat;
  int outFormat;
  int relu;
};

// out[r, i] = (g[r, i] - shift_r - (x[r, i] - centre_r) * tilt_r) * gain_r + out[r, i] or 0
struct NormaliseBackwardArguments {
  const void* x;  // [rows, d]
  const void* g;  // [rows, d]
  void* out;      // [rows, d]; may be g
  long long xStride;
  long long gStride;
  long long outStride;
  long long rows;
  int d;
  int xFormat;
  int gFormat;
  int outFormat;
  int normalisation;  // 0 none, 1 unit norm, 2 layer norm
  int accumulate;
};

enum { STEP_WEIGH, STEP_CLOSENESS, STEP_CLOSENESS_BACKWARD };

// out[r, j] of z[r, j], and of g[r, j] or weights[j]
struct ScoreStepArguments {
  const void* z;         // [rows, columns]
  const void* g;         // [rows, columns], or null
  const float* weights;  // [columns], or null
  void* out;             // [rows, columns]; may be z or g
  long long zStride;
  long long gStride;
  long long outStride;
  long long rows;
  int columns;
  int zFormat;
  int gFormat;
  int outFormat;
  int step;
  int accumulate;
  float beta;
  int unused;
};
