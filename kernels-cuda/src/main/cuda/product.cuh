// The tiled product out = activation(a · bᵀ + bias) in float32, where there is no cuBLAS.
//
// Maths    out[r, j] = Σ_i a[r, i]·b[j, i], one chain of fmaf over ascending i from +0: the result depends neither on
//          the tile's shape, nor on how the caller cuts rows and columns into pieces, nor on the device.
// Layout   a [rows, d], b [columns, d], out [rows, columns], row-major with any stride and of any formats; 16-bit
//          factors are widened, which is exact, and a 16-bit result is rounded once.
// Tile     A block computes ROWS × COLUMNS results. Both factors' tiles are DEPTH deep and lie transposed in shared
//          memory, so that a thread reads the four rows (columns) that it needs at one depth as one 16-byte word. Two
//          tiles alternate: while one is multiplied the next one's quads are on their way in registers, as they are
//          stored, and one barrier a tile suffices. A warp computes (16·PR) × (32·PC) results, its lanes lie 4 × 8;
//          a thread has PR × PC squares of 4 × 4 results, 16 rows and 32 columns apart.
// Order    Blocks that run together take the same columns of up to eight tiles of rows, then the next columns: what
//          they read of b is shared, what they read of a stays in L2.
// Bytes    For every tile (ROWS + COLUMNS)·d elements through L2, of which device memory gives each about once.
// Flops    2·rows·columns·d. Per depth a thread issues 16·PR·PC fmaf for PR + PC shared loads of 16 bytes.
#pragma once
#include "quads.cuh"
#include "scoring.h"

template <int ROWS_, int COLUMNS_, int DEPTH_, int WARP_ROWS, int PR, int PC>
struct Tiling {
  static constexpr int ROWS = ROWS_, COLUMNS = COLUMNS_, DEPTH = DEPTH_;
  static constexpr int WARPS = (ROWS / (16 * PR)) * (COLUMNS / (32 * PC)), THREADS = 32 * WARPS;
  static_assert(WARP_ROWS * 16 * PR == ROWS && COLUMNS % (32 * PC) == 0, "warps tile the block");

  // The padding puts what a warp stores of four rows' transposed quads into different banks, up to two at a time.
  struct Shared {
    float a[2][DEPTH][ROWS + 4];
    float b[2][DEPTH][COLUMNS + 4];
  };

  // One factor's quads of the next tile that this thread fetches. A row past the last one is the last one again: its
  // results are not stored.
  template <int HEIGHT>
  struct Factor {
    static constexpr int QUADS_A_ROW = DEPTH / 4, COUNT = HEIGHT * QUADS_A_ROW / THREADS;
    static constexpr int STEP = THREADS / QUADS_A_ROW;  // rows between a thread's quads
    static_assert(HEIGHT * QUADS_A_ROW % THREADS == 0, "every thread fetches as much");
    const InRows matrix;
    const unsigned char* rows[COUNT];
    uint4 quads[COUNT];

    __device__ __forceinline__ Factor(InRows matrix, long long first, long long last) : matrix(matrix) {
      UNROLL for (int q = 0; q < COUNT; q++) rows[q] = matrix.row(min(first + own_row() + q * STEP, last));
    }

    static __device__ __forceinline__ int own_row() { return (int)threadIdx.x / QUADS_A_ROW; }
    static __device__ __forceinline__ int own_depth() { return (int)threadIdx.x % QUADS_A_ROW * 4; }

    __device__ __forceinline__ void fetch(int depth) {
      UNROLL for (int q = 0; q < COUNT; q++) quads[q] = load_stored(matrix, rows[q], depth + own_depth());
    }

    __device__ __forceinline__ void store(float (*tile)[HEIGHT + 4]) const {
      UNROLL for (int q = 0; q < COUNT; q++) {
        float4 v = widened(quads[q], matrix.format);
        float* column = &tile[own_depth()][own_row() + q * STEP];
        column[0] = v.x;
        column[HEIGHT + 4] = v.y;
        column[2 * (HEIGHT + 4)] = v.z;
        column[3 * (HEIGHT + 4)] = v.w;
      }
    }
  };

  // Where this thread's results begin in the block's tile.
  static __device__ __forceinline__ int first_row() {
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    return warp % WARP_ROWS * 16 * PR + lane / 8 * 4;
  }
  static __device__ __forceinline__ int first_column() {
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    return warp / WARP_ROWS * 32 * PC + lane % 8 * 4;
  }

  static __device__ __forceinline__ void multiply(const Shared& s, int buffer, float (&sums)[4 * PR][4 * PC]) {
    int row = first_row(), column = first_column();
    UNROLL_BY(2) for (int depth = 0; depth < DEPTH; depth++) {  // all eight would need more registers than there are
      float a[4 * PR], b[4 * PC];
      UNROLL for (int p = 0; p < PR; p++) {
        float4 v = *reinterpret_cast<const float4*>(&s.a[buffer][depth][row + 16 * p]);
        a[4 * p] = v.x, a[4 * p + 1] = v.y, a[4 * p + 2] = v.z, a[4 * p + 3] = v.w;
      }
      UNROLL for (int p = 0; p < PC; p++) {
        float4 v = *reinterpret_cast<const float4*>(&s.b[buffer][depth][column + 32 * p]);
        b[4 * p] = v.x, b[4 * p + 1] = v.y, b[4 * p + 2] = v.z, b[4 * p + 3] = v.w;
      }
      UNROLL for (int i = 0; i < 4 * PR; i++) {
        UNROLL for (int j = 0; j < 4 * PC; j++) sums[i][j] = fmaf(a[i], b[j], sums[i][j]);
      }
    }
  }

  static __device__ __forceinline__ void finish(const ProductArguments& g, long long firstRow, int firstColumn,
                                                const float (&sums)[4 * PR][4 * PC]) {
    OutRows out = rows_out(g.out, g.outStride, g.columns, g.outFormat);
    UNROLL for (int p = 0; p < PC; p++) {
      int column = firstColumn + first_column() + 32 * p;
      float4 bias = load_vector(g.bias, g.columns, column);
      UNROLL for (int i = 0; i < 4 * PR; i++) {
        long long row = firstRow + first_row() + i / 4 * 16 + i % 4;
        const float* sum = &sums[i][4 * p];
        float4 v = make_float4(sum[0] + bias.x, sum[1] + bias.y, sum[2] + bias.z, sum[3] + bias.w);
        if (row < g.rows) store_quad(out, out.row(row), column, activated(v, g.relu));
      }
    }
  }

  static __device__ __forceinline__ void run(const ProductArguments& g) {
    Shared& s = shared_memory<Shared>();
    long long firstRow;
    int firstColumn;
    place(g, firstRow, firstColumn);
    Factor<ROWS> a(rows_in(g.a, g.aStride, g.d, g.aFormat), firstRow, g.rows - 1);
    Factor<COLUMNS> b(rows_in(g.b, g.bStride, g.d, g.bFormat), firstColumn, g.columns - 1);
    float sums[4 * PR][4 * PC] = {};
    a.fetch(0);
    b.fetch(0);
    a.store(s.a[0]);
    b.store(s.b[0]);
    __syncthreads();
    for (int depth = 0, buffer = 0; depth < g.d; depth += DEPTH, buffer ^= 1) {
      bool more = depth + DEPTH < g.d;
      if (more) {
        a.fetch(depth + DEPTH);
        b.fetch(depth + DEPTH);
      }
      multiply(s, buffer, sums);
      if (more) {  // into the other buffer, whose readers have passed the last barrier
        a.store(s.a[buffer ^ 1]);
        b.store(s.b[buffer ^ 1]);
        __syncthreads();
      }
    }
    finish(g, firstRow, firstColumn, sums);
  }

  // Which tile this block computes.
  static __device__ __forceinline__ void place(const ProductArguments& g, long long& firstRow, int& firstColumn) {
    constexpr unsigned GROUP = 8;
    unsigned rowTiles = (unsigned)((g.rows + ROWS - 1) / ROWS), columnTiles = (unsigned)(g.columns - 1) / COLUMNS + 1;
    unsigned group = blockIdx.x / (GROUP * columnTiles), within = blockIdx.x - group * (GROUP * columnTiles);
    unsigned height = min(rowTiles - group * GROUP, GROUP);
    firstRow = (long long)(group * GROUP + within % height) * ROWS;
    firstColumn = (int)(within / height * COLUMNS);
  }
};
