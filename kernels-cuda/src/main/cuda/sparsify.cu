// Codes of the scores that pass a threshold: K6 of the catalogue.
//
// Maths     an entry is kept if it ranks above its column's threshold, or not below it (OR_EQUAL): by its score or its
//           magnitude, NaN above all, -0 as +0. A threshold becomes a bar such that !(score <= bar) says just that.
// Layout    scores row-major in F32, BF16 or F16, rows at any element. In between a bit a score, as marks.cuh says.
// Steps     mark        scores to bits, and the number of set bits of each segment, by integer atomics. A warp has 512
//                       columns (P blocks) of eight rows, so that its bars stay in registers: ceil(rows / 8) *
//                       ceil(blocks / P) warps
//           place_rows  numbers become places: within each row, and within each tile of 32 rows. A block a tile
//           place_tiles places of tiles, and whether all fit: one block
//           write_csr, write_slots   a warp a segment; each lane writes the entries of a block. Only scores that are kept
//                       are read again. Where not all fit, no entry is written and every offset is 0.
// Launch    blocks of 256 threads. Shared memory: 128 bytes for place_rows, 64 for place_tiles, else none.
// Bytes     rows * columns * element once; a bit a score written and read (of F32 1/32, of 16 bits 1/16); 32 bytes a kept
//           score; entries * 8 written.
// Exact     on any input, and the same for any order of threads: every place is a count.
#include "sparsify.h"

#include "elements.cuh"
#include "keys.cuh"
#include "marks.cuh"

ARGUMENTS(MarkArguments, 72);
ARGUMENTS(PlaceRowsArguments, 40);
ARGUMENTS(PlaceTilesArguments, 32);
ARGUMENTS(WriteArguments, 112);

constexpr int MARK_ROWS = 8;

// ---- mark ----

// The bars of a lane's columns, and which of these take part.
template <class Format>
struct Bars {
  static constexpr int LANES = Format::LANES, VECTORS = Division<Format>::PIECE_BLOCKS;

  float bar[VECTORS][LANES];
  unsigned open = 0;

  __device__ __forceinline__ Bars(const MarkArguments& a, int column) {
    UNROLL for (int v = 0; v < VECTORS; v++) {
      UNROLL for (int i = 0; i < LANES; i++) {
        int at = column + v * Division<Format>::BLOCK + i;
        bool takesPart = at < a.columns && (!a.mask || a.mask[at]);
        float threshold = takesPart ? __ldg(a.thresholds + (long long)at * a.thresholdStride) : 0;
        bar[v][i] = a.options & MARK_OR_EQUAL ? below(key_of(threshold)) : threshold;
        takesPart &= a.options & MARK_OR_EQUAL || threshold == threshold;  // nothing is above NaN
        open |= takesPart ? 1u << (v * LANES + i) : 0;
      }
    }
  }
  __device__ __forceinline__ bool passes(float score, int v, int i) const {
    return !(score <= bar[v][i]) && (open >> (v * LANES + i) & 1);
  }
};

// A lane's vector of a row; zeros past its end.
template <class Format>
__device__ __forceinline__ typename Format::Vector vector_of(const typename Format::Stored* row, bool aligned, int column,
                                                             int columns) {
  if (aligned && column + Format::LANES <= columns)
    return load_stream(reinterpret_cast<const typename Format::Vector*>(row + column));
  typename Format::Vector v = Format::fill(0);
  UNROLL for (int i = 0; i < Format::LANES; i++) {
    if (column + i < columns) Format::put(v, i, Format::widen(load_stream(row + column + i)));
  }
  return v;
}

template <class Format>
__device__ __forceinline__ void mark(const MarkArguments& a) {
  using Stored = typename Format::Stored;
  using Vector = typename Format::Vector;
  constexpr int LANES = Format::LANES, BLOCK = Division<Format>::BLOCK, VECTORS = Division<Format>::PIECE_BLOCKS;
  constexpr int AT_ONCE = 4 / VECTORS;  // rows: four loads are under way
  if (a.when && !*a.when) return;
  Division<Format> division(a.columns);
  int pieces = (division.blocks - 1) / VECTORS + 1;
  long long group = warp_of_grid() / pieces;
  int firstBlock = int(warp_of_grid() - group * pieces) * VECTORS;
  int column = firstBlock * BLOCK + int(lane_of_warp()) * LANES;
  long long first = group * MARK_ROWS, end = min(first + MARK_ROWS, (long long)a.rows);
  if (first >= end) return;

  Bars<Format> bars(a, column);
  unsigned ranked = a.options & MARK_BY_MAGNITUDE ? MAGNITUDE : SIGNED;
  for (; first < end; first += AT_ONCE) {
    Vector vector[AT_ONCE][VECTORS];
    UNROLL for (int r = 0; r < AT_ONCE; r++) {
      const Stored* scores = static_cast<const Stored*>(a.scores) + min(first + r, end - 1) * a.stride;
      bool aligned = reinterpret_cast<uintptr_t>(scores) % 16 == 0;
      UNROLL for (int v = 0; v < VECTORS; v++) {
        vector[r][v] = vector_of<Format>(scores, aligned, column + v * BLOCK, a.columns);
      }
    }
    UNROLL for (int r = 0; r < AT_ONCE; r++) {
      long long row = first + r;
      if (row >= end) break;
      unsigned count = 0;
      UNROLL for (int v = 0; v < VECTORS; v++) {
        Format::keep_bits(vector[r][v], ranked);
        unsigned word[LANES];
        UNROLL for (int i = 0; i < LANES; i++) {
          word[i] = __ballot_sync(~0u, bars.passes(Format::at(vector[r][v], i), v, i));
          count += unsigned(__popc(word[i]));
        }
        if (lane_of_warp() == 0 && firstBlock + v < division.blocks)
          store_words(a.bits + row * division.words() + (firstBlock + v) * LANES, word);
      }
      if (lane_of_warp() == 0 && count && a.counts)
        atomicAdd(a.counts + row * division.segments + firstBlock / SEGMENT_BLOCKS, count);
    }
  }
}

KERNEL(mark_f32, THREADS, 3, const MarkArguments a) { mark<F32>(a); }
KERNEL(mark_bf16, THREADS, 2, const MarkArguments a) { mark<Bf16>(a); }
KERNEL(mark_f16, THREADS, 2, const MarkArguments a) { mark<F16>(a); }

// ---- place ----

// Counts of a row's segments become sums of those before; a warp gets the sum of all.
__device__ __forceinline__ unsigned place_segments(unsigned* counts, int segments) {
  unsigned sum = 0;
  for (int start = 0; start < segments; start += 32) {
    int segment = start + int(lane_of_warp());
    unsigned mine = segment < segments ? counts[segment] : 0, upTo = inclusive(mine);
    if (segment < segments) counts[segment] = sum + upTo - mine;
    sum += __shfl_sync(~0u, upTo, 31);
  }
  return sum;
}

KERNEL(place_rows, THREADS, 4, const PlaceRowsArguments a) {
  constexpr int ROWS_A_WARP = TILE_ROWS / WARPS;
  auto* rowTotals = shared_array<unsigned>(0);
  long long first = blockIdx.x * (long long)TILE_ROWS;
  unsigned warp = threadIdx.x / 32, lane = lane_of_warp();
  for (unsigned i = warp * ROWS_A_WARP; i < (warp + 1) * ROWS_A_WARP; i++) {
    long long row = first + i;
    unsigned total = row < a.rows ? place_segments(a.counts + row * a.segments, a.segments) : 0;
    if (lane == 0) rowTotals[i] = total;
    if (lane == 0 && a.totals && row < a.rows) a.totals[row] = int(total);
  }
  if (!a.starts) return;
  __syncthreads();
  if (warp != 0) return;
  long long mine = rowTotals[lane], upTo = inclusive(mine);
  if (first + lane < a.rows) a.starts[first + lane] = upTo - mine;
  if (lane == 31) a.tiles[blockIdx.x] = upTo;
}

KERNEL(place_tiles, THREADS, 1, const PlaceTilesArguments a) {
  constexpr int EACH = 8;  // consecutive tiles of a thread
  auto* warpTotals = shared_array<long long>(0);
  unsigned warp = threadIdx.x / 32;
  long long sum = 0;
  for (int start = 0; start < a.count; start += EACH * THREADS) {
    int first = start + EACH * int(threadIdx.x);
    long long tile[EACH], mine = 0;
    UNROLL for (int i = 0; i < EACH; i++) {
      tile[i] = first + i < a.count ? a.tiles[first + i] : 0;
      mine += tile[i];
    }
    long long upTo = inclusive(mine);
    __syncthreads();  // the last round's totals have been read
    if (lane_of_warp() == 31) warpTotals[warp] = upTo;
    __syncthreads();
    long long before = sum + upTo - mine;
    UNROLL for (unsigned i = 0; i < WARPS; i++) {
      if (i < warp) before += warpTotals[i];
      sum += warpTotals[i];
    }
    UNROLL for (int i = 0; i < EACH; i++) {
      if (first + i < a.count) a.tiles[first + i] = before;
      before += tile[i];
    }
  }
  if (threadIdx.x != 0) return;
  a.tiles[a.count] = sum;
  if (sum > a.capacity) atomicMax(a.exceeded, (unsigned long long)sum);
}

// ---- write ----

template <class Format>
__device__ __forceinline__ float score_at(const WriteArguments& a, long long row, int column) {
  return Format::widen(__ldg(static_cast<const typename Format::Stored*>(a.scores) + row * a.stride + column));
}

template <class Format>
__device__ __forceinline__ void write_csr(const WriteArguments& a) {
  Segment<Format> segment(a.columns, warp_of_grid());
  if (segment.row >= a.rows) return;
  long long entries = a.tiles[(a.rows - 1) / TILE_ROWS + 1];
  bool fits = entries <= a.capacity;
  long long start = fits ? a.tiles[segment.row / TILE_ROWS] + a.starts[segment.row] : 0;
  if (segment.number == 0 && lane_of_warp() == 0) {
    a.offsets[segment.row] = start;
    if (segment.row + 1 == a.rows) a.offsets[a.rows] = fits ? entries : 0;
  }
  if (!fits) return;
  Marked<Format> marked = segment.marked(a.bits);
  long long to = start + a.before[segment.place()] + inclusive(marked.count) - marked.count;
  marked.each([&](int column) {
    a.indices[to] = column;
    a.values[to++] = score_at<Format>(a, segment.row, column);
  });
}

KERNEL(write_csr_f32, THREADS, 4, const WriteArguments a) { write_csr<F32>(a); }
KERNEL(write_csr_bf16, THREADS, 4, const WriteArguments a) { write_csr<Bf16>(a); }
KERNEL(write_csr_f16, THREADS, 4, const WriteArguments a) { write_csr<F16>(a); }

template <class Format>
__device__ __forceinline__ void write_slots(const WriteArguments& a) {
  Segment<Format> segment(a.columns, warp_of_grid());
  if (segment.row >= a.rows) return;
  unsigned k = unsigned(a.k), before = a.before[segment.place()];
  int* indices = a.indices + segment.row * a.k;
  float* values = a.values + segment.row * a.k;
  if (before < k) {
    Marked<Format> marked = segment.marked(a.bits);
    unsigned to = before + inclusive(marked.count) - marked.count;
    if (to < k)
      marked.each([&](int column) {
        if (to >= k) return;
        indices[to] = column;
        values[to++] = score_at<Format>(a, segment.row, column);
      });
  }
  if (segment.number != 0) return;
  unsigned filled = min(unsigned(a.totals[segment.row]), k);
  if (lane_of_warp() == 0) a.written[segment.row] = int(filled);
  for (unsigned slot = filled + lane_of_warp(); slot < k; slot += 32) {
    indices[slot] = -1;
    values[slot] = 0;
  }
}

KERNEL(write_slots_f32, THREADS, 4, const WriteArguments a) { write_slots<F32>(a); }
KERNEL(write_slots_bf16, THREADS, 4, const WriteArguments a) { write_slots<Bf16>(a); }
KERNEL(write_slots_f16, THREADS, 4, const WriteArguments a) { write_slots<F16>(a); }
