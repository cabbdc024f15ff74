// Arguments of the kernels in pursuit_gradients.cu. Formats are those of elements.cuh, strides count elements; what
// stands "by row" begins with the first row of the launch. A slot is row·k + step.
#pragma once

struct StepBackArguments {
  const int* indices;       // [rows, k]
  const int* counts;        // [rows]
  const void* atoms;        // [n, d]
  const void* gResidual;    // [rows, d], or null for zeros
  const float* gValues;     // [rows, k], or null for zeros
  float* steps;             // [rows, k]: the number s of each filled slot
  float* scratch;           // [rows, d] at multiples of 16 bytes; null where shared memory holds a row
  void* gX;                 // [rows, d], or null
  unsigned long long* outOfRange;
  long long atomStride;
  long long gResidualStride;
  long long scratchStride;
  long long gXStride;
  int n;
  int d;
  int k;
  int atomFormat;
  int gResidualFormat;
  int gXFormat;
  int normalised;
  int accumulate;
};

// A stable counting sort of the slots by atom. Chunks of slots are counted apart.
struct SortPicksArguments {
  const int* indices;  // [slots]
  int* tallies;        // [n, chunks], zero at first
  long long* starts;   // [n + 1]
  long long* order;    // [slots]
  long long slots;
  long long chunkSlots;  // a multiple of 32
  int chunks;
  int n;
};

// Columns firstColumn and on, a multiple of four, `quads` times four of them.
struct ContributeArguments {
  const int* indices;      // [rows, k]
  const float* values;     // [rows, k]
  const int* counts;       // [rows]
  const float* steps;      // [rows, k]
  const void* atoms;       // [n, d]
  const void* residual;    // [rows, d]
  const void* gResidual;   // [rows, d], or null for zeros
  float* contributions;    // [slots, 4·quads] at multiples of 16 bytes
  long long atomStride;
  long long residualStride;
  long long gResidualStride;
  long long rows;
  int n;
  int d;
  int k;
  int atomFormat;
  int residualFormat;
  int gResidualFormat;
  int normalised;
  int firstColumn;
  int quads;
  int unused;
};

struct SumPicksArguments {
  const int* indices;           // [slots]
  const long long* starts;      // [n + 1]
  const long long* order;       // [slots]
  const float* contributions;   // [slots, 4·quads] at multiples of 16 bytes
  float* tiles;                 // [slots / 64, 4·quads] at multiples of 16 bytes
  void* gAtoms;                 // [n, d], or of the active atoms
  const int* activeCount;       // how many are active, or null for a row of every atom
  const int* positions;         // [n]: an active atom's row
  const int* oldPositions;      // [n]: its row in `old`, −1 for none; null where it is overwritten
  const float* old;             // rows at the same stride
  long long gAtomStride;
  int n;
  int d;
  int gAtomFormat;
  int accumulate;
  int firstColumn;
  int quads;
};
