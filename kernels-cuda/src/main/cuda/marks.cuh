// Marks: a bit for each score of a matrix, laid out as ballots give it.
//
// A warp's vectors of 16 bytes are a block of 32 * LANES columns of a row (LANES is 4 in F32, 8 in 16 bits) and leave LANES
// words; bit l of word i tells of column l * LANES + i of the block. 32 blocks are a segment.
#pragma once
#include "elements.cuh"

constexpr int THREADS = 256, WARPS = THREADS / 32;
constexpr int SEGMENT_BLOCKS = 32, TILE_ROWS = 32;  // rows whose places are known together

__device__ __forceinline__ unsigned lane_of_warp() { return threadIdx.x % 32; }
__device__ __forceinline__ long long warp_of_grid() { return blockIdx.x * (long long)WARPS + threadIdx.x / 32; }

// How a row of scores is divided.
template <class Format>
struct Division {
  static constexpr int LANES = Format::LANES, BLOCK = 32 * LANES;
  static constexpr int PIECE_BLOCKS = 16 / LANES;  // that a warp marks of a row

  int blocks, segments;

  __device__ __forceinline__ explicit Division(int columns)
      : blocks((columns - 1) / BLOCK + 1), segments((blocks - 1) / SEGMENT_BLOCKS + 1) {}
  __device__ __forceinline__ long long words() const { return (long long)blocks * LANES; }
};

// The sum over the lanes up to this one.
template <class T>
__device__ __forceinline__ T inclusive(T v) {
  UNROLL for (unsigned by = 1; by < 32; by *= 2) {
    T before = __shfl_up_sync(~0u, v, by);
    if (lane_of_warp() >= by) v += before;
  }
  return v;
}

__device__ __forceinline__ void store_words(unsigned* to, const unsigned (&word)[4]) {
  *reinterpret_cast<uint4*>(to) = make_uint4(word[0], word[1], word[2], word[3]);
}
__device__ __forceinline__ void store_words(unsigned* to, const unsigned (&word)[8]) {
  reinterpret_cast<uint4*>(to)[0] = make_uint4(word[0], word[1], word[2], word[3]);
  reinterpret_cast<uint4*>(to)[1] = make_uint4(word[4], word[5], word[6], word[7]);
}

// A lane's block of a row: the words that mark left.
template <class Format>
struct Marked {
  static constexpr int LANES = Format::LANES;

  unsigned word[LANES], count = 0;
  int column;  // of the block's first lane

  __device__ __forceinline__ Marked(const unsigned* bits, int block, int blocks)
      : column(block * Division<Format>::BLOCK) {
    UNROLL for (int i = 0; i < LANES; i += 4) {
      uint4 four = make_uint4(0, 0, 0, 0);
      if (block < blocks) four = *(reinterpret_cast<const uint4*>(bits + (long long)block * LANES) + i / 4);
      word[i] = four.x, word[i + 1] = four.y, word[i + 2] = four.z, word[i + 3] = four.w;
    }
    UNROLL for (int i = 0; i < LANES; i++) count += unsigned(__popc(word[i]));
  }

  // Calls entry(column) for each marked column, ascending.
  template <class Entry>
  __device__ __forceinline__ void each(Entry entry) const {
    unsigned any = 0;
    UNROLL for (int i = 0; i < LANES; i++) any |= word[i];
    for (; any; any &= any - 1) {
      unsigned bit = unsigned(__ffs(int(any)) - 1);
      UNROLL for (int i = 0; i < LANES; i++) {
        if (word[i] >> bit & 1) entry(column + int(bit) * LANES + i);
      }
    }
  }

  // The warp calls visit(lane, words) for each lane whose block has marks, ascending.
  template <class Visit>
  __device__ __forceinline__ void each_block(Visit visit) const {
    for (unsigned some = __ballot_sync(~0u, count > 0); some; some &= some - 1) {
      int owner = __ffs(int(some)) - 1;
      unsigned theirs[LANES];
      UNROLL for (int i = 0; i < LANES; i++) theirs[i] = __shfl_sync(~0u, word[i], owner);
      visit(owner, theirs);
    }
  }
};

// A segment of a row, a warp's work.
template <class Format>
struct Segment {
  Division<Format> division;
  long long row;
  int number;

  __device__ __forceinline__ Segment(int columns, long long place)
      : division(columns), row(place / division.segments), number(int(place - row * division.segments)) {}

  // The lane's block of it.
  __device__ __forceinline__ Marked<Format> marked(const unsigned* bits) const {
    return Marked<Format>(bits + row * division.words(), first_block() + int(lane_of_warp()), division.blocks);
  }
  __device__ __forceinline__ int first_block() const { return number * SEGMENT_BLOCKS; }
  // Its place among all segments.
  __device__ __forceinline__ long long place() const { return row * division.segments + number; }
};
