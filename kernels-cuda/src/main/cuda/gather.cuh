// Weighted sums of rows that indices name, in slices of columns: what decoding and its gradients have in common.
//
// A thread owns one 16-byte vector of columns of one sum (4 float32, 8 16-bit) and walks over the sum's entries, eight
// vectors of rows at a time, all under way before the first is used: one chain of fmaf in the order of the entries. An
// entry's index and weight are the same for neighbouring threads, and come four at a time where they can.
#pragma once
#include "elements.cuh"
#include "entries.cuh"
#include "quads.cuh"

constexpr int BATCH = 8;  // vectors that a thread loads before it uses the first
constexpr int GATHER_THREADS = 128;

__device__ __forceinline__ void from_bits(unsigned bits, int& x) { x = (int)bits; }
__device__ __forceinline__ void from_bits(unsigned bits, float& x) { x = __uint_as_float(bits); }

// The next entries of a row, `none` past its last one.
template <class T>
__device__ __forceinline__ void read_batch(const T* entries, unsigned rest, T none, T (&x)[BATCH]) {
  if (rest < BATCH) {
    UNROLL for (unsigned i = 0; i < BATCH; i++) x[i] = i < rest ? __ldg(entries + i) : none;
  } else if (reinterpret_cast<unsigned long long>(entries) % 16 == 0) {
    UNROLL for (int i = 0; i < BATCH; i += 4) {
      uint4 four = __ldg(reinterpret_cast<const uint4*>(entries + i));
      from_bits(four.x, x[i]);
      from_bits(four.y, x[i + 1]);
      from_bits(four.z, x[i + 2]);
      from_bits(four.w, x[i + 3]);
    }
  } else {
    UNROLL for (int i = 0; i < BATCH; i++) x[i] = __ldg(entries + i);
  }
}

// The indices of the next entries. A batch of atoms is loaded without a branch: where an entry has none, another's.
struct Batch {
  int index[BATCH];
  unsigned atoms;     // bit i: entry i is an atom
  unsigned smallest;  // index, an atom's if any entry is one

  __device__ __forceinline__ Batch(const int* indices, unsigned rest, int atomCount) : atoms(0), smallest(~0u) {
    read_batch(indices, rest, EMPTY, index);
    UNROLL for (int i = 0; i < BATCH; i++) {
      atoms |= is_atom(index[i], atomCount) ? 1u << i : 0;
      smallest = min(smallest, (unsigned)index[i]);
    }
  }
  __device__ __forceinline__ bool has(int i) const { return (atoms >> i & 1) != 0; }
  __device__ __forceinline__ unsigned loaded(int i) const { return has(i) ? (unsigned)index[i] : smallest; }
  __device__ __forceinline__ void report_others(int atomCount, unsigned long long* outOfRange) const {
    if (atoms != (1u << BATCH) - 1) {
      UNROLL for (int i = 0; i < BATCH; i++) report(index[i], atomCount, outOfRange);
    }
  }
};

// A thread's vectors of the atoms, where these begin at multiples of 16 bytes.
template <class Format>
struct Vectors {
  const unsigned char* first;
  unsigned pitch;

  __device__ __forceinline__ Vectors(const void* atoms, unsigned pitch, int column)
      : first(reinterpret_cast<const unsigned char*>(static_cast<const typename Format::Stored*>(atoms) + column)),
        pitch(pitch) {}
  __device__ __forceinline__ typename Format::Vector of(unsigned atom) const {
    return __ldg(reinterpret_cast<const typename Format::Vector*>(first + (unsigned long long)atom * pitch));
  }
};

// The vector at any address, of which the row has `present` elements; the others are 0.
template <class Format>
__device__ __forceinline__ typename Format::Vector vector_of_elements(const typename Format::Stored* p, int present) {
  typename Format::Vector v = Format::fill(0);
  UNROLL for (int i = 0; i < Format::LANES; i++) {
    if (i < present) Format::put(v, i, Format::widen(__ldg(p + i)));
  }
  return v;
}

// A vector's worth of a row of any format.
template <int lanes>
__device__ __forceinline__ void read(const InRows& rows, long long row, int column, float (&x)[lanes]) {
  UNROLL for (int i = 0; i < lanes; i += 4) {
    float4 quad = load_quad(rows, rows.row(row), column + i);
    x[i] = quad.x, x[i + 1] = quad.y, x[i + 2] = quad.z, x[i + 3] = quad.w;
  }
}

// The rows that are gathered.
struct Gathered {
  const void* rows;  // [count, d]
  long long stride;
  unsigned pitch;  // bytes from a row to the next where each begins at a multiple of 16 of them; else 0
  int count;
  int d;
  unsigned long long* outOfRange;
};

template <class Format>
__device__ __forceinline__ void add_scaled(float value, const typename Format::Vector& atom,
                                           float (&sum)[Format::LANES]) {
  UNROLL for (int j = 0; j < Format::LANES; j++) sum[j] = fmaf(value, Format::at(atom, j), sum[j]);
}

template <class Format>
__device__ __forceinline__ void add_whole(const Gathered& a, const int* indices, const float* values,
                                          unsigned count, int column, float (&sum)[Format::LANES]) {
  Vectors<Format> atoms(a.rows, a.pitch, column);
  for (unsigned rest = count; rest > 0; rest -= min(rest, (unsigned)BATCH)) {
    Batch batch(indices, rest, a.count);
    batch.report_others(a.count, a.outOfRange);
    if (batch.atoms) {
      typename Format::Vector atom[BATCH];
      float value[BATCH];
      UNROLL for (int i = 0; i < BATCH; i++) atom[i] = atoms.of(batch.loaded(i));
      read_batch(values, rest, 0.0f, value);
      UNROLL for (int i = 0; i < BATCH; i++) {
        if (batch.has(i)) add_scaled<Format>(value[i], atom[i], sum);
      }
    }
    indices += BATCH;
    values += BATCH;
  }
}

// The same where the atoms begin at any address or have fewer than a vector's elements left.
template <class Format>
__device__ __forceinline__ void add_elements(const Gathered& a, const int* indices, const float* values,
                                             unsigned count, int column, float (&sum)[Format::LANES]) {
  const auto* atoms = static_cast<const typename Format::Stored*>(a.rows) + column;
  UNROLL_BY(2) for (unsigned s = 0; s < count; s++) {
    int index = __ldg(indices + s);
    if (is_atom(index, a.count))
      add_scaled<Format>(__ldg(values + s), vector_of_elements<Format>(atoms + index * a.stride, a.d - column), sum);
    else
      report(index, a.count, a.outOfRange);
  }
}

// sum += Σ values[e]·rows[indices[e]] over `count` entries, for the vector of columns from `column` on.
template <class Format>
__device__ __forceinline__ void add_gathered(const Gathered& rows, const int* indices, const float* values,
                                             unsigned count, int column, float (&sum)[Format::LANES]) {
  if (rows.pitch != 0 && column + Format::LANES <= rows.d)
    add_whole<Format>(rows, indices, values, count, column, sum);
  else
    add_elements<Format>(rows, indices, values, count, column, sum);
}

// Which sum and which columns of it a thread owns. Slice by slice: `sliceVectors` neighbouring vectors of all sums, then
// the next ones; within a slice along the vectors of a sum, then to the next one. Blocks of 128:
// slices·ceil(sums·sliceVectors / 128).
template <class Format>
struct Place {
  unsigned sum, column;

  __device__ __forceinline__ Place(long long sums, int sliceVectors) {
    unsigned vectors = (unsigned)sliceVectors;
    unsigned blocks = (unsigned)((sums * vectors + GATHER_THREADS - 1) / GATHER_THREADS);
    unsigned slice = blockIdx.x / blocks, block = blockIdx.x - slice * blocks;
    unsigned tile = block / vectors, within = (block - tile * vectors) * GATHER_THREADS + threadIdx.x;
    sum = tile * GATHER_THREADS + within / vectors;  // a tile: as many sums as a block has threads
    column = (slice * vectors + within % vectors) * Format::LANES;
  }
  __device__ __forceinline__ bool inside(long long sums, int d) const { return sum < sums && column < (unsigned)d; }
};

template <int lanes>
__device__ __forceinline__ void write(const OutRows& rows, long long row, int column, const float (&x)[lanes]) {
  UNROLL for (int i = 0; i < lanes; i += 4) {
    store_quad(rows, rows.row(row), column + i, make_float4(x[i], x[i + 1], x[i + 2], x[i + 3]));
  }
}
