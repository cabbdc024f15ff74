// Arguments of the kernels in selection.cu. Strides count elements; formats are those of elements.cuh.
#pragma once

enum SelectionOption { BY_MAGNITUDE = 1, BY_INDEX = 2, DROP_TIES = 4, RELU = 8 };

// The first k of each row. Candidates and lists hold ranks (keys.cuh).
struct TopKArguments {
  const void* scores;          // [rows, columns]
  const void* values;          // [rows, columns], or null: the scores as the ranks remember them
  const unsigned char* mask;   // [columns] a byte a flag, or null
  const int* rowK;             // [rows], or null
  int* indices;                // [rows, slots]
  float* written;              // [rows, slots]
  int* counts;                 // [rows]
  unsigned long long* lists;   // [rows, slices, listCapacity]
  unsigned* listCounts;        // [rows, slices]
  long long scoreStride;
  long long valueStride;
  int rows;
  int columns;
  int slots;     // of a row of the output
  int k;         // at most slots and columns
  int capacity;  // ranks that a team has room for
  int stash;     // vectors that a team has room for
  int options;
  int valueFormat;
  int slices;
  int listCapacity;
};

// One running selection.
struct RunningSelector {
  unsigned long long* lists;   // [rows, listCapacity]
  unsigned long long* floors;  // [rows], 0 at the beginning
  unsigned* counts;            // [rows], 0 at the beginning
  const unsigned char* mask;   // [all columns], or null
  const int* rowK;             // [rows], or null
  int k;
  int options;
  int listCapacity;
};

constexpr int RUNNING_SELECTORS = 4;

// A chunk of columns of activation(scores + bias).
struct RunningArguments {
  const float* scores;  // [rows, columns]
  const float* bias;    // [all columns], or null
  long long stride;
  int columns;
  int firstColumn;
  int relu;
  int capacity;  // ranks that there is room for
  int stash;     // vectors that there is room for
  int count;     // of selectors
  RunningSelector selectors[RUNNING_SELECTORS];
};
