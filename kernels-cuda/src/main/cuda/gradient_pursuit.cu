// Gradient pursuit. With a Gram all steps of a row are taken in one launch, without one a launch takes a step whose pick
// is known; a block a row.
//
// Maths    S is the support of a row, w its values, G the Gram, p = ⟨x, D⟩. A step adds the best atom of the residual r to
//          S (gram_sweep.cuh; search_products), takes g = p_S − G[S, S]·w = D_S·r, and goes along it as far as lowers the
//          residual most: w += ‖g‖²/(gᵀ·G[S, S]·g)·g = ‖g‖²/‖gᵀ·D_S‖²·g. Then values below 0 become 0, if they are to, and
//          atoms without a value leave, unless the support persists. A step of which gᵀ·G[S, S]·g ≤ ε ends the row, since
//          every later one would be the same. Products are those of a float32 Gram, else of the atoms: the rounding of
//          16 bits would show in the values. Then each step leaves its residual for the next.
//          w and g are float64: t² of them against t·n elements of the Gram in a step with t atoms.
// Steps    What a row keeps between launches lies in global memory, its support in the codes' slots.
// Bytes    steps²/2·n elements of the Gram a row, much of it out of L2; 8·n·steps of correlations and weights. A step
//          with t atoms that multiplies them reads each three times.
// Flops    steps²·n a row.
//
// Launch contract: one-dimensional blocks; shared memory as GradientRow has it. Rows do not depend on each other; sums
// have one order. With a float32 Gram the residual is computed from the codes afterwards (subtract_tape).
#include "gradient_pursuit.h"

#include "gram_sweep.cuh"
#include "quads.cuh"
#include "reductions.cuh"
#include "residuals.cuh"
#include "simt.cuh"

ARGUMENTS(GradientPursuitArguments, 192);

constexpr int BLOCK = 256, WARPS = BLOCK / 32;
constexpr int NO_GRAM = -1;

// Numbers for the warps of a block: two sums in turns, candidates, and how many atoms stay.
struct GradientParts {
  double sums[2][WARPS];
  Candidate candidates[WARPS];
  int stay;
};
static_assert(sizeof(GradientParts) == 272, "what the host counts");

// Shared memory: GradientParts; a double a step; with a Gram another one, a float and an int a step. GRAM is its format.
template <int GRAM>
class GradientRow {
 public:
  __device__ __forceinline__ explicit GradientRow(const GradientPursuitArguments& a)
      : a(a),
        thread((int)threadIdx.x),
        row(blockIdx.x),
        steps(a.rowSteps ? min(a.rowSteps[row], a.steps) : a.steps),
        parts(shared_memory<GradientParts>()),
        correlations(a.correlations + row * a.correlationStride),
        x(rows_in(a.x, a.xStride, a.d, a.xFormat)),
        all(rows_in(a.atoms, a.atomStride, a.d, a.atomFormat)),
        gradient(shared_array<double>(sizeof(GradientParts))),
        fitted(GRAM == NO_GRAM ? a.numbers + row * a.steps : gradient + a.steps),
        values(GRAM == NO_GRAM ? a.values + row * a.steps : reinterpret_cast<float*>(fitted + a.steps)),
        atoms(GRAM == NO_GRAM ? a.indices + row * a.steps : reinterpret_cast<int*>(values + a.steps)) {}

  // All steps, with a Gram.
  __device__ __forceinline__ void pursue() {
    GramSweep<GRAM, BLOCK> sweep{a.gram, a.gramStride, correlations, a.weights, a.n};
    for (int step = 0; step < steps; step++) {
      Candidate pick = sweep.best(a.sign, atoms, values, count, parts.candidates);
      if (!usable(pick) || !take(pick.index)) break;
    }
    drop_zeros();
    for (int i = thread; i < count; i += BLOCK) {
      a.indices[row * a.steps + i] = atoms[i];
      a.values[row * a.steps + i] = (float)fitted[i];
    }
    if (thread == 0) a.counts[row] = count;
  }

  // One step, without a Gram.
  __device__ __forceinline__ void step() {
    Candidate pick = a.best[row];
    int before = a.counts[row];
    count = before;
    bool runs = a.step < steps && usable(pick) && take(pick.index);
    if (!runs || a.step + 1 == a.steps) {
      drop_zeros();
      for (int i = thread; i < count; i += BLOCK) values[i] = (float)fitted[i];
    }
    for (int i = count + thread; i < min(before + 1, a.steps); i += BLOCK) {  // of atoms that have left
      atoms[i] = -1;
      values[i] = 0;
    }
    if (thread != 0) return;
    a.counts[row] = count;
    a.running[row] = runs;
    a.best[row] = Candidate{0, -1, 0, 0};
  }

 private:
  static __device__ __forceinline__ bool usable(const Candidate& pick) {
    return pick.key != 0 && fabsf(pick.correlation) < infinity();
  }

  // In turns, so that what one sum's threads may still read is not what the next one writes.
  __device__ __forceinline__ double sum(double v) {
    turn ^= 1;
    return block_sum<BLOCK>(v, parts.sums[turn]);
  }

  // Takes a step to an atom; whether the row goes on.
  __device__ __forceinline__ bool take(int atom) {
    add(atom);
    if (!(GRAM == FORMAT_F32 ? move() : move_by_atoms())) return false;
    if (!a.persistent) drop_zeros();
    for (int i = thread; i < count; i += BLOCK) values[i] = (float)fitted[i];  // as they are stored
    __syncthreads();
    double tolerance = a.tolerances[row];
    if (GRAM == FORMAT_F32 && !(tolerance > 0)) return true;
    double squares = left_over();
    return !(tolerance > 0 && squares <= tolerance * tolerance);
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
    const float* gramRow = static_cast<const float*>(a.gram) + atoms[i] * a.gramStride;
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
    return move_along(along, curvature);
  }

  // The same by products of the atoms with the residual and with each other.
  __device__ __forceinline__ bool move_by_atoms() {
    InRows left = rows_in(a.residual, a.residualStride, a.d, FORMAT_F32);
    double along = 0, curvature = 0;
    for (int i = thread / 32; i < count; i += WARPS) {
      double product = warp_sum(product_of(left, row, all, atoms[i], thread % 32, 32));
      if (thread % 32 != 0) continue;
      gradient[i] = product;
      along += product * product;
    }
    __syncthreads();
    for (int at = 4 * thread; at < a.d; at += 4 * BLOCK) {
      float4 direction = make_float4(0, 0, 0, 0);
      for (int i = 0; i < count; i++)
        direction = without(direction, -(float)gradient[i], load_quad(all, all.row(atoms[i]), at));
      curvature += sum_of_squares(direction);
    }
    return move_along(along, curvature);
  }

  // Moves the values by what the threads' parts sum to.
  __device__ __forceinline__ bool move_along(double along, double curvature) {
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

  // The squared norm of what the values leave of the row, each element as subtract_tape computes it.
  __device__ __forceinline__ double left_over() {
    return sum(squares_left(x, row, all, atoms, values, count, thread, BLOCK, a.residual, a.residualStride));
  }

  const GradientPursuitArguments& a;
  const int thread;
  const long long row;
  const int steps;
  GradientParts& parts;
  const float* const correlations;
  const InRows x, all;
  double* const gradient;
  double* const fitted;
  float* const values;
  int* const atoms;
  int count = 0, turn = 0;
};

template <int GRAM>
__device__ __forceinline__ void pursue(const GradientPursuitArguments& a) {
  if (a.running[blockIdx.x]) GradientRow<GRAM>(a).pursue();
}

KERNEL(pursue_gradient_f32, BLOCK, 3, const GradientPursuitArguments a) { pursue<FORMAT_F32>(a); }
KERNEL(pursue_gradient_bf16, BLOCK, 3, const GradientPursuitArguments a) { pursue<FORMAT_BF16>(a); }
KERNEL(pursue_gradient_f16, BLOCK, 3, const GradientPursuitArguments a) { pursue<FORMAT_F16>(a); }

KERNEL(step_gradient, BLOCK, 3, const GradientPursuitArguments a) {
  if (a.running[blockIdx.x]) GradientRow<NO_GRAM>(a).step();
}
