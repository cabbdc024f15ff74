// One sweep over all atoms for a row whose values have changed: the correlations p_j − Σ γ_s·G[S_s, j] with what is left,
// and the best of them. They are computed from the row's own correlations p each time, so that no rounding outlives a
// step, and are not kept. A block works on a row; a thread owns quads of atoms for good.
// Bytes: count·n elements of the Gram and 8·n of correlations and weights, out of L2 or memory.
#pragma once
#include "best_atom.cuh"
#include "residuals.cuh"

template <int FORMAT, int THREADS>
struct GramSweep {
  static constexpr int WARPS = THREADS / 32, BATCH = 4;  // rows of the Gram under way at once

  const void* gram;
  long long gramStride;
  const float* correlations;  // of the row
  const float* weights;
  int n;

  static __device__ __forceinline__ bool owns(int atom) { return atom / 4 % THREADS == (int)threadIdx.x; }

  // The thread's best.
  template <bool MAGNITUDES>
  __device__ __forceinline__ Best find(int sign, const int* atoms, const float* values, int count) const {
    Best best(start_score(sign));
    for (int at = 4 * (int)threadIdx.x; at < n; at += 4 * THREADS) {
      float4 p = *reinterpret_cast<const float4*>(correlations + at);
      int s = 0;
      for (; s + BATCH <= count; s += BATCH) {
        uint4 g[BATCH];
        UNROLL for (int i = 0; i < BATCH; i++) g[i] = stored_quad(atoms[s + i], at);
        UNROLL for (int i = 0; i < BATCH; i++) p = without(p, values[s + i], widened(g[i], FORMAT));
      }
      for (; s < count; s++) p = without(p, values[s], widened(stored_quad(atoms[s], at), FORMAT));
      best.offer<MAGNITUDES>(at, p, __ldg(reinterpret_cast<const float4*>(weights + at)));
    }
    return best;
  }

  // The block's best, in every thread. `parts`: a candidate a warp, which nobody reads any more.
  __device__ __forceinline__ Candidate best(int sign, const int* atoms, const float* values, int count,
                                            Candidate* parts) const {
    Best found = sign == SIGN_MAGNITUDE ? find<true>(sign, atoms, values, count) : find<false>(sign, atoms, values, count);
    Candidate own = found.candidate();
    int lane = (int)threadIdx.x % 32;
    if (lane == best_lane(own)) parts[threadIdx.x / 32] = own;
    __syncthreads();
    own = lane < WARPS ? parts[lane] : Candidate{0, -1, 0, 0};
    return of_lane(own, best_lane(own));
  }

 private:
  __device__ __forceinline__ uint4 stored_quad(int atom, int at) const {
    long long element = atom * gramStride + at;
    if (FORMAT == FORMAT_F32) return __ldg(reinterpret_cast<const uint4*>(static_cast<const float*>(gram) + element));
    uint2 v = __ldg(reinterpret_cast<const uint2*>(static_cast<const unsigned short*>(gram) + element));
    return make_uint4(v.x, v.y, 0, 0);
  }
};
