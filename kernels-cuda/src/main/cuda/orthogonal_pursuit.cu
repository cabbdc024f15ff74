// Orthogonal matching pursuit with a Gram: all steps of a row in one launch, a block a row.
//
// Maths    S is the support of a row, G the Gram, p = ⟨x, D⟩. M, lower triangular, is the inverse of the Cholesky factor of
//          G[S, S]: row i holds the coordinates, in the atoms, of what is new in atom i and orthogonal to those before it.
//          A step finds the best atom j of the residual (gram_sweep.cuh), and appends it:
//            w = M·G[S, j]   left = G[j, j] − ‖w‖²   m = (e_j − Mᵀ·w)/√left   γ += ⟨m, p_S⟩·m   M gets the row m
//          so that no step waits for a triangular solve: products are shared by warps, a row or column of M each. An atom
//          of which left ≤ 1e-5·G[j, j] depends on the support: it is excluded, and no step is taken.
//          M and γ are float64: t² of them against t·n float32 elements of the Gram in a step with t atoms.
// Signs    Non-negative values are those of Lawson and Hanson: values move from the last ones towards the free fit until
//          the first of them reaches 0; its atom leaves and the rest is appended anew to an empty support.
// Memory   M lies in shared memory where that leaves room for several blocks, else in global memory.
// Bytes    steps²/2·n·4 of the Gram a row, much of it out of L2; 8·n·steps of correlations and weights.
// Flops    steps²·n a row.
//
// Launch contract: one-dimensional blocks; shared memory as OrthogonalRow has it. Rows do not depend on each other; sums
// have one order. The residual is computed from the codes afterwards (subtract_tape).
#include "orthogonal_pursuit.h"

#include "gram_sweep.cuh"
#include "quads.cuh"
#include "reductions.cuh"
#include "residuals.cuh"
#include "simt.cuh"

ARGUMENTS(OrthogonalArguments, 152);

constexpr int BLOCK = 256, WARPS = BLOCK / 32;
constexpr double DEPENDENCE = 1e-5;

// Numbers for the warps of a block: two sums in turns, and candidates.
struct OrthogonalParts {
  double sums[2][WARPS];
  Candidate candidates[WARPS];
};
static_assert(sizeof(OrthogonalParts) == 256, "what the host counts");

// Shared memory: OrthogonalParts; six doubles, a float and an int a step; M where it lies here.
class OrthogonalRow {
 public:
  __device__ __forceinline__ explicit OrthogonalRow(const OrthogonalArguments& a)
      : a(a),
        thread((int)threadIdx.x),
        row(blockIdx.x),
        parts(shared_memory<OrthogonalParts>()),
        correlations(a.correlations + row * a.correlationStride) {
    double* next = shared_array<double>(sizeof(OrthogonalParts));
    double** arrays[] = {&along, &fresh, &products, &fitted, &kept, &moved};
    UNROLL for (int i = 0; i < 6; i++) *arrays[i] = next + i * a.steps;
    long long elements = (long long)a.steps * (a.steps + 1) / 2;
    double* shared = next + 6 * a.steps;
    inverse = a.factors ? a.factors + row * elements : shared;
    if (!a.factors) shared += elements;
    values = reinterpret_cast<float*>(shared);
    atoms = reinterpret_cast<int*>(values + a.steps);
  }

  __device__ __forceinline__ void pursue() {
    GramSweep<BLOCK> sweep{a.gram, a.gramStride, correlations, a.weights, a.n};
    double tolerance = a.tolerances[row];
    for (int step = 0; step < a.steps && count < a.d;) {
      Candidate pick = sweep.best(a.sign, atoms, values, count, parts.candidates);
      if (pick.key == 0 || pick.correlation == 0 || !(fabsf(pick.correlation) < infinity())) break;
      double product = correlations[pick.index];
      if (thread == 0) kept[count] = 0;
      bool added = append(pick.index, product);
      if (added) {
        step++;
        if (a.nonNegative) keep_positive();
      }
      // It is in the support, depends on it, or has left at once.
      if (GramSweep<BLOCK>::owns(pick.index)) correlations[pick.index] = not_a_number();
      round();
      if (added && tolerance > 0 && left_over() <= tolerance * tolerance) break;
    }
    for (int i = thread; i < count; i += BLOCK) {
      a.indices[row * a.steps + i] = atoms[i];
      a.values[row * a.steps + i] = values[i];
    }
    if (thread == 0) a.counts[row] = count;
  }

 private:
  __device__ __forceinline__ double* inverse_row(int i) const { return inverse + (long long)i * (i + 1) / 2; }

  // In turns, so that what one sum's threads may still read is not what the next one writes.
  __device__ __forceinline__ double sum(double v) {
    turn ^= 1;
    return block_sum<BLOCK>(v, parts.sums[turn]);
  }

  // Appends an atom to the support and fits all values; false, and nothing is changed, if it depends on the others.
  __device__ __forceinline__ bool append(int atom, double product) {
    const float* gramRow = a.gram + atom * a.gramStride;
    int lane = thread % 32, warp = thread / 32;
    __syncthreads();
    for (int i = warp; i < count; i += WARPS) {
      double part = 0;
      for (int l = lane; l <= i; l += 32) part += inverse_row(i)[l] * gramRow[atoms[l]];
      part = warp_sum(part);
      if (lane == 0) along[i] = part;
    }
    __syncthreads();
    double part = 0;
    for (int i = thread; i < count; i += BLOCK) part += along[i] * along[i];
    double own = gramRow[atom], left = own - sum(part);
    if (!(left > DEPENDENCE * own)) return false;
    double scale = 1 / sqrt(left);
    for (int i = warp; i < count; i += WARPS) {
      double column = 0;
      for (int l = i + lane; l < count; l += 32) column += inverse_row(l)[i] * along[l];
      column = warp_sum(column);
      if (lane == 0) fresh[i] = -column * scale;
    }
    if (thread == 0) {
      fresh[count] = scale;
      atoms[count] = atom;
      products[count] = product;
      fitted[count] = 0;
    }
    __syncthreads();
    part = 0;
    for (int i = thread; i <= count; i += BLOCK) part += fresh[i] * products[i];
    double taken = sum(part);
    for (int i = thread; i <= count; i += BLOCK) {
      inverse_row(count)[i] = fresh[i];
      fitted[i] += taken * fresh[i];
    }
    count++;
    return true;
  }

  // The part of the way from the value that was kept to the new one that leads to 0; 2 if none.
  __device__ __forceinline__ double part_to_zero(int i) const {
    if (fitted[i] > 0) return 2;
    return kept[i] == 0 ? 0 : kept[i] / (kept[i] - fitted[i]);
  }

  // Lets atoms leave until all values are positive.
  __device__ __forceinline__ void keep_positive() {
    for (;;) {
      __syncthreads();  // the values are fitted
      double part = 2;  // the least of all; every thread finds it by itself
      for (int i = 0; i < count; i++) part = fmin(part, part_to_zero(i));
      if (part == 2) break;
      for (int i = thread; i < count; i += BLOCK)
        moved[i] = part_to_zero(i) <= part ? -1 : kept[i] + part * (fitted[i] - kept[i]);
      __syncthreads();
      int all = count;
      count = 0;
      for (int i = 0; i < all; i++) {
        int atom = atoms[i];
        double product = products[i];
        if (moved[i] < 0) {
          if (GramSweep<BLOCK>::owns(atom)) correlations[atom] = (float)product;
        } else {
          if (thread == 0) kept[count] = moved[i];
          append(atom, product);
        }
      }
    }
    for (int i = thread; i < count; i += BLOCK) kept[i] = fitted[i];
  }

  // The values as they are stored. Ends with a barrier.
  __device__ __forceinline__ void round() {
    for (int i = thread; i < count; i += BLOCK) values[i] = (float)fitted[i];
    __syncthreads();
  }

  // The squared norm of what the values leave of the row, each element as subtract_tape computes it.
  __device__ __forceinline__ double left_over() {
    InRows x = rows_in(a.x, a.xStride, a.d, a.xFormat), all = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
    return sum(squares_left(x, row, all, atoms, values, count, thread, BLOCK));
  }

  const OrthogonalArguments& a;
  const int thread;
  const long long row;
  OrthogonalParts& parts;
  float* const correlations;
  double *along, *fresh, *products, *fitted, *kept, *moved;  // a number a step
  double* inverse;                                           // M: row i has i + 1 elements
  float* values;
  int* atoms;
  int count = 0, turn = 0;
};

KERNEL(pursue_orthogonal, BLOCK, 3, const OrthogonalArguments a) {
  if (!a.running[blockIdx.x]) return;
  OrthogonalRow(a).pursue();
}
