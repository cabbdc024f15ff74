// Gradients of a matching pursuit whose picks are held fixed.
//
// Maths    For a row, from its last step to its first, with r the residual after the step, D the atom, c its coefficient,
//          g the gradient of r and q that of c:
//            s = (q − ⟨g, D⟩)/‖D‖²   gD += s·(r − c·D) − c·g     normalised
//            s =  q − ⟨g, D⟩         gD += s·(r + c·D) − c·g     atoms as they are
//          then r += c·D and g += s·D. What the last g becomes is the gradient of the row.
//
// step_back       A block a row finds its numbers s, and the gradient of the row if it is wanted. g lies in shared memory,
//                 or in global memory where a row is too long; threads own its quads. A step is one sweep: it adds the
//                 last step's s·D and multiplies with this step's atom. Bytes rows·count·d elements out of L2 or memory,
//                 and as many again out of L1 or L2.
// Then, for the gradient of the atoms, the filled slots are sorted by atom, in the order of slots (a stable counting sort):
// count_picks     how many slots of each chunk pick each atom: integers, so that atomics give the same in any order;
// total_picks     a thread an atom: where a chunk's picks of it begin among all of them, and how many there are;
// scan_picks      one block: where the picks of each atom begin;
// sort_picks      a warp a chunk writes its slots to their places, 32 at a time.
//                 Bytes 8·n·chunks + 24·slots.
// And for each slice of columns, so that scratch is slots·slice and not slots·d, and lies in L2:
// contribute      A thread owns four columns of a row, walks its steps backwards with r and g in registers and stores
//                 what each adds to its atom. Bytes rows·count·slice·(element + 4).
// sum_tiles       Sums each aligned 64 of the sorted slots that all pick the same atom, so that an atom that many rows
//                 pick takes a 64th of the time.
// sum_picks       A thread owns four columns of an atom: sums in sorted order, of whole tiles where there are any, and
//                 writes the only result. Bytes slots·slice·4 read, n·slice elements written. A row-sparse gradient has
//                 rows of active atoms alone; those that were active before may have moved (gradients.cu).
// Every element's sum has one order, whatever the slices, the chunks of the sort and the grid.
//
// Launch contract: one-dimensional grids, blocks of the declared number of threads. An index of −1 is an empty slot; any
// other one that no atom has raises the flag, and its step is left out.
#include "pursuit_gradients.h"

#include "indices.cuh"
#include "quads.cuh"
#include "reductions.cuh"
#include "simt.cuh"

ARGUMENTS(StepBackArguments, 136);
ARGUMENTS(SortPicksArguments, 56);
ARGUMENTS(ContributeArguments, 136);
ARGUMENTS(SumPicksArguments, 112);

constexpr int ROW_THREADS = 128, ROW_WARPS = ROW_THREADS / 32;
constexpr int BLOCK = 256, SCAN_BLOCK = 1024, SORT_WARPS = 4;
constexpr int TILE = 64;   // sorted slots that are summed apart
constexpr int BATCH = 4;   // quads that a thread loads at once

// v + s·a for a quad, each element rounded once.
__device__ __forceinline__ float4 plus(float4 v, float s, float4 a) {
  return make_float4(fmaf(s, a.x, v.x), fmaf(s, a.y, v.y), fmaf(s, a.z, v.z), fmaf(s, a.w, v.w));
}

__device__ __forceinline__ float dot(float4 a, float4 b, float sum) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

__device__ __forceinline__ float4* quads_of(float* p) { return reinterpret_cast<float4*>(p); }
__device__ __forceinline__ const float4* quads_of(const float* p) { return reinterpret_cast<const float4*>(p); }

// shared: two sums of ROW_WARPS floats; a row's quads, where there is no scratch
KERNEL(step_back, ROW_THREADS, 8, const StepBackArguments a) {
  long long row = blockIdx.x;
  int thread = (int)threadIdx.x, quads = (a.d + 3) / 4, turn = 0;
  InRows atoms = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
  float* parts = shared_array<float>(0);
  float4* g = a.scratch ? quads_of(a.scratch + row * a.scratchStride)
                        : shared_array<float4>(2 * ROW_WARPS * sizeof(float));
  InRows given = rows_in(a.gResidual, a.gResidualStride, a.d, a.gResidualFormat);
  for (int q = thread; q < quads; q += ROW_THREADS)
    g[q] = a.gResidual ? load_quad(given, given.row(row), 4 * q) : make_float4(0, 0, 0, 0);

  float s = 0;
  int before = -1;  // the atom of which s·D is still to be added
  for (int step = min(max(a.counts[row], 0), a.k) - 1; step >= 0; step--) {
    int pick = a.indices[row * a.k + step];
    if (!is_atom(pick, a.n)) {
      if (thread == 0) report(pick, a.n, a.outOfRange);
      continue;
    }
    float product = 0, square = 0;
    for (int q = thread; q < quads; q += ROW_THREADS) {
      float4 v = g[q], atom = load_quad(atoms, atoms.row(pick), 4 * q);
      if (before >= 0) g[q] = v = plus(v, s, load_quad(atoms, atoms.row(before), 4 * q));
      product = dot(v, atom, product);
      square = dot(atom, atom, square);
    }
    // In turns, so that what one sum's threads may still read is not what the next one writes.
    product = block_sum<ROW_THREADS>(product, parts + (turn ^= ROW_WARPS));
    if (a.normalised) square = block_sum<ROW_THREADS>(square, parts + (turn ^= ROW_WARPS));
    s = (a.gValues ? a.gValues[row * a.k + step] : 0) - product;
    if (a.normalised) s /= square;
    if (thread == 0) a.steps[row * a.k + step] = s;
    before = pick;
  }
  if (!a.gX) return;
  InRows old = rows_in(a.gX, a.gXStride, a.d, a.gXFormat);
  OutRows out = rows_out(a.gX, a.gXStride, a.d, a.gXFormat);
  for (int q = thread; q < quads; q += ROW_THREADS) {
    float4 v = g[q];
    if (before >= 0) v = plus(v, s, load_quad(atoms, atoms.row(before), 4 * q));
    if (a.accumulate) v = plus(v, 1, load_quad(old, old.row(row), 4 * q));
    store_quad(out, out.row(row), 4 * q, v);
  }
}

// x-blocks: chunks
KERNEL(count_picks, BLOCK, 4, const SortPicksArguments a) {
  long long chunk = blockIdx.x, first = chunk * a.chunkSlots, end = min(first + a.chunkSlots, a.slots);
  for (long long slot = first + threadIdx.x; slot < end; slot += BLOCK) {
    int pick = a.indices[slot];
    if (is_atom(pick, a.n)) atomicAdd(a.tallies + (long long)pick * a.chunks + chunk, 1);
  }
}

// x-blocks: BLOCK atoms each
KERNEL(total_picks, BLOCK, 4, const SortPicksArguments a) {
  long long atom = blockIdx.x * (long long)BLOCK + threadIdx.x;
  if (atom >= a.n) return;
  int* tallies = a.tallies + atom * a.chunks;
  long long total = 0;
  for (int chunk = 0; chunk < a.chunks; chunk++) {
    int some = tallies[chunk];
    tallies[chunk] = (int)total;
    total += some;
  }
  a.starts[atom] = total;
}

// One block. shared: two sums of 32 numbers. starts: from how many there are to where they begin, and the end of all.
KERNEL(scan_picks, SCAN_BLOCK, 1, const SortPicksArguments a) {
  long long(*totals)[32] = shared_array<long long[32]>(0);
  int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32, turn = 0;
  long long before = 0;
  for (long long base = 0; base <= a.n; base += SCAN_BLOCK) {
    long long at = base + threadIdx.x, own = at < a.n ? a.starts[at] : 0, sum = own;
    UNROLL for (int distance = 1; distance < 32; distance *= 2) {
      long long lower = __shfl_up_sync(~0u, sum, (unsigned)distance);
      if (lane >= distance) sum += lower;
    }
    if (lane == 31) totals[turn][warp] = sum;
    __syncthreads();
    long long ofWarp = totals[turn][lane];
    long long lower = warp_sum(lane < warp ? ofWarp : 0ll);
    if (at <= a.n) a.starts[at] = before + lower + sum - own;
    before += warp_sum(ofWarp);
    turn ^= 1;
  }
}

// x-blocks: SORT_WARPS chunks each
KERNEL(sort_picks, SORT_WARPS * 32, 4, const SortPicksArguments a) {
  long long chunk = blockIdx.x * (long long)SORT_WARPS + threadIdx.x / 32;
  if (chunk >= a.chunks) return;
  int lane = (int)threadIdx.x % 32;
  long long end = min((chunk + 1) * a.chunkSlots, a.slots);
  for (long long base = chunk * a.chunkSlots; base < end; base += 32) {
    long long slot = base + lane;
    int pick = slot < end ? a.indices[slot] : -1, at = 0;
    bool filled = is_atom(pick, a.n);
    unsigned same = __match_any_sync(~0u, filled ? pick : -1);
    int* tally = a.tallies + (filled ? (long long)pick * a.chunks + chunk : 0);
    if (filled) {
      at = *tally + __popc(same & ((1u << lane) - 1));
      a.order[a.starts[pick] + at] = slot;
    }
    __syncwarp();  // the tallies have been read
    if (filled && same >> lane == 1) *tally = at + 1;
    __syncwarp();  // and the next 32 read them anew
  }
}

// Threads: rows · quads
KERNEL(contribute, BLOCK, 4, const ContributeArguments a) {
  long long thread = blockIdx.x * (long long)BLOCK + threadIdx.x, row = thread / a.quads;
  if (row >= a.rows) return;
  int quad = (int)(thread - row * a.quads), at = a.firstColumn + 4 * quad;
  InRows atoms = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
  InRows residual = rows_in(a.residual, a.residualStride, a.d, a.residualFormat);
  InRows given = rows_in(a.gResidual, a.gResidualStride, a.d, a.gResidualFormat);
  float4 r = load_quad(residual, residual.row(row), at);
  float4 g = a.gResidual ? load_quad(given, given.row(row), at) : make_float4(0, 0, 0, 0);
  for (int last = min(max(a.counts[row], 0), a.k) - 1; last >= 0; last -= BATCH) {
    uint4 stored[BATCH];
    int picks[BATCH];
    UNROLL for (int i = 0; i < BATCH; i++) {
      picks[i] = last >= i ? __ldg(a.indices + row * a.k + last - i) : -1;
      stored[i] = is_atom(picks[i], a.n) ? load_stored(atoms, atoms.row(picks[i]), at) : make_uint4(0, 0, 0, 0);
    }
    UNROLL for (int i = 0; i < BATCH; i++) {
      if (!is_atom(picks[i], a.n)) continue;
      long long slot = row * a.k + last - i;
      float s = __ldg(a.steps + slot), c = __ldg(a.values + slot);
      float4 atom = widened(stored[i], a.atomFormat), pulled = plus(r, a.normalised ? -c : c, atom);
      pulled = make_float4(s * pulled.x, s * pulled.y, s * pulled.z, s * pulled.w);
      quads_of(a.contributions)[slot * a.quads + quad] = plus(pulled, -c, g);
      r = plus(r, c, atom);
      g = plus(g, s, atom);
    }
  }
}

// The sum of `count` sorted slots' contributions.
__device__ __forceinline__ float4 summed(const SumPicksArguments& a, const long long* order, int count, int quad, float4 sum) {
  int i = 0;
  for (; i + BATCH <= count; i += BATCH) {
    float4 some[BATCH];
    UNROLL for (int b = 0; b < BATCH; b++) some[b] = __ldg(quads_of(a.contributions) + __ldg(order + i + b) * a.quads + quad);
    UNROLL for (int b = 0; b < BATCH; b++) sum = plus(sum, 1, some[b]);
  }
  for (; i < count; i++) sum = plus(sum, 1, __ldg(quads_of(a.contributions) + __ldg(order + i) * a.quads + quad));
  return sum;
}

// Threads: tiles · quads
KERNEL(sum_tiles, BLOCK, 4, const SumPicksArguments a) {
  long long thread = blockIdx.x * (long long)BLOCK + threadIdx.x, tile = thread / a.quads, first = tile * TILE;
  if (first + TILE > a.starts[a.n]) return;
  int quad = (int)(thread - tile * a.quads);
  if (a.indices[a.order[first]] != a.indices[a.order[first + TILE - 1]]) return;
  quads_of(a.tiles)[tile * a.quads + quad] = summed(a, a.order + first, TILE, quad, make_float4(0, 0, 0, 0));
}

// Threads: n · quads
KERNEL(sum_picks, BLOCK, 4, const SumPicksArguments a) {
  long long thread = blockIdx.x * (long long)BLOCK + threadIdx.x, atom = thread / a.quads;
  if (atom >= a.n) return;
  int quad = (int)(thread - atom * a.quads), at = a.firstColumn + 4 * quad;
  long long next = a.starts[atom], end = a.starts[atom + 1];
  long long row = atom, oldRow = atom;
  if (a.activeCount) {
    oldRow = a.oldPositions ? a.oldPositions[atom] : -1;
    if (*a.activeCount == 0 || (next == end && oldRow < 0)) return;  // it is not active, or not all of them fit
    row = a.positions[atom];
  } else if (next == end && a.accumulate) {
    return;
  }
  float4 sum = make_float4(0, 0, 0, 0);
  while (next < end) {
    long long tileEnd = (next / TILE + 1) * TILE;
    if (next % TILE == 0 && tileEnd <= end)
      sum = plus(sum, 1, __ldg(quads_of(a.tiles) + next / TILE * a.quads + quad));
    else
      sum = summed(a, a.order + next, (int)(min(tileEnd, end) - next), quad, sum);
    next = min(tileEnd, end);
  }
  InRows old = rows_in(a.old ? static_cast<const void*>(a.old) : a.gAtoms, a.gAtomStride, a.d, a.gAtomFormat);
  OutRows out = rows_out(a.gAtoms, a.gAtomStride, a.d, a.gAtomFormat);
  if (a.accumulate && oldRow >= 0) sum = plus(sum, 1, load_quad(old, old.row(oldRow), at));
  store_quad(out, out.row(row), at, sum);
}
