// Arguments of the kernels in sparsify.cu. Strides count elements; formats are those of elements.cuh.
#pragma once

enum MarkOption { MARK_BY_MAGNITUDE = 1, MARK_OR_EQUAL = 2 };

// Which scores pass a threshold.
struct MarkArguments {
  const void* scores;         // [rows, columns]
  const float* thresholds;    // [1 + thresholdStride * (columns - 1)]
  const unsigned char* mask;  // [columns] a byte a flag, or null
  unsigned* bits;             // [rows, words]
  unsigned* counts;           // [rows, segments], 0 at the beginning: how many bits of each segment are set; or null
  const int* when;            // nothing is done where it is 0; or null
  long long stride;
  int rows;
  int columns;
  int thresholdStride;  // 0: one for all columns; 1: one for each
  int options;
};

// Where the entries of each segment go.
struct PlaceRowsArguments {
  unsigned* counts;   // [rows, segments], become how many entries of the row lie before each segment
  long long* starts;  // [rows] entries of the tile of 32 rows before each row, or null
  long long* tiles;   // [ceil(rows / 32)] entries of each tile; unused without starts
  int* totals;        // [rows] entries of each row, or null
  int rows;
  int segments;
};

struct PlaceTilesArguments {
  long long* tiles;              // [tiles + 1], become how many entries lie before each tile, and of all
  unsigned long long* exceeded;  // raised to the number of entries that do not fit
  long long capacity;
  int count;  // of tiles
  int unused;
};

// Codes from bits. Row-compressed ones have starts, tiles and offsets; those with slots, totals and written counts.
struct WriteArguments {
  const void* scores;      // [rows, columns]
  const unsigned* bits;    // [rows, words]
  const unsigned* before;  // [rows, segments] entries of the row before each segment
  const long long* starts;
  const long long* tiles;
  const int* totals;
  long long* offsets;  // [rows + 1]
  int* indices;        // [capacity], or [rows, k]
  float* values;       // of the same length
  int* written;        // [rows]
  long long stride;
  long long capacity;
  int rows;
  int columns;
  int k;
  int unused;
};
