// The algebra of sparse codes: unions and intersections by index, and changes of layout.
//
// merge         Each distinct index of a row of a and b once, in ascending order, with the double sum of alpha·a's values and
//               beta·b's in the order of their slots, those of a first, rounded once; or only the indices of both, with
//               alpha·a's values. Keys index·2³² + slot are sorted by a bitonic network, whose order is total; the first key
//               of each index adds up its run. A sum of 0 stays. Without b: the merging of a's repeated indices.
//   _warp       a warp a row, 8 rows a block of 256: 64·size bytes of shared memory.
//   _block      a row a block of 256: 128 + 8·size bytes.
//   _memory     the same with the keys in device memory, for rows that shared memory does not hold: 128 bytes; any number
//               of blocks, each with `size` keys of its own.
//   Bytes       8 a slot that is read or written. Comparisons: rows·size·log²(size) / 4.
//
// copy_rows     The first k entries of each row in k slots, and how many the row has. A thread a slot: ceil(rows·max(k, 1) /
//               256) blocks of 256. Bytes: 8 an entry read, 8 a slot written.
//
// count_filled, place_filled
//               Where each row begins when empty slots are left out: sums over tiles of 256 rows, then running sums, of which
//               each block adds up the tiles' before its own. All 0, and a flag, where the capacity does not do. Blocks of
//               both: tiles of 256 threads; 192 bytes of shared memory.
// store_filled The rows' entries, to where they begin; a warp a row: ceil(rows / 8) blocks of 256. Bytes: 16 an entry. An
//               index that is no column raises a flag.
//
// store_sorted  Sorted entries (sorting.cu) as the rows that their indices are: the transpose. Blocks:
//               ceil(max(outRows + 1, entries) / 256) of 256. Bytes: 16 an entry, 8 a row.
//
// Launch contract: one-dimensional grids, blocks of 256 threads, shared memory as said above; k below 2^24. Blocks do not
// depend on each other. A count or an offset outside of the codes is taken as the nearest one within.
#include "codes.h"

#include "entries.cuh"
#include "reductions.cuh"
#include "scans.cuh"
#include "team.cuh"

ARGUMENTS(Slotted, 24);
ARGUMENTS(MergeArguments, 112);
ARGUMENTS(CopyRowsArguments, 88);
ARGUMENTS(CompressArguments, 96);
ARGUMENTS(StoreSortedArguments, 80);

constexpr int THREADS = 256, WARPS = THREADS / 32;

// ---- merge ----

constexpr unsigned long long NO_KEY = ~0ull;

// Sorts `size` keys, a power of two, by a bitonic network; ends with a barrier.
template <class Threads>
__device__ __forceinline__ void sort(unsigned long long* keys, int size) {
  for (int span = 2; span <= size; span *= 2) {
    for (int distance = span / 2; distance >= 1; distance /= 2) {
      Threads::sync();
      for (int i = (int)Threads::thread(); i < size / 2; i += Threads::WARPS * 32) {
        int low = 2 * i - (i & (distance - 1)), high = low + distance;
        unsigned long long x = keys[low], y = keys[high];
        if ((x > y) == ((low & span) == 0)) keys[low] = y, keys[high] = x;
      }
    }
  }
  Threads::sync();
}

__device__ __forceinline__ unsigned index_of(unsigned long long key) { return (unsigned)(key >> 32); }

// A row of both codes as one: a's slots, then b's.
struct MergedRow {
  const MergeArguments& a;
  long long aBegin, bBegin;
  int ofA, count;

  __device__ __forceinline__ MergedRow(const MergeArguments& a, long long row)
      : a(a), aBegin(row * a.aK), bBegin(row * a.bK), ofA(min(max(a.a.counts[row], 0), a.aK)), count(ofA) {
    if (a.b.counts) count += min(max(a.b.counts[row], 0), a.bK);
  }
  __device__ __forceinline__ int index(int slot) const {
    return slot < ofA ? a.a.indices[aBegin + slot] : a.b.indices[bBegin + slot - ofA];
  }
  __device__ __forceinline__ double value(int slot) const {
    if (slot < ofA) return (double)a.alpha * a.a.values[aBegin + slot];
    return a.both ? 0 : (double)a.beta * a.b.values[bBegin + slot - ofA];
  }
};

template <int THREADS>
__device__ __forceinline__ void merge(const MergeArguments& a, long long row, unsigned long long* keys,
                                      typename Team<THREADS>::Shared& shared) {
  Team<THREADS> team(shared);
  MergedRow merged(a, row);
  int thread = (int)team.thread(), count = merged.count, size = 2;
  long long begin = row * a.outK;
  while (size < count) size *= 2;
  for (int slot = thread; slot < size; slot += THREADS) {
    int index = slot < count ? merged.index(slot) : EMPTY;
    keys[slot] = index < 0 ? NO_KEY : (unsigned long long)index << 32 | (unsigned)slot;
  }
  sort<Team<THREADS>>(keys, size);
  int distinct = 0;
  for (int first = 0; first < count; first += THREADS) {
    int at = first + thread;
    unsigned long long key = at < count ? keys[at] : NO_KEY, last = key;
    bool stays = key != NO_KEY && (at == 0 || index_of(keys[at - 1]) != index_of(key));
    double sum = 0;
    if (stays) {
      for (; at < count && index_of(keys[at]) == index_of(key); at++) {
        last = keys[at];
        sum += merged.value((int)(unsigned)last);
      }
      if (a.both) stays = (int)(unsigned)key < merged.ofA && (int)(unsigned)last >= merged.ofA;
    }
    unsigned total, before = team.before(stays, total);
    if (stays) {
      a.outIndices[begin + distinct + before] = (int)index_of(key);
      a.outValues[begin + distinct + before] = (float)sum;
    }
    distinct += (int)total;
  }
  for (int slot = distinct + thread; slot < a.outK; slot += THREADS) {
    a.outIndices[begin + slot] = EMPTY;
    a.outValues[begin + slot] = 0;
  }
  if (thread == 0) a.outCounts[row] = distinct;
}

using RowWarp = Team<32>;
using RowBlock = Team<THREADS>;

static_assert(sizeof(RowBlock::Shared) == 128, "what the host adds to the keys");

KERNEL(merge_warp, THREADS, 4, const MergeArguments a) {
  unsigned warp = threadIdx.x / 32;
  long long row = blockIdx.x * (long long)WARPS + warp;
  auto* keys = shared_array<unsigned long long>(warp * (unsigned)a.size * 8);
  RowWarp::Shared unused;  // a warp tells itself everything by shuffles
  if (row < a.rows) merge<32>(a, row, keys, unused);
}

KERNEL(merge_block, THREADS, 2, const MergeArguments a) {
  merge<THREADS>(a, blockIdx.x, shared_array<unsigned long long>(sizeof(RowBlock::Shared)),
                 *shared_array<RowBlock::Shared>(0));
}

KERNEL(merge_memory, THREADS, 2, const MergeArguments a) {
  unsigned long long* keys = a.keys + (long long)blockIdx.x * a.size;
  // A row's keys have been read when its threads meet for the last time, to count those that stay.
  for (long long row = blockIdx.x; row < a.rows; row += gridDim.x) {
    merge<THREADS>(a, row, keys, *shared_array<RowBlock::Shared>(0));
  }
}

// ---- Changes of layout ----

KERNEL(copy_rows, THREADS, 6, const CopyRowsArguments a) {
  long long at = blockIdx.x * (long long)THREADS + threadIdx.x;
  int slots = max(a.k, 1);
  long long row = at / slots;
  if (row >= a.codes.rows) return;
  int slot = (int)(at - row * slots);
  Entries entries = entries_of(a.codes, (int)row);
  if (slot < a.k) {
    bool filled = (unsigned)slot < entries.count;
    a.outIndices[row * a.k + slot] = filled ? a.codes.indices[entries.first + slot] : EMPTY;
    a.outValues[row * a.k + slot] = filled ? a.codes.values[entries.first + slot] : 0;
  }
  if (slot == 0) {
    a.outCounts[row] = (int)min(entries.count, (unsigned)a.k);
    if (a.totals) a.totals[row] = (int)entries.count;
  }
}

__device__ __forceinline__ unsigned entries_in(const CompressArguments& a, int row) {
  return row < a.rows ? (unsigned)min(max(a.codes.counts[row], 0), a.k) : 0;
}

KERNEL(count_filled, THREADS, 6, const CompressArguments a) {
  unsigned long long own = entries_in(a, (int)(blockIdx.x * THREADS + threadIdx.x));
  unsigned long long sum = block_sum<THREADS>(own, shared_array<unsigned long long>(0));
  if (threadIdx.x == 0) a.tileEntries[blockIdx.x] = sum;
}

KERNEL(place_filled, THREADS, 4, const CompressArguments a) {
  unsigned long long before = 0, all = 0;
  for (int tile = (int)threadIdx.x; tile < a.tiles; tile += THREADS) {
    unsigned long long entries = a.tileEntries[tile];
    all += entries;
    if (tile < (int)blockIdx.x) before += entries;
  }
  before = block_sum<THREADS>(before, shared_array<unsigned long long>(0));
  all = block_sum<THREADS>(all, shared_array<unsigned long long>(8 * WARPS));
  int row = (int)(blockIdx.x * THREADS + threadIdx.x);
  unsigned total, within = block_scan<THREADS>(entries_in(a, row), shared_array<unsigned>(16 * WARPS), total);
  bool fits = all <= (unsigned long long)a.capacity;
  if (row < a.rows) a.offsets[row] = fits ? (long long)(before + within) : 0;
  if (blockIdx.x == 0 && threadIdx.x == 0) {
    a.offsets[a.rows] = fits ? (long long)all : 0;
    if (!fits) atomicMax(a.exceeded, all);
  }
}

KERNEL(store_filled, THREADS, 4, const CompressArguments a) {
  long long row = blockIdx.x * (long long)WARPS + threadIdx.x / 32;
  if (row >= a.rows) return;
  long long to = a.offsets[row], from = row * a.k;
  int count = (int)(a.offsets[row + 1] - to);
  for (int e = (int)threadIdx.x % 32; e < count; e += 32) {
    int index = a.codes.indices[from + e];
    if (!is_atom(index, a.columnCount)) report(index, a.columnCount, a.outOfRange);
    a.columns[to + e] = index;
    a.values[to + e] = a.codes.values[from + e];
  }
}

KERNEL(store_sorted, THREADS, 6, const StoreSortedArguments a) {
  long long i = blockIdx.x * (long long)THREADS + threadIdx.x;
  unsigned count = *a.count;
  bool fits = count <= (unsigned long long)a.capacity;
  if (i == 0 && !fits) atomicMax(a.exceeded, (unsigned long long)count);
  if (i <= a.outRows) a.offsets[i] = fits ? smaller_ones(a.indices, count, (int)i) : 0;
  if (fits && i < count) {
    a.columns[i] = a.rows[i];
    a.outValues[i] = a.values[i];
  }
}
