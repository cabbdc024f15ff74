// Row-wise TopK and AbsTopK: K2 of the catalogue, and the running selection of the fused encode.
//
// Maths     of each row the k entries that rank first: by score (or its magnitude), larger first, NaN above all, -0 as
//           +0, then by lower index. The output holds the entries of `values` there; ties at the boundary, ReLU, order,
//           a mask of columns and a k for each row as org.pursuit.kernel.TopK says.
// Layout    scores and values row-major in F32, BF16 or F16, rows at any element; indices and values written [rows, slots],
//           counts [rows]; slots at or past the count hold -1 and 0.
// Launch    one algorithm (selection.cuh) in several shapes, which SelectionShape chooses from:
//             topk_warp     a warp a row, four rows a block: grid (rows + 3) / 4
//             topk_block    a block a row that fits into its registers: grid rows
//             topk_stream   a block a row of any width: grid rows
//             topk_cluster  2, 4 or 8 blocks a row, which merge through distributed shared memory: grid rows * blocks
//             topk_split    several blocks a row, each leaving a list of ranks: grid rows * slices; then topk_merge
//             running_consume, then topk_merge: see there
//           Dynamic shared memory a team: 1200 + 8 * capacity + 20 * stash bytes; see candidates.cuh.
// Bytes     rows * width * element size read once, rows * k * 8 written, and rows * k sectors of 32 bytes of values.
// Work      a comparison a score (two instructions in F32, about one in 16-bit formats, where maxima are packed), of 27
//           and 13 that the memory's speed leaves room for on an H200; and per row a few microseconds in which a
//           block waits at barriers, while the two or three others of its multiprocessor stream on.
// Exact     on any input; the same for every shape, grid and order of threads: what a row's candidates are is decided
//           by ranks that all differ.
#include "selection.h"

#include "selection.cuh"

ARGUMENTS(TopKArguments, 128);
ARGUMENTS(RunningSelector, 56);
ARGUMENTS(RunningArguments, 272);

// How many a row keeps.
__device__ __forceinline__ unsigned row_keeps(const int* rowK, int k, long long row) {
  return unsigned(rowK ? max(0, min(rowK[row], k)) : k);
}

// How many ranks tell which those are: with DROP_TIES one more.
__device__ __forceinline__ unsigned row_wants(unsigned keeps, int options) {
  return keeps && options & DROP_TIES ? keeps + 1 : keeps;
}

__device__ __forceinline__ unsigned ranked_bits(int options) { return options & BY_MAGNITUDE ? MAGNITUDE : SIGNED; }

// Sorts n candidates, at most sortable() of them, and cuts them down to what the row keeps; how many that is.
template <int THREADS>
__device__ __forceinline__ unsigned choose(Candidates<THREADS> candidates, unsigned n, unsigned keeps, int options) {
  u64* ranks = candidates.ranks();
  unsigned thread = Team<THREADS>::thread();
  // Ranks with their halves swapped are in the order of indices. A sort is much code: one place serves both orders.
  for (bool swapped = false;; swapped = true) {
    candidates.sort(n);
    if (!swapped) {
      unsigned count = min(n, keeps);
      if (options & DROP_TIES && n > keeps) {
        unsigned boundary = key_in(ranks[keeps]), above = 0;
        for (unsigned i = thread; i < keeps; i += THREADS) above += key_in(ranks[i]) > boundary;
        count = candidates.team().sum(above);
        Team<THREADS>::sync();
      }
      n = count;
      if (!(options & BY_INDEX)) return n;
    }
    for (unsigned i = thread; i < n; i += THREADS) ranks[i] = ranks[i] << 32 | ranks[i] >> 32;
    Team<THREADS>::sync();
    if (swapped) return n;
  }
}

// Writes a row of codes from n candidates.
template <int THREADS>
__device__ __forceinline__ void write_row(Candidates<THREADS> candidates, unsigned n, const TopKArguments& a,
                                          long long row) {
  int* indices = a.indices + row * a.slots;
  float* written = a.written + row * a.slots;
  unsigned count = choose(candidates, n, row_keeps(a.rowK, a.k, row), a.options), filled = 0;
  unsigned thread = Team<THREADS>::thread();
  Team<THREADS> team = candidates.team();
  for (unsigned start = 0; start < count; start += THREADS) {
    unsigned i = start + thread, place = i, stored = min(count - start, unsigned(THREADS));
    bool stays = i < count;
    u64 rank = stays ? candidates.ranks()[i] : 0;
    float value = 0;
    if (stays) value = a.values ? element(a.values, a.valueFormat, row * a.valueStride + index_in(rank)) : score_in(rank);
    if (a.options & RELU) {
      stays &= !(value <= 0);
      place = filled + team.before(stays, stored);
    }
    if (stays) {
      indices[place] = index_in(rank);
      written[place] = value;
    }
    filled += stored;
  }
  for (unsigned i = filled + thread; i < unsigned(a.slots); i += THREADS) {
    indices[i] = -1;
    written[i] = 0;
  }
  if (thread == 0) a.counts[row] = int(filled);
}

// Begins a row; how many ranks it wants.
template <int THREADS>
__device__ __forceinline__ unsigned begin_row(Candidates<THREADS> candidates, const TopKArguments& a, long long row) {
  unsigned wants = row_wants(row_keeps(a.rowK, a.k, row), a.options);
  candidates.begin(wants, unsigned(a.capacity), unsigned(a.stash), 0);
  return wants;
}

// Makes candidates of what may be selected from one of the slices of a row, at most limit() of them; how many.
template <class Format, int THREADS, int VECTORS, class Limit>
__device__ __forceinline__ unsigned select_slice(Candidates<THREADS> candidates, const TopKArguments& a, long long row,
                                                 int slice, int slices, Limit limit) {
  if (begin_row(candidates, a, row) == 0) return 0;
  using Stored = typename Format::Stored;
  StoredScores<Format> scores(static_cast<const Stored*>(a.scores) + row * a.scoreStride, a.columns);
  RowSelection<StoredScores<Format>, THREADS, VECTORS> selection(candidates, scores, ranked_bits(a.options), a.mask);
  return selection.select(slice, slices, limit);
}

// A team a row.
template <class Format, int THREADS, int VECTORS>
__device__ __forceinline__ void select_row(const TopKArguments& a, long long row, Candidates<THREADS> candidates) {
  auto sortable = [=] { return candidates.sortable(); };
  write_row(candidates, select_slice<Format, THREADS, VECTORS>(candidates, a, row, 0, 1, sortable), a, row);
}

template <class Format>
__device__ __forceinline__ void select_by_warp(const TopKArguments& a) {
  unsigned warp = threadIdx.x / 32, bytes = Candidates<32>::bytes(unsigned(a.capacity), unsigned(a.stash));
  long long row = (long long)blockIdx.x * 4 + warp;
  if (row < a.rows) select_row<Format, 32, 8>(a, row, Candidates<32>(warp * bytes));
}

template <class Format, int THREADS, int VECTORS>
__device__ __forceinline__ void select_by_block(const TopKArguments& a) {
  select_row<Format, THREADS, VECTORS>(a, blockIdx.x, Candidates<THREADS>(0));
}

KERNEL(topk_warp_f32, 128, 6, const TopKArguments a) { select_by_warp<F32>(a); }
KERNEL(topk_warp_bf16, 128, 6, const TopKArguments a) { select_by_warp<Bf16>(a); }
KERNEL(topk_warp_f16, 128, 6, const TopKArguments a) { select_by_warp<F16>(a); }

KERNEL(topk_block128_f32, 128, 8, const TopKArguments a) { select_by_block<F32, 128, 8>(a); }
KERNEL(topk_block128_bf16, 128, 8, const TopKArguments a) { select_by_block<Bf16, 128, 8>(a); }
KERNEL(topk_block128_f16, 128, 8, const TopKArguments a) { select_by_block<F16, 128, 8>(a); }

KERNEL(topk_block512_f32, 512, 2, const TopKArguments a) { select_by_block<F32, 512, 8>(a); }
KERNEL(topk_block512_bf16, 512, 2, const TopKArguments a) { select_by_block<Bf16, 512, 8>(a); }
KERNEL(topk_block512_f16, 512, 2, const TopKArguments a) { select_by_block<F16, 512, 8>(a); }

KERNEL(topk_stream_f32, 256, 4, const TopKArguments a) { select_by_block<F32, 256, 8>(a); }
KERNEL(topk_stream_bf16, 256, 4, const TopKArguments a) { select_by_block<Bf16, 256, 8>(a); }
KERNEL(topk_stream_f16, 256, 4, const TopKArguments a) { select_by_block<F16, 256, 8>(a); }

// A cluster a row: each block finds the first k of its slice, then the first block merges them.
template <class Format, int BLOCKS>
__device__ __forceinline__ void select_by_cluster(const TopKArguments& a) {
  Candidates<512> candidates(0);
  long long row = blockIdx.x / BLOCKS;
  unsigned rank = cluster_rank();
  auto exactly = [=] { return candidates.k(); };
  unsigned n = select_slice<Format, 512, 4>(candidates, a, row, int(rank), BLOCKS, exactly);
  cluster_sync();
  if (rank == 0) {
    UNROLL_BY(1)
    for (unsigned peer = 1; peer < BLOCKS; peer++) {
      Candidates<512>::Peer theirs = candidates.of(peer);
      n = candidates.absorb(*theirs.count, candidates.sortable(), [theirs](unsigned i) { return theirs.ranks[i]; });
    }
    write_row(candidates, n, a, row);
  }
  cluster_sync();  // the peers' memory stays until it has been read
}

CLUSTER_KERNEL(topk_cluster2_f32, 2, 512, 2, const TopKArguments a) { select_by_cluster<F32, 2>(a); }
CLUSTER_KERNEL(topk_cluster2_bf16, 2, 512, 2, const TopKArguments a) { select_by_cluster<Bf16, 2>(a); }
CLUSTER_KERNEL(topk_cluster2_f16, 2, 512, 2, const TopKArguments a) { select_by_cluster<F16, 2>(a); }
CLUSTER_KERNEL(topk_cluster4_f32, 4, 512, 2, const TopKArguments a) { select_by_cluster<F32, 4>(a); }
CLUSTER_KERNEL(topk_cluster4_bf16, 4, 512, 2, const TopKArguments a) { select_by_cluster<Bf16, 4>(a); }
CLUSTER_KERNEL(topk_cluster4_f16, 4, 512, 2, const TopKArguments a) { select_by_cluster<F16, 4>(a); }
CLUSTER_KERNEL(topk_cluster8_f32, 8, 512, 2, const TopKArguments a) { select_by_cluster<F32, 8>(a); }
CLUSTER_KERNEL(topk_cluster8_bf16, 8, 512, 2, const TopKArguments a) { select_by_cluster<Bf16, 8>(a); }
CLUSTER_KERNEL(topk_cluster8_f16, 8, 512, 2, const TopKArguments a) { select_by_cluster<F16, 8>(a); }

// A block a slice of a row; its first k go to a list.
template <class Format>
__device__ __forceinline__ void select_split(const TopKArguments& a) {
  Candidates<512> candidates(0);
  long long row = blockIdx.x / unsigned(a.slices);
  int slice = int(blockIdx.x % unsigned(a.slices));
  unsigned n = select_slice<Format, 512, 4>(candidates, a, row, slice, a.slices, [=] { return candidates.k(); });
  u64* list = a.lists + (long long)blockIdx.x * a.listCapacity;
  for (unsigned i = threadIdx.x; i < n; i += 512) list[i] = candidates.ranks()[i];
  if (threadIdx.x == 0) a.listCounts[blockIdx.x] = n;
}

KERNEL(topk_split_f32, 512, 2, const TopKArguments a) { select_split<F32>(a); }
KERNEL(topk_split_bf16, 512, 2, const TopKArguments a) { select_split<Bf16>(a); }
KERNEL(topk_split_f16, 512, 2, const TopKArguments a) { select_split<F16>(a); }

// Merges a row's lists and writes its codes: grid rows.
KERNEL(topk_merge, 256, 2, const TopKArguments a) {
  Candidates<256> candidates(0);
  long long row = blockIdx.x;
  const u64* lists = a.lists + row * a.slices * a.listCapacity;
  const unsigned* counts = a.listCounts + row * a.slices;
  unsigned ranks = begin_row(candidates, a, row) ? unsigned(a.slices * a.listCapacity) : 0;
  unsigned n = candidates.absorb(ranks, candidates.sortable(), [&](unsigned i) {
    unsigned list = i / unsigned(a.listCapacity);
    return i - list * unsigned(a.listCapacity) < counts[list] ? lists[i] : 0;
  });
  write_row(candidates, n, a, row);
}

// ---- The running selection of the fused encode ----
//
// The scores of a tile of rows arrive in chunks of columns, in ascending order, each overwriting the last. Between the
// chunks a row's candidates lie in a list in device memory, with the floor that later scores must exceed. A chunk mostly
// adds the few scores that pass; only when the list is full are its ranks read, narrowed and written back. Bytes a
// chunk: rows * columns * 4 from L2, once however many selections there are, and a few sectors a row. In the end
// topk_merge makes codes of the lists.

__device__ __forceinline__ void consume(Candidates<128> candidates, const RunningArguments& a, const RunningSelector& s,
                                        const ActivatedScores& scores, long long row) {
  unsigned wants = row_wants(row_keeps(s.rowK, s.k, row), s.options);
  candidates.begin(wants, unsigned(a.capacity), unsigned(a.stash), s.floors[row]);
  RowSelection<ActivatedScores, 128, 8> selection(candidates, scores, ranked_bits(s.options), s.mask);
  if (wants == 0 || selection.settled()) return;
  unsigned n = selection.select(0, 1, [=] { return candidates.window(); });
  unsigned had = s.counts[row], first = had;
  u64* list = s.lists + row * s.listCapacity;
  if (had + n > unsigned(s.listCapacity)) {
    n = candidates.absorb(had, candidates.window(), [list](unsigned i) { return list[i]; });
    first = 0;
  }
  for (unsigned i = threadIdx.x; i < n; i += 128) list[first + i] = candidates.ranks()[i];
  __syncthreads();  // everyone knows how many ranks there were
  if (threadIdx.x == 0) {
    s.counts[row] = first + n;
    s.floors[row] = candidates.floor();
  }
}

// Takes a chunk into account: grid rows.
KERNEL(running_consume, 128, 6, const RunningArguments a) {
  Candidates<128> candidates(0);
  long long row = blockIdx.x;
  ActivatedScores scores(a.scores + row * a.stride, a.bias, a.relu != 0, a.columns, a.firstColumn);
  UNROLL_BY(1)
  for (int i = 0; i < a.count; i++) {
    __syncthreads();  // the shared memory was the last selector's
    consume(candidates, a, a.selectors[i], scores, row);
  }
}
