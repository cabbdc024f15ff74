// Quads: four neighbouring elements of a matrix row, of any format, read and written as float32.
//
// A row may begin at any element (a view, foreign memory). Where its address is a multiple of a quad's size, a quad is
// one access of 16 bytes (float32) or 8 (16-bit); else, and at the end of a row, it is up to four single ones.
#pragma once
#include "elements.cuh"

__device__ __forceinline__ int element_bytes(int format) { return format == FORMAT_F32 ? 4 : 2; }

// A matrix as kernels see it. Byte is `const unsigned char` for one that is read, `unsigned char` for one that is
// written.
template <class Byte>
struct Rows {
  Byte* data;
  long long pitch;  // bytes from a row to the next
  int columns;
  int format;
  bool whole;  // every row begins at a multiple of a quad's size

  __device__ __forceinline__ Byte* row(long long r) const { return data + r * pitch; }
};

template <class Byte>
__device__ __forceinline__ Rows<Byte> rows_of(Byte* data, long long stride, int columns, int format) {
  long long pitch = stride * element_bytes(format);
  unsigned misaligned = (unsigned)((reinterpret_cast<unsigned long long>(data) | (unsigned long long)pitch) &
                                   (unsigned)(4 * element_bytes(format) - 1));
  return Rows<Byte>{data, pitch, columns, format, misaligned == 0};
}

using InRows = Rows<const unsigned char>;
using OutRows = Rows<unsigned char>;

__device__ __forceinline__ InRows rows_in(const void* matrix, long long stride, int columns, int format) {
  return rows_of(static_cast<const unsigned char*>(matrix), stride, columns, format);
}

__device__ __forceinline__ OutRows rows_out(void* matrix, long long stride, int columns, int format) {
  return rows_of(static_cast<unsigned char*>(matrix), stride, columns, format);
}

// A quad as it is stored: four words of float32, or two words of two 16-bit elements each; zeros past the row's end.
// Keeping it so until it is used lets a load be under way while other work is done.
__device__ __forceinline__ uint4 load_stored(const InRows& m, const unsigned char* row, int at) {
  if (m.format == FORMAT_F32) {
    const float* p = reinterpret_cast<const float*>(row) + at;
    float4 v = make_float4(0, 0, 0, 0);
    if (m.whole && at + 4 <= m.columns) {
      v = *reinterpret_cast<const float4*>(p);
    } else {
      if (at < m.columns) v.x = p[0];
      if (at + 1 < m.columns) v.y = p[1];
      if (at + 2 < m.columns) v.z = p[2];
      if (at + 3 < m.columns) v.w = p[3];
    }
    return make_uint4(__float_as_uint(v.x), __float_as_uint(v.y), __float_as_uint(v.z), __float_as_uint(v.w));
  }
  const unsigned short* p = reinterpret_cast<const unsigned short*>(row) + at;
  if (m.whole && at + 4 <= m.columns) {
    uint2 v = *reinterpret_cast<const uint2*>(p);
    return make_uint4(v.x, v.y, 0, 0);
  }
  unsigned e0 = at < m.columns ? p[0] : 0, e1 = at + 1 < m.columns ? p[1] : 0;
  unsigned e2 = at + 2 < m.columns ? p[2] : 0, e3 = at + 3 < m.columns ? p[3] : 0;
  return make_uint4(e0 | e1 << 16, e2 | e3 << 16, 0, 0);
}

__device__ __forceinline__ float4 widened(uint4 stored, int format) {
  if (format == FORMAT_F32)
    return make_float4(__uint_as_float(stored.x), __uint_as_float(stored.y), __uint_as_float(stored.z),
                       __uint_as_float(stored.w));
  float2 low = format == FORMAT_BF16 ? widen_bf16x2(stored.x) : widen_f16x2(stored.x);
  float2 high = format == FORMAT_BF16 ? widen_bf16x2(stored.y) : widen_f16x2(stored.y);
  return make_float4(low.x, low.y, high.x, high.y);
}

// The elements at … at + 3 of a row; zeros past its end.
__device__ __forceinline__ float4 load_quad(const InRows& m, const unsigned char* row, int at) {
  return widened(load_stored(m, row, at), m.format);
}

// The elements at … at + 3 of a float32 vector; zeros past its end, or where there is none.
__device__ __forceinline__ float4 load_vector(const float* vector, int length, int at) {
  if (!vector) return make_float4(0, 0, 0, 0);
  InRows m = rows_in(vector, 0, length, FORMAT_F32);
  return load_quad(m, m.data, at);
}

__device__ __forceinline__ unsigned short narrowed(float v, int format) {
  return format == FORMAT_BF16 ? narrow_bf16(v) : narrow_f16(v);
}

// Writes those of the four elements that the row has.
__device__ __forceinline__ void store_quad(const OutRows& m, unsigned char* row, int at, float4 v) {
  if (m.format == FORMAT_F32) {
    float* p = reinterpret_cast<float*>(row) + at;
    if (m.whole && at + 4 <= m.columns) {
      *reinterpret_cast<float4*>(p) = v;
      return;
    }
    if (at < m.columns) p[0] = v.x;
    if (at + 1 < m.columns) p[1] = v.y;
    if (at + 2 < m.columns) p[2] = v.z;
    if (at + 3 < m.columns) p[3] = v.w;
    return;
  }
  unsigned short* p = reinterpret_cast<unsigned short*>(row) + at;
  unsigned short e0 = narrowed(v.x, m.format), e1 = narrowed(v.y, m.format);
  unsigned short e2 = narrowed(v.z, m.format), e3 = narrowed(v.w, m.format);
  if (m.whole && at + 4 <= m.columns) {
    *reinterpret_cast<uint2*>(p) = make_uint2((unsigned)e0 | (unsigned)e1 << 16, (unsigned)e2 | (unsigned)e3 << 16);
    return;
  }
  if (at < m.columns) p[0] = e0;
  if (at + 1 < m.columns) p[1] = e1;
  if (at + 2 < m.columns) p[2] = e2;
  if (at + 3 < m.columns) p[3] = e3;
}

// What a block of an element-wise kernel does of a matrix: 32 rows × 128 columns, a warp a row of them at a time, a lane
// one quad of it. Blocks: ceil(rows / 32)·ceil(columns / 128), of 256 threads, as the host's RowTiles has it.
struct RowTile {
  static constexpr int THREADS = 256, WARPS = THREADS / 32, COLUMNS = 128;
  static constexpr int QUADS = 4;  // of a lane

  long long first;  // the warp's first row
  int column;       // of the lane's quads; may lie past the last one

  __device__ __forceinline__ explicit RowTile(int columns) {
    unsigned columnBlocks = (unsigned)(columns - 1) / COLUMNS + 1, rowBlock = blockIdx.x / columnBlocks;
    column = (int)((blockIdx.x - rowBlock * columnBlocks) * COLUMNS + threadIdx.x % 32 * 4);
    first = rowBlock * (long long)(WARPS * QUADS) + threadIdx.x / 32;
  }

  // The row of the lane's i-th quad; may lie past the last one.
  __device__ __forceinline__ long long row(int i) const { return first + i * WARPS; }
};
