// The ranks that may belong to the k largest of a row, in shared memory, and what a team does with them.
//
// Threads push ranks in any order, so that where a rank lies is a matter of chance; as all ranks differ, what remains
// after narrow and sort is not.
//
// A handle is the place of the shared memory, so that what is rarely done can be a function of its own, which is compiled
// once and leaves the callers' registers alone.
#pragma once
#include "keys.cuh"
#include "team.cuh"

template <int THREADS>
class Candidates {
 public:
  static constexpr unsigned BINS = 256;
  static constexpr unsigned STEP = 4 * THREADS;  // ranks that absorb looks at between two barriers

  // Followed by `capacity` ranks.
  struct Shared {
    typename Team<THREADS>::Shared team;
    unsigned bins[BINS];
    unsigned count, bin, above, size;
    u64 floor;
    unsigned k, capacity;
  };
  static_assert(sizeof(Shared) == 1312, "the host adds this to the ranks' bytes");

  // Shared memory `offset` bytes into the block's.
  __device__ __forceinline__ explicit Candidates(unsigned offset) : offset_(offset) {}

  // Begins a row of which the k largest ranks are wanted. The capacity is at least window() + STEP, and a power of two
  // not below k fits in it.
  __device__ __forceinline__ void begin(unsigned k, unsigned capacity, u64 floor) const {
    if (team().thread() == 0) {
      shared().count = 0;
      shared().floor = floor;
      shared().k = k;
      shared().capacity = capacity;
    }
    team().sync();
  }

  // A team whose reductions begin anew: call with the team in step.
  __device__ __forceinline__ Team<THREADS> team() const { return Team<THREADS>(shared().team); }

  __device__ __forceinline__ u64* ranks() const { return shared_array<u64>(offset_ + unsigned(sizeof(Shared))); }
  __device__ __forceinline__ unsigned k() const { return shared().k; }
  __device__ __forceinline__ unsigned capacity() const { return shared().capacity; }

  // The candidates of another block of the cluster.
  struct Peer {
    const unsigned* count;
    const u64* ranks;
  };
  __device__ __forceinline__ Peer of(unsigned block) const {
    return Peer{cluster_map(&shared().count, block), cluster_map(ranks(), block)};
  }

  // What narrowing leaves when it need not be exact.
  __device__ __forceinline__ unsigned window() const { return k() + k() / 4; }

  // 0, or k of the ranks pushed so far are not below it.
  __device__ __forceinline__ u64 floor() const { return shared().floor; }

  // Every thread calls it, with the same floor, and meets the others again before it reads it.
  __device__ __forceinline__ void raise_floor(u64 floor) const {
    team().sync();
    if (team().thread() == 0) shared().floor = floor;
  }

  // Takes `many` places for ranks; those at or past the capacity do not exist.
  __device__ __forceinline__ unsigned places(unsigned many) const { return atomicAdd(&shared().count, many); }

  // How many ranks have been pushed, also those for which there was no place. The team meets here before and after.
  __device__ __forceinline__ unsigned pushed() const {
    team().sync();
    unsigned n = shared().count;
    team().sync();
    return n;
  }

  // Drops all but the largest of the first n ranks, at least k and at most `limit` of them, and raises the floor.
  // Call with the team in step, as pushed() leaves it; it is so afterwards. k <= limit < n <= capacity
  __device__ __forceinline__ void narrow(unsigned n, unsigned limit) const { narrow(offset_, n, limit); }

  // Drops what `stays` does not want of the first n.
  template <class Stays>
  __device__ __forceinline__ void keep(unsigned n, Stays stays) const {
    if (team().thread() == 0) shared().count = 0;
    for (unsigned start = 0; start < n; start += THREADS) {
      unsigned i = start + team().thread();
      u64 rank = i < n ? ranks()[i] : 0;
      team().sync();  // everyone has read; what is written now lies before the next reads
      bool kept = i < n && stays(rank);
      unsigned who = __ballot_sync(~0u, kept), first = 0;
      if (team().lane() == 0 && who) first = places(__popc(who));
      first = __shfl_sync(~0u, first, 0);
      if (kept) ranks()[first + __popc(who & ((1u << team().lane()) - 1))] = rank;
    }
    team().sync();
  }

  // Pushes the ranks rank(0), …, rank(total - 1) that reach the floor, whatever their order; 0 stands for none. There
  // is always room. Call with the team in step; ends out of step.
  template <class Rank>
  __device__ __forceinline__ void absorb(unsigned total, Rank rank) const {
    for (unsigned start = 0; start < total; start += STEP) {
      unsigned n = pushed();
      if (n + STEP > capacity()) narrow(n, window());
      u64 least = floor();
      for (unsigned i = start + team().thread(); i < min(total, start + STEP); i += THREADS) {
        u64 one = rank(i);
        if (one && one >= least) ranks()[places(1)] = one;
      }
    }
  }

  // Sorts the first n ranks, the largest first; what follows up to the next power of two (64 at least) becomes 0.
  // Call with the team in step; it is so afterwards.
  __device__ __forceinline__ void sort(unsigned n) const { sort(offset_, n); }

 private:
  unsigned offset_;

  __device__ __forceinline__ Shared& shared() const { return *shared_array<Shared>(offset_); }

  static __device__ NOINLINE void narrow(unsigned offset, unsigned n, unsigned limit) {
    Candidates self(offset);
    u64 least = self.find(n, limit);
    self.raise_floor(least);
    self.keep(n, [least](u64 rank) { return rank >= least; });
  }

  static __device__ NOINLINE void sort(unsigned offset, unsigned n) {
    Candidates self(offset);
    if (THREADS >= 128 && n <= 128)
      self.sort_by_counting(n);
    else
      self.sort_by_merging(n);
  }

  // The lower bound to which narrow cuts. The range of all ranks is divided into bins; the bin of the k-th largest one
  // is the next range, until few enough ranks reach its lower end.
  __device__ __forceinline__ u64 find(unsigned n, unsigned limit) const {
    unsigned top = 0;
    for (unsigned i = team().thread(); i < n; i += THREADS) top = max(top, key_in(ranks()[i]));
    u64 low = floor(), high = (u64)team().maximum(top) << 32 | 0xffffffffu;
    unsigned above = 0;
    for (;;) {
      int shift = max(64 - 8 - __clzll((long long)(high - low)), 0);
      for (unsigned i = team().thread(); i < BINS; i += THREADS) shared().bins[i] = 0;
      team().sync();
      for (unsigned i = team().thread(); i < n; i += THREADS) {
        u64 rank = ranks()[i];
        if (rank >= low && rank <= high) atomicAdd(&shared().bins[unsigned((rank - low) >> shift)], 1u);
      }
      team().sync();
      if (team().warp() == 0) find_bin(k() - above);
      team().sync();
      above += shared().above;
      low += (u64)shared().bin << shift;
      high = low + min(high - low, ((u64)1 << shift) - 1);
      if (above + shared().size <= limit || shift == 0) return low;
    }
  }

  // One warp: the bin that holds the `wanted`-th largest rank, how many lie in it and how many above.
  __device__ __forceinline__ void find_bin(unsigned wanted) const {
    unsigned lane = team().lane();
    const uint4* bins = reinterpret_cast<const uint4*>(shared().bins);
    uint4 upper = bins[63 - 2 * lane], lower = bins[62 - 2 * lane];
    const unsigned each[8] = {upper.w, upper.z, upper.y, upper.x, lower.w, lower.z, lower.y, lower.x};
    unsigned sum = 0;
    UNROLL for (int j = 0; j < 8; j++) sum += each[j];
    unsigned reached = sum;
    UNROLL for (unsigned by = 1; by < 32; by *= 2) {
      unsigned before = __shfl_up_sync(~0u, reached, by);
      if (lane >= by) reached += before;
    }
    unsigned above = reached - sum;
    if (above >= wanted || wanted > reached) return;
    UNROLL for (unsigned j = 0; j < 8; j++) {
      if (above < wanted && wanted <= above + each[j]) {
        shared().bin = BINS - 1 - (8 * lane + j);
        shared().above = above;
        shared().size = each[j];
      }
      above += each[j];
    }
  }

  // A rank's place is how many are larger. n <= THREADS
  __device__ __forceinline__ void sort_by_counting(unsigned n) const {
    unsigned thread = team().thread(), place = 0, padded = n <= 64 ? 64 : 128;
    u64 mine = thread < n ? ranks()[thread] : 0;
    if (thread < n)
      for (unsigned i = 0; i < n; i++) place += ranks()[i] > mine;
    team().sync();
    if (thread < padded) ranks()[thread < n ? place : thread] = mine;
    team().sync();
  }

  // Bitonic: a warp sorts and merges 64 ranks in registers, the team merges longer ones in shared memory.
  __device__ __forceinline__ void sort_by_merging(unsigned n) const {
    unsigned size = 64;
    while (size < n) size *= 2;
    for (unsigned i = n + team().thread(); i < size; i += THREADS) ranks()[i] = 0;
    team().sync();
    for (unsigned start = 64 * team().warp(); start < size; start += 64 * Team<THREADS>::WARPS) {
      unsigned first = start + team().lane();
      u64 a = ranks()[first], b = ranks()[first + 32];
      UNROLL for (unsigned span = 2; span <= 64; span *= 2) merge64(a, b, first, span);
      ranks()[first] = a;
      ranks()[first + 32] = b;
    }
    for (unsigned span = 128; span <= size; span *= 2) {
      for (unsigned distance = span / 2; distance >= 64; distance /= 2) {
        team().sync();
        for (unsigned i = team().thread(); i < size / 2; i += THREADS) {
          unsigned at = 2 * i - (i & (distance - 1));
          u64 a = ranks()[at], b = ranks()[at + distance];
          if ((a < b) == ((at & span) == 0)) {
            ranks()[at] = b;
            ranks()[at + distance] = a;
          }
        }
      }
      team().sync();
      for (unsigned start = 64 * team().warp(); start < size; start += 64 * Team<THREADS>::WARPS) {
        unsigned first = start + team().lane();
        u64 a = ranks()[first], b = ranks()[first + 32];
        merge64(a, b, first, span);
        ranks()[first] = a;
        ranks()[first + 32] = b;
      }
    }
    team().sync();
  }

  // The steps of distance 32 and less of one span: a lies at `first`, b 32 places behind.
  __device__ __forceinline__ void merge64(u64& a, u64& b, unsigned first, unsigned span) const {
    if (span >= 64 && (a < b) == ((first & span) == 0)) {
      u64 larger = b;
      b = a;
      a = larger;
    }
    UNROLL for (unsigned distance = 16; distance > 0; distance /= 2) {
      if (distance >= span) continue;
      bool lower = (first & distance) == 0;
      u64 other = __shfl_xor_sync(~0u, a, distance);
      if ((a < other) == (lower == ((first & span) == 0))) a = other;
      other = __shfl_xor_sync(~0u, b, distance);
      if ((b < other) == (lower == (((first + 32) & span) == 0))) b = other;
    }
  }
};
