// Arguments of the kernels in column_topk.cu. Strides count elements; formats are those of elements.cuh.
#pragma once

enum ColumnTopKOption { COLUMN_BY_MAGNITUDE = 1, COLUMN_RELU = 2 };

// The first rows of each column, of a matrix or of entries sorted by column.
struct ColumnTopKArguments {
  const void* scores;                 // [rows, columns]; unused for entries
  const unsigned long long* entries;  // value << 32 | row; unused for a matrix
  const long long* firsts;            // [columns + 1] where each column's entries begin
  const long long* rowIds;            // [rows], or null: firstRow + row
  const int* columnM;                 // [columns], or null
  unsigned long long* lists;          // [parts, strips, m, 32]
  int* listCounts;                    // [parts, strips, 32]
  const long long* heldIds;           // [columns, m] the output's ids, if its entries compete; or null
  long long* ids;                     // [columns, m]
  float* values;                      // [columns, m]
  int* counts;                        // [columns]
  long long stride;
  long long firstRow;
  int rows;
  int columns;
  int m;  // 1 or more
  int options;
  int parts;          // ranges of rows that are searched apart
  int warpsPerStrip;  // 8, which keep their lists in shared memory, or 1
};

// Entries of codes, to be sorted by column.
struct ColumnEntriesArguments {
  const int* indices;           // [rows, k], or [capacity]
  const float* codeValues;      // of the same length
  const int* codeCounts;        // [rows]; null of row-compressed codes
  const long long* offsets;     // [rows + 1]; null of codes with slots
  long long* firsts;            // [columns + 1]: of count, 0 at the beginning, how many entries each column has
  unsigned* cursors;            // [columns], 0 at the beginning
  unsigned long long* entries;  // value << 32 | row
  unsigned long long* outOfRange;
  int rows;
  int columns;
  int k;
  int unused;
};
