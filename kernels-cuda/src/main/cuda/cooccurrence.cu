// Which latents fire in a segment of rows, and which ones together.
//
// segment_reduce   out[s, j] = the largest entry (0 at least, NaN above all), the sum, or the number of events, of the rows
//                  of segment s in column firstColumn + j; going on from what out holds where it accumulates. A warp a
//                  segment, 8 a block of 256: row after row, whose columns differ, a lane an entry. So a sum is a chain in
//                  the order of the rows, and any split of them gives the same.
//                  Bytes: 8 an entry, 8 an entry in L2 (out is read and written there), out once.
//
// cooccurrence     counts[i, j] += rows in which x has an event in column firstColumn + i and y one in column j. A warp a
//                  row: for each event of x in the block, a lane an entry of y. Counts are integers, which atomics bring
//                  together in any order. Bytes: 8 an entry, and an atomic of 8 bytes a pair.
//
// neighbours       For each column the m others with the largest counts above 0, larger first, then the lower one. A block
//                  of 256 a column: m times the first of those that come after the last one found.
//                  Bytes: 8·n·m a column, all but the first n from L2.
//
// jaccard          out[i, j] = c / (a + b - c)
// npmi             out[i, j] = log(c·rows / (a·b)) / log(rows / c), 1 where c = rows. Both are 0 where c = 0, and both are
//                  computed in double, by the few pairs that meet at all. A thread four columns: columns·ceil(n / 1024)
//                  blocks of 256. Bytes: 12 an element.
//
// Launch contract: one-dimensional grids, blocks of 256 threads, no shared memory but 96 bytes (neighbours). Blocks do not
// depend on each other. The columns of a row differ. An index of -1 is an empty slot; one that lies outside of the block of
// columns is left out; one of y's that no column has raises the flag besides. Bounds and offsets outside of the rows and
// the codes are taken as the nearest ones within.
#include "cooccurrence.h"

#include "indices.cuh"
#include "quads.cuh"
#include "simt.cuh"

ARGUMENTS(RowEntriesArguments, 40);
ARGUMENTS(SegmentArguments, 104);
ARGUMENTS(CooccurrenceArguments, 128);
ARGUMENTS(NeighbourArguments, 48);
ARGUMENTS(AssociationArguments, 64);

constexpr int WARPS = 8, THREADS = 32 * WARPS;

__device__ __forceinline__ bool fires(float v, float low, float high) { return !(low <= v && v <= high); }

// Where a row's entries begin; the next row's beginning is their end.
__device__ __forceinline__ long long begin_of(const RowEntriesArguments& codes, long long row) {
  return codes.offsets ? min(max(codes.offsets[row], 0ll), codes.capacity) : row * codes.k;
}

enum Kind { LARGEST, SUM, COUNT };

KERNEL(segment_reduce, THREADS, 6, const SegmentArguments a) {
  long long segment = blockIdx.x * (long long)WARPS + threadIdx.x / 32;
  int lane = (int)threadIdx.x % 32;
  if (segment >= a.count) return;
  float* out = a.out + segment * a.stride;
  if (!a.accumulate) {
    for (long long j = lane; j < a.columns; j += 32) out[j] = 0;
    __syncwarp();
  }
  long long row = min(max(a.segments[segment], 0ll), a.rows), last = min(a.segments[segment + 1], a.rows);
  for (; row < last; row++) {
    long long end = begin_of(a.codes, row + 1);
    for (long long e = begin_of(a.codes, row) + lane; e < end; e += 32) {
      int index = __ldg(a.codes.indices + e), j = index - a.firstColumn;
      if (index < 0 || j < 0 || j >= a.columns) continue;
      float v = __ldg(a.codes.values + e), old = out[j];
      out[j] = a.kind == LARGEST ? max_f32(old, v) : a.kind == SUM ? old + v : old + (fires(v, a.low, a.high) ? 1 : 0);
    }
    __syncwarp();  // the next row's entries go on from these
  }
}

KERNEL(cooccurrence, THREADS, 6, const CooccurrenceArguments a) {
  long long row = blockIdx.x * (long long)WARPS + threadIdx.x / 32;
  int lane = (int)threadIdx.x % 32;
  if (row >= a.rows) return;
  long long xEnd = begin_of(a.x, row + 1), yBegin = begin_of(a.y, row), yEnd = begin_of(a.y, row + 1);
  for (long long e = begin_of(a.x, row); e < xEnd; e++) {
    int index = __ldg(a.x.indices + e), i = index - a.firstColumn;
    if (index < 0 || i < 0 || i >= a.columns || !fires(__ldg(a.x.values + e), a.low, a.high)) continue;
    unsigned long long* counts = a.counts + (long long)i * a.n;
    for (long long f = yBegin + lane; f < yEnd; f += 32) {
      int j = __ldg(a.y.indices + f);
      if (!is_atom(j, a.n))
        report(j, a.n, a.outOfRange);
      else if (fires(__ldg(a.y.values + f), a.low, a.high))
        atomicAdd(counts + j, 1ull);
    }
  }
}

// A column and its count; count 0 means that there is none.
struct Neighbour {
  unsigned long long count;
  unsigned index;

  __device__ __forceinline__ bool before(const Neighbour& other) const {
    return count > other.count || (count == other.count && index < other.index);
  }
};

KERNEL(neighbours, THREADS, 4, const NeighbourArguments a) {
  auto* counts = shared_array<unsigned long long>(0);
  auto* indices = shared_array<unsigned>(8 * WARPS);
  long long column = blockIdx.x;
  const unsigned long long* row = a.counts + column * a.n;
  unsigned self = (unsigned)a.firstColumn + (unsigned)column;
  int found = 0;
  Neighbour last{~0ull, 0};
  for (int place = 0; place < a.m; place++) {
    Neighbour best{0, ~0u};
    if (last.count > 0) {
      for (unsigned j = threadIdx.x; j < (unsigned)a.n; j += THREADS) {
        Neighbour candidate{row[j], j};
        bool after = place == 0 || last.before(candidate);
        if (candidate.count > 0 && j != self && after && candidate.before(best)) best = candidate;
      }
    }
    UNROLL for (int distance = 16; distance; distance >>= 1) {
      Neighbour other{__shfl_xor_sync(~0u, best.count, distance), __shfl_xor_sync(~0u, best.index, distance)};
      if (other.before(best)) best = other;
    }
    if (threadIdx.x % 32 == 0) counts[threadIdx.x / 32] = best.count, indices[threadIdx.x / 32] = best.index;
    __syncthreads();
    UNROLL for (int w = 0; w < WARPS; w++) {
      Neighbour other{counts[w], indices[w]};
      if (w == 0 || other.before(best)) best = other;
    }
    __syncthreads();  // all have read what the next place overwrites
    last = best;
    found += best.count > 0 ? 1 : 0;
    if (threadIdx.x == 0) {
      a.ids[column * a.m + place] = best.count > 0 ? (long long)best.index : -1;
      a.values[column * a.m + place] = (float)best.count;
    }
  }
  if (threadIdx.x == 0) a.found[column] = found;
}

struct Jaccard {
  static __device__ __forceinline__ float of(const AssociationArguments&, long long both, long long x, long long y) {
    return (float)((double)both / (double)(x + y - both));
  }
};

struct Npmi {
  static __device__ __forceinline__ float of(const AssociationArguments& a, long long both, long long x, long long y) {
    if (both == a.rows) return 1;
    double ratio = (double)both * (double)a.rows / ((double)x * (double)y);
    return (float)(log(ratio) / log((double)a.rows / (double)both));
  }
};

template <class Association>
__device__ __forceinline__ void associate(const AssociationArguments& a) {
  unsigned blocks = (unsigned)(a.n - 1) / (4 * THREADS) + 1, i = blockIdx.x / blocks;
  int at = (int)(((blockIdx.x - i * blocks) * THREADS + threadIdx.x) * 4);
  if (at >= a.n) return;
  long long fires = a.firesX[a.firstColumn + (long long)i];
  float v[4];
  UNROLL for (int k = 0; k < 4; k++) {
    long long both = at + k < a.n ? a.counts[(long long)i * a.n + at + k] : 0;
    v[k] = both == 0 ? 0 : Association::of(a, both, fires, a.firesY[at + k]);
  }
  OutRows out = rows_out(a.out, a.stride, a.n, a.format);
  store_quad(out, out.row(i), at, make_float4(v[0], v[1], v[2], v[3]));
}

KERNEL(jaccard, THREADS, 4, const AssociationArguments a) { associate<Jaccard>(a); }
KERNEL(npmi, THREADS, 4, const AssociationArguments a) { associate<Npmi>(a); }
