// The first rows of each column: K4 of the catalogue.
//
// Maths     of each column the m rows that rank first, by score (or its magnitude), larger first, NaN above all, -0 as +0,
//           then by lower row id; with RELU without values that are at most 0. What the output held may compete.
// Layout    scores row-major in F32, BF16 or F16, rows at any element; ids and values written [columns, m], counts
//           [columns]; slots at or past the count hold -1 and 0.
// Steps     column_topk_scan_*   a lane has a column, a warp a strip of 32 columns, of which it reads one row after another: whole
//                           sectors. A lane keeps the first rows so far in a heap with the last of them in front, and its
//                           score in a register: nearly every score is dropped by one comparison. Eight warps share a strip
//                           and tell each other what m rows of one of them reach; in the end one merges the heaps. Where
//                           those are too large for shared memory, a warp has a strip alone and its heap in device memory
//           column_topk_count, place_tiles (sparsify.cu), column_topk_scatter   entries of codes by column, in any order
//           column_topk_merge    the heaps of all parts of the rows, and what the output held; sorts
// Launch    blocks of 256 threads. scan: parts * ceil(strips / (8 / warpsPerStrip)) blocks; 1152 bytes of shared memory,
//           and 2048 * m more with eight warps a strip. merge: a warp a strip. count and scatter: a warp a row.
// Bytes     rows * columns * element once; columns * m * (12 + 16 * parts). Of codes: entries * 24.
// Exact     on any input, and the same for any order of threads: of entries that all differ the first m are one set.
#include "column_topk.h"

#include "elements.cuh"
#include "keys.cuh"

ARGUMENTS(ColumnTopKArguments, 128);
ARGUMENTS(ColumnEntriesArguments, 80);

constexpr int THREADS = 256, WARPS = THREADS / 32;
constexpr int AT_ONCE = 8;  // rows whose scores are loaded before the first is used

__device__ __forceinline__ unsigned lane_of_warp() { return threadIdx.x % 32; }
__device__ __forceinline__ int strips_of(int columns) { return (columns - 1) / 32 + 1; }

// An entry: its value, and its row, or ~slot where the output held it.
__device__ __forceinline__ u64 entry_of(float value, int row) { return (u64)__float_as_uint(value) << 32 | unsigned(row); }
__device__ __forceinline__ float value_in(u64 entry) { return __uint_as_float(unsigned(entry >> 32)); }

// A column, and how its entries rank.
struct Column {
  const ColumnTopKArguments& a;
  long long number;
  unsigned bits, most;  // what counts of a score; how many are kept

  __device__ __forceinline__ Column(const ColumnTopKArguments& a, long long number)
      : a(a), number(number), bits(a.options & COLUMN_BY_MAGNITUDE ? MAGNITUDE : SIGNED), most(unsigned(a.m)) {
    if (number >= a.columns)
      most = 0;
    else if (a.columnM)
      most = unsigned(max(0, min(a.columnM[number], a.m)));
  }

  __device__ __forceinline__ unsigned key(float value) const { return key_of(ranked(value, bits)); }
  __device__ __forceinline__ bool competes(float value) const { return most && !(a.options & COLUMN_RELU && value <= 0); }
  __device__ __forceinline__ long long id(u64 entry) const {
    int row = int(unsigned(entry));
    if (row < 0) return a.heldIds[number * a.m + ~row];
    return a.rowIds ? a.rowIds[row] : a.firstRow + row;
  }
  __device__ __forceinline__ bool precedes(u64 x, u64 y) const {
    unsigned left = key(value_in(x)), right = key(value_in(y));
    return left > right || (left == right && id(x) < id(y));
  }
};

// A lane's first entries so far: a heap whose front is the last of them. Slots of neighbouring lanes are neighbours.
struct Heap {
  u64* slots;
  unsigned count;

  __device__ __forceinline__ u64& at(unsigned i) const { return slots[i * 32]; }

  // Puts an entry in place of the front one of the first `size`.
  __device__ __forceinline__ void sink(const Column& column, unsigned size, u64 entry) const {
    unsigned to = 0;
    for (unsigned child = 1; child < size; child = 2 * to + 1) {
      if (child + 1 < size && column.precedes(at(child), at(child + 1))) child++;
      if (!column.precedes(entry, at(child))) break;
      at(to) = at(child);
      to = child;
    }
    at(to) = entry;
  }

  // Adds an entry that competes, if it is one of the first.
  __device__ __forceinline__ void add(const Column& column, u64 entry) {
    if (count < column.most) {
      unsigned to = count++;
      while (to > 0 && column.precedes(at((to - 1) / 2), entry)) {
        at(to) = at((to - 1) / 2);
        to = (to - 1) / 2;
      }
      at(to) = entry;
    } else if (column.precedes(entry, at(0))) {
      sink(column, count, entry);
    }
  }
};

// Where a part's list of a strip lies, of this lane.
__device__ __forceinline__ u64* list_of(const ColumnTopKArguments& a, long long part, long long strip) {
  return a.lists + (part * strips_of(a.columns) + strip) * a.m * 32 + lane_of_warp();
}
__device__ __forceinline__ int& list_count(const ColumnTopKArguments& a, long long part, long long strip) {
  return a.listCounts[(part * strips_of(a.columns) + strip) * 32 + lane_of_warp()];
}

// Scores of a column of a matrix, by row. Of equal ones the later comes after, unless ids are given.
template <class Format>
struct Scores {
  using Stored = typename Format::Stored;
  const Stored* first;
  long long stride;
  int count;

  __device__ __forceinline__ Scores(const ColumnTopKArguments& a, long long column)
      : first(static_cast<const Stored*>(a.scores) + column), stride(a.stride), count(column < a.columns ? a.rows : 0) {}
  __device__ __forceinline__ u64 entry(int i) const {
    return entry_of(Format::widen(load_stream(first + i * stride)), i);
  }
  static __device__ __forceinline__ bool rising(const ColumnTopKArguments& a) { return !a.rowIds; }
};

// Entries of a column, in any order.
struct Entries {
  const u64* first;
  int count;

  __device__ __forceinline__ Entries(const ColumnTopKArguments& a, long long column) : first(a.entries), count(0) {
    if (column >= a.columns) return;
    first += a.firsts[column];
    count = int(a.firsts[column + 1] - a.firsts[column]);
  }
  __device__ __forceinline__ u64 entry(int i) const { return __ldg(first + i); }
  static __device__ __forceinline__ bool rising(const ColumnTopKArguments&) { return false; }
};

struct ScanShared {
  unsigned bars[32];           // the largest keys that m entries of one of the warps reach
  unsigned counts[WARPS][32];  // of the warps' heaps
};
static_assert(sizeof(ScanShared) == 1152, "the host adds this to the heaps");

// The bar that a score has to exceed: above what a full heap ends with, and not below what others know.
__device__ __forceinline__ float bar_of(const Column& column, const Heap& heap, bool rising, unsigned known) {
  unsigned least = known;
  if (heap.count == column.most) {
    unsigned last = column.most ? column.key(value_in(heap.at(0))) : NAN_KEY;
    least = max(least, rising && last < NAN_KEY ? last + 1 : last);
  }
  if (column.a.options & COLUMN_RELU) least = max(least, ZERO_KEY + 1);
  return below(least);
}

template <class Source>
__device__ __forceinline__ void scan(const ColumnTopKArguments& a) {
  ScanShared& shared = shared_memory<ScanShared>();
  unsigned warp = threadIdx.x / 32, lane = lane_of_warp();
  bool alone = a.warpsPerStrip == 1;
  int strips = strips_of(a.columns), blocks = alone ? (strips - 1) / WARPS + 1 : strips;
  long long part = blockIdx.x / blocks, strip = blockIdx.x - part * blocks;
  if (alone) strip = strip * WARPS + warp;
  if (!alone) {
    if (warp == 0) shared.bars[lane] = 0;
    __syncthreads();
  }
  if (strip >= strips) return;
  Column column(a, strip * 32 + lane);
  Source source(a, column.number);
  u64* list = list_of(a, part, strip);
  u64* heaps = shared_array<u64>(sizeof(ScanShared)) + lane;
  Heap heap{alone ? list : heaps + warp * unsigned(a.m) * 32, 0};
  bool rising = Source::rising(a);

  long long count = source.count;
  int end = int(count * (part + 1) / a.parts), step = a.warpsPerStrip;
  int i = int(count * part / a.parts) + (alone ? 0 : int(warp));
  unsigned known = 0;
  float bar = bar_of(column, heap, rising, known);
  while (__any_sync(~0u, i < end)) {
    u64 entries[AT_ONCE];
    unsigned passing = 0;
    UNROLL for (int j = 0; j < AT_ONCE; j++) entries[j] = i + j * step < end ? source.entry(i + j * step) : 0;
    UNROLL for (int j = 0; j < AT_ONCE; j++) {
      if (!(ranked(value_in(entries[j]), column.bits) <= bar) && i + j * step < end) passing |= 1u << j;
    }
    if (passing) {
      for (; passing; passing &= passing - 1) {
        unsigned which = unsigned(__ffs(int(passing)) - 1);
        u64 entry = entries[0];
        UNROLL for (unsigned j = 1; j < AT_ONCE; j++) entry = which == j ? entries[j] : entry;
        if (column.competes(value_in(entry))) heap.add(column, entry);
      }
      bar = bar_of(column, heap, rising, known);
    }
    if (!alone) {
      unsigned own = column.most && heap.count == column.most ? column.key(value_in(heap.at(0))) : 0;
      unsigned others = atomicMax(&shared.bars[lane], own);
      if (others > known) {
        known = others;
        bar = bar_of(column, heap, rising, known);
      }
    }
    i += AT_ONCE * step;
  }
  if (!alone) {
    shared.counts[warp][lane] = heap.count;
    __syncthreads();  // every heap is complete
    if (warp != 0) return;
    for (unsigned other = 1; other < WARPS; other++) {
      Heap theirs{heaps + other * unsigned(a.m) * 32, shared.counts[other][lane]};
      for (unsigned slot = 0; slot < theirs.count; slot++) heap.add(column, theirs.at(slot));
    }
    for (unsigned slot = 0; slot < heap.count; slot++) list[slot * 32] = heap.at(slot);
  }
  list_count(a, part, strip) = int(heap.count);
}

KERNEL(column_topk_scan_f32, THREADS, 3, const ColumnTopKArguments a) { scan<Scores<F32>>(a); }
KERNEL(column_topk_scan_bf16, THREADS, 3, const ColumnTopKArguments a) { scan<Scores<Bf16>>(a); }
KERNEL(column_topk_scan_f16, THREADS, 3, const ColumnTopKArguments a) { scan<Scores<F16>>(a); }
KERNEL(column_topk_scan_entries, THREADS, 3, const ColumnTopKArguments a) { scan<Entries>(a); }

KERNEL(column_topk_merge, THREADS, 4, const ColumnTopKArguments a) {
  long long strip = blockIdx.x * (long long)WARPS + threadIdx.x / 32;
  Column column(a, strip * 32 + lane_of_warp());
  if (column.number >= a.columns) return;
  Heap heap{list_of(a, 0, strip), unsigned(list_count(a, 0, strip))};
  for (int part = 1; part < a.parts; part++) {
    Heap other{list_of(a, part, strip), unsigned(list_count(a, part, strip))};
    for (unsigned slot = 0; slot < other.count; slot++) heap.add(column, other.at(slot));
  }
  int* count = a.counts + column.number;
  float* values = a.values + column.number * a.m;
  long long* ids = a.ids + column.number * a.m;
  int held = a.heldIds ? max(0, min(*count, a.m)) : 0;
  for (int slot = 0; slot < held; slot++) {
    if (column.competes(values[slot])) heap.add(column, entry_of(values[slot], ~slot));
  }
  for (unsigned last = heap.count; last > 1; last--) {
    u64 entry = heap.at(last - 1);
    heap.at(last - 1) = heap.at(0);
    heap.sink(column, last - 1, entry);
  }
  *count = int(heap.count);
  for (unsigned slot = 0; slot < unsigned(a.m); slot++) {
    bool filled = slot < heap.count;
    ids[slot] = filled ? column.id(heap.at(slot)) : -1;
    values[slot] = filled ? value_in(heap.at(slot)) : 0;
  }
}

// ---- Entries of codes by column ----

// Calls entry(column, value, row) for each entry of a warp's row.
template <class Entry>
__device__ __forceinline__ void each_entry(const ColumnEntriesArguments& a, Entry entry) {
  long long row = blockIdx.x * (long long)WARPS + threadIdx.x / 32;
  if (row >= a.rows) return;
  long long first = a.offsets ? a.offsets[row] : row * a.k;
  long long end = a.offsets ? a.offsets[row + 1] : first + max(0, min(a.codeCounts[row], a.k));
  for (long long e = first + lane_of_warp(); e < end; e += 32) {
    int column = a.indices[e];
    if (unsigned(column) < unsigned(a.columns))
      entry(column, e, int(row));
    else
      atomicMax(a.outOfRange, (u64)unsigned(column) + 1);
  }
}

KERNEL(column_topk_count, THREADS, 4, const ColumnEntriesArguments a) {
  each_entry(a, [&](int column, long long, int) { atomicAdd(reinterpret_cast<u64*>(a.firsts) + column, (u64)1); });
}

KERNEL(column_topk_scatter, THREADS, 4, const ColumnEntriesArguments a) {
  each_entry(a, [&](int column, long long e, int row) {
    a.entries[a.firsts[column] + atomicAdd(a.cursors + column, 1u)] = entry_of(a.codeValues[e], row);
  });
}
