// Arguments of the kernels in latents.cu.
#pragma once

// since[j] = fires[j] > 0 ? 0 : since[j] + rows
struct SinceFiredArguments {
  const long long* fires;  // [n]
  long long* since;        // [n]
  long long rows;
  long long n;
};

// dead[j] = since[j] >= limit, count += |dead|
struct DeadLatentsArguments {
  const long long* since;  // [n]
  unsigned char* dead;     // [n]
  int* count;              // [1], 0 before
  long long limit;
  long long n;
};

// out[j] = fires[j] / rows
struct DensityArguments {
  const long long* fires;  // [n]
  float* out;              // [n]
  long long rows;
  long long n;
};

// average[i] = momentum * average[i] + (1 - momentum) * observed[i]
struct MovingAverageArguments {
  const float* observed;  // [n]
  float* average;         // [n]
  long long n;
  float momentum;
};

// bias[j] -= decrease * r[j], or += increase * the mean r of its group, by how often the latent fired
struct AdaptBiasArguments {
  const long long* fires;  // [n]
  const float* maxima;     // [n]
  const int* groups;       // [n], or null: all in group 0
  const float* targets;    // [groups]
  float* bias;             // [n]
  long long rows;
  long long n;
  float decrease;
  float increase;
  float deadBelow;
  float floor;
  float ceiling;
};
