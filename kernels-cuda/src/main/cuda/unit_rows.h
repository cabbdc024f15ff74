// Arguments of the kernels in unit_rows.cu. Formats are those of elements.cuh, strides count elements.
#pragma once

// x[r, ·] /= ‖x[r, ·]‖ + epsilon
struct UnitRowsArguments {
  void* x;  // [rows, columns]
  long long stride;
  long long rows;
  int columns;
  int format;
  int warpsPerRow;  // 1 to 8, a power of two
  float epsilon;
};

// g[r, ·] -= ⟨g[r, ·], a⟩ / ⟨a, a⟩ · a, where a is the atom of row r
struct ProjectArguments {
  const void* atoms;  // [atomCount, columns]
  void* g;            // [rows, columns]
  const int* rowIds;  // [rows]: which atom is a row's; null: r
  const int* count;   // how many rows there are; null: rows
  unsigned long long* outOfRange;
  long long atomStride;
  long long gStride;
  long long rows;
  int atomCount;
  int columns;
  int atomFormat;
  int gFormat;
  int warpsPerRow;  // 1 to 8, a power of two
};
