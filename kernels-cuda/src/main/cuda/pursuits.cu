// Matching pursuit and the Gram of its dictionary. What a step is: best_atom.cuh. Kernels, in the order of a call:
//
// measure_atoms      squares[j] = ‖D_j‖² (summed in double, rounded once), weights[j] = 1/‖D_j‖ or 1; NaN for an atom
//                    that must not be picked (masked, ‖D_j‖² below the smallest normal float32 or not finite), and from
//                    n to the padded end. A warp an atom, 8 a block. Bytes n·d elements; it runs once a call.
// begin_rows         A block a row: an empty tape, the norm in double, the tolerance max(absolute, relative·‖x‖), whether
//                    the row runs (all elements finite, norm above the tolerance), and a float32 copy as the first
//                    residual if one is wanted. Bytes rows·d·(element + 4).
// pursue_…           All steps with a Gram: gram_pursuit.cuh. The correlations of a row lie in the shared memory of one
//                    block of 128, 256 or 512 threads, in that of a cluster of four blocks of 256 (from 9.0 on), or in
//                    global memory. Which one: PursuitShape, which knows the device.
//                    A thread's loads under way hide the latency of memory: 8 × 16 bytes × 768 threads a multiprocessor
//                    are 96 KB, of the 30 KB that 4.3 TB/s need at 0.9 µs; blocks that wait at their barrier have none.
//                    So 3 blocks of 256 (75 KB of shared memory each: 16384 float32 correlations and their ceilings) or
//                    6 of 128 should fit on a multiprocessor, and larger rows have 512 threads.
// search_products    Without a Gram, for each chunk of columns in ascending order: the best atom of a row's correlations
//                    with these columns, if it beats those before. A block a row, rows·columns·4 bytes out of L2.
// take_steps         After the last chunk: a block a row takes its step to the best atom and updates tape and residual.
//                    Bytes rows·d·(element + 8).
// subtract_tape      residual = x − Σ c_s·D_s in the order of steps, one rounding each: bit for bit what updating it at
//                    every step gives. A block of 128 threads for 512 columns of a row. Bytes rows·count·d elements.
// store_gram         Rows of products into the Gram's lower half and, transposed through shared memory, its upper one, so
//                    that it is symmetric to the last bit however the product was computed. A block a tile of 64 × 64.
//                    Bytes: 4 read and 2 elements written a product.
//
// Launch contract: one-dimensional blocks of the declared number of threads; blocks along x as said, store_gram's tiles
// of rows along y; dynamic shared memory as the structs say. Every result is the same for any order of blocks; none uses
// atomics. A row that has stopped costs a block that reads one word.
#include "pursuits.h"

#include "gram_pursuit.cuh"
#include "reductions.cuh"
#include "residuals.cuh"
#include "simt.cuh"

ARGUMENTS(MeasureArguments, 64);
ARGUMENTS(BeginArguments, 104);
ARGUMENTS(PursueArguments, 152);
ARGUMENTS(SearchArguments, 72);
ARGUMENTS(StepArguments, 112);
ARGUMENTS(ResidualArguments, 88);
ARGUMENTS(GramArguments, 48);

static_assert(sizeof(Candidate) == 16, "what the host counts for each row and warp");

constexpr float SMALLEST_NORMAL = 1.17549435e-38f;
constexpr int BLOCK = 256, WARPS = BLOCK / 32;

KERNEL(measure_atoms, BLOCK, 4, const MeasureArguments a) {
  int j = (int)(blockIdx.x * WARPS + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
  if (j >= a.padded) return;
  double sum = 0;
  if (j < a.n) {
    InRows atoms = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
    const unsigned char* atom = atoms.row(j);
    for (int at = 4 * lane; at < a.d; at += 4 * 32) sum += sum_of_squares(load_quad(atoms, atom, at));
  }
  sum = warp_sum(sum);
  if (lane != 0) return;
  float square = (float)sum;
  bool usable = square >= SMALLEST_NORMAL && square < infinity() && (!a.mask || a.mask[j]);
  a.squares[j] = square;
  a.weights[j] = !usable ? not_a_number() : a.normalised ? (float)(1 / sqrt(sum)) : 1.0f;
}

KERNEL(begin_rows, BLOCK, 4, const BeginArguments a) {
  long long row = blockIdx.x;
  int thread = (int)threadIdx.x;
  for (int step = thread; step < a.steps; step += BLOCK) {
    a.indices[row * a.steps + step] = -1;
    a.values[row * a.steps + step] = 0;
  }
  InRows x = rows_in(a.x, a.xStride, a.d, a.xFormat);
  OutRows residual = rows_out(a.residual, a.residualStride, a.d, FORMAT_F32);
  double sum = 0;
  for (int at = 4 * thread; at < a.d; at += 4 * BLOCK) {
    float4 v = load_quad(x, x.row(row), at);
    if (a.residual) store_quad(residual, residual.row(row), at, v);
    sum += sum_of_squares(v);
  }
  double norm = sqrt(block_sum<BLOCK>(sum, shared_array<double>(0)));
  if (thread != 0) return;
  float relative = (float)(a.toleranceRelative * norm);
  float tolerance = a.toleranceAbsolute > relative ? a.toleranceAbsolute : relative;
  bool finite = norm - norm == 0;  // squares of float32 do not overflow a double: NaN and ∞ in a row show in its norm
  a.tolerances[row] = tolerance;
  a.running[row] = finite && !(tolerance > 0 && norm <= tolerance);
  a.counts[row] = 0;
  if (a.best) a.best[row] = Candidate{0, -1, 0, 0};
}

// Shared memory: Exchange; 16 bytes a quad, where correlations stay on the chip; 2 bytes a quad; 4 a step, where
// a repeated pick stops.
// Architectures whose blocks share 100 KB seldom hold more than one of 512 threads, and 48 warps at most.
KERNEL(pursue_128_f32, 128, 6, const PursueArguments a) { GramPursuit<FORMAT_F32, 128, 1, 8, Keep::SHARED>::run(a); }
KERNEL(pursue_128_bf16, 128, 6, const PursueArguments a) { GramPursuit<FORMAT_BF16, 128, 1, 8, Keep::SHARED>::run(a); }
KERNEL(pursue_128_f16, 128, 6, const PursueArguments a) { GramPursuit<FORMAT_F16, 128, 1, 8, Keep::SHARED>::run(a); }

KERNEL(pursue_256_f32, 256, 3, const PursueArguments a) { GramPursuit<FORMAT_F32, 256, 1, 8, Keep::SHARED>::run(a); }
KERNEL(pursue_256_bf16, 256, 3, const PursueArguments a) { GramPursuit<FORMAT_BF16, 256, 1, 8, Keep::SHARED>::run(a); }
KERNEL(pursue_256_f16, 256, 3, const PursueArguments a) { GramPursuit<FORMAT_F16, 256, 1, 8, Keep::SHARED>::run(a); }

KERNEL(pursue_512_f32, 512, 2, const PursueArguments a) { GramPursuit<FORMAT_F32, 512, 1, 4, Keep::SHARED>::run(a); }
KERNEL(pursue_512_bf16, 512, 2, const PursueArguments a) { GramPursuit<FORMAT_BF16, 512, 1, 4, Keep::SHARED>::run(a); }
KERNEL(pursue_512_f16, 512, 2, const PursueArguments a) { GramPursuit<FORMAT_F16, 512, 1, 4, Keep::SHARED>::run(a); }

CLUSTER_KERNEL(pursue_cluster_f32, 4, 256, 3, const PursueArguments a) {
  GramPursuit<FORMAT_F32, 256, 4, 8, Keep::SHARED>::run(a);
}
CLUSTER_KERNEL(pursue_cluster_bf16, 4, 256, 3, const PursueArguments a) {
  GramPursuit<FORMAT_BF16, 256, 4, 8, Keep::SHARED>::run(a);
}
CLUSTER_KERNEL(pursue_cluster_f16, 4, 256, 3, const PursueArguments a) {
  GramPursuit<FORMAT_F16, 256, 4, 8, Keep::SHARED>::run(a);
}

KERNEL(pursue_global_f32, 512, 2, const PursueArguments a) { GramPursuit<FORMAT_F32, 512, 1, 4, Keep::GLOBAL>::run(a); }
KERNEL(pursue_global_bf16, 512, 2, const PursueArguments a) { GramPursuit<FORMAT_BF16, 512, 1, 4, Keep::GLOBAL>::run(a); }
KERNEL(pursue_global_f16, 512, 2, const PursueArguments a) { GramPursuit<FORMAT_F16, 512, 1, 4, Keep::GLOBAL>::run(a); }

template <bool MAGNITUDES>
__device__ __forceinline__ void search(const SearchArguments& a, const float* correlations, Best& best) {
  constexpr int BATCH = 4;  // quads under way at once
  for (int base = 4 * (int)threadIdx.x; base < a.columns; base += 4 * BLOCK * BATCH) {
    float4 p[BATCH], w[BATCH];
    UNROLL for (int l = 0; l < BATCH; l++) {
      int at = base + 4 * BLOCK * l < a.columns ? base + 4 * BLOCK * l : base;
      p[l] = *reinterpret_cast<const float4*>(correlations + at);
      w[l] = __ldg(reinterpret_cast<const float4*>(a.weights + at));
    }
    UNROLL for (int l = 0; l < BATCH; l++) {
      int at = base + 4 * BLOCK * l;
      if (at < a.columns) best.offer<MAGNITUDES>(a.firstColumn + at, p[l], w[l]);
    }
  }
}

// shared: a Candidate a warp
KERNEL(search_products, BLOCK, 4, const SearchArguments a) {
  long long row = blockIdx.x;
  if (!a.running[row]) return;
  float* correlations = a.correlations + row * a.correlationStride;
  int thread = (int)threadIdx.x;
  if (a.reselection == RESELECTION_FORBID) {
    for (int step = thread; step < a.steps; step += BLOCK) {
      int column = a.indices[row * a.steps + step] - a.firstColumn;  // an empty slot's lies before the first
      if (column >= 0 && column < a.columns) correlations[column] = not_a_number();
    }
    __syncthreads();
  }
  Best best(start_score(a.sign));
  if (a.sign == SIGN_MAGNITUDE)
    search<true>(a, correlations, best);
  else
    search<false>(a, correlations, best);

  Candidate* parts = shared_array<Candidate>(0);
  Candidate own = best.candidate();
  if (thread % 32 == best_lane(own)) parts[thread / 32] = own;
  __syncthreads();
  if (thread >= 32) return;
  own = thread < WARPS ? parts[thread] : Candidate{0, -1, 0, 0};
  if (thread == best_lane(own) && own.key > a.best[row].key) a.best[row] = own;
}

// shared: a double a warp
KERNEL(take_steps, BLOCK, 4, const StepArguments a) {
  long long row = blockIdx.x;
  if (!a.running[row]) return;
  int thread = (int)threadIdx.x, steps = a.counts[row];
  Candidate pick = a.best[row];
  float c = pick.key == 0 ? 0 : coefficient(pick.correlation, a.squares[pick.index], a.normalised);
  int* indices = a.indices + row * a.steps;
  bool before = false;
  if (a.reselection == RESELECTION_STOP)
    for (int step = thread; step < steps; step += BLOCK) before |= indices[step] == pick.index;
  before = __syncthreads_or(before);  // and everybody has read what thread 0 changes

  bool runs = c != 0;
  if (runs) {
    InRows atoms = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
    double squares = subtract_atom(a.residual, a.residualStride, row, atoms, pick.index, c, thread, BLOCK);
    double tolerance = a.tolerances[row];
    runs = !before;
    if (tolerance > 0) runs &= !(block_sum<BLOCK>(squares, shared_array<double>(0)) <= tolerance * tolerance);
  }
  if (thread != 0) return;
  if (c != 0) {
    indices[steps] = pick.index;
    a.values[row * a.steps + steps] = c;
    a.counts[row] = steps + 1;
    a.best[row] = Candidate{0, -1, 0, 0};
  }
  a.running[row] = runs;
}

// x-blocks: rows, each times ceil(d / 512)
KERNEL(subtract_tape, 128, 8, const ResidualArguments a) {
  unsigned parts = ((unsigned)a.d + 511) / 512;
  long long row = blockIdx.x / parts;
  int at = (int)(blockIdx.x % parts) * 512 + (int)threadIdx.x * 4;
  if (at >= a.d) return;
  InRows x = rows_in(a.x, a.xStride, a.d, a.xFormat), atoms = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
  OutRows residual = rows_out(a.residual, a.residualStride, a.d, FORMAT_F32);
  const int* indices = a.indices + row * a.steps;
  const float* values = a.values + row * a.steps;
  int count = a.counts[row], step = 0;
  float4 r = load_quad(x, x.row(row), at);
  constexpr int BATCH = 4;  // rows of atoms under way at once
  for (; step + BATCH <= count; step += BATCH) {
    uint4 stored[BATCH];
    UNROLL for (int s = 0; s < BATCH; s++) stored[s] = load_stored(atoms, atoms.row(__ldg(indices + step + s)), at);
    UNROLL for (int s = 0; s < BATCH; s++) r = without(r, __ldg(values + step + s), widened(stored[s], a.atomFormat));
  }
  for (; step < count; step++)
    r = without(r, __ldg(values + step), load_quad(atoms, atoms.row(__ldg(indices + step)), at));
  store_quad(residual, residual.row(row), at, r);
}

constexpr int TILE = 64, TILE_PITCH = TILE + 1;  // so that a column's elements lie in different banks

__device__ __forceinline__ void store_product(const GramArguments& a, long long i, long long j, float product) {
  if (a.format == FORMAT_F32)
    static_cast<float*>(a.gram)[i * a.gramStride + j] = product;
  else
    static_cast<unsigned short*>(a.gram)[i * a.gramStride + j] = narrowed(product, a.format);
}

// x-blocks: tiles of columns, y-blocks: tiles of rows; shared: TILE · TILE_PITCH floats
// A tile's rows are products of the atoms from firstRow + top on, its columns those with the atoms from `left` on.
KERNEL(store_gram, BLOCK, 4, const GramArguments a) {
  int top = (int)blockIdx.y * TILE, left = (int)blockIdx.x * TILE;
  int along = (int)threadIdx.x % TILE, across = (int)threadIdx.x / TILE;
  if (left > a.firstRow + top + TILE - 1) return;  // all of it lies above the diagonal
  float* tile = shared_array<float>(0);
  for (int row = across; row < TILE && top + row < a.rows; row += BLOCK / TILE) {
    long long i = a.firstRow + top + row, j = left + along;
    if (j > i) continue;
    float product = a.products[(top + row) * a.productStride + j];
    store_product(a, i, j, product);
    tile[row * TILE_PITCH + along] = product;
  }
  __syncthreads();
  for (int column = across; column < TILE; column += BLOCK / TILE) {
    long long i = a.firstRow + top + along, j = left + column;
    if (top + along < a.rows && j < i) store_product(a, j, i, tile[along * TILE_PITCH + column]);
  }
}
