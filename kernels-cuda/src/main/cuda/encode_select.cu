// Selections by thresholds and from all rows together inside the fused encode: K6 and K3 of the catalogue on chunks of
// scores that are gone afterwards.
//
// Maths     as sparsify.cu and global_topk.cu have it, on activation(scores + bias), computed as the scores are read.
// Chunk     sweep_count_*   how many scores of each segment of 1024 columns of a row pass. By threshold: those above it or
//                           not below it. From all rows: those that do not rank after the bar
//           sweep_place     counts become places behind what the list holds; sweep_place_slots: places in the row
//           sweep_append_*  what passes goes to the list or to the slots. The scores are read once more, from L2
// List      row, column and value of each entry, in the order of tiles of rows, chunks, rows and columns.
// Bar       from all rows: the k-th first of the list, by its whole rank: key, then place of the matrix, row by row. No two
//           ranks are equal, so that what ranks after the bar can be dropped at any time, whatever comes later, and ties
//           are nothing special. The list has room for k entries, as many again and a few whole chunks; before it might
//           overflow it is cut to its k first, which raises the bar:
//           sweep_histogram, sweep_choose   for 11 bits of the ranks after another: how many entries have which, and in
//                           which bin the k-th lies. Three times for the key; then for the place, but only if not all
//                           entries with the k-th's key are selected
//           sweep_keep_count, place_tiles (sparsify.cu), sweep_keep, sweep_back   what does not rank after it moves
//                           together, in order
//           The host knows when the list might overflow, the device whether it nearly does: else these return at once. The
//           last cut, to what is selected, drops values that are at most 0 too if the options say so.
// Codes     sweep_cells     how many entries each cell (a row's chunk) has and where they begin in the list; place_rows,
//           place_tiles (sparsify.cu) where they go; sweep_write. If a list by thresholds was too short it has no room in
//           the codes either: they are left empty, and the flag tells how many entries there were.
//           sweep_finish_slots   empty slots, and counts
// Launch    blocks of 256 threads. Chunk: a warp a segment, a block eight rows of it: ceil(rows / 8) * segments; one for
//           sweep_place; a thread a row for sweep_place_slots, a warp a row for sweep_finish_slots. List: one for sweep_choose,
//           else any number, the same for the sweep_keep kernels. Shared memory: 8 KB for sweep_histogram, 64 bytes for
//           sweep_choose, sweep_place, sweep_keep_count and sweep_keep, else none.
// Bytes     a chunk: twice rows * columns * 4, from L2, and 24 an entry of the list, 16 of slots. A cut: 4 an entry and level,
//           40 an entry that stays. In the end 12 and 40 an entry, and 12 a cell. Atomics on integers only.
// Exact     on any input, and the same for any order of threads: every place is a count.
#include "encode_select.h"

#include "bins.cuh"
#include "keys.cuh"
#include "quads.cuh"
#include "scans.cuh"

ARGUMENTS(SweepState, 16432);
ARGUMENTS(SweepArguments, 144);
ARGUMENTS(SweepListArguments, 216);

constexpr int QUAD = 4, BLOCK = 32 * QUAD, SEGMENT = 8 * BLOCK;

__device__ __forceinline__ unsigned ranked_bits(int options) { return options & SWEEP_BY_MAGNITUDE ? MAGNITUDE : SIGNED; }

// ---- chunks ----

// What passes a threshold.
struct Above {
  const SweepArguments& a;

  __device__ __forceinline__ Above(const SweepArguments& a, long long) : a(a) {}
  __device__ __forceinline__ bool passes(unsigned key, int column) const {
    unsigned threshold = key_of(__ldg(a.thresholds + (long long)column * a.thresholdStride));
    return a.options & SWEEP_OR_EQUAL ? key >= threshold : key > threshold;
  }
};

// What does not rank after the bar.
struct First {
  unsigned key;
  unsigned long long inverse, ofRow;  // of the row's column 0

  __device__ __forceinline__ First(const SweepArguments& a, long long row)
      : key(a.state->key),
        inverse(a.state->inverse),
        ofRow((unsigned long long)(a.last - (a.firstRow + row) * a.allColumns)) {}
  __device__ __forceinline__ bool passes(unsigned its, int column) const {
    return its > key || (its == key && ofRow - unsigned(column) >= inverse);
  }
};

// A warp's segment of a row.
struct Piece {
  const SweepArguments& a;
  InRows scores;
  int segments, segment;
  long long row;

  __device__ __forceinline__ explicit Piece(const SweepArguments& a)
      : a(a), scores(rows_in(a.scores, a.stride, a.columns, FORMAT_F32)), segments((a.columns - 1) / SEGMENT + 1) {
    unsigned group = blockIdx.x / unsigned(segments);  // of rows
    segment = int(blockIdx.x - group * unsigned(segments));
    row = group * (long long)WARPS + threadIdx.x / 32;
  }
  __device__ __forceinline__ long long place() const { return row * segments + segment; }

  // The activated score of a lane.
  __device__ __forceinline__ float activated_score(float v, int column) const {
    if (a.bias) v += __ldg(a.bias + column);
    return activated(v, a.options & SWEEP_ACTIVATED);
  }

  // Calls visit(column, scores, passing) in all lanes for each block of columns: the lane's first column, its four scores,
  // and a bit for each of them that passes.
  template <class Bar, class Visit>
  __device__ __forceinline__ void each(const Bar& bar, Visit visit) const {
    int end = min(a.columns, (segment + 1) * SEGMENT);
    unsigned bits = ranked_bits(a.options);
    const unsigned char* of = scores.row(row);
    UNROLL_BY(4)
    for (int first = segment * SEGMENT; first < end; first += BLOCK) {
      int at = first + int(lane_of_warp()) * QUAD, column = a.firstColumn + at;
      float4 v = load_quad(scores, of, at);
      unsigned passing = 0;
      UNROLL for (int i = 0; i < QUAD; i++) {
        if (at + i >= end) continue;
        float score = activated_score(F32::at(v, i), column + i);
        F32::put(v, i, score);
        bool passes = bar.passes(key_of(ranked(score, bits)), column + i) && (!a.mask || a.mask[column + i]);
        passing |= unsigned(passes) << i;
      }
      visit(column, v, passing);
    }
  }
};

template <class Bar>
__device__ __forceinline__ void count(const SweepArguments& a) {
  Piece piece(a);
  if (piece.row >= a.rows) return;
  unsigned entries = 0;
  piece.each(Bar(a, piece.row), [&](int, const float4&, unsigned passing) { entries += unsigned(__popc(passing)); });
  entries = __reduce_add_sync(~0u, entries);
  if (lane_of_warp() == 0) a.counts[piece.place()] = entries;
}

KERNEL(sweep_count_above, THREADS, 4, const SweepArguments a) { count<Above>(a); }
KERNEL(sweep_count_first, THREADS, 4, const SweepArguments a) { count<First>(a); }

KERNEL(sweep_place, THREADS, 1, const SweepArguments a) {
  constexpr int EACH = 8;  // consecutive counts of a thread
  auto* parts = shared_array<unsigned>(0);
  int counts = a.rows * ((a.columns - 1) / SEGMENT + 1);
  unsigned sum = 0;
  for (int start = 0, turn = 0; start < counts; start += EACH * THREADS, turn ^= WARPS) {
    int first = start + EACH * int(threadIdx.x);
    unsigned each[EACH], mine = 0, total;
    UNROLL for (int i = 0; i < EACH; i++) {
      each[i] = first + i < counts ? a.counts[first + i] : 0;
      mine += each[i];
    }
    unsigned before = sum + block_scan<THREADS>(mine, parts + turn, total);
    UNROLL for (int i = 0; i < EACH; i++) {
      if (first + i < counts) a.counts[first + i] = before;
      before += each[i];
    }
    sum += total;
  }
  if (threadIdx.x != 0) return;
  a.state->base = a.state->staged;
  a.state->staged += sum;
}

KERNEL(sweep_place_slots, THREADS, 4, const SweepArguments a) {
  long long row = blockIdx.x * (long long)THREADS + threadIdx.x;
  if (row >= a.rows) return;
  int segments = (a.columns - 1) / SEGMENT + 1;
  unsigned total = unsigned(a.totals[a.firstRow + row]);
  for (int segment = 0; segment < segments; segment++) {
    unsigned entries = a.counts[row * segments + segment];
    a.counts[row * segments + segment] = total;
    total += entries;
  }
  a.totals[a.firstRow + row] = int(total);
}

// Calls store(to, column, score) in the lane of each score that passes, where `to` counts on from `to`.
template <class Bar, class Store>
__device__ __forceinline__ void store_passing(const SweepArguments& a, const Piece& piece, long long to, Store store) {
  piece.each(Bar(a, piece.row), [&](int column, const float4& v, unsigned passing) {
    if (!__ballot_sync(~0u, passing != 0)) return;
    unsigned mine = unsigned(__popc(passing)), upTo = inclusive(mine);
    long long place = to + upTo - mine;
    UNROLL for (int i = 0; i < QUAD; i++) {
      if (passing >> i & 1) store(place++, column + i, F32::at(v, i));
    }
    to += __shfl_sync(~0u, upTo, 31);
  });
}

template <class Bar>
__device__ __forceinline__ void append(const SweepArguments& a) {
  Piece piece(a);
  if (piece.row >= a.rows) return;
  int row = a.firstRow + int(piece.row);
  store_passing<Bar>(a, piece, a.state->base + a.counts[piece.place()], [&](long long to, int column, float score) {
    if (to >= a.capacity) return;
    a.entryRows[to] = row;
    a.indices[to] = column;
    a.values[to] = score;
  });
}

KERNEL(sweep_append_above, THREADS, 4, const SweepArguments a) { append<Above>(a); }
KERNEL(sweep_append_first, THREADS, 4, const SweepArguments a) { append<First>(a); }

KERNEL(sweep_append_slots, THREADS, 4, const SweepArguments a) {
  Piece piece(a);
  if (piece.row >= a.rows) return;
  long long slots = (a.firstRow + piece.row) * a.k;
  store_passing<Above>(a, piece, a.counts[piece.place()], [&](long long to, int column, float score) {
    if (to >= a.k) return;
    a.indices[slots + to] = column;
    a.values[slots + to] = score;
  });
}

KERNEL(sweep_finish_slots, THREADS, 4, const SweepArguments a) {
  long long row = warp_of_grid();
  if (row >= a.rows) return;
  int filled = min(a.totals[row], a.k);
  if (lane_of_warp() == 0) a.written[row] = filled;
  for (long long slot = filled + (long long)lane_of_warp(); slot < a.k; slot += 32) {
    a.indices[row * a.k + slot] = -1;
    a.values[row * a.k + slot] = 0;
  }
}

// ---- cuts ----

__device__ __forceinline__ unsigned key_at(const SweepListArguments& a, long long i) {
  return key_of(ranked(a.values[i], ranked_bits(a.options)));
}

__device__ __forceinline__ unsigned long long inverse_at(const SweepListArguments& a, long long i) {
  return (unsigned long long)(a.last - ((long long)a.entryRows[i] * a.allColumns + a.columns[i]));
}

// Bits of a rank that a level counts, under those that are known before.
struct Level {
  bool ofKey;
  int shift;

  __device__ __forceinline__ explicit Level(const SweepListArguments& a)
      : ofKey(a.level < 3), shift(ofKey ? max(0, 21 - 11 * a.level) : 11 * (a.levels - 1 - a.level)) {}
  __device__ __forceinline__ unsigned known() const { return shift == 21 ? 0u : ~0u << (shift == 10 ? 21 : 10); }
  __device__ __forceinline__ unsigned bin(unsigned long long bits) const {
    return unsigned(bits >> shift) & (SWEEP_BINS - 1);
  }
};

KERNEL(sweep_histogram, THREADS, 4, const SweepListArguments a) {
  const SweepState& state = *a.state;
  if (a.level == 0 ? state.staged <= a.limit : !state.cutting || (a.level >= 3 && state.settled)) return;
  auto* bins = shared_array<unsigned>(0);
  for (int i = int(threadIdx.x); i < SWEEP_BINS; i += THREADS) bins[i] = 0;
  __syncthreads();
  Level level(a);
  long long staged = state.staged;
  unsigned key = state.key;
  unsigned long long inverse = state.inverse;
  for (long long i = blockIdx.x * (long long)THREADS + threadIdx.x; i < staged; i += gridDim.x * (long long)THREADS) {
    unsigned its = key_at(a, i);
    if (level.ofKey) {
      if (((its ^ key) & level.known()) == 0) atomicAdd(&bins[level.bin(its)], 1u);
    } else if (its == key) {
      unsigned long long place = inverse_at(a, i);
      if ((place ^ inverse) >> level.shift >> 11 == 0) atomicAdd(&bins[level.bin(place)], 1u);
    }
  }
  __syncthreads();
  for (int i = int(threadIdx.x); i < SWEEP_BINS; i += THREADS) {
    if (bins[i]) atomicAdd(&a.state->bins[i], (unsigned long long)bins[i]);
  }
}

KERNEL(sweep_choose, THREADS, 1, const SweepListArguments a) {
  SweepState& state = *a.state;
  bool cutting = a.level == 0 ? state.staged > a.limit : state.cutting && !(a.level >= 3 && state.settled);
  if (a.level == 0 && threadIdx.x == 0) state.cutting = cutting;
  if (!cutting) return;
  Level level(a);
  unsigned long long wanted = a.level == 0 ? (unsigned long long)min(a.k, state.staged) : state.wanted;
  search_bins<SWEEP_BINS>(
      shared_array<unsigned long long>(0), [&](int i) { return state.bins[i]; }, wanted,
      [&](unsigned found, unsigned long long of) {
        state.wanted = of;
        if (level.ofKey) {
          state.key = (a.level == 0 ? 0u : state.key) | found << level.shift;
          state.settled = a.level == 2 && of == state.bins[found];
          state.inverse = 0;
        } else {
          state.inverse |= (unsigned long long)found << level.shift;
        }
      });
  __syncthreads();  // the bin's number has been read
  for (int i = int(threadIdx.x); i < SWEEP_BINS; i += THREADS) state.bins[i] = 0;
}

// A block's part of the list.
struct Part {
  long long begin, end;

  __device__ __forceinline__ explicit Part(long long staged)
      : begin(staged * blockIdx.x / gridDim.x), end(staged * (blockIdx.x + 1) / gridDim.x) {}
};

__device__ __forceinline__ bool kept(const SweepListArguments& a, long long i) {
  unsigned its = key_at(a, i), key = a.state->key;
  if (its < key || (its == key && inverse_at(a, i) < a.state->inverse)) return false;
  return !(a.options & SWEEP_DROPPED && a.values[i] <= 0);
}

// Calls visit(i, before) in the thread of each entry that stays of the block's part, with the number of those before it;
// gives all threads the number of all. The part's entries are visited in order, 256 at a time.
template <class Visit>
__device__ __forceinline__ long long each_kept(const SweepListArguments& a, Visit visit) {
  auto* parts = shared_array<unsigned>(0);
  Part part(a.state->staged);
  long long before = 0;
  int turn = 0;
  for (long long start = part.begin; start < part.end; start += THREADS, turn ^= WARPS) {
    long long i = start + threadIdx.x;
    unsigned stays = i < part.end && kept(a, i), total;
    unsigned within = block_scan<THREADS>(stays, parts + turn, total);
    if (stays) visit(i, before + within);
    before += total;
  }
  return before;
}

KERNEL(sweep_keep_count, THREADS, 4, const SweepListArguments a) {
  long long stay = a.state->cutting ? each_kept(a, [](long long, long long) {}) : 0;
  if (threadIdx.x == 0) a.parts[blockIdx.x] = stay;
}

KERNEL(sweep_keep, THREADS, 4, const SweepListArguments a) {
  if (!a.state->cutting) return;
  long long first = a.parts[blockIdx.x];
  each_kept(a, [&](long long i, long long before) {
    a.keptRows[first + before] = a.entryRows[i];
    a.keptColumns[first + before] = a.columns[i];
    a.keptValues[first + before] = a.values[i];
  });
}

// `parts` has a number more than sweep_keep had blocks: that of all that stay.
KERNEL(sweep_back, THREADS, 4, const SweepListArguments a) {
  if (!a.state->cutting) return;
  long long stay = a.parts[gridDim.x];
  for (long long i = blockIdx.x * (long long)THREADS + threadIdx.x; i < stay; i += gridDim.x * (long long)THREADS) {
    a.entryRows[i] = a.keptRows[i];
    a.columns[i] = a.keptColumns[i];
    a.values[i] = a.keptValues[i];
  }
  if (blockIdx.x == 0 && threadIdx.x == 0) a.state->staged = stay;
}

// ---- codes ----

__device__ __forceinline__ long long cell_at(const SweepListArguments& a, long long i) {
  int row = a.entryRows[i];
  return (long long)row * a.chunks + a.columns[i] / (row < a.lastTileRow ? a.width : a.lastWidth);
}

KERNEL(sweep_cells, THREADS, 4, const SweepListArguments a) {
  long long staged = min(a.state->staged, a.capacity);
  unsigned least = 0;
  for (long long i = blockIdx.x * (long long)THREADS + threadIdx.x; i < staged; i += gridDim.x * (long long)THREADS) {
    long long cell = cell_at(a, i);
    atomicAdd(&a.cells[cell], 1u);
    if (i == 0 || cell_at(a, i - 1) != cell) a.runs[cell] = i;
    float value = a.values[i];
    if (a.minPositive && value > 0) least = max(least, ~key_of(value));
  }
  least = __reduce_max_sync(~0u, least);
  if (least && lane_of_warp() == 0) atomicMax(&a.state->least, least);
}

KERNEL(sweep_write, THREADS, 4, const SweepListArguments a) {
  const SweepState& state = *a.state;
  long long staged = state.staged, step = gridDim.x * (long long)THREADS;
  long long first = blockIdx.x * (long long)THREADS + threadIdx.x;
  bool fits = staged <= a.capacity;
  for (long long row = first; row <= a.rows; row += step) {
    long long start = row < a.rows ? a.tiles[row / TILE_ROWS] + a.starts[row] : staged;
    a.offsets[row] = fits ? start : 0;
  }
  for (long long i = first; fits && i < staged; i += step) {
    long long cell = cell_at(a, i), row = a.entryRows[i];
    long long to = a.tiles[row / TILE_ROWS] + a.starts[row] + a.cells[cell] + (i - a.runs[cell]);
    a.indices[to] = a.columns[i];
    a.written[to] = a.values[i];
  }
  if (first != 0) return;
  if (!fits) atomicMax(a.exceeded, (unsigned long long)staged);
  if (a.threshold) *a.threshold = score_of(state.key ? state.key : NAN_KEY);
  if (a.minPositive) *a.minPositive = score_of(state.least ? ~state.least : NAN_KEY);
}
