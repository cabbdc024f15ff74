// The ranks that may belong to the k largest of a row, in shared memory, and what a team does with them.
//
// Threads push ranks in any order, so that where a rank lies is a matter of chance; as all ranks differ, what remains
// after narrow and sort is not.
//
// All state lies in shared memory; a handle is its place there, and costs a register at most.
#pragma once
#include "keys.cuh"
#include "team.cuh"

template <int THREADS>
class Candidates {
 public:
  static constexpr unsigned BINS = 256;
  static constexpr unsigned STEP = 4 * THREADS;  // ranks that absorb looks at between two barriers

  // Followed by `stash` vectors of 16 bytes, `capacity` ranks and `stash` words: an even number of ranks, and of the
  // others a multiple of four, so that the next team is aligned.
  struct Shared {
    typename Team<THREADS>::Shared team;
    unsigned bins[BINS];
    unsigned count, bin, above, size;
    u64 floor;
    unsigned k, capacity;
    unsigned stashed, stash, unused[2];
  };
  static_assert(sizeof(Shared) == 1200, "the host adds this to the bytes that follow");

  static __device__ __forceinline__ unsigned bytes(unsigned capacity, unsigned stash) {
    return unsigned(sizeof(Shared)) + 8 * capacity + 20 * stash;
  }

  // Shared memory `offset` bytes into the block's.
  __device__ __forceinline__ explicit Candidates(unsigned offset) : offset_(offset) {}

  // Begins a row of which the k largest ranks are wanted. The capacity is at least window() + STEP, and a power of two
  // not below k fits in it.
  __device__ __forceinline__ void begin(unsigned k, unsigned capacity, unsigned stash, u64 floor) const {
    if (team().thread() == 0) {
      shared().count = 0;
      shared().floor = floor;
      shared().k = k;
      shared().capacity = capacity;
      shared().stashed = 0;
      shared().stash = stash;
    }
    team().sync();
  }

  // A team whose reductions begin anew: call with the team in step.
  __device__ __forceinline__ Team<THREADS> team() const { return Team<THREADS>(shared().team); }

  __device__ __forceinline__ u64* ranks() const {
    return shared_array<u64>(offset_ + unsigned(sizeof(Shared)) + 16 * shared().stash);
  }
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

  // Vectors that hold scores worth a closer look, and a word for each that tells where they come from.
  __device__ __forceinline__ unsigned stash() const { return shared().stash; }
  template <class Vector>
  __device__ __forceinline__ Vector* stashed_vectors() const {
    return shared_array<Vector>(offset_ + unsigned(sizeof(Shared)));
  }
  __device__ __forceinline__ unsigned* stashed_words() const {
    return shared_array<unsigned>(offset_ + unsigned(sizeof(Shared)) + 16 * shared().stash + 8 * shared().capacity);
  }

  // A place in the stash; those at or past its end do not exist.
  __device__ __forceinline__ unsigned stash_place() const { return atomicAdd(&shared().stashed, 1u); }

  // How many places have been given, and begins anew. The team meets here before and after.
  __device__ __forceinline__ unsigned take_stash() const {
    team().sync();
    unsigned n = shared().stashed;
    team().sync();
    if (team().thread() == 0) shared().stashed = 0;
    return n;
  }

  // What narrowing leaves when it need not be exact.
  __device__ __forceinline__ unsigned window() const { return k() + k() / 4; }

  // How many are sorted rather than narrowed first.
  __device__ __forceinline__ unsigned sortable() const {
    unsigned size = 128;
    while (size < k()) size *= 2;
    return size;
  }

  // 0, or k of the ranks pushed so far are not below it.
  __device__ __forceinline__ u64 floor() const { return shared().floor; }

  // Every thread calls it, with the same floor, and meets the others again before it reads it.
  __device__ __forceinline__ void raise_floor(u64 floor) const {
    team().sync();
    if (team().thread() == 0) shared().floor = floor;
  }

  // Pushes the ranks rank(0), …, rank(total - 1) that reach the floor, whatever their order; 0 stands for none. Narrows
  // the candidates when room is short, and at the end to at most `limit`, which is not below k; how many that leaves.
  // Call with the team in step; it is so afterwards.
  template <class Rank>
  __device__ __forceinline__ unsigned absorb(unsigned total, unsigned limit, Rank rank) const {
    for (unsigned start = 0;; start += STEP) {
      unsigned n = pushed();
      bool last = start >= total;
      if (n > (last ? limit : capacity() - STEP)) n = narrow(n, last ? limit : window());
      if (last) return n;
      u64 least = floor();
      for (unsigned i = start + team().thread(); i < min(total, start + STEP); i += THREADS) {
        u64 one = rank(i);
        if (one && one >= least) ranks()[places(1)] = one;
      }
    }
  }

  // Sorts the first n ranks, the largest first; what follows up to the next power of two (64 at least) becomes 0.
  // Call with the team in step; it is so afterwards.
  __device__ __forceinline__ void sort(unsigned n) const {
    if (THREADS >= 128 && n <= 128)
      sort_by_counting(n);
    else
      sort_by_merging(n);
  }

 private:
  unsigned offset_;

  __device__ __forceinline__ Shared& shared() const { return *shared_array<Shared>(offset_); }

  __device__ __forceinline__ unsigned places(unsigned many) const { return atomicAdd(&shared().count, many); }

  // How many ranks there are. The team meets here before and after.
  __device__ __forceinline__ unsigned pushed() const {
    team().sync();
    unsigned n = shared().count;
    team().sync();
    return n;
  }

  // Drops all but the largest of the first n ranks, at least k and at most `limit` of them, and raises the floor; how
  // many remain. k <= limit < n <= capacity
  __device__ __forceinline__ unsigned narrow(unsigned n, unsigned limit) const {
    u64 least = find(n, limit);
    raise_floor(least);
    if (team().thread() == 0) shared().count = 0;
    UNROLL_BY(1)
    for (unsigned start = 0; start < n; start += THREADS) {
      unsigned i = start + team().thread();
      u64 rank = i < n ? ranks()[i] : 0;
      team().sync();  // everyone has read; what is written now lies before the next reads
      bool kept = i < n && rank >= least;
      unsigned who = __ballot_sync(~0u, kept), first = 0;
      if (team().lane() == 0 && who) first = places(__popc(who));
      first = __shfl_sync(~0u, first, 0);
      if (kept) ranks()[first + __popc(who & ((1u << team().lane()) - 1))] = rank;
    }
    return pushed();
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
