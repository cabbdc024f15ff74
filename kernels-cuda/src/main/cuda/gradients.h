// Arguments of the kernels in gradients.cu. Formats are those of elements.cuh, strides count elements. Entries have been
// sorted by atom (sorting.cu).
#pragma once

// Where the entries of each atom begin, which atoms are active, and which have more entries than one thread adds up.
struct RunsArguments {
  const int* indices;      // [*count]: sorted
  const unsigned* count;   // [1]
  unsigned* starts;        // [atoms + 1]: where an atom's entries begin
  unsigned* pieceStarts;   // [atoms + 1]: pieces of the atoms before, not counting each one's first
  unsigned* tilePieces;    // [tiles]: such pieces of 256 atoms
  unsigned* tileActive;    // [tiles]: of 256 atoms, how many are active; null where nobody asks, like what follows
  int* positions;          // [atoms]: an atom's place among the active ones
  int* oldPositions;       // [atoms]: that among those that were active, −1 for none; null where they do not stay
  int* activeIds;          // [capacity]: active atoms, ascending
  int* activeCount;        // [1]
  unsigned long long* exceeded;  // flag: the capacity that is needed
  int atoms;
  int tiles;  // at least 1
  int capacity;
  int unused;
};

// out[j] = Σ values[e]·rows[of[e]] over atom j's entries e, piece by piece
struct SumRunsArguments {
  const int* of;                // row of each sorted entry
  const float* values;
  const void* rows;             // [rowCount, d]
  const unsigned* starts;       // [atoms + 1]
  const unsigned* pieceStarts;  // [atoms + 1]
  void* out;                    // [atoms, d], or [capacity, d] of active atoms
  float* parts;                 // [2·pieces, partStride]: sums of pieces; the first ones of atoms come last
  const float* old;             // what active rows held, at their old places, like out; null where nothing stays
  const int* activeIds;         // [capacity]; null: all atoms, like what follows
  const int* activeCount;       // [1]
  const int* positions;         // [atoms]
  const int* oldPositions;      // [atoms]
  unsigned long long* outOfRange;
  long long rowStride;
  long long outStride;
  unsigned rowPitch;  // bytes from a row to the next where each begins at a multiple of 16 of them; else 0
  int partStride;
  int rowCount;
  int d;
  int outFormat;
  int accumulate;
  int atoms;
  int sums;    // atoms, or the capacity for active ones
  int pieces;  // that there are at most, not counting each atom's first
  int sliceVectors;
};

// parts[chunk, i] = Σ weights[b]·rows[b, i] over a chunk of 256 rows
struct WeightedRowsArguments {
  const void* rows;        // [rowCount, d]
  const float* weights;    // [rowCount]; null: 1
  const unsigned* starts;  // [rowCount + 1]: rows without entries do not count; null: all do
  float* parts;            // [chunks, d]
  long long stride;
  int rowCount;
  int d;
  int format;
  int unused;
};

// out[i] = (out[i]) + sign·Σ parts[chunk, i], over ascending chunks
struct SumChunksArguments {
  const float* parts;  // [chunks, d]
  float* out;          // [d]
  int chunks;
  int d;
  int accumulate;
  float sign;
};

// sums[j] = Σ values[e] over atom j's entries e, and out[j] = (out[j]) + the same
struct SumValuesArguments {
  const float* values;
  const unsigned* starts;  // [atoms + 1]
  float* sums;             // [atoms], or null
  float* out;              // [atoms], or null
  int atoms;
  int accumulate;
};

// out[e] = indices[e], but −1 where values[e] ≤ 0
struct PositiveArguments {
  const int* indices;   // [count]
  const float* values;  // [count]
  int* out;             // [count]
  long long count;
};
