// A stable sort of a code's entries by index: its transpose, entry after entry. What names no atom is left out.
//
// Least significant digit first, 8 bits a pass: 1 pass for up to 256 atoms, 2 up to 65536. A pass counts each digit in
// each tile of 2048 entries, adds the counts up over the tiles, and moves every entry to its place, which is determined
// by the entries alone: no position comes from an atomic ticket. Entries carry their row and their value along.
//
//   sort_count_*    counts[digit, tile]. Blocks: tiles of 256 threads; 1024 bytes of shared memory.
//   sort_offsets    counts[digit, tile] becomes Σ over the tiles before, totals[digit] the sum of all. Blocks: one of 256
//                   threads a digit that exists; 64 bytes.
//   sort_place_*    out[place] = entry. A warp of a tile has 256 neighbouring entries and ranks 32 at a time, each among
//                   those of its digit that come before it. Blocks: tiles of 256 threads; 8224 bytes.
//   *_codes         of a first pass, which reads indices, values and counts or offsets; *_pairs of a later one.
//
//   Bytes           40 an entry for one pass, and 24 for each pass more.
//
// Launch contract: one-dimensional grids, blocks of 256 threads, shared memory as said above; fewer than 2^31 entries. Blocks
// do not depend on each other. An index of −1 is an empty slot; any other index that no atom has raises the flag. A count or
// an offset outside of the codes is taken as the nearest one within.
#include "sorting.h"

#include "entries.cuh"
#include "scans.cuh"

ARGUMENTS(SortArguments, 144);

constexpr int THREADS = 256, WARPS = THREADS / 32;
constexpr int ROUNDS = 8;  // entries of a thread
constexpr int TILE = THREADS * ROUNDS;
constexpr unsigned DIGITS = 256;

struct Pair {
  int index;  // EMPTY: there is none
  int row;
  float value;
};

// The entries of codes as they stand there.
struct FromCodes {
  const SortArguments& a;
  long long first;  // the tile's first entry
  long long firstRow;
  unsigned firstSlot;

  __device__ __forceinline__ explicit FromCodes(const SortArguments& a)
      : a(a), first((long long)blockIdx.x * TILE), firstRow(0), firstSlot(0) {
    if (!a.codes.offsets && a.codes.k > 0) {
      firstRow = first / a.codes.k;
      firstSlot = (unsigned)(first - firstRow * a.codes.k);
    }
  }

  // Whether the tile's i-th entry exists, and its row.
  __device__ __forceinline__ bool find(unsigned i, int& row) const {
    if (first + i >= a.codes.capacity) return false;
    if (a.codes.offsets) {
      // The last row that does not begin behind the entry.
      unsigned low = 0, high = (unsigned)a.codes.rows;
      while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (a.codes.offsets[middle + 1ll] <= first + i)
          low = middle + 1;
        else
          high = middle;
      }
      row = (int)low;
      return low < (unsigned)a.codes.rows && a.codes.offsets[row] <= first + i;
    }
    unsigned k = (unsigned)a.codes.k, down = (firstSlot + i) / k;
    row = (int)(firstRow + down);
    return (int)(firstSlot + i - down * k) < min(a.codes.counts[row], a.codes.k);
  }
  __device__ __forceinline__ int index(unsigned i, int& row) const {
    if (!find(i, row)) return EMPTY;
    int index = a.codes.indices[first + i];
    return is_atom(index, a.atoms) ? index : EMPTY;
  }
  __device__ __forceinline__ int counted(unsigned i) const {
    int row;
    if (!find(i, row)) return EMPTY;
    int index = a.codes.indices[first + i];
    if (is_atom(index, a.atoms)) return index;
    report(index, a.atoms, a.outOfRange);
    return EMPTY;
  }
  __device__ __forceinline__ Pair pair(unsigned i) const {
    Pair p{EMPTY, 0, 0};
    p.index = index(i, p.row);
    if (p.index != EMPTY) p.value = a.codes.values[first + i];
    return p;
  }
};

// What the pass before has left.
struct FromPairs {
  const SortArguments& a;
  unsigned first, count;

  __device__ __forceinline__ explicit FromPairs(const SortArguments& a)
      : a(a), first(blockIdx.x * TILE), count(*a.count) {}

  __device__ __forceinline__ int counted(unsigned i) const {
    return first + i < count ? a.inIndices[first + i] : EMPTY;
  }
  __device__ __forceinline__ Pair pair(unsigned i) const {
    Pair p{counted(i), 0, 0};
    if (p.index != EMPTY) p.row = a.inRows[first + i], p.value = a.inValues[first + i];
    return p;
  }
};

__device__ __forceinline__ unsigned digit(const SortArguments& a, int index) {
  return index == EMPTY ? DIGITS : (unsigned)index >> a.shift & (DIGITS - 1);
}

// The tile's entry of a thread in a round: neighbouring ones in a warp.
__device__ __forceinline__ unsigned entry_of(int round) {
  return threadIdx.x / 32 * (32 * ROUNDS) + (unsigned)round * 32 + threadIdx.x % 32;
}

template <class From>
__device__ __forceinline__ void sort_count(const SortArguments& a) {
  unsigned* counts = shared_array<unsigned>(0);
  counts[threadIdx.x] = 0;
  __syncthreads();
  From from(a);
  UNROLL for (int round = 0; round < ROUNDS; round++) {
    unsigned its = digit(a, from.counted(entry_of(round)));
    if (its < DIGITS) atomicAdd(&counts[its], 1u);
  }
  __syncthreads();
  a.counts[(long long)threadIdx.x * a.tiles + blockIdx.x] = counts[threadIdx.x];
}

KERNEL(sort_count_codes, THREADS, 4, const SortArguments a) { sort_count<FromCodes>(a); }
KERNEL(sort_count_pairs, THREADS, 4, const SortArguments a) { sort_count<FromPairs>(a); }

KERNEL(sort_offsets, THREADS, 4, const SortArguments a) {
  unsigned* parts = shared_array<unsigned>(0);
  unsigned* counts = a.counts + (long long)blockIdx.x * a.tiles;
  unsigned before = 0;
  for (int first = 0, turn = 0; first < a.tiles; first += THREADS, turn ^= WARPS) {
    int tile = first + (int)threadIdx.x;
    unsigned total, mine = tile < a.tiles ? counts[tile] : 0, within = block_scan<THREADS>(mine, parts + turn, total);
    if (tile < a.tiles) counts[tile] = before + within;
    before += total;
  }
  if (threadIdx.x == 0) a.totals[blockIdx.x] = before;
}

struct PlaceShared {
  unsigned next[WARPS][DIGITS];  // a digit's entries of a warp so far; then where its first one goes
  unsigned parts[WARPS];
};
static_assert(sizeof(PlaceShared) == 8224, "what the host asks for");

template <class From>
__device__ __forceinline__ void sort_place(const SortArguments& a) {
  PlaceShared& shared = shared_memory<PlaceShared>();
  unsigned warp = threadIdx.x / 32, before = (1u << threadIdx.x % 32) - 1;
  unsigned* next = shared.next[warp];
  for (unsigned i = threadIdx.x % 32; i < DIGITS; i += 32) next[i] = 0;
  __syncwarp();
  From from(a);
  Pair pairs[ROUNDS];
  unsigned rank[ROUNDS];
  UNROLL for (int round = 0; round < ROUNDS; round++) {
    pairs[round] = from.pair(entry_of(round));
    unsigned its = digit(a, pairs[round].index), same = __match_any_sync(~0u, its);
    unsigned earlier = its < DIGITS ? next[its] : 0;
    __syncwarp();
    if (its < DIGITS && (same & before) == 0) next[its] = earlier + __popc(same);
    __syncwarp();
    rank[round] = earlier + __popc(same & before);
  }
  unsigned total = (int)threadIdx.x < a.digits ? a.totals[threadIdx.x] : 0;
  unsigned all, place = block_scan<THREADS>(total, shared.parts, all);
  // The scan's barrier has made the warps' counts known.
  place += a.counts[(long long)threadIdx.x * a.tiles + blockIdx.x];
  UNROLL for (int w = 0; w < WARPS; w++) {
    unsigned many = shared.next[w][threadIdx.x];
    shared.next[w][threadIdx.x] = place;
    place += many;
  }
  __syncthreads();
  UNROLL for (int round = 0; round < ROUNDS; round++) {
    if (pairs[round].index == EMPTY) continue;
    unsigned to = next[digit(a, pairs[round].index)] + rank[round];
    a.outIndices[to] = pairs[round].index;
    a.outRows[to] = pairs[round].row;
    a.outValues[to] = pairs[round].value;
  }
  if (std::is_same<From, FromCodes>::value && blockIdx.x == 0 && threadIdx.x == 0) *a.count = all;
}

KERNEL(sort_place_codes, THREADS, 3, const SortArguments a) { sort_place<FromCodes>(a); }
KERNEL(sort_place_pairs, THREADS, 3, const SortArguments a) { sort_place<FromPairs>(a); }
