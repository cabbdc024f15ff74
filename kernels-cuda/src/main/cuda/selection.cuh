// The first k of a row of scores, read once: a team of threads passes over the row and keeps what may belong to them.
//
//  1. The first tile stays in registers. The k-th largest of at least 2k disjoint groups' maxima is not above the k-th
//     largest score: that is the first bar. Where k is too large for groups, the tile's scores themselves are counted.
//  2. Each later score is compared with the bar and dropped unless !(score <= bar): what equals the bar comes after k
//     scores that rank before it. NaN passes. Few scores pass, so that the stream is one comparison a score.
//  3. A vector with a score that passes is stashed: that is all the stream does about it. Whenever twice as many columns
//     have been passed over, what passes of the stash becomes candidates, each with a rank that no other score of the row
//     has; they are narrowed to about k, which raises the bar. Scores in no particular order bring about k new
//     candidates in between.
//  4. If the stash overflows, nothing is lost: the stretch is read again score by score, whole ranks are compared, and
//     the candidates are narrowed as often as it takes.
//  5. The k largest candidates are sorted out exactly.
//
// The bar belongs to a place in the row: it drops scores that equal it, which is right for scores of larger index only.
#pragma once
#include "candidates.cuh"
#include "elements.cuh"

// Where the columns of a row of scores lie: single ones up to the first address that is a multiple of 16, vectors of
// 16 bytes, and single ones again.
template <class Format>
struct Alignment {
  int head, vectors;

  __device__ __forceinline__ Alignment(const typename Format::Stored* row, int columns) {
    unsigned past = unsigned(reinterpret_cast<uintptr_t>(row) % 16 / sizeof *row);
    head = min(columns, int((Format::LANES - past) % Format::LANES));
    vectors = (columns - head) / Format::LANES;
  }

  // Column of a vector's first lane.
  __device__ __forceinline__ int column(int vector) const { return head + vector * Format::LANES; }
};

// A row of scores as it is stored. Its columns are the indices. The ranks need not remember signs.
template <class Format>
struct StoredScores {
  using Element = Format;
  using Stored = typename Format::Stored;
  using Vector = typename Format::Vector;
  static constexpr bool SIGNS = false;
  static constexpr int first = 0;

  const Stored* row;
  int columns;
  Alignment<Format> layout;

  __device__ __forceinline__ StoredScores(const Stored* row, int columns)
      : row(row), columns(columns), layout(row, columns) {}

  __device__ __forceinline__ Vector vector(int at) const {
    return load_stream(reinterpret_cast<const Vector*>(row + layout.head) + at);
  }
  __device__ __forceinline__ float score(int column) const { return Format::widen(load_stream(row + column)); }
};

// A chunk of a row of products, to which the bias is added and the ReLU applied as they are read. The index of column 0
// is `first`. Read through L1, as several selections read it one after another; gone when the ranks become values.
struct ActivatedScores {
  using Element = F32;
  using Vector = float4;
  static constexpr bool SIGNS = true;

  const float* row;
  const float* bias;  // of index 0; or null
  int columns, first;
  bool relu;
  Alignment<F32> layout;

  __device__ __forceinline__ ActivatedScores(const float* row, const float* bias, bool relu, int columns, int first)
      : row(row), bias(bias), columns(columns), first(first), relu(relu), layout(row, columns) {}

  __device__ __forceinline__ float4 vector(int at) const {
    float4 v = __ldg(reinterpret_cast<const float4*>(row + layout.head) + at);
    if (bias) {
      const float* b = bias + first + layout.column(at);
      float4 add = reinterpret_cast<uintptr_t>(b) % 16 == 0
                       ? __ldg(reinterpret_cast<const float4*>(b))
                       : make_float4(__ldg(b), __ldg(b + 1), __ldg(b + 2), __ldg(b + 3));
      v = make_float4(v.x + add.x, v.y + add.y, v.z + add.z, v.w + add.w);
    }
    return activated(v, relu);
  }
  __device__ __forceinline__ float score(int column) const {
    float v = __ldg(row + column);
    return activated(bias ? v + __ldg(bias + first + column) : v, relu);
  }
};

template <class Source, int THREADS, int VECTORS>
class RowSelection {
  using Element = typename Source::Element;
  using Vector = typename Source::Vector;
  static constexpr int TILE = THREADS * VECTORS;  // vectors
  static constexpr unsigned STASH_OVERFLOWS = ~0u;

 public:
  struct Tile {
    Vector vector[VECTORS];
  };

  const Candidates<THREADS> candidates;

  // `mask`, if any, has a byte for each index; `bits` is SIGNED or MAGNITUDE.
  __device__ __forceinline__ RowSelection(Candidates<THREADS> candidates, const Source& source, unsigned bits,
                                          const unsigned char* mask)
      : candidates(candidates), source_(source), bits_(bits), mask_(mask) {
    follow_floor();
  }

  // Passes over one of the slices of the row: some of the vectors, and with the last slice what surrounds them at the
  // row's ends. Leaves at most limit() candidates, but at least k where there are; how many.
  template <class Limit>
  __device__ __forceinline__ unsigned select(int slice, int slices, Limit limit) {
    const auto& layout = source_.layout;
    const int begin = int((long long)layout.vectors * slice / slices);
    const int end = int((long long)layout.vectors * (slice + 1) / slices);
    int at = begin, stop = min(end, begin + TILE);
    for (;;) {
      bool ends = at == end || settled();
      unsigned columns = unsigned(slice + 1 < slices ? 0 : columns_around()), stashed = STASH_OVERFLOWS;
      if (!ends) {
        stashed = pass_over(at, stop, at == begin && candidates.floor() == 0);
        columns = unsigned(stashed == STASH_OVERFLOWS ? stop - at : int(stashed)) * Element::LANES;
      }
      unsigned n = candidates.absorb(columns, ends ? limit() : candidates.window(), [&](unsigned i) {
        if (ends) return rank(int(i) < layout.head ? int(i) : int(i) - layout.head + layout.column(layout.vectors));
        if (stashed == STASH_OVERFLOWS) return rank(layout.column(at) + int(i));
        return stashed_rank(i);
      });
      if (ends) return n;
      follow_floor();
      at = stop;
      stop = at + min(end - at, max(TILE, stretch(at - begin)));
    }
  }

  // Whether k scores are NaN, after which no other one can be selected.
  __device__ __forceinline__ bool settled() const { return key_in(candidates.floor()) > INFINITY_KEY; }

 private:
  const Source& source_;
  const unsigned bits_;
  const unsigned char* const mask_;
  float bar_;  // NaN lets every score pass

  // From here on what equals the floor's key comes too late.
  __device__ __forceinline__ void follow_floor() { bar_ = score_of(key_in(candidates.floor())); }

  // A score that is not above any other: what a masked column holds until it is offered.
  __device__ __forceinline__ float lowest() const { return bits_ == SIGNED ? score_of(0x007fffffu) : 0.0f; }

  // What of the scores is ranked; `lowest` where there is none.
  __device__ __forceinline__ void load(Tile& tile, int begin, int end) const {
    int at = begin + int(Team<THREADS>::thread());
    if (end - begin >= TILE) {
      UNROLL for (int j = 0; j < VECTORS; j++) tile.vector[j] = source_.vector(at + j * THREADS);
    } else {
      UNROLL for (int j = 0; j < VECTORS; j++)
        tile.vector[j] = at + j * THREADS < end ? source_.vector(at + j * THREADS) : Element::fill(lowest());
    }
    if (bits_ != SIGNED)
      UNROLL for (int j = 0; j < VECTORS; j++) Element::keep_bits(tile.vector[j], bits_);
    if (!mask_) return;
    UNROLL for (int j = 0; j < VECTORS; j++) {
      if (at + j * THREADS >= end) continue;
      const unsigned char* flags = mask_ + source_.first + source_.layout.column(at + j * THREADS);
      UNROLL for (int i = 0; i < Element::LANES; i++)
        if (!flags[i]) Element::put(tile.vector[j], i, lowest());
    }
  }

  // Stashes the vectors in which a score passes.
  __device__ __forceinline__ void offer(const Tile& tile, int begin, int end) const {
    int at = begin + int(Team<THREADS>::thread());
    UNROLL for (int j = 0; j < VECTORS; j++) {
      if (!Element::any_above(tile.vector[j], bar_) || at + j * THREADS >= end) continue;
      unsigned place = candidates.stash_place();
      if (place >= candidates.stash()) continue;
      candidates.template stashed_vectors<Vector>()[place] = tile.vector[j];
      candidates.stashed_words()[place] = unsigned(at + j * THREADS);
    }
  }

  // How many vectors to take when so many have been passed: of as many again about k pass; or of a half, a quarter … of
  // them, so few that the stash becomes two thirds full at most.
  __device__ __forceinline__ int stretch(int passed) const {
    unsigned passing = 3 * candidates.k(), room = 2 * candidates.stash();
    for (; passing > room; passing /= 2) passed /= 2;
    return passed;
  }

  // Stashes what passes of the vectors begin … end: how many vectors, or that there were too many. `unknown` says that
  // there is no bar yet: the first tile, which then is all there is to pass over, gives one.
  __device__ __forceinline__ unsigned pass_over(int begin, int end, bool unknown) {
    unsigned bar = 0;
    UNROLL_BY(1)
    for (int at = begin; at < end; at += TILE) {
      Tile tile;
      load(tile, at, end);
      if (unknown) {
        bar = group_bar(tile);
        bar_ = below(bar);
      }
      offer(tile, at, end);
    }
    if (bar) candidates.raise_floor((u64)bar << 32);
    unsigned stashed = candidates.take_stash();
    return stashed <= candidates.stash() ? stashed : STASH_OVERFLOWS;
  }

  // Columns that do not belong to vectors.
  __device__ __forceinline__ int columns_around() const {
    return source_.columns - source_.layout.vectors * Element::LANES;
  }

  // The rank of a column read once more; 0 if it takes no part.
  __device__ __forceinline__ u64 rank(int column) const { return rank(column, source_.score(column)); }

  // The rank of a stashed score.
  __device__ __forceinline__ u64 stashed_rank(unsigned i) const {
    using Stored = typename Element::Stored;
    int column = source_.layout.column(int(candidates.stashed_words()[i / Element::LANES])) + int(i % Element::LANES);
    if (Source::SIGNS && bits_ == MAGNITUDE) return rank(column);
    return rank(column, Element::widen(candidates.template stashed_vectors<Stored>()[i]));
  }

  __device__ __forceinline__ u64 rank(int column, float score) const {
    int index = source_.first + column;
    return mask_ && !mask_[index] ? 0 : rank_of(key_of(ranked(score, bits_)), index, score);
  }

  // A key that k scores of the tile reach, as large as a few counts make it; 0 if none is known. Groups are a thread's
  // scores, or a vector's, or single scores where k is large.
  __device__ __forceinline__ unsigned group_bar(const Tile& tile) {
    unsigned k = candidates.k(), bar;
    Team<THREADS> team = candidates.team();
    if (2 * k <= unsigned(THREADS)) {
      float largest = Element::largest(tile.vector[0]);
      UNROLL for (int j = 1; j < VECTORS; j++) largest = max_f32(largest, Element::largest(tile.vector[j]));
      unsigned key = key_of(largest);
      bar = search(team.minimum(key), team.maximum(key), [&](unsigned least) { return team.count(key >= least); });
    } else if (2 * k <= unsigned(TILE)) {
      unsigned key[VECTORS], low = NAN_KEY, high = 0;
      UNROLL for (int j = 0; j < VECTORS; j++) {
        key[j] = key_of(Element::largest(tile.vector[j]));
        low = min(low, key[j]);
        high = max(high, key[j]);
      }
      bar = search(team.minimum(low), team.maximum(high), [&](unsigned least) {
        unsigned n = 0;
        UNROLL for (int j = 0; j < VECTORS; j++) n += key[j] >= least;
        return team.sum(n);
      });
    } else if (k < unsigned(TILE * Element::LANES)) {
      unsigned high = 0;
      UNROLL for (int j = 0; j < VECTORS; j++) high = max(high, key_of(Element::largest(tile.vector[j])));
      bar = search(0, team.maximum(high), [&](unsigned least) {
        float bar = below(least);
        unsigned n = 0;
        UNROLL for (int j = 0; j < VECTORS; j++) n += Element::count_above(tile.vector[j], bar);
        return team.sum(n);
      });
    } else {
      return 0;
    }
    // Columns that take no part count as lowest: a bar that low says nothing.
    return bar > key_of(lowest()) ? bar : 0;
  }

  // The largest key between low and high that the counts allow; k or more are known to reach low.
  template <class Count>
  __device__ __forceinline__ unsigned search(unsigned low, unsigned high, Count reaching) const {
    constexpr int STEPS = 16;
    unsigned k = candidates.k(), enough = candidates.window();
    for (int step = 0; step < STEPS && low < high; step++) {
      unsigned middle = low + (high - low) / 2 + 1;
      unsigned mean = key_of(0.5f * score_of(low) + 0.5f * score_of(high));
      if (step % 2 == 0 && mean > low && mean <= high) middle = mean;
      unsigned n = reaching(middle);
      if (n < k) {
        high = middle - 1;
        continue;
      }
      low = middle;
      if (n <= enough) break;
    }
    return low;
  }
};
