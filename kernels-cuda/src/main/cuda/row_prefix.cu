// How much of each row comes closest to a target: K5 of the catalogue, top-AFA.
//
// Maths     energies e_i = (f_i * norm_i)^2 in float32, ranked; k = 1 + argmin_j |sqrt(C_j) - t| over their prefix sums C_j, the
//           smallest j on ties. Sums are integers, in units of 2^-shift as org.pursuit.kernel.EnergySums has them: the same in
//           any order. Roots and distances are double.
//           Roots of prefixes rise: the closest is the first that reaches the target or the one before; of those before it
//           that are as close, the first. Where a prefix reaches a sum is found by bins of energies: their leading 11 bits,
//           the next 11, the last 9, each with how many there are and what they add up to.
// Steps     row_prefix leaves the energies and k; the first k by energy are a row-wise TopK of the energies (selection.cu).
// Layout    scores row-major in F32, BF16 or F16, rows at any element; energies float32.
// Launch    a block of 256 threads a row; 24688 bytes of shared memory.
// Bytes     rows * columns * element once; energies written once and read four to eight times, from L2 where a row fits.
// Exact     on any input, and the same for any order of threads.
#include "row_prefix.h"

#include "bins.cuh"
#include "elements.cuh"

ARGUMENTS(RowPrefixArguments, 72);

using u64 = unsigned long long;

constexpr int BINS = 2048, SUM_BITS = 61;
constexpr unsigned MAGNITUDE_BITS = 0x7fffffffu, INFINITY_BITS = 0x7f800000u;

struct RowPrefixShared {
  u64 sums[BINS];
  u64 warpSums[WARPS];
  u64 left, total, sought;
  unsigned counts[BINS];
  unsigned bin, above, largest, smallest;
  u64 unused;
};
static_assert(sizeof(RowPrefixShared) == 24688, "the host asks for it");

__device__ __forceinline__ unsigned magnitude(float v) { return __float_as_uint(v) & MAGNITUDE_BITS; }

// As org.pursuit.kernel.EnergySums.shift.
__device__ __forceinline__ int shift_of(unsigned largest, int n) {
  int exponent = largest >> 23 ? int(largest >> 23) - 127 : 31 - __clz(int(largest)) - 149;
  return SUM_BITS - (n > 1 ? 32 - __clz(n - 1) : 0) - exponent;
}

// As org.pursuit.kernel.EnergySums.units, of an energy's bits.
__device__ __forceinline__ u64 units(unsigned energy, int shift) {
  int exponent = int(energy >> 23);
  u64 mantissa = energy & 0x7fffffu;
  if (exponent > 0) {
    mantissa |= 0x800000u;
    exponent--;
  }
  int by = exponent - 149 + shift;
  return by >= 0 ? mantissa << by : mantissa >> min(-by, 63);
}

// As org.pursuit.kernel.EnergySums.root: 2^-shift is a normal double.
__device__ __forceinline__ double root(u64 sum, int shift) { return sqrt(ldexp(double(sum), -shift)); }

// A row's energies, and prefixes of them in their order.
struct Prefixes {
  RowPrefixShared& shared;
  const float* energies;
  int n, shift;
  unsigned length;  // of the prefix found last
  u64 sum, last;    // its sum, and what its last energy adds

  // Adds up the energies that share the known bits by their next ones.
  __device__ __forceinline__ void add_up(unsigned found, unsigned known, int by) {
    for (int i = int(threadIdx.x); i < BINS; i += THREADS) {
      shared.counts[i] = 0;
      shared.sums[i] = 0;
    }
    if (threadIdx.x == 0) shared.above = 0;
    __syncthreads();
    for (int i = int(threadIdx.x); i < n; i += THREADS) {
      unsigned energy = magnitude(energies[i]);
      if ((energy & known) != found) continue;
      unsigned bin = energy >> by & (BINS - 1);
      atomicAdd(&shared.counts[bin], 1u);
      atomicAdd(&shared.sums[bin], units(energy, shift));
    }
    __syncthreads();
  }

  // Finds the shortest prefix whose sum reaches `needed`, above 0; there is one.
  __device__ __forceinline__ void reach(u64 needed) {
    unsigned found = 0, known = 0;
    u64 left = needed;
    length = 0;
    UNROLL_BY(1) for (int level = 0; level < 3; level++) {
      int by = level == 0 ? 20 : level == 1 ? 9 : 0;
      add_up(found, known, by);
      search_bins<BINS>(
          shared.warpSums, [&](int i) { return shared.sums[i]; }, left,
          [&](unsigned bin, u64 of) {
            shared.bin = bin;
            shared.left = of;
          });
      __syncthreads();
      unsigned bin = shared.bin, above = 0;
      left = shared.left;
      for (unsigned i = threadIdx.x; i < BINS; i += THREADS) above += i > bin ? shared.counts[i] : 0;
      atomicAdd(&shared.above, above);
      __syncthreads();
      length += shared.above;
      found |= bin << by;
      known = ~0u << by;
      __syncthreads();  // the bins begin anew
    }
    last = units(found, shift);
    u64 equal = (left + last - 1) / last;
    length += unsigned(equal);
    sum = needed - left + equal * last;
  }

  // The smallest number from low to high, which is one, that `holds`; found by one thread.
  template <class Holds>
  __device__ __forceinline__ u64 first(u64 low, u64 high, Holds holds) {
    __syncthreads();  // what was sought last has been read
    if (threadIdx.x == 0) {
      while (low < high) {
        u64 middle = (low + high) / 2;
        if (holds(middle))
          high = middle;
        else
          low = middle + 1;
      }
      shared.sought = low;
    }
    __syncthreads();
    return shared.sought;
  }

  // Finds the closest of the prefixes whose sums go up to `end`; its distance from the target.
  __device__ __forceinline__ double approach(double target, u64 end) {
    u64 reaching = first(1, u64(1) << 62, [&](u64 s) { return root(s, shift) >= target; }), before = end;
    double over = 0;
    bool reached = reaching <= end;
    if (reached) {
      reach(reaching);
      over = fabs(root(sum, shift) - target);
      before = sum - last;
      if (length == 1) return over;
    }
    double under = fabs(root(before, shift) - target);
    if (reached && over < under) return over;
    reach(first(1, before, [&](u64 s) { return fabs(root(s, shift) - target) <= under; }));
    return under;
  }
};

template <class Format>
__device__ __forceinline__ void row_prefix(const RowPrefixArguments& a) {
  RowPrefixShared& shared = shared_memory<RowPrefixShared>();
  long long row = blockIdx.x;
  const auto* scores = static_cast<const typename Format::Stored*>(a.scores) + row * a.stride;
  float* energies = a.energies + row * a.energyStride;
  if (threadIdx.x == 0) {
    shared.total = 0;
    shared.largest = 0;
    shared.smallest = ~0u;
  }
  __syncthreads();
  unsigned largest = 0, smallest = ~0u;
  for (int i = int(threadIdx.x); i < a.columns; i += THREADS) {
    float length = Format::widen(load_stream(scores + i)) * (a.norms ? __ldg(a.norms + i) : 1.0f);
    energies[i] = length * length;
    largest = max(largest, magnitude(length * length));
    smallest = min(smallest, magnitude(length * length));
  }
  largest = __reduce_max_sync(~0u, largest);
  smallest = __reduce_min_sync(~0u, smallest);
  if (lane_of_warp() == 0) {
    atomicMax(&shared.largest, largest);
    atomicMin(&shared.smallest, smallest);
  }
  __syncthreads();  // all energies are written
  largest = shared.largest;
  smallest = shared.smallest;

  double target = a.targets[row], distance = fabs(sqrt(double(__uint_as_float(largest))) - target);
  bool targeted = fabs(target) <= 3.4028234663852886e38;  // neither infinite nor NaN
  bool alone = a.endSentinel && a.columns == 1;           // no prefix but the one that the sentinel ends
  unsigned k = 1;
  if (largest > 0 && largest < INFINITY_BITS && targeted && !alone) {
    Prefixes prefixes{shared, energies, a.columns, shift_of(largest, a.columns), 0, 0, 0};
    u64 mine = 0;
    for (int i = int(threadIdx.x); i < a.columns; i += THREADS) mine += units(magnitude(energies[i]), prefixes.shift);
    atomicAdd(&shared.total, mine);
    __syncthreads();
    u64 end = shared.total - (a.endSentinel ? units(smallest, prefixes.shift) : 0);
    distance = prefixes.approach(target, end);
    k = prefixes.length;
  }
  if (a.endSentinel && targeted && !(fabs(1e4 - target) >= distance)) k = unsigned(a.columns);
  if (threadIdx.x == 0) a.totals[row] = int(k);
}

KERNEL(row_prefix_f32, THREADS, 4, const RowPrefixArguments a) { row_prefix<F32>(a); }
KERNEL(row_prefix_bf16, THREADS, 4, const RowPrefixArguments a) { row_prefix<Bf16>(a); }
KERNEL(row_prefix_f16, THREADS, 4, const RowPrefixArguments a) { row_prefix<F16>(a); }
