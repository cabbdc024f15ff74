// The first k of a row of scores, read once: a team of threads passes over the row and keeps what may belong to them.
//
//  1. The first tile stays in registers. The k-th largest of at least 2k disjoint groups' maxima is not above the k-th
//     largest score: that is the first bar. Where k is too large for groups, the tile's scores themselves are counted.
//  2. Each later score is compared with the bar and dropped unless !(score <= bar): what equals the bar comes after k
//     scores that rank before it. NaN passes. Few scores pass, so that the stream is one comparison a score.
//  3. What passes becomes a candidate: a rank, which no other score of the row has. Whenever twice as many columns have
//     been passed over, the candidates are narrowed to about k, which raises the bar. Scores in no particular order
//     bring about k new candidates in between.
//  4. If more come than there is room for, nothing is lost: the stretch is read again, with narrowing as often as it
//     takes and whole ranks compared.
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
    return make_float4(activated(v.x), activated(v.y), activated(v.z), activated(v.w));
  }
  __device__ __forceinline__ float score(int column) const {
    float v = __ldg(row + column);
    return activated(bias ? v + __ldg(bias + first + column) : v);
  }

 private:
  __device__ __forceinline__ float activated(float v) const { return relu && v <= 0 ? 0.0f : v; }
};

template <class Source, int THREADS, int VECTORS>
class RowSelection {
  using Element = typename Source::Element;
  using Vector = typename Source::Vector;
  static constexpr int TILE = THREADS * VECTORS;  // vectors

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

  // Passes over one of the slices of the row: some of the vectors, and what surrounds them at the row's ends.
  __device__ __forceinline__ void select(int slice, int slices) {
    const auto& layout = source_.layout;
    int begin = int((long long)layout.vectors * slice / slices), end = int((long long)layout.vectors * (slice + 1) / slices);
    if (slice == 0) take_singles(0, layout.head);
    int at = begin, stop = min(end, begin + TILE);
    while (at < stop && !settled()) {
      pass_over(at, stop, at == begin && candidates.floor() == 0);
      at = stop;
      stop = min(end - at, max(TILE, at - begin)) + at;
    }
    if (slice == slices - 1) take_singles(layout.column(layout.vectors), source_.columns);
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

  __device__ __forceinline__ bool takes_part(int index) const { return !mask_ || mask_[index]; }

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

  // Makes candidates of the scores that pass.
  __device__ __forceinline__ void offer(const Tile& tile, int begin, int end) {
    unsigned passing = 0;
    UNROLL for (int j = 0; j < VECTORS; j++)
      passing |= unsigned(Element::any_above(tile.vector[j], bar_)) << j;
    while (passing) {
      int which = __ffs(int(passing)) - 1;
      passing &= passing - 1;
      Vector vector = tile.vector[0];
      UNROLL for (int j = 1; j < VECTORS; j++)
        if (which == j) vector = tile.vector[j];
      int at = begin + int(Team<THREADS>::thread()) + which * THREADS;
      if (at < end) push(vector, source_.layout.column(at));
    }
  }

  __device__ __forceinline__ void push(const Vector& vector, int column) {
    int index = source_.first + column;
    unsigned passing = 0;
    UNROLL for (int i = 0; i < Element::LANES; i++)
      passing |= unsigned(!(Element::at(vector, i) <= bar_) && takes_part(index + i)) << i;
    if (!passing) return;
    unsigned place = candidates.places(__popc(passing));
    UNROLL for (int i = 0; i < Element::LANES; i++) {
      if (!(passing >> i & 1)) continue;
      float score = Element::at(vector, i);
      if (Source::SIGNS && bits_ == MAGNITUDE) score = source_.score(column + i);
      if (place < candidates.capacity()) candidates.ranks()[place] = rank(score, index + i);
      place++;
    }
  }

  __device__ __forceinline__ u64 rank(float score, int index) const {
    return rank_of(key_of(ranked(score, bits_)), index, score);
  }

  // Takes the vectors begin … end; afterwards there is room for as many again, and the bar is higher. `unknown` says that
  // there is no bar yet: the first tile, which then is all there is to take, gives one.
  __device__ __forceinline__ void pass_over(int begin, int end, bool unknown) {
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
    unsigned n = candidates.pushed();
    if (n > candidates.capacity())
      take_again(begin, end);
    else if (n > candidates.window())
      candidates.narrow(n, candidates.window());
    follow_floor();
  }

  // More passed than there was room for. Those that found room raise the floor; then the stretch is read anew.
  __device__ void take_again(int begin, int end) {
    candidates.narrow(candidates.capacity(), candidates.window());
    int first = source_.layout.column(begin), last = source_.layout.column(end);
    int start = source_.first + first;
    candidates.keep(candidates.pushed(), [start](u64 rank) { return index_in(rank) < start; });
    take_singles(first, last);
    unsigned n = candidates.pushed();
    if (n > candidates.window()) candidates.narrow(n, candidates.window());
  }

  // Takes columns one by one, comparing whole ranks.
  __device__ void take_singles(int begin, int end) {
    candidates.absorb(unsigned(end - begin), [this, begin](unsigned i) {
      int column = begin + int(i), index = source_.first + column;
      return takes_part(index) ? rank(source_.score(column), index) : 0;
    });
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
