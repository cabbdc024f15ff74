// Orthogonal matching pursuit. With a Gram all steps of a row are taken in one launch, without one a launch takes a step
// whose pick is known; a block a row.
//
// Maths    S is the support of a row, G the Gram, p = ⟨x, D⟩. M, lower triangular, is the inverse of the Cholesky factor of
//          G[S, S]: row i holds the coordinates, in the atoms, of what is new in atom i and orthogonal to those before it.
//          A step finds the best atom j of the residual (gram_sweep.cuh; search_products), and appends it:
//            w = M·G[S, j]   left = G[j, j] − ‖w‖²   m = (e_j − Mᵀ·w)/√left   γ += ⟨m, p_S⟩·m   M gets the row m
//          so that no step waits for a triangular solve: products are shared by warps, a row or column of M each. An atom
//          of which left ≤ 1e-5·G[j, j] depends on the support: it is excluded, and the step adds none. G[S, j] is read
//          from a float32 Gram, else computed from the atoms: the rounding of 16 bits would show in the values.
//          M and γ are float64: t² of them against t·n elements of the Gram in a step with t atoms.
// Signs    Non-negative values are those of Lawson and Hanson: values move from the last ones towards the free fit until
//          the first of them reaches 0; its atom leaves and the rest is appended anew to an empty support.
// Steps    What a row keeps between launches lies in global memory, its support in the codes' slots. Atoms that were
//          picked and are not in it fill slots from the last one down, so that search_products passes over them; every
//          step takes one slot at most. A row that ends empties them.
// Memory   M lies in shared memory where that leaves room for several blocks, else in global memory.
// Bytes    steps²/2·n elements of the Gram a row, much of it out of L2; 8·n·steps of correlations and weights. A step
//          with t atoms that multiplies them reads 2·t of them.
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

ARGUMENTS(OrthogonalArguments, 184);

constexpr int BLOCK = 256, WARPS = BLOCK / 32;
constexpr double DEPENDENCE = 1e-5;
constexpr int NO_GRAM = -1;

// Numbers for the warps of a block: two sums in turns, and candidates.
struct OrthogonalParts {
  double sums[2][WARPS];
  Candidate candidates[WARPS];
};
static_assert(sizeof(OrthogonalParts) == 256, "what the host counts");

// Shared memory: OrthogonalParts; three doubles a step; with a Gram three more, M where it lies here, a float and an int
// a step. GRAM is its format.
template <int GRAM>
class OrthogonalRow {
 public:
  __device__ __forceinline__ explicit OrthogonalRow(const OrthogonalArguments& a)
      : a(a),
        thread((int)threadIdx.x),
        row(blockIdx.x),
        parts(shared_memory<OrthogonalParts>()),
        correlations(a.correlations + row * a.correlationStride),
        x(rows_in(a.x, a.xStride, a.d, a.xFormat)),
        all(rows_in(a.atoms, a.atomStride, a.d, a.atomFormat)) {
    double* next = shared_array<double>(sizeof(OrthogonalParts));
    take_array(along, next);
    take_array(fresh, next);
    take_array(moved, next);
    double* lasting = GRAM == NO_GRAM ? a.numbers + row * 3 * a.steps : next;
    take_array(products, lasting);
    take_array(fitted, lasting);
    take_array(kept, lasting);
    if (GRAM != NO_GRAM) next = lasting;
    long long elements = (long long)a.steps * (a.steps + 1) / 2;
    inverse = a.factors ? a.factors + row * elements : next;
    if (!a.factors) next += elements;
    values = GRAM == NO_GRAM ? a.values + row * a.steps : reinterpret_cast<float*>(next);
    atoms = GRAM == NO_GRAM ? a.indices + row * a.steps : reinterpret_cast<int*>(values + a.steps);
  }

  // All steps, with a Gram.
  __device__ __forceinline__ void pursue() {
    GramSweep<GRAM, BLOCK> sweep{a.gram, a.gramStride, correlations, a.weights, a.n};
    double tolerance = a.tolerances[row];
    for (int step = 0; step < a.steps && count < a.d; step++) {
      Candidate pick = sweep.best(a.sign, atoms, values, count, parts.candidates);
      if (!usable(pick)) break;
      bool added = take(pick.index, correlations[pick.index]);
      // It is in the support, depends on it, or has left at once.
      if (sweep.owns(pick.index)) correlations[pick.index] = not_a_number();
      if (added && tolerance > 0 && left_over(nullptr) <= tolerance * tolerance) break;
    }
    for (int i = thread; i < count; i += BLOCK) {
      a.indices[row * a.steps + i] = atoms[i];
      a.values[row * a.steps + i] = values[i];
    }
    if (thread == 0) a.counts[row] = count;
  }

  // One step, without a Gram.
  __device__ __forceinline__ void step() {
    Candidate pick = a.best[row];
    int before = a.counts[row];
    double tolerance = a.tolerances[row];
    count = before;
    bool runs = usable(pick), stays = true;
    if (runs) {
      take(pick.index, sum(product_of(x, row, all, pick.index, thread, BLOCK)));
      double squares = left_over(a.residual);
      stays = count > 0 && atoms[count - 1] == pick.index;
      runs = count < a.d && !(tolerance > 0 && squares <= tolerance * tolerance);
    } else {
      __syncthreads();  // everybody has read what changes now
    }
    if (!runs || a.last) {
      clear_slots(count + thread, a.steps, BLOCK);
    } else if (thread == 0) {
      clear_slots(count, before + 1, 1);  // of atoms that have left
      int slot = a.steps - 1;
      while (!stays && atoms[slot] >= 0) slot--;
      if (!stays) atoms[slot] = pick.index;
    }
    if (thread != 0) return;
    a.counts[row] = count;
    a.running[row] = runs;
    a.best[row] = Candidate{0, -1, 0, 0};
  }

 private:
  __device__ __forceinline__ void take_array(double*& array, double*& next) {
    array = next;
    next += a.steps;
  }

  static __device__ __forceinline__ bool usable(const Candidate& pick) {
    return pick.key != 0 && pick.correlation != 0 && fabsf(pick.correlation) < infinity();
  }

  __device__ __forceinline__ void clear_slots(int from, int to, int stride) {
    for (int i = from; i < to; i += stride) {
      atoms[i] = -1;
      values[i] = 0;
    }
  }

  __device__ __forceinline__ double* inverse_row(int i) const { return inverse + (long long)i * (i + 1) / 2; }

  // In turns, so that what one sum's threads may still read is not what the next one writes.
  __device__ __forceinline__ double sum(double v) {
    turn ^= 1;
    return block_sum<BLOCK>(v, parts.sums[turn]);
  }

  // Takes a step to an atom; false if it depends on the others. Ends with a barrier.
  __device__ __forceinline__ bool take(int atom, double product) {
    if (thread == 0) kept[count] = 0;
    bool added = append(atom, product);
    if (added && a.nonNegative) keep_positive();
    for (int i = thread; i < count; i += BLOCK) values[i] = (float)fitted[i];  // as they are stored
    __syncthreads();
    return added;
  }

  // Products of an atom with those of the support and with itself, into `fresh`. Ends with a barrier.
  __device__ __forceinline__ void multiply_support(int atom) {
    if (GRAM == FORMAT_F32) {
      const float* gramRow = static_cast<const float*>(a.gram) + atom * a.gramStride;
      for (int i = thread; i <= count; i += BLOCK) fresh[i] = gramRow[i < count ? atoms[i] : atom];
    } else {
      __syncthreads();  // others may still read `fresh`
      for (int i = thread / 32; i <= count; i += WARPS) {
        double product = warp_sum(product_of(all, i < count ? atoms[i] : atom, all, atom, thread % 32, 32));
        if (thread % 32 == 0) fresh[i] = product;
      }
    }
    __syncthreads();
  }

  // Appends an atom to the support and fits all values; false, and nothing is changed, if it depends on the others.
  __device__ __forceinline__ bool append(int atom, double product) {
    int lane = thread % 32, warp = thread / 32;
    multiply_support(atom);
    double own = fresh[count];
    for (int i = warp; i < count; i += WARPS) {
      double part = 0;
      for (int l = lane; l <= i; l += 32) part += inverse_row(i)[l] * fresh[l];
      part = warp_sum(part);
      if (lane == 0) along[i] = part;
    }
    __syncthreads();
    double part = 0;
    for (int i = thread; i < count; i += BLOCK) part += along[i] * along[i];
    double left = own - sum(part);
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
          if (GRAM != NO_GRAM && GramSweep<GRAM, BLOCK>::owns(atom)) correlations[atom] = (float)product;
        } else {
          if (thread == 0) kept[count] = moved[i];
          append(atom, product);
        }
      }
    }
    for (int i = thread; i < count; i += BLOCK) kept[i] = fitted[i];
  }

  // The squared norm of what the values leave of the row, each element as subtract_tape computes it.
  __device__ __forceinline__ double left_over(float* residual) {
    return sum(squares_left(x, row, all, atoms, values, count, thread, BLOCK, residual, a.residualStride));
  }

  const OrthogonalArguments& a;
  const int thread;
  const long long row;
  OrthogonalParts& parts;
  float* const correlations;
  const InRows x, all;
  double *along, *fresh, *products, *fitted, *kept, *moved;  // a number a step
  double* inverse;                                           // M: row i has i + 1 elements
  float* values;
  int* atoms;
  int count = 0, turn = 0;
};

template <int GRAM>
__device__ __forceinline__ void pursue(const OrthogonalArguments& a) {
  if (a.running[blockIdx.x]) OrthogonalRow<GRAM>(a).pursue();
}

KERNEL(pursue_orthogonal_f32, BLOCK, 3, const OrthogonalArguments a) { pursue<FORMAT_F32>(a); }
KERNEL(pursue_orthogonal_bf16, BLOCK, 3, const OrthogonalArguments a) { pursue<FORMAT_BF16>(a); }
KERNEL(pursue_orthogonal_f16, BLOCK, 3, const OrthogonalArguments a) { pursue<FORMAT_F16>(a); }

KERNEL(step_orthogonal, BLOCK, 3, const OrthogonalArguments a) {
  if (a.running[blockIdx.x]) OrthogonalRow<NO_GRAM>(a).step();
}
