// Arguments of the kernels in global_topk.cu. Strides count elements; formats are those of elements.cuh.
#pragma once

// GUESSED: not all scores may be marked.
enum GlobalTopKOption { GLOBAL_BY_MAGNITUDE = 1, GLOBAL_RELU = 2, GLOBAL_GUESSED = 4 };

constexpr int GLOBAL_BINS = 2048;

// What is known of the selection, in device memory.
struct GlobalTopKState {
  unsigned long long bins[GLOBAL_BINS];  // marked scores by the next bits of their keys
  unsigned long long selected;           // k, or all candidates where these are fewer
  unsigned long long wanted;  // which of those that share the known bits is the last one selected; in the end, how many
                              // of those that have its key are selected
  float guess;                // a score that about k or more reach
  float everything;           // -infinity, which all reach
  unsigned key;               // the bits known of the key of the last one selected, 0 for the others
  unsigned least;             // key of the smallest value above 0 that is selected; ~0 if there is none
  int again;                  // whether fewer than k scores reach the guess, so that all have to be marked
  int unused;
};

struct GlobalTopKArguments {
  const void* scores;         // [rows, columns]
  const float* start;         // [1], or null
  const unsigned char* mask;  // [columns] a byte a flag, or null
  unsigned* bits;             // [rows, words] marks
  unsigned* counts;           // [rows, segments]
  const long long* starts;    // [rows] ties of the tile of 32 rows before each row
  const long long* tiles;     // [ceil(rows / 32)] ties before each tile
  GlobalTopKState* state;
  float* threshold;    // [1], or null
  float* minPositive;  // [1], or null
  long long stride;
  long long k;
  int rows;
  int columns;
  int options;
  int level;       // which bits of keys are counted: 0 the first 11, 1 the next 11, 2 the last 10
  int onlyAgain;   // whether to do nothing unless all had to be marked
  int sampleRank;  // which of the sample is guessed to be the last one selected; 0 for no guess
};
