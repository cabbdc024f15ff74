// The emulated half of simt.cuh: the same names with the same meaning for a plain C++ compiler. Whatever nvcc would
// reject is left out on purpose, so that it does not compile here either.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "emulator/bits16.h"
#include "emulator/collectives.h"
#include "emulator/registry.h"
#include "emulator/thread.h"

#define __device__
#define __forceinline__ inline  // and no more: g++ takes ten times as long when it must inline everything
#define __align__(n) alignas(n)

#define UNROLL
#define UNROLL_BY(n)

#define KERNEL(name, threads, minBlocks, ...) CLUSTER_KERNEL(name, 1, threads, minBlocks, __VA_ARGS__)
#define CLUSTER_KERNEL(name, cluster, threads, minBlocks, ...)                                        \
  static_assert((threads) >= 1 && (threads) <= 1024 && (minBlocks) >= 1, "launch bounds of " #name);   \
  extern "C" void name(__VA_ARGS__);                                                                  \
  static const ::simt::Registrar registrar_##name(#name, __BASE_FILE__, threads, cluster, &name);     \
  extern "C" void name(__VA_ARGS__)

// The vocabulary runs for the emulator: the access checker's build instruments kernels only.
#define SIMT_TWIN __attribute__((no_sanitize("thread"))) inline
// Where the kernel called: these stand last among a function's parameters.
#define SIMT_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define SIMT_HERE (::simt::Site{file, line})
// Kernel code's own barriers do the same.
#define CALLER const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define OF_CALLER file, line

// By value: a reference into the emulator would be an access of the kernel's own.
namespace simt {
SIMT_TWIN uint3 thread_index() { return current->index; }
SIMT_TWIN uint3 block_index() { return current->block->index; }
SIMT_TWIN dim3 block_size() { return current->block->launch->block; }
SIMT_TWIN dim3 grid_size() { return current->block->launch->grid; }
}  // namespace simt
#define threadIdx (::simt::thread_index())
#define blockIdx (::simt::block_index())
#define blockDim (::simt::block_size())
#define gridDim (::simt::grid_size())

// ---- Vector types ----

#define SIMT_VECTOR2(type, element)                                            \
  struct alignas(2 * sizeof(element)) type {                                   \
    element x, y;                                                              \
  };                                                                           \
  inline type make_##type(element x, element y) { return type{x, y}; }
#define SIMT_VECTOR4(type, element)                                            \
  struct alignas(4 * sizeof(element) > 16 ? 16 : 4 * sizeof(element)) type {   \
    element x, y, z, w;                                                        \
  };                                                                           \
  inline type make_##type(element x, element y, element z, element w) { return type{x, y, z, w}; }
SIMT_VECTOR2(float2, float)
SIMT_VECTOR2(int2, int)
SIMT_VECTOR2(uint2, unsigned)
SIMT_VECTOR2(ushort2, unsigned short)
SIMT_VECTOR2(longlong2, long long)
SIMT_VECTOR2(ulonglong2, unsigned long long)
SIMT_VECTOR2(double2, double)
SIMT_VECTOR4(float4, float)
SIMT_VECTOR4(int4, int)
SIMT_VECTOR4(uint4, unsigned)
SIMT_VECTOR4(ushort4, unsigned short)
SIMT_VECTOR4(uchar4, unsigned char)
#undef SIMT_VECTOR2
#undef SIMT_VECTOR4

// ---- Shared memory and clusters ----

template <class T>
SIMT_TWIN T& shared_memory(SIMT_SITE) {
  static_assert(alignof(T) <= 16, "shared memory is aligned to 16 bytes");
  return *static_cast<T*>(::simt::shared_memory(0, sizeof(T), alignof(T), SIMT_HERE));
}

template <class T>
SIMT_TWIN T* shared_array(unsigned offset, SIMT_SITE) {
  return static_cast<T*>(::simt::shared_memory(offset, 0, alignof(T), SIMT_HERE));
}

SIMT_TWIN unsigned cluster_rank() { return ::simt::cluster_rank(); }
SIMT_TWIN void cluster_sync(SIMT_SITE) { ::simt::cluster_barrier(SIMT_HERE); }

template <class T>
SIMT_TWIN T* cluster_map(T* own, unsigned rank, SIMT_SITE) {
  return static_cast<T*>(::simt::cluster_map(own, rank, SIMT_HERE));
}

// ---- Barriers and warp collectives ----

SIMT_TWIN void __syncthreads(SIMT_SITE) { ::simt::block_barrier(::simt::BlockOperation::SYNC, false, SIMT_HERE); }
SIMT_TWIN int __syncthreads_or(int predicate, SIMT_SITE) {
  return ::simt::block_barrier(::simt::BlockOperation::OR, predicate != 0, SIMT_HERE);
}
SIMT_TWIN int __syncthreads_and(int predicate, SIMT_SITE) {
  return ::simt::block_barrier(::simt::BlockOperation::AND, predicate != 0, SIMT_HERE);
}
SIMT_TWIN int __syncthreads_count(int predicate, SIMT_SITE) {
  return ::simt::block_barrier(::simt::BlockOperation::COUNT, predicate != 0, SIMT_HERE);
}
SIMT_TWIN void __syncwarp(unsigned mask = ~0u, SIMT_SITE) {
  ::simt::warp_collective(::simt::WarpOperation::SYNC, mask, 0, 0, 32, SIMT_HERE);
}
SIMT_TWIN void __syncwarp(const char* file, int line) { __syncwarp(~0u, file, line); }

// Order memory for other threads, but wait for none: with fibers there is nothing to do.
SIMT_TWIN void __threadfence_block() {}
SIMT_TWIN void __threadfence() {}

namespace simt {
template <class T>
SIMT_TWIN uint64_t to_bits(T v) {
  static_assert(std::is_arithmetic<T>::value && (sizeof(T) == 4 || sizeof(T) == 8), "4 or 8 bytes of a number");
  uint64_t bits = 0;
  std::memcpy(&bits, &v, sizeof v);
  return bits;
}
template <class T>
SIMT_TWIN T from_bits(uint64_t bits) {
  T v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}
}  // namespace simt

#define SIMT_SHUFFLE(name, operation, selector)                                                                   \
  template <class T>                                                                                              \
  SIMT_TWIN T name(unsigned mask, T v, selector, int width = 32, SIMT_SITE) {                                     \
    return ::simt::from_bits<T>(::simt::warp_collective(::simt::WarpOperation::operation, mask, ::simt::to_bits(v), \
                                                        unsigned(by), unsigned(width), SIMT_HERE));               \
  }
SIMT_SHUFFLE(__shfl_sync, SHUFFLE, int by)
SIMT_SHUFFLE(__shfl_xor_sync, SHUFFLE_XOR, int by)
SIMT_SHUFFLE(__shfl_up_sync, SHUFFLE_UP, unsigned by)
SIMT_SHUFFLE(__shfl_down_sync, SHUFFLE_DOWN, unsigned by)
#undef SIMT_SHUFFLE

#define SIMT_WARP(result, name, type, operation)                                                                     \
  SIMT_TWIN result name(unsigned mask, type v, SIMT_SITE) {                                                          \
    return result(::simt::warp_collective(::simt::WarpOperation::operation, mask, ::simt::to_bits(v), 0, 32, SIMT_HERE)); \
  }
SIMT_WARP(unsigned, __ballot_sync, int, BALLOT)
SIMT_WARP(int, __any_sync, int, ANY)
SIMT_WARP(int, __all_sync, int, ALL)
SIMT_WARP(unsigned, __match_any_sync, int, MATCH_ANY)
SIMT_WARP(unsigned, __match_any_sync, unsigned, MATCH_ANY)
SIMT_WARP(unsigned, __match_any_sync, unsigned long long, MATCH_ANY)
SIMT_WARP(unsigned, __reduce_add_sync, unsigned, ADD)
SIMT_WARP(int, __reduce_add_sync, int, ADD)
SIMT_WARP(unsigned, __reduce_max_sync, unsigned, MAX)
SIMT_WARP(int, __reduce_max_sync, int, MAX_SIGNED)
SIMT_WARP(unsigned, __reduce_min_sync, unsigned, MIN)
SIMT_WARP(int, __reduce_min_sync, int, MIN_SIGNED)
SIMT_WARP(unsigned, __reduce_and_sync, unsigned, AND)
SIMT_WARP(unsigned, __reduce_or_sync, unsigned, OR)
SIMT_WARP(unsigned, __reduce_xor_sync, unsigned, XOR)
#undef SIMT_WARP

// ---- Atomics: on integers only, for a sum of floats would depend on the order of threads ----

#define SIMT_ATOMIC(name, type, next)                                                              \
  SIMT_TWIN type name(type* p, type v, SIMT_SITE) {                                                \
    ::simt::before_atomic(p, sizeof *p, SIMT_HERE);                                                \
    type old = __atomic_load_n(p, __ATOMIC_RELAXED);                                               \
    while (!__atomic_compare_exchange_n(p, &old, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) { \
    }                                                                                              \
    return old;                                                                                    \
  }
#define SIMT_ATOMIC_UNSIGNED(name, next)   \
  SIMT_ATOMIC(name, unsigned, next)        \
  SIMT_ATOMIC(name, unsigned long long, next)
#define SIMT_ATOMIC_ALL(name, next) SIMT_ATOMIC(name, int, next) SIMT_ATOMIC_UNSIGNED(name, next)
SIMT_ATOMIC(atomicAdd, int, int(unsigned(old) + unsigned(v)))
SIMT_ATOMIC_UNSIGNED(atomicAdd, old + v)
SIMT_ATOMIC(atomicSub, int, int(unsigned(old) - unsigned(v)))
SIMT_ATOMIC(atomicSub, unsigned, old - v)
SIMT_ATOMIC_ALL(atomicMax, (old > v ? old : v))
SIMT_ATOMIC_ALL(atomicMin, (old < v ? old : v))
SIMT_ATOMIC_ALL(atomicAnd, (old & v))
SIMT_ATOMIC_ALL(atomicOr, (old | v))
SIMT_ATOMIC_ALL(atomicXor, (old ^ v))
SIMT_ATOMIC_ALL(atomicExch, v)
SIMT_ATOMIC(atomicMax, long long, (old > v ? old : v))
SIMT_ATOMIC(atomicMin, long long, (old < v ? old : v))
#undef SIMT_ATOMIC_ALL
#undef SIMT_ATOMIC_UNSIGNED
#undef SIMT_ATOMIC

#define SIMT_COMPARE_AND_SWAP(type)                                                                \
  SIMT_TWIN type atomicCAS(type* p, type compare, type v, SIMT_SITE) {                             \
    ::simt::before_atomic(p, sizeof *p, SIMT_HERE);                                                \
    __atomic_compare_exchange_n(p, &compare, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);        \
    return compare;                                                                                \
  }
SIMT_COMPARE_AND_SWAP(int)
SIMT_COMPARE_AND_SWAP(unsigned)
SIMT_COMPARE_AND_SWAP(unsigned long long)
#undef SIMT_COMPARE_AND_SWAP

SIMT_TWIN float sin_pi(float v) { return float(std::sin(3.14159265358979323846 * double(v))); }
SIMT_TWIN float cos_pi(float v) { return float(std::cos(3.14159265358979323846 * double(v))); }

// ---- Loads and stores with a hint. They stay instrumented: these are the kernel's own accesses. ----

template <class T>
__forceinline__ T load_stream(const T* p, SIMT_SITE) {
  static_assert(std::is_same<T, float>::value || std::is_same<T, unsigned short>::value ||
                    std::is_same<T, float4>::value || std::is_same<T, uint4>::value,
                "the device half has no such load_stream");
  ::simt::check_aligned(p, alignof(T), SIMT_HERE);
  return *p;
}

#define SIMT_LOAD(name)                              \
  template <class T>                                 \
  __forceinline__ T name(const T* p, SIMT_SITE) {    \
    ::simt::check_aligned(p, alignof(T), SIMT_HERE); \
    return *p;                                       \
  }
#define SIMT_STORE(name)                              \
  template <class T>                                  \
  __forceinline__ void name(T* p, T v, SIMT_SITE) {   \
    ::simt::check_aligned(p, alignof(T), SIMT_HERE);  \
    *p = v;                                           \
  }
SIMT_LOAD(__ldg)
SIMT_LOAD(__ldcg)
SIMT_LOAD(__ldcs)
SIMT_STORE(__stcg)
SIMT_STORE(__stcs)
#undef SIMT_LOAD
#undef SIMT_STORE

// ---- Bits and numbers ----

SIMT_TWIN int __popc(unsigned v) { return __builtin_popcount(v); }
SIMT_TWIN int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
SIMT_TWIN int __clz(int v) { return v ? __builtin_clz(unsigned(v)) : 32; }
SIMT_TWIN int __clzll(long long v) { return v ? __builtin_clzll((unsigned long long)v) : 64; }
SIMT_TWIN int __ffs(int v) { return __builtin_ffs(v); }
SIMT_TWIN int __ffsll(long long v) { return __builtin_ffsll(v); }
SIMT_TWIN unsigned __float_as_uint(float f) { return ::simt::float_bits(f); }
SIMT_TWIN int __float_as_int(float f) { return int(::simt::float_bits(f)); }
SIMT_TWIN float __uint_as_float(unsigned u) { return ::simt::bits_float(u); }
SIMT_TWIN float __int_as_float(int i) { return ::simt::bits_float(unsigned(i)); }

#define SIMT_MIN_MAX(type)                                      \
  SIMT_TWIN type min(type a, type b) { return b < a ? b : a; }  \
  SIMT_TWIN type max(type a, type b) { return a < b ? b : a; }
SIMT_MIN_MAX(int)
SIMT_MIN_MAX(unsigned)
SIMT_MIN_MAX(long long)
SIMT_MIN_MAX(unsigned long long)
#undef SIMT_MIN_MAX

SIMT_TWIN unsigned opaque(unsigned v) { return v; }
SIMT_TWIN float max_f32(float a, float b) {
  if (a != a || b != b) return ::simt::bits_float(0x7fffffff);
  return a > b || (a == b && !(::simt::float_bits(a) >> 31)) ? a : b;
}
SIMT_TWIN float widen_bf16(unsigned short v) { return ::simt::bf16_to_float(v); }
SIMT_TWIN float widen_f16(unsigned short v) { return ::simt::f16_to_float(v); }
SIMT_TWIN float2 widen_bf16x2(unsigned v) {
  return make_float2(widen_bf16((unsigned short)v), widen_bf16((unsigned short)(v >> 16)));
}
SIMT_TWIN float2 widen_f16x2(unsigned v) {
  return make_float2(widen_f16((unsigned short)v), widen_f16((unsigned short)(v >> 16)));
}
SIMT_TWIN unsigned short narrow_bf16(float f) { return ::simt::float_to_bf16(f); }
SIMT_TWIN unsigned short narrow_f16(float f) { return ::simt::float_to_f16(f); }
SIMT_TWIN unsigned max_bf16x2(unsigned a, unsigned b) { return ::simt::max16x2(a, b, 0x7f80); }
SIMT_TWIN unsigned max_f16x2(unsigned a, unsigned b) { return ::simt::max16x2(a, b, 0x7c00); }

#undef SIMT_TWIN
#undef SIMT_SITE
#undef SIMT_HERE
