// The device vocabulary: the one header that kernel code includes. The same source compiles for two machines:
// nvcc takes the half below, any C++17 compiler on x86-64 Linux the emulated half in native-build/src/emulator.
//
// Rules that both halves rely on:
//  - An entry is declared by KERNEL or CLUSTER_KERNEL and takes one `const XArguments a`, whose size ARGUMENTS asserts.
//  - All shared memory is dynamic and comes from shared_memory or shared_array.
//  - Every lane named in a mask reaches the same source line, every thread of a block the same barrier.
//  - Shuffles, ballots and reductions order no memory; __syncwarp, __syncthreads and cluster_sync do.
//  - A cluster ends with cluster_sync while one of its blocks may still read another's shared memory.
//  - Threads of different clusters never exchange data within one launch.
//  - What is fused is written as fmaf: both compilers contract nothing by themselves.
#pragma once
#include <cstdint>
#include <type_traits>

// Asserts the size that the host writes: 8-byte members first, then 4-byte ones, so that there is no hole.
#define ARGUMENTS(type, bytes)                                                                    \
  static_assert(sizeof(type) == (bytes), #type " does not have the size that the host writes");   \
  static_assert(std::is_trivially_copyable<type>::value && std::is_standard_layout<type>::value, \
                #type " is copied as bytes")

#ifndef __CUDACC__
#include "emulator/vocabulary.h"
#else

// A device function that is a barrier takes CALLER, and begins the barrier it consists of with OF_CALLER: the emulator
// then tells such calls apart.
#define CALLER
#define OF_CALLER

#define UNROLL _Pragma("unroll")
// Unrolls a loop n times only, where its whole would need too many registers.
#define UNROLL_BY(n) SIMT_PRAGMA(unroll n)
#define SIMT_PRAGMA(text) _Pragma(#text)

#define KERNEL(name, threads, minBlocks, ...) \
  extern "C" __global__ void __launch_bounds__(threads, minBlocks) name(__VA_ARGS__)

// Clusters exist from 9.0 on. Before, the entry is a template that nobody instantiates: its image has no such entry.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#define CLUSTER_KERNEL(name, cluster, threads, minBlocks, ...) \
  extern "C" __global__ void __cluster_dims__(cluster, 1, 1) __launch_bounds__(threads, minBlocks) name(__VA_ARGS__)
#else
#define CLUSTER_KERNEL(name, cluster, threads, minBlocks, ...) \
  template <int absent> __device__ void name(__VA_ARGS__)
#endif

// The block's shared memory as one T; its alignment is 16 bytes at most.
template <class T>
__device__ __forceinline__ T& shared_memory() {
  extern __shared__ __align__(16) unsigned char pursuit_shared[];
  static_assert(alignof(T) <= 16, "shared memory is aligned to 16 bytes");
  return *reinterpret_cast<T*>(pursuit_shared);
}

// Elements of T that begin `offset` bytes into the block's shared memory.
template <class T>
__device__ __forceinline__ T* shared_array(unsigned offset) {
  return reinterpret_cast<T*>(&shared_memory<unsigned char>() + offset);
}

// ---- Clusters: 9.0 and later; before, these are only named in entries that do not exist. ----

__device__ __forceinline__ unsigned cluster_rank() {
  unsigned rank;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}

// Without `.aligned`, which would demand that the compiler has kept the lanes of each warp together.
__device__ __forceinline__ void cluster_sync() {
  asm volatile("barrier.cluster.arrive;\nbarrier.cluster.wait;" ::: "memory");
}

// The address in the shared memory of the cluster's block `rank` that `own` has in this block.
template <class T>
__device__ __forceinline__ T* cluster_map(T* own, unsigned rank) {
  T* theirs;
  asm volatile("mapa.u64 %0, %1, %2;" : "=l"(theirs) : "l"(own), "r"(rank));
  return theirs;
}

// ---- Loads of data that no thread writes in this launch and that is read once: they pass L1 by. ----

__device__ __forceinline__ float load_stream(const float* p) {
  float v;
  asm("ld.global.nc.L1::no_allocate.f32 %0, [%1];" : "=f"(v) : "l"(p));
  return v;
}

__device__ __forceinline__ unsigned short load_stream(const unsigned short* p) {
  unsigned short v;
  asm("ld.global.nc.L1::no_allocate.u16 %0, [%1];" : "=h"(v) : "l"(p));
  return v;
}

// The address is a multiple of 16.
__device__ __forceinline__ float4 load_stream(const float4* p) {
  float4 v;
  asm("ld.global.nc.L1::no_allocate.v4.f32 {%0,%1,%2,%3}, [%4];"
      : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
      : "l"(p));
  return v;
}

__device__ __forceinline__ uint4 load_stream(const uint4* p) {
  uint4 v;
  asm("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
      : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
      : "l"(p));
  return v;
}

// The same value, about which the compiler knows nothing: what is derived from it inside a loop stays there, where
// registers for all of it outside are wanting.
__device__ __forceinline__ unsigned opaque(unsigned v) {
  asm volatile("" : "+r"(v));
  return v;
}

// The larger of two; +0 is above -0, and a NaN in either gives the NaN 0x7fffffff.
__device__ __forceinline__ float max_f32(float a, float b) {
  float v;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(v) : "f"(a), "f"(b));
  return v;
}

// The sine and the cosine of pi times v: exact at quarter turns, and without the large tables of sinf and cosf.
__device__ __forceinline__ float sin_pi(float v) { return sinpif(v); }
__device__ __forceinline__ float cos_pi(float v) { return cospif(v); }

// ---- 16-bit floats travel as unsigned short, or two in an unsigned with the first in the low half. ----
// Narrowing rounds to nearest, ties to even; a NaN becomes 0x7fff. Widening is exact; a NaN becomes some NaN.

__device__ __forceinline__ float widen_bf16(unsigned short v) { return __uint_as_float((unsigned)v << 16); }

__device__ __forceinline__ float widen_f16(unsigned short v) {
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(v));
  return f;
}

__device__ __forceinline__ float2 widen_bf16x2(unsigned v) {
  return make_float2(__uint_as_float(v << 16), __uint_as_float(v & 0xffff0000u));
}

__device__ __forceinline__ float2 widen_f16x2(unsigned v) {
  return make_float2(widen_f16((unsigned short)(v & 0xffffu)), widen_f16((unsigned short)(v >> 16)));
}

__device__ __forceinline__ unsigned short narrow_bf16(float f) {
  unsigned short v;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(v) : "f"(f));
  return v;
}

__device__ __forceinline__ unsigned short narrow_f16(float f) {
  unsigned short v;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(v) : "f"(f));
  return v;
}

// The larger of each half; +0 is above -0, and a NaN in either gives the NaN 0x7fff.
__device__ __forceinline__ unsigned max_bf16x2(unsigned a, unsigned b) {
  unsigned v;
  asm("max.NaN.bf16x2 %0, %1, %2;" : "=r"(v) : "r"(a), "r"(b));
  return v;
}

__device__ __forceinline__ unsigned max_f16x2(unsigned a, unsigned b) {
  unsigned v;
  asm("max.NaN.f16x2 %0, %1, %2;" : "=r"(v) : "r"(a), "r"(b));
  return v;
}
#endif
