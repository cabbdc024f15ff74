// Gradient pursuit with a Gram: all steps of a row in one launch, a block a row.
//
// Maths    S is the support of a row, w its values, G the Gram, p = ⟨x, D⟩. A step adds the best atom of the residual to S
//          (gram_sweep.cuh), takes g = p_S − G[S, S]·w, the residual's products with the support, and goes along it as far
//          as lowers the residual most: w += ‖g‖²/(gᵀ·G[S, S]·g)·g. Then values below 0 become 0, if they are to, and
//          atoms without a value leave, unless the support persists. A step of which gᵀ·G[S, S]·g ≤ ε ends the row, since
//          every later one would be the same.
//          w and g are float64: t² of them against t·n float32 elements of the Gram in a step with t atoms.
// Bytes    steps²/2·n·4 of the Gram a row, much of it out of L2; 8·n·steps of correlations and weights.
// Flops    steps²·n a row.
//
// Launch contract: one-dimensional blocks; shared memory as GradientRow has it. Rows do not depend on each other; sums
// have one order. The residual is computed from the codes afterwards (subtract_tape).
#include "gradient_pursuit.h"

#include "gram_sweep.cuh"
#include "quads.cuh"
#include "reductions.cuh"
#include "residuals.cuh"
#include "simt.cuh"

ARGUMENTS(GradientPursuitArguments, 160);

constexpr int BLOCK = 256, WARPS = BLOCK / 32;

// Numbers for the warps of a block: two sums in turns, candidates, and how many atoms stay.
struct GradientParts {
  double sums[2][WARPS];
  Candidate candidates[WARPS];
  int stay;
};
static_assert(sizeof(GradientParts) == 272, "what the host counts");

// Shared memory: GradientParts; two doubles, a float and an int a step.
class GradientRow {
 public:
  __device__ __forceinline__ explicit GradientRow(const GradientPursuitArguments& a)
      : a(a),
        thread((int)threadIdx.x),
        row(blockIdx.x),
        parts(shared_memory<GradientParts>()),
        correlations(a.correlations + row * a.correlationStride),
        fitted(shared_array<double>(sizeof(GradientParts))),
        gradient(fitted + a.steps),
        values(reinterpret_cast<float*>(gradient + a.steps)),
        atoms(reinterpret_cast<int*>(values + a.steps)) {}

  __device__ __forceinline__ void pursue() {
    GramSweep<BLOCK> sweep{a.gram, a.gramStride, correlations, a.weights, a.n};
    double tolerance = a.tolerances[row];
    int steps = a.rowSteps ? min(a.rowSteps[row], a.steps) : a.steps;
    for (int step = 0; step < steps; step++) {
      Candidate pick = sweep.best(a.sign, atoms, values, count, parts.candidates);
      if (pick.key == 0 || !(fabsf(pick.correlation) < infinity())) break;
      add(pick.index);
      if (!move()) break;
      if (!a.persistent) drop_zeros();
      round();
      if (tolerance > 0 && left_over() <= tolerance * tolerance) break;
    }
    drop_zeros();
    for (int i = thread; i < count; i += BLOCK) {
      a.indices[row * a.steps + i] = atoms[i];
      a.values[row * a.steps + i] = (float)fitted[i];
    }
    if (thread == 0) a.counts[row] = count;
  }

 private:
  // In turns, so that what one sum's threads may still read is not what the next one writes.
  __device__ __forceinline__ double sum(double v) {
    turn ^= 1;
    return block_sum<BLOCK>(v, parts.sums[turn]);
  }

  // Adds an atom to the support, if it is not there: every thread looks for itself.
  __device__ __forceinline__ void add(int atom) {
    bool there = false;
    for (int i = 0; i < count; i++) there |= atoms[i] == atom;
    if (there) return;
    if (thread == 0) {
      atoms[count] = atom;
      fitted[count] = 0;
    }
    count++;
    __syncthreads();
  }

  // ⟨G[S_i, S], v⟩ for the warp's lanes together.
  __device__ __forceinline__ double gram_product(int i, const double* v) const {
    const float* gramRow = a.gram + atoms[i] * a.gramStride;
    double part = 0;
    for (int l = thread % 32; l < count; l += 32) part += v[l] * gramRow[atoms[l]];
    return warp_sum(part);
  }

  // Moves the values along the gradient; false if that leads nowhere. A thread's values are its own.
  __device__ __forceinline__ bool move() {
    int lane = thread % 32, warp = thread / 32;
    for (int i = warp; i < count; i += WARPS) {
      double product = gram_product(i, fitted);
      if (lane == 0) gradient[i] = correlations[atoms[i]] - product;
    }
    __syncthreads();
    double along = 0, curvature = 0;
    for (int i = warp; i < count; i += WARPS) {
      double product = gram_product(i, gradient);
      if (lane == 0) {
        along += gradient[i] * gradient[i];
        curvature += gradient[i] * product;
      }
    }
    along = sum(along);
    curvature = sum(curvature);
    if (!(curvature > a.epsilon)) return false;
    for (int i = thread; i < count; i += BLOCK) {
      double value = fitted[i] + along / curvature * gradient[i];
      fitted[i] = a.nonNegative && value < 0 ? 0 : value;
    }
    return true;
  }

  // Atoms without a value leave. Begins with a barrier.
  __device__ __forceinline__ void drop_zeros() {
    __syncthreads();
    bool zero = false;  // every thread looks for itself
    for (int i = 0; i < count; i++) zero |= fitted[i] == 0;
    if (!zero) return;
    __syncthreads();
    if (thread == 0) {
      int stay = 0;
      for (int i = 0; i < count; i++) {
        if (fitted[i] == 0) continue;
        atoms[stay] = atoms[i];
        fitted[stay++] = fitted[i];
      }
      parts.stay = stay;
    }
    __syncthreads();
    count = parts.stay;
  }

  // The values as they are stored. Ends with a barrier.
  __device__ __forceinline__ void round() {
    for (int i = thread; i < count; i += BLOCK) values[i] = (float)fitted[i];
    __syncthreads();
  }

  __device__ __forceinline__ double left_over() {
    InRows x = rows_in(a.x, a.xStride, a.d, a.xFormat), all = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
    return sum(squares_left(x, row, all, atoms, values, count, thread, BLOCK));
  }

  const GradientPursuitArguments& a;
  const int thread;
  const long long row;
  GradientParts& parts;
  const float* const correlations;
  double* const fitted;
  double* const gradient;
  float* const values;
  int* const atoms;
  int count = 0, turn = 0;
};

KERNEL(pursue_gradient, BLOCK, 3, const GradientPursuitArguments a) {
  if (!a.running[blockIdx.x]) return;
  GradientRow(a).pursue();
}
