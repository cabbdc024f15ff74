// The first k of a whole matrix: K3 of the catalogue.
//
// Maths     of all scores the k that rank first, by score (or its magnitude), larger first, NaN above all, -0 as +0, then by
//           lower row, then by lower column; with RELU without values that are at most 0.
// Steps     global_begin      a guess of the k-th score: the caller's, or from a sample of 8192
//           mark              (sparsify.cu) scores that reach the guess: the only reading of all scores, as a rule
//           global_histogram, global_choose   three times: how many marked scores have which next bits of their keys, and in
//                             which bin the k-th lies. If the first time tells that there are fewer than k, all scores are
//                             marked and counted; else those kernels return at once
//           global_ties       how many marked scores of each segment have the k-th's key; places as in sparsify.cu
//           global_refine     unmarks what ranks after the k-th, and of what equals it all but the first
//           place_rows, place_tiles, write_csr (sparsify.cu), global_finish
//           The guess decides how many scores are marked, and so the time, never the result. Nothing waits for the host.
// Layout    scores row-major in F32, BF16 or F16, rows at any element; marks as marks.cuh says.
// Launch    blocks of 256 threads: one for begin, choose and finish; any number for histogram; a warp a segment for ties and
//           refine. Shared memory: 40 KB for begin, 8 KB for histogram, 64 bytes for choose.
// Bytes     rows * columns * element once, if the guess is good; a bit a score written once and read six times, from L2 where
//           it fits; 32 bytes a marked score five times. Atomics on integers only.
// Exact     on any input, for any guess, and the same for any order of threads.
#include "global_topk.h"

#include "bins.cuh"
#include "keys.cuh"
#include "marks.cuh"

ARGUMENTS(GlobalTopKState, 16424);
ARGUMENTS(GlobalTopKArguments, 120);

constexpr int SAMPLES = 8192;

// Bits of a key that a level counts: `shift` up from the lowest, under those that are known before.
struct Level {
  int shift;
  unsigned known;

  __device__ __forceinline__ explicit Level(int level)
      : shift(level == 0 ? 21 : level == 1 ? 10 : 0), known(level == 0 ? 0u : level == 1 ? ~0u << 21 : ~0u << 10) {}
  __device__ __forceinline__ unsigned bin(unsigned key) const { return key >> shift & (GLOBAL_BINS - 1); }
};

__device__ __forceinline__ float minus_infinity() { return __uint_as_float(0xff800000u); }

__device__ __forceinline__ unsigned ranked_bits(const GlobalTopKArguments& a) {
  return a.options & GLOBAL_BY_MAGNITUDE ? MAGNITUDE : SIGNED;
}

template <class Format>
__device__ __forceinline__ float score_at(const GlobalTopKArguments& a, long long row, int column) {
  return Format::widen(__ldg(static_cast<const typename Format::Stored*>(a.scores) + row * a.stride + column));
}

// ---- begin ----

struct Sample {
  unsigned long long sums[WARPS];
  unsigned keys[SAMPLES];  // 0 for a column that takes no part
  unsigned bins[GLOBAL_BINS];
  unsigned key, wanted, total, unused;
};

// The lower end of the bin that holds the sample's key of the wanted rank.
template <class Format>
__device__ __forceinline__ float guess(const GlobalTopKArguments& a, Sample& s) {
  long long size = (long long)a.rows * a.columns, stratum = size / SAMPLES;
  for (int i = int(threadIdx.x); i < SAMPLES; i += THREADS) {
    long long at = i * stratum + (long long)(unsigned(i) * 0x9e3779b1u >> 1) % stratum, row = at / a.columns;
    int column = int(at - row * a.columns);
    bool takesPart = !a.mask || a.mask[column];
    s.keys[i] = takesPart ? key_of(ranked(score_at<Format>(a, row, column), ranked_bits(a))) : 0;
  }
  if (threadIdx.x == 0) {
    s.key = 0;
    s.wanted = unsigned(a.sampleRank);
  }
  for (int number = 0; number < 2; number++) {
    Level level(number);
    for (int i = int(threadIdx.x); i < GLOBAL_BINS; i += THREADS) s.bins[i] = 0;
    __syncthreads();
    unsigned known = s.key, wanted = s.wanted;
    for (int i = int(threadIdx.x); i < SAMPLES; i += THREADS) {
      if (s.keys[i] && (s.keys[i] & level.known) == known) atomicAdd(&s.bins[level.bin(s.keys[i])], 1u);
    }
    __syncthreads();
    unsigned long long total = search_bins<GLOBAL_BINS>(
        s.sums, [&](int i) { return (unsigned long long)s.bins[i]; }, wanted,
        [&](unsigned bin, unsigned long long of) {
          s.key = known | bin << level.shift;
          s.wanted = unsigned(of);
        });
    if (total < wanted) return minus_infinity();
    __syncthreads();
  }
  return score_of(max(s.key, key_of(minus_infinity())));
}

template <class Format>
__device__ __forceinline__ void begin(const GlobalTopKArguments& a) {
  GlobalTopKState& state = *a.state;
  for (int i = int(threadIdx.x); i < GLOBAL_BINS; i += THREADS) state.bins[i] = 0;
  float everything = minus_infinity();
  float guessed = a.start ? *a.start : a.sampleRank ? guess<Format>(a, shared_memory<Sample>()) : everything;
  if (threadIdx.x != 0) return;
  state.selected = 0;
  state.wanted = 0;
  state.guess = guessed;
  state.everything = everything;
  state.key = 0;
  state.least = ~0u;
  state.again = 0;
}

KERNEL(global_begin_f32, THREADS, 1, const GlobalTopKArguments a) { begin<F32>(a); }
KERNEL(global_begin_bf16, THREADS, 1, const GlobalTopKArguments a) { begin<Bf16>(a); }
KERNEL(global_begin_f16, THREADS, 1, const GlobalTopKArguments a) { begin<F16>(a); }

// ---- histogram and choose ----

// Calls entry(i, score) in the lane of each marked score of a block, which is its i-th there.
template <class Format, class Entry>
__device__ __forceinline__ void each_score(const GlobalTopKArguments& a, const Segment<Format>& segment, int block,
                                           const unsigned (&word)[Format::LANES], Entry entry) {
  int column = (segment.first_block() + block) * Division<Format>::BLOCK + int(lane_of_warp()) * Format::LANES;
  UNROLL for (int i = 0; i < Format::LANES; i++) {
    if (word[i] >> lane_of_warp() & 1) entry(i, score_at<Format>(a, segment.row, column + i));
  }
}

template <class Format>
__device__ __forceinline__ void count_keys(const GlobalTopKArguments& a) {
  if (a.onlyAgain && !a.state->again) return;
  auto* bins = shared_array<unsigned>(0);
  for (int i = int(threadIdx.x); i < GLOBAL_BINS; i += THREADS) bins[i] = 0;
  __syncthreads();
  Level level(a.level);
  unsigned known = a.state->key;
  long long segments = a.rows * (long long)Division<Format>(a.columns).segments;
  for (long long place = warp_of_grid(); place < segments; place += gridDim.x * (long long)WARPS) {
    Segment<Format> segment(a.columns, place);
    segment.marked(a.bits).each_block([&](int block, const unsigned(&word)[Format::LANES]) {
      each_score<Format>(a, segment, block, word, [&](int, float score) {
        unsigned key = key_of(ranked(score, ranked_bits(a)));
        if ((key & level.known) == known) atomicAdd(&bins[level.bin(key)], 1u);
      });
    });
  }
  __syncthreads();
  for (int i = int(threadIdx.x); i < GLOBAL_BINS; i += THREADS) {
    if (bins[i]) atomicAdd(&a.state->bins[i], (unsigned long long)bins[i]);
  }
}

KERNEL(global_histogram_f32, THREADS, 4, const GlobalTopKArguments a) { count_keys<F32>(a); }
KERNEL(global_histogram_bf16, THREADS, 4, const GlobalTopKArguments a) { count_keys<Bf16>(a); }
KERNEL(global_histogram_f16, THREADS, 4, const GlobalTopKArguments a) { count_keys<F16>(a); }

KERNEL(global_choose, THREADS, 1, const GlobalTopKArguments a) {
  GlobalTopKState& state = *a.state;
  if (a.onlyAgain && !state.again) return;
  auto* sums = shared_array<unsigned long long>(0);
  Level level(a.level);
  unsigned long long wanted = state.wanted, k = (unsigned long long)a.k;
  auto bin = [&](int i) { return state.bins[i]; };
  if (a.level == 0) {
    unsigned long long total = search_bins<GLOBAL_BINS>(sums, bin, 0, [](unsigned, unsigned long long) {});
    bool again = a.options & GLOBAL_GUESSED && !a.onlyAgain && total < k;
    wanted = again ? 0 : min(k, total);
    __syncthreads();  // the sums have been read
    if (threadIdx.x == 0) {
      state.again = again;
      state.selected = wanted;
      state.key = wanted || again ? 0 : NAN_KEY;  // above which nothing ranks
    }
  }
  search_bins<GLOBAL_BINS>(sums, bin, wanted, [&](unsigned found, unsigned long long of) {
    state.key |= found << level.shift;
    state.wanted = of;
  });
  for (int i = int(threadIdx.x); i < GLOBAL_BINS; i += THREADS) state.bins[i] = 0;
}

// ---- ties and refine ----

// The sum over the lanes, in all of them.
__device__ __forceinline__ unsigned over_warp(unsigned v) { return __reduce_add_sync(~0u, v); }

template <class Format>
__device__ __forceinline__ void count_ties(const GlobalTopKArguments& a) {
  Segment<Format> segment(a.columns, warp_of_grid());
  if (segment.row >= a.rows) return;
  unsigned last = a.state->key, ties = 0;
  segment.marked(a.bits).each_block([&](int block, const unsigned(&word)[Format::LANES]) {
    each_score<Format>(a, segment, block, word,
                       [&](int, float score) { ties += key_of(ranked(score, ranked_bits(a))) == last; });
  });
  ties = over_warp(ties);
  if (lane_of_warp() == 0) a.counts[segment.place()] = ties;
}

KERNEL(global_ties_f32, THREADS, 4, const GlobalTopKArguments a) { count_ties<F32>(a); }
KERNEL(global_ties_bf16, THREADS, 4, const GlobalTopKArguments a) { count_ties<Bf16>(a); }
KERNEL(global_ties_f16, THREADS, 4, const GlobalTopKArguments a) { count_ties<F16>(a); }

template <class Format>
__device__ __forceinline__ void refine(const GlobalTopKArguments& a) {
  constexpr int LANES = Format::LANES;
  Segment<Format> segment(a.columns, warp_of_grid());
  if (segment.row >= a.rows) return;
  unsigned long long selectedTies = a.state->wanted, ties = 0;
  unsigned last = a.state->key, kept = 0, least = ~0u;
  if (lane_of_warp() == 0) ties = (unsigned long long)a.starts[segment.row] + a.counts[segment.place()];
  ties = __shfl_sync(~0u, ties, 0) + (unsigned long long)a.tiles[segment.row / TILE_ROWS];
  Marked<Format> marked = segment.marked(a.bits);
  __syncwarp();  // every lane has read its marks
  marked.each_block([&](int block, const unsigned(&word)[LANES]) {
    unsigned above = 0, tied = 0, dropped = 0;  // bit i: of the lane's i-th score
    each_score<Format>(a, segment, block, word, [&](int i, float score) {
      unsigned key = key_of(ranked(score, ranked_bits(a)));
      above |= unsigned(key > last) << i;
      tied |= unsigned(key == last) << i;
      dropped |= unsigned(a.options & GLOBAL_RELU && score <= 0) << i;
    });
    unsigned mine = unsigned(__popc(tied)), upTo = inclusive(mine);
    unsigned long long tie = ties + upTo - mine;
    for (; tied; tied &= tied - 1, tie++) above |= tie < selectedTies ? tied & (0u - tied) : 0;
    ties += __shfl_sync(~0u, upTo, 31);
    above &= ~dropped;
    if (a.minPositive)
      each_score<Format>(a, segment, block, word, [&](int i, float score) {
        if (above >> i & 1 && score > 0) least = min(least, key_of(score));
      });
    unsigned remaining[LANES];
    UNROLL for (int i = 0; i < LANES; i++) {
      remaining[i] = __ballot_sync(~0u, above >> i & 1);
      kept += unsigned(__popc(remaining[i]));
    }
    if (lane_of_warp() == 0)
      store_words(a.bits + segment.row * segment.division.words() + (segment.first_block() + block) * LANES, remaining);
  });
  least = __reduce_min_sync(~0u, least);
  if (lane_of_warp() != 0) return;
  a.counts[segment.place()] = kept;
  if (least != ~0u) atomicMin(&a.state->least, least);
}

KERNEL(global_refine_f32, THREADS, 4, const GlobalTopKArguments a) { refine<F32>(a); }
KERNEL(global_refine_bf16, THREADS, 4, const GlobalTopKArguments a) { refine<Bf16>(a); }
KERNEL(global_refine_f16, THREADS, 4, const GlobalTopKArguments a) { refine<F16>(a); }

KERNEL(global_finish, 32, 1, const GlobalTopKArguments a) {
  if (threadIdx.x != 0) return;
  if (a.threshold) *a.threshold = score_of(a.state->selected ? a.state->key : NAN_KEY);
  if (a.minPositive) *a.minPositive = score_of(a.state->least == ~0u ? NAN_KEY : a.state->least);
}
