// Arguments of the kernels in encode_select.cu. Strides count elements.
#pragma once

// ACTIVATED: scores are max(0, a). DROPPED: values that are at most 0 are not kept.
enum SweepOption { SWEEP_BY_MAGNITUDE = 1, SWEEP_OR_EQUAL = 2, SWEEP_ACTIVATED = 4, SWEEP_DROPPED = 8 };

constexpr int SWEEP_BINS = 2048;

// What is known of a list between launches; all 0 at the beginning.
struct SweepState {
  unsigned long long bins[SWEEP_BINS];  // entries by the next bits of their ranks
  unsigned long long wanted;   // which of the entries that share the known bits is the last one selected
  unsigned long long inverse;  // of the last one selected: how many places of the matrix come after its own
  long long staged;            // entries of the list
  long long base;              // where the chunk's entries begin in the list
  unsigned key;                // of the last one selected; 0: everything passes
  unsigned least;              // complement of the key of the smallest value above 0 that is selected; 0: there is none
  int cutting;                 // whether the list is being cut
  int settled;                 // whether all entries with the key of the last one are selected
};

// A chunk of the scores activation(scores + bias) of a tile of rows, and where the entries go that pass: to a list, or to
// the slots of their rows.
struct SweepArguments {
  const float* scores;        // [rows, columns]
  const float* bias;          // [all columns], or null
  unsigned* counts;           // [rows, segments]: entries of each; then where they go
  const unsigned char* mask;  // [all columns] a byte a flag, or null
  const float* thresholds;    // [1 + thresholdStride * (all columns - 1)]
  SweepState* state;          // of a list
  int* entryRows;             // the list: [capacity]
  int* indices;               // [capacity], or slots [all rows, k]
  float* values;              // of the same length
  int* totals;                // [all rows] of slots: entries of each row in the chunks so far; 0 at the beginning
  int* written;               // [all rows] of slots: how many are filled
  long long capacity;
  long long stride;
  long long last;  // place of the matrix's last score, where place = row * all columns + column
  int rows;
  int columns;
  int firstRow;
  int firstColumn;
  int allColumns;
  int thresholdStride;  // 0: one for all columns; 1: one for each
  int options;
  int k;
};

// A list, and the codes made of it. A row's chunks are cells, whose entries follow each other in the list.
struct SweepListArguments {
  SweepState* state;
  int* entryRows;  // [capacity]
  int* columns;    // of the same length, as values
  float* values;
  int* keptRows;  // [k]: what a cut leaves
  int* keptColumns;
  float* keptValues;
  long long* parts;            // [parts + 1]: entries that a cut leaves of each part of the list; then of those before
  unsigned* cells;             // [rows, chunks]: entries of each, 0 at the beginning; then of the row's cells before
  long long* runs;             // [rows, chunks]: where each cell's entries begin in the list
  const long long* starts;     // [rows] entries of the tile of 32 rows before each row
  const long long* tiles;      // [ceil(rows / 32) + 1] entries before each tile
  long long* offsets;          // [rows + 1]
  int* indices;                // the codes' columns
  float* written;              // and values
  float* threshold;            // [1], or null
  float* minPositive;          // [1], or null
  unsigned long long* exceeded;
  long long k;
  long long limit;     // entries up to which the list is not cut
  long long capacity;  // of the list
  long long last;      // place of the matrix's last score
  int rows;
  int allColumns;
  int chunks;
  int width;          // of a chunk, in rows below lastTileRow
  int lastTileRow;
  int lastWidth;      // of a chunk, in the other rows
  int options;
  int level;          // which bits of ranks are counted: 0 to 2 of the key, from 3 on of the place
  int levels;
  int unused;
};
