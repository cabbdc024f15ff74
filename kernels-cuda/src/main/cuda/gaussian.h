// Arguments of the kernels in gaussian.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// out = mean + noise * exp(clamp(logVariance) / 2); or backwards, out = g * noise * exp(logVariance / 2) / 2
struct SampleArguments {
  const void* x;            // [rows, columns]: the mean, or g
  const void* logVariance;  // [rows, columns], or null for variances of 1
  void* out;                // [rows, columns]; may be x
  long long seed;
  long long offset;
  long long xStride;
  long long logVarianceStride;
  long long outStride;
  long long rows;
  int columns;
  int xFormat;
  int logVarianceFormat;
  int outFormat;
  float low;
  float high;
  int backward;
  int accumulate;
};

// The divergence of each row from N(0, 1), or the gradients of their sum.
struct DivergenceArguments {
  const void* mean;           // [rows, columns]
  const void* logVariance;    // [rows, columns], or null for variances of 1
  float* out;                 // [rows]
  void* gradientMean;         // [rows, columns], or null
  void* gradientLogVariance;  // [rows, columns], or null
  long long meanStride;
  long long logVarianceStride;
  long long gradientMeanStride;
  long long gradientLogVarianceStride;
  long long rows;
  int columns;
  int meanFormat;
  int logVarianceFormat;
  int gradientMeanFormat;
  int gradientLogVarianceFormat;
  float low;
  float high;
  float mostMean;
  float factor;
  int accumulate;
};
