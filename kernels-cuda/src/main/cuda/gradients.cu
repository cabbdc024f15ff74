// Gradients of products of sparse codes with dense matrices: sums over the entries of each atom, which sorting.cu has
// brought together, those of one atom in the order of rows and slots.
//
// find_runs     starts[j], where atom j's entries begin, by searching the sorted indices; how many atoms of a tile of 256
//               are active, and how many pieces of entries their runs have.
// place_runs    Running sums of both over the atoms: each block adds up what the tiles before it have. Where only active
//               rows are kept: their ids and places, and how many they are; none, and a flag, if they do not fit.
//               Blocks of both: tiles of 256 threads; 128 bytes of shared memory. Bytes: 16 an atom.
//
// sum_runs      out[j, i] = (out[j, i]) + Σ values[e]·rows[of[e], i] over the run of atom j: one chain of fmaf in its order.
//               A run is cut into pieces of 128 entries, so that an atom of many rows keeps no thread longer than others;
//               the first piece begins with the old value, the others with 0. A run of one piece is complete. Threads and
//               slices as gather.cuh has them, with sums of first pieces before those of all others. A slice of the rows
//               is chosen to stay in L2. Atoms without entries become 0, unless they accumulate.
//               Blocks of 128: slices·ceil((atoms + pieces)·sliceVectors / 128).
// fix_runs      The pieces of longer runs, added in their order. A thread owns 4 columns. Blocks: ceil(pieces·quads / 256).
//               Bytes of both: entries·d·element from L2 (8192 rows·64 entries·4096 float32: 8.6 GB; bfloat16: 4.3 GB);
//               from device memory the rows once a slice of theirs, out once, 8 bytes an entry and slice, and d·4 bytes
//               written and read for every 128 entries of long runs. Flops: 2·entries·d.
//
// sum_values    out[j] = (out[j]) + Σ values[e] over the run of atom j: every lane of a warp adds up every 32nd one, and the
//               lanes are added by a fixed tree. Blocks: ceil(atoms / 8) of 256. Bytes: 4 an entry, 8 an atom.
//
// weighted_rows parts[chunk, i] = Σ weights[b]·rows[b, i] over 256 rows: a warp adds up every eighth of them, and the eight
//               are added in their order. Blocks: ceil(rows / 256)·ceil(d / 128) of 256; 4096 bytes of shared memory.
// sum_chunks    out[i] = (out[i]) ± Σ parts[chunk, i], in the order of the chunks. Blocks: ceil(d / 256) of 256.
//               Bytes of both: rows·d·element.
//
// positive      The indices of entries with values above 0, or NaN. Blocks: ceil(entries / 256) of 256. Bytes: 12 an entry.
//
// Launch contract: one-dimensional grids, blocks of the declared number of threads, shared memory as said above. Blocks do
// not depend on each other. No result depends on the cut into slices, on the grid or on the device.
#include "gradients.h"

#include "gather.cuh"
#include "reductions.cuh"
#include "scans.cuh"

ARGUMENTS(RunsArguments, 104);
ARGUMENTS(SumRunsArguments, 160);
ARGUMENTS(SumValuesArguments, 40);
ARGUMENTS(WeightedRowsArguments, 56);
ARGUMENTS(SumChunksArguments, 32);
ARGUMENTS(PositiveArguments, 32);

constexpr int THREADS = 256, WARPS = THREADS / 32;
constexpr unsigned PIECE = 128;  // entries that one thread adds up

// ---- Runs ----

__device__ __forceinline__ unsigned further_pieces(unsigned entries) { return entries > 0 ? (entries - 1) / PIECE : 0; }

KERNEL(find_runs, THREADS, 4, const RunsArguments a) {
  unsigned* parts = shared_array<unsigned>(0);
  int atom = (int)(blockIdx.x * THREADS + threadIdx.x);
  unsigned pieces = 0;
  bool active = false;
  if (atom < a.atoms) {
    unsigned count = *a.count, start = smaller_ones(a.indices, count, atom);
    unsigned end = smaller_ones(a.indices, count, atom + 1);
    a.starts[atom] = start;
    if (atom == a.atoms - 1) a.starts[a.atoms] = end;
    pieces = further_pieces(end - start);
    active = end > start;
    if (a.oldPositions) {
      unsigned olds = (unsigned)min(max(*a.activeCount, 0), a.capacity), old = smaller_ones(a.activeIds, olds, atom);
      bool stays = old < olds && a.activeIds[old] == atom;
      a.oldPositions[atom] = stays ? (int)old : -1;
      active |= stays;
    }
  }
  pieces = block_sum<THREADS>(pieces, parts);
  unsigned actives = block_sum<THREADS>(active ? 1u : 0u, parts + WARPS);
  if (threadIdx.x == 0) {
    a.tilePieces[blockIdx.x] = pieces;
    if (a.tileActive) a.tileActive[blockIdx.x] = actives;
  }
}

// Σ counts[tile] over the tiles before the block's.
__device__ __forceinline__ unsigned tiles_before(const unsigned* counts, unsigned* parts) {
  unsigned sum = 0;
  for (unsigned tile = threadIdx.x; tile < blockIdx.x; tile += THREADS) sum += counts[tile];
  return block_sum<THREADS>(sum, parts);
}

KERNEL(place_runs, THREADS, 4, const RunsArguments a) {
  unsigned* parts = shared_array<unsigned>(0);
  int atom = (int)(blockIdx.x * THREADS + threadIdx.x);
  bool last = (int)blockIdx.x == a.tiles - 1 && threadIdx.x == 0;
  unsigned entries = atom < a.atoms ? a.starts[atom + 1ll] - a.starts[atom] : 0;
  unsigned before = tiles_before(a.tilePieces, parts);
  unsigned total, within = block_scan<THREADS>(further_pieces(entries), parts + WARPS, total);
  if (atom < a.atoms) a.pieceStarts[atom] = before + within;
  if (last) a.pieceStarts[a.atoms] = before + total;
  if (!a.tileActive) return;

  bool active = entries > 0 || (a.oldPositions && atom < a.atoms && a.oldPositions[atom] >= 0);
  before = tiles_before(a.tileActive, parts + 2 * WARPS);
  unsigned place = before + block_scan<THREADS>(active ? 1u : 0u, parts + 3 * WARPS, total);
  if (active) {
    a.positions[atom] = (int)place;
    if (place < (unsigned)a.capacity) a.activeIds[place] = atom;
  }
  if (last) {
    unsigned needed = before + total;
    bool fits = needed <= (unsigned)a.capacity;
    if (!fits) atomicMax(a.exceeded, (unsigned long long)needed);
    *a.activeCount = fits ? (int)needed : 0;
  }
}

__device__ __forceinline__ unsigned atom_of_piece(const SumRunsArguments& a, unsigned piece) {
  return smaller_ones(a.pieceStarts + 1, (unsigned)a.atoms, piece + 1);
}

template <class Format>
__device__ __forceinline__ void sum_runs(const SumRunsArguments& a) {
  long long sums = (long long)a.sums + a.pieces;
  Place<Format> place(sums, a.sliceVectors);
  if (!place.inside(sums, a.d)) return;
  bool first = place.sum < (unsigned)a.sums;
  unsigned atom = place.sum, piece = place.sum - (unsigned)a.sums, number = 0;
  if (first) {
    if (a.activeIds) {
      if ((int)place.sum >= *a.activeCount) return;
      atom = (unsigned)a.activeIds[place.sum];
    }
  } else {
    if (piece >= a.pieceStarts[a.atoms]) return;
    atom = atom_of_piece(a, piece);
    number = piece - a.pieceStarts[atom] + 1;
  }
  unsigned start = a.starts[atom], end = a.starts[atom + 1ll], from = start + number * PIECE;
  if (a.accumulate && start == end && !a.activeIds) return;

  int column = (int)place.column;
  float sum[Format::LANES] = {};
  if (first && a.accumulate) {
    int old = a.activeIds ? a.oldPositions[atom] : (int)atom;
    const void* olds = a.activeIds ? static_cast<const void*>(a.old) : a.out;
    if (old >= 0) read(rows_in(olds, a.outStride, a.d, a.outFormat), old, column, sum);
  }
  Gathered rows{a.rows, a.rowStride, a.rowPitch, a.rowCount, a.d, a.outOfRange};
  add_gathered<Format>(rows, a.of + from, a.values + from, min(end - from, PIECE), column, sum);
  if (end - start <= PIECE) {
    write(rows_out(a.out, a.outStride, a.d, a.outFormat), place.sum, column, sum);
  } else {
    long long part = first ? (long long)a.pieces + a.pieceStarts[atom] : piece;
    write(rows_out(a.parts, a.partStride, a.d, FORMAT_F32), part, column, sum);
  }
}

KERNEL(sum_runs_f32, GATHER_THREADS, 7, const SumRunsArguments a) { sum_runs<F32>(a); }
KERNEL(sum_runs_bf16, GATHER_THREADS, 7, const SumRunsArguments a) { sum_runs<Bf16>(a); }
KERNEL(sum_runs_f16, GATHER_THREADS, 7, const SumRunsArguments a) { sum_runs<F16>(a); }

__device__ __forceinline__ float4 added(float4 x, float4 y) {
  return make_float4(x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w);
}

KERNEL(fix_runs, THREADS, 6, const SumRunsArguments a) {
  unsigned quads = ((unsigned)a.d - 1) / 4 + 1;
  long long at = blockIdx.x * (long long)THREADS + threadIdx.x;
  unsigned piece = (unsigned)(at / quads), pieces = a.pieceStarts[a.atoms];
  int column = 4 * (int)(at % quads);
  if (piece >= pieces) return;
  unsigned atom = atom_of_piece(a, piece);
  if (a.pieceStarts[atom] != piece) return;
  int row = a.activeIds ? a.positions[atom] : (int)atom;
  if (a.activeIds && row >= *a.activeCount) return;
  InRows parts = rows_in(a.parts, a.partStride, a.d, FORMAT_F32);
  float4 sum = load_quad(parts, parts.row((long long)a.pieces + piece), column);
  unsigned end = a.pieceStarts[atom + 1ll];
  UNROLL_BY(4) for (; piece < end; piece++) sum = added(sum, load_quad(parts, parts.row(piece), column));
  OutRows out = rows_out(a.out, a.outStride, a.d, a.outFormat);
  store_quad(out, out.row(row), column, sum);
}

KERNEL(sum_values, THREADS, 6, const SumValuesArguments a) {
  long long atom = blockIdx.x * (long long)WARPS + threadIdx.x / 32;
  if (atom >= a.atoms) return;
  unsigned end = a.starts[atom + 1];
  float sum = 0;
  UNROLL_BY(4) for (unsigned e = a.starts[atom] + threadIdx.x % 32; e < end; e += 32) sum += a.values[e];
  sum = warp_sum(sum);
  if (threadIdx.x % 32 != 0) return;
  if (a.sums) a.sums[atom] = sum;
  if (a.out) a.out[atom] = a.accumulate ? a.out[atom] + sum : sum;
}

// ---- Sums over rows ----

constexpr int CHUNK = 256;         // rows
constexpr int CHUNK_COLUMNS = 128;  // a quad a lane
constexpr int AT_ONCE = 4;

KERNEL(weighted_rows, THREADS, 4, const WeightedRowsArguments a) {
  float4* sums = shared_array<float4>(0);
  unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  unsigned columnBlocks = ((unsigned)a.d - 1) / CHUNK_COLUMNS + 1, chunk = blockIdx.x / columnBlocks;
  int column = (int)((blockIdx.x - chunk * columnBlocks) * CHUNK_COLUMNS + 4 * lane);
  InRows rows = rows_in(a.rows, a.stride, a.d, a.format);
  float4 sum = make_float4(0, 0, 0, 0);
  long long first = (long long)chunk * CHUNK + warp;
  for (int i = 0; i < CHUNK / WARPS; i += AT_ONCE) {
    uint4 stored[AT_ONCE];
    float weight[AT_ONCE];
    bool counts[AT_ONCE];
    UNROLL for (int j = 0; j < AT_ONCE; j++) {
      long long row = first + (i + j) * WARPS;
      counts[j] = row < a.rowCount && column < a.d && (!a.starts || a.starts[row + 1] > a.starts[row]);
      if (!counts[j]) continue;
      stored[j] = load_stored(rows, rows.row(row), column);
      weight[j] = a.weights ? a.weights[row] : 1;
    }
    UNROLL for (int j = 0; j < AT_ONCE; j++) {
      if (!counts[j]) continue;
      float4 x = widened(stored[j], a.format);
      sum = make_float4(fmaf(weight[j], x.x, sum.x), fmaf(weight[j], x.y, sum.y), fmaf(weight[j], x.z, sum.z),
                        fmaf(weight[j], x.w, sum.w));
    }
  }
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (warp != 0) return;
  UNROLL for (int w = 1; w < WARPS; w++) sum = added(sum, sums[w * 32 + lane]);
  OutRows parts = rows_out(a.parts, a.d, a.d, FORMAT_F32);
  store_quad(parts, parts.row(chunk), column, sum);
}

KERNEL(sum_chunks, THREADS, 6, const SumChunksArguments a) {
  long long i = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (i >= a.d) return;
  float sum = 0;
  UNROLL_BY(8) for (int chunk = 0; chunk < a.chunks; chunk++) sum += a.parts[(long long)chunk * a.d + i];
  sum *= a.sign;
  a.out[i] = a.accumulate ? a.out[i] + sum : sum;
}

KERNEL(positive, THREADS, 6, const PositiveArguments a) {
  long long e = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (e < a.count) a.out[e] = a.values[e] <= 0 ? EMPTY : a.indices[e];
}
