// Row-wise TopK and AbsTopK: K2 of the catalogue, and the running selection of the fused encode.
//
// Maths     of each row the k entries that rank first: by score (or its magnitude), larger first, NaN above all, -0 as
//           +0, then by lower index. The output holds the entries of `values` there; ties at the boundary, ReLU, order,
//           a mask of columns and a k for each row as org.pursuit.kernel.TopK says.
// Layout    scores and values row-major in F32, BF16 or F16, rows at any element; indices and values written [rows, slots],
//           counts [rows]; slots at or past the count hold -1 and 0.
// Launch    one algorithm (selection.cuh) in several shapes, which CudaSelection chooses from:
//             topk_warp     a warp a row, four rows a block: grid (rows + 3) / 4
//             topk_block    a block a row that fits into its registers: grid rows
//             topk_stream   a block a row of any width: grid rows
//             topk_cluster  2, 4 or 8 blocks a row, which merge through distributed shared memory: grid rows * blocks
//             topk_split    several blocks a row, each leaving a list of ranks: grid rows * slices; then topk_merge
//             running_consume, then topk_merge: see there
//           Dynamic shared memory a team: 1312 + 8 * capacity bytes, capacity even; see candidates.cuh for how much.
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
ARGUMENTS(RunningArguments, 264);

// How many a row keeps.
__device__ __forceinline__ unsigned row_keeps(const int* rowK, int k, long long row) {
  return unsigned(rowK ? max(0, min(rowK[row], k)) : k);
}

// How many ranks tell which those are: with DROP_TIES one more.
__device__ __forceinline__ unsigned row_wants(unsigned keeps, int options) {
  return keeps && options & DROP_TIES ? keeps + 1 : keeps;
}

__device__ __forceinline__ unsigned ranked_bits(int options) { return options & BY_MAGNITUDE ? MAGNITUDE : SIGNED; }

// Sorts the candidates and cuts them down to what the row keeps; how many that is.
template <int THREADS>
__device__ __forceinline__ unsigned choose(Candidates<THREADS> candidates, unsigned keeps, int options) {
  u64* ranks = candidates.ranks();
  unsigned n = candidates.pushed(), sortable = 128;
  while (sortable < candidates.k()) sortable *= 2;
  if (n > sortable) {
    candidates.narrow(n, sortable);
    n = candidates.pushed();
  }
  candidates.sort(n);
  unsigned count = min(n, keeps), thread = Team<THREADS>::thread();
  if (options & DROP_TIES && n > keeps) {
    unsigned boundary = key_in(ranks[keeps]), above = 0;
    for (unsigned i = thread; i < keeps; i += THREADS) above += key_in(ranks[i]) > boundary;
    count = candidates.team().sum(above);
    Team<THREADS>::sync();
  }
  if (options & BY_INDEX) {
    for (unsigned i = thread; i < count; i += THREADS) ranks[i] = ranks[i] << 32 | ranks[i] >> 32;
    Team<THREADS>::sync();
    candidates.sort(count);
    for (unsigned i = thread; i < count; i += THREADS) ranks[i] = ranks[i] << 32 | ranks[i] >> 32;
    Team<THREADS>::sync();
  }
  return count;
}

// Writes a row of codes.
template <int THREADS>
__device__ __forceinline__ void write_row(Candidates<THREADS> candidates, const TopKArguments& a, long long row,
                                          unsigned keeps) {
  int* indices = a.indices + row * a.slots;
  float* written = a.written + row * a.slots;
  unsigned count = choose(candidates, keeps, a.options), filled = 0, thread = Team<THREADS>::thread();
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

// Makes candidates of what may be selected from one of the slices of a row.
template <class Format, int THREADS, int VECTORS>
__device__ __forceinline__ void select_slice(Candidates<THREADS> candidates, const TopKArguments& a, long long row,
                                             unsigned keeps, int slice, int slices) {
  unsigned wants = row_wants(keeps, a.options);
  candidates.begin(wants, unsigned(a.capacity), 0);
  if (wants == 0) return;
  using Stored = typename Format::Stored;
  StoredScores<Format> scores(static_cast<const Stored*>(a.scores) + row * a.scoreStride, a.columns);
  RowSelection<StoredScores<Format>, THREADS, VECTORS> selection(candidates, scores, ranked_bits(a.options), a.mask);
  selection.select(slice, slices);
}

// A team a row.
template <class Format, int THREADS, int VECTORS>
__device__ __forceinline__ void select_row(const TopKArguments& a, long long row, Candidates<THREADS> candidates) {
  unsigned keeps = row_keeps(a.rowK, a.k, row);
  select_slice<Format, THREADS, VECTORS>(candidates, a, row, keeps, 0, 1);
  write_row(candidates, a, row, keeps);
}

template <class Format>
__device__ __forceinline__ void select_by_warp(const TopKArguments& a) {
  unsigned warp = threadIdx.x / 32, bytes = unsigned(sizeof(Candidates<32>::Shared)) + 8 * unsigned(a.capacity);
  long long row = (long long)blockIdx.x * 4 + warp;
  if (row < a.rows) select_row<Format, 32, 8>(a, row, Candidates<32>(warp * bytes));
}

template <class Format, int THREADS, int VECTORS>
__device__ __forceinline__ void select_by_block(const TopKArguments& a) {
  select_row<Format, THREADS, VECTORS>(a, blockIdx.x, Candidates<THREADS>(0));
}

KERNEL(topk_warp_f32, 128, 8, const TopKArguments a) { select_by_warp<F32>(a); }
KERNEL(topk_warp_bf16, 128, 8, const TopKArguments a) { select_by_warp<Bf16>(a); }
KERNEL(topk_warp_f16, 128, 8, const TopKArguments a) { select_by_warp<F16>(a); }

KERNEL(topk_block128_f32, 128, 8, const TopKArguments a) { select_by_block<F32, 128, 8>(a); }
KERNEL(topk_block128_bf16, 128, 8, const TopKArguments a) { select_by_block<Bf16, 128, 8>(a); }
KERNEL(topk_block128_f16, 128, 8, const TopKArguments a) { select_by_block<F16, 128, 8>(a); }

KERNEL(topk_block512_f32, 512, 2, const TopKArguments a) { select_by_block<F32, 512, 8>(a); }
KERNEL(topk_block512_bf16, 512, 2, const TopKArguments a) { select_by_block<Bf16, 512, 8>(a); }
KERNEL(topk_block512_f16, 512, 2, const TopKArguments a) { select_by_block<F16, 512, 8>(a); }

KERNEL(topk_stream_f32, 512, 3, const TopKArguments a) { select_by_block<F32, 512, 4>(a); }
KERNEL(topk_stream_bf16, 512, 3, const TopKArguments a) { select_by_block<Bf16, 512, 4>(a); }
KERNEL(topk_stream_f16, 512, 3, const TopKArguments a) { select_by_block<F16, 512, 4>(a); }

// The candidates cut down to the k largest; how many there are.
template <int THREADS>
__device__ __forceinline__ unsigned first_k(Candidates<THREADS> candidates) {
  unsigned n = candidates.pushed();
  if (n <= candidates.k()) return n;
  candidates.narrow(n, candidates.k());
  return candidates.pushed();
}

// A cluster a row: each block finds the first k of its slice, then the first block merges them.
template <class Format, int BLOCKS>
__device__ __forceinline__ void select_by_cluster(const TopKArguments& a) {
  Candidates<512> candidates(0);
  long long row = blockIdx.x / BLOCKS;
  unsigned keeps = row_keeps(a.rowK, a.k, row), rank = cluster_rank();
  select_slice<Format, 512, 4>(candidates, a, row, keeps, int(rank), BLOCKS);
  first_k(candidates);
  cluster_sync();
  if (rank == 0) {
    UNROLL_BY(1)
    for (unsigned peer = 1; peer < BLOCKS; peer++) {
      Candidates<512>::Peer theirs = candidates.of(peer);
      candidates.absorb(*theirs.count, [theirs](unsigned i) { return theirs.ranks[i]; });
    }
    write_row(candidates, a, row, keeps);
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
  unsigned keeps = row_keeps(a.rowK, a.k, row);
  select_slice<Format, 512, 4>(candidates, a, row, keeps, int(blockIdx.x % unsigned(a.slices)), a.slices);
  unsigned n = first_k(candidates);
  u64* list = a.lists + (long long)blockIdx.x * a.listCapacity;
  for (unsigned i = threadIdx.x; i < n; i += 512) list[i] = candidates.ranks()[i];
  if (threadIdx.x == 0) a.listCounts[blockIdx.x] = n;
}

KERNEL(topk_split_f32, 512, 3, const TopKArguments a) { select_split<F32>(a); }
KERNEL(topk_split_bf16, 512, 3, const TopKArguments a) { select_split<Bf16>(a); }
KERNEL(topk_split_f16, 512, 3, const TopKArguments a) { select_split<F16>(a); }

// Merges a row's lists and writes its codes: grid rows.
KERNEL(topk_merge, 256, 2, const TopKArguments a) {
  Candidates<256> candidates(0);
  long long row = blockIdx.x;
  unsigned keeps = row_keeps(a.rowK, a.k, row), wants = row_wants(keeps, a.options);
  const u64* lists = a.lists + row * a.slices * a.listCapacity;
  const unsigned* counts = a.listCounts + row * a.slices;
  candidates.begin(wants, unsigned(a.capacity), 0);
  if (wants)
    candidates.absorb(unsigned(a.slices * a.listCapacity), [&](unsigned i) {
      unsigned list = i / unsigned(a.listCapacity);
      return i - list * unsigned(a.listCapacity) < counts[list] ? lists[i] : 0;
    });
  write_row(candidates, a, row, keeps);
}

// ---- The running selection of the fused encode ----
//
// The scores of a tile of rows arrive in chunks of columns, in ascending order, each overwriting the last. Between the
// chunks a row's candidates lie in a list in device memory, with the floor that later scores must exceed. A chunk mostly
// adds the few scores that pass; only when the list is full are its ranks read, narrowed and written back. Bytes a
// chunk: rows * columns * 4 from L2, once however many selections there are, and a few sectors a row. In the end
// topk_merge makes codes of the lists.

__device__ __forceinline__ void consume(const RunningSelector& s, const ActivatedScores& scores, long long row) {
  Candidates<128> candidates(0);
  unsigned wants = row_wants(row_keeps(s.rowK, s.k, row), s.options);
  candidates.begin(wants, unsigned(s.capacity), s.floors[row]);
  RowSelection<ActivatedScores, 128, 8> selection(candidates, scores, ranked_bits(s.options), s.mask);
  if (wants == 0 || selection.settled()) return;
  selection.select(0, 1);
  u64* list = s.lists + row * s.listCapacity;
  unsigned had = s.counts[row], n = candidates.pushed(), first = had;
  if (had + n > unsigned(s.listCapacity)) {
    candidates.absorb(had, [list](unsigned i) { return list[i]; });
    n = candidates.pushed();
    if (n > candidates.window()) {
      candidates.narrow(n, candidates.window());
      n = candidates.pushed();
    }
    first = 0;
  }
  for (unsigned i = threadIdx.x; i < n; i += 128) list[first + i] = candidates.ranks()[i];
  if (threadIdx.x == 0) {
    s.counts[row] = first + n;
    s.floors[row] = candidates.floor();
  }
}

// Takes a chunk into account: grid rows.
KERNEL(running_consume, 128, 8, const RunningArguments a) {
  long long row = blockIdx.x;
  ActivatedScores scores(a.scores + row * a.stride, a.bias, a.relu != 0, a.columns, a.firstColumn);
  UNROLL_BY(1)
  for (int i = 0; i < a.count; i++) {
    consume(a.selectors[i], scores, row);
    __syncthreads();  // the shared memory is the next selector's
  }
}
