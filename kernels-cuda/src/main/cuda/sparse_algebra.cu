// Products of sparse codes with dense matrices.
//
// decode        out[b, i] = (out[b, i]) + bias[i] + Σ_s values[b, s]·atoms[indices[b, s], i]: one chain of fmaf in
//               float32 in the order of the entries, from the old value where it accumulates. A value of 0 takes part, so
//               that 0·NaN is NaN. A thread owns one 16-byte vector of columns of one row (4 float32, 8 16-bit) and walks
//               over the row's entries, eight vectors of atoms at a time, all under way before the first is used. An
//               entry's index and value are the same for neighbouring threads, and come four at a time where they can.
//   Order       Slice by slice: `sliceVectors` neighbouring vectors of all rows, then the next ones. A slice of the atoms
//               is chosen to stay in L2 (AtomSlices says how), so that device memory gives each atom once and not
//               once an entry. Within a slice threads go along a row's vectors, then to the next row: a warp reads whole
//               lines of one atom or of a few.
//   Blocks      of 128: slices·ceil(rows·sliceVectors / 128).
//   Bytes       entries·d·element from L2 (8192 rows·64 entries·4096 bf16: 4.3 GB); from device memory the atoms that are
//               used, once, the indices and values once a slice at most, out once. Flops: 2·entries·d.
//
// sampled_dot   parts[segment, e] = Σ g[b, i]·atoms[indices[e], i] over the segment's columns i, then
// sum_segments  out[e] = (out[e]) + Σ parts[segment, e] over ascending segments. A segment is what 16 lanes read of an
//               atom at once: 256 bytes, 64 float32 or 128 16-bit columns. A lane's columns are one chain of fmaf, the lanes are added
//               by a fixed tree, and so the sum depends on nothing but g and the atom: on no grid, device or batch.
//               16 lanes keep their part of g in registers and take eight entries at a time; the eight sums are added
//               across the lanes together, by 8 shuffles. Empty slots give 0.
//   Order       Segment by segment, for the reason that decode goes slice by slice. Where there is one segment only, it
//               is written to out at once, by a partStride of 0.
//   Blocks      of 256: segments·ceil(rows·groups / 16); then ceil(entries / 256) of 256.
//   Bytes       entries·d·element from L2, and 4 bytes of parts for every 256, written and read once, past the atoms.
//               Flops: 2·entries·d.
//
// Launch contract: one-dimensional grids, blocks of the declared number of threads, no dynamic shared memory but what is
// said above; rows above 0. Blocks do not depend on each other. An index of −1 is an empty slot; any other
// index that no atom has raises the flag, and the entry is left out. A count or an offset outside of the codes is taken
// as the nearest one within.
#include "sparse_algebra.h"

#include "gather.cuh"

ARGUMENTS(DecodeArguments, 120);
ARGUMENTS(SampledDotArguments, 152);
ARGUMENTS(SumSegmentsArguments, 48);

// ---- decode ----

template <class Format>
__device__ __forceinline__ void decode(const DecodeArguments& a) {
  Place<Format> place(a.codes.rows, a.sliceVectors);
  if (!place.inside(a.codes.rows, a.d)) return;
  int column = (int)place.column;

  float sum[Format::LANES] = {};
  if (a.accumulate) read(rows_in(a.out, a.outStride, a.d, a.outFormat), place.sum, column, sum);
  if (a.bias) {
    float bias[Format::LANES];
    read(rows_in(a.bias, 0, a.d, FORMAT_F32), 0, column, bias);
    UNROLL for (int j = 0; j < Format::LANES; j++) sum[j] += bias[j];
  }
  Entries entries = entries_of(a.codes, (int)place.sum);
  Gathered atoms{a.atoms, a.atomStride, a.atomPitch, a.atomCount, a.d, a.outOfRange};
  add_gathered<Format>(atoms, a.codes.indices + entries.first, a.codes.values + entries.first, entries.count, column,
                       sum);
  write(rows_out(a.out, a.outStride, a.d, a.outFormat), place.sum, column, sum);
}

KERNEL(decode_f32, GATHER_THREADS, 7, const DecodeArguments a) { decode<F32>(a); }
KERNEL(decode_bf16, GATHER_THREADS, 7, const DecodeArguments a) { decode<Bf16>(a); }
KERNEL(decode_f16, GATHER_THREADS, 7, const DecodeArguments a) { decode<F16>(a); }

// ---- sampledDot ----

constexpr int DOT_THREADS = 256, GROUP_LANES = 16, GROUPS = DOT_THREADS / GROUP_LANES;

// Sums over the group's lanes: afterwards lane l holds the sum of dots[l % 8]. The order is that of a fixed tree.
__device__ __forceinline__ float transposed_sum(float (&dots)[BATCH], int lane) {
  UNROLL for (int half = BATCH / 2; half >= 1; half /= 2) {
    bool upper = (lane & half) != 0;
    UNROLL for (int i = 0; i < half; i++) {
      float kept = upper ? dots[i + half] : dots[i], sent = upper ? dots[i] : dots[i + half];
      dots[i] = kept + __shfl_xor_sync(~0u, sent, half);
    }
  }
  return dots[0] + __shfl_xor_sync(~0u, dots[0], BATCH);
}

template <class Format>
__device__ __forceinline__ float dot(const float (&g)[Format::LANES], const typename Format::Vector& atom) {
  float sum = 0;
  UNROLL for (int j = 0; j < Format::LANES; j++) sum = fmaf(g[j], Format::at(atom, j), sum);
  return sum;
}

// dots[i] = ⟨g, the lane's vector of the atom of the i-th of the next entries⟩; 0 where there is no atom.
template <class Format>
__device__ __forceinline__ void dot_whole(const SampledDotArguments& a, const Vectors<Format>& atoms,
                                          const int* indices, unsigned rest, const float (&g)[Format::LANES],
                                          float (&dots)[BATCH]) {
  Batch batch(indices, rest, a.atomCount);
  batch.report_others(a.atomCount, a.outOfRange);
  if (!batch.atoms) return;
  typename Format::Vector atom[BATCH];
  UNROLL for (int i = 0; i < BATCH; i++) atom[i] = atoms.of(batch.loaded(i));
  UNROLL for (int i = 0; i < BATCH; i++) dots[i] = batch.has(i) ? dot<Format>(g, atom[i]) : 0;
}

// The same where the atoms begin at any address or have fewer than a vector's elements left.
template <class Format>
__device__ __forceinline__ void dot_elements(const SampledDotArguments& a, int column, const int* indices,
                                             unsigned rest, const float (&g)[Format::LANES], float (&dots)[BATCH]) {
  const auto* atoms = static_cast<const typename Format::Stored*>(a.atoms) + column;
  UNROLL_BY(1) for (unsigned i = 0; i < min(rest, (unsigned)BATCH); i++) {
    int index = __ldg(indices + i);
    if (is_atom(index, a.atomCount)) {
      float sum = dot<Format>(g, vector_of_elements<Format>(atoms + index * a.atomStride, a.d - column));
      UNROLL for (unsigned j = 0; j < BATCH; j++) dots[j] = i == j ? sum : dots[j];
    } else {
      report(index, a.atomCount, a.outOfRange);
    }
  }
}

template <class Format>
__device__ __forceinline__ void sampled_dot(const SampledDotArguments& a) {
  unsigned units = (unsigned)a.rows * (unsigned)a.groups, blocks = (units + GROUPS - 1) / GROUPS;
  unsigned segment = blockIdx.x / blocks;
  unsigned unit = (blockIdx.x - segment * blocks) * GROUPS + threadIdx.x / GROUP_LANES;
  int lane = (int)threadIdx.x % GROUP_LANES, column = ((int)segment * GROUP_LANES + lane) * Format::LANES;
  bool inside = column < a.d;
  Entries entries{0, 0};
  unsigned slots = 0;
  float g[Format::LANES] = {};
  if (unit < units) {
    int row = a.firstRow + (int)(unit / (unsigned)a.groups);
    entries = entries_of(a.codes, row);
    slots = (unsigned)a.codes.k;
    if (a.codes.offsets) {
      long long first = max(entries.first, a.first), last = min(entries.first + entries.count, a.last);
      entries = Entries{first, (unsigned)max(last - first, 0ll)};
      slots = entries.count;
    }
    if (inside) read(rows_in(a.g, a.gStride, a.d, a.gFormat), row, column, g);
  }
  unsigned filled = inside ? entries.count : 0;
  bool whole = a.atomPitch != 0 && column + Format::LANES <= a.d;
  Vectors<Format> atoms(a.atoms, a.atomPitch, column);
  const int* indices = a.codes.indices + entries.first;
  float* parts = a.parts + (segment * a.partStride + entries.first - a.first);
  // The lanes of a warp stay together, though its rows may have different numbers of entries.
  for (unsigned s = unit % (unsigned)a.groups * BATCH; __any_sync(~0u, s < slots); s += (unsigned)a.groups * BATCH) {
    float dots[BATCH] = {};
    if (s < filled) {
      if (whole)
        dot_whole<Format>(a, atoms, indices + s, filled - s, g, dots);
      else
        dot_elements<Format>(a, column, indices + s, filled - s, g, dots);
    }
    float sum = transposed_sum(dots, lane);
    if (lane < BATCH && s + lane < slots) __stcs(parts + s + lane, sum);
  }
}

KERNEL(sampled_dot_f32, DOT_THREADS, 4, const SampledDotArguments a) { sampled_dot<F32>(a); }
KERNEL(sampled_dot_bf16, DOT_THREADS, 4, const SampledDotArguments a) { sampled_dot<Bf16>(a); }
KERNEL(sampled_dot_f16, DOT_THREADS, 4, const SampledDotArguments a) { sampled_dot<F16>(a); }

KERNEL(sum_segments, 256, 6, const SumSegmentsArguments a) {
  constexpr int AT_ONCE = 8;
  long long e = blockIdx.x * 256ll + threadIdx.x;
  if (e >= a.count || (a.end && a.first + e >= *a.end)) return;
  const float* parts = a.parts + e;
  float sum = __ldcs(parts);
  for (int segment = 1; segment < a.segments; segment += AT_ONCE) {
    float part[AT_ONCE];
    UNROLL for (int i = 0; i < AT_ONCE; i++) {
      if (segment + i < a.segments) part[i] = __ldcs(parts + (segment + i) * a.count);
    }
    UNROLL for (int i = 0; i < AT_ONCE; i++) {
      if (segment + i < a.segments) sum += part[i];
    }
  }
  a.out[e] = a.accumulate ? a.out[e] + sum : sum;
}
