// All steps of a row's matching pursuit in one launch, its correlations updated by rows of the Gram.
//
// Maths    With correlations p_j = ⟨r, D_j⟩, weights w_j and the Gram G, a step picks j* = argmax score(p_j·w_j), takes
//          c = p_j*/‖D_j*‖² (or p_j*) and updates p_j −= c·G[j*, j] for all j, which is p of the new residual.
// Team     One block, or a cluster of blocks, works on a row. Blocks share the atoms in contiguous slices, threads a
//          slice in units: what one 16-byte load brings of a Gram's row, 4 atoms in float32 and 8 in 16 bits. Unit u
//          belongs to thread u mod THREADS for good, so that nobody else ever touches its correlations and a step
//          needs no barrier but the one in its middle.
// Layout   Correlations lie in shared memory as quads in the order in which a warp reads them, so that each access is
//          16 bytes a lane without bank conflicts; or, where they do not fit, in global memory as the product left them.
//          An excluded or padding atom's correlation is NaN, and stays so in every update.
// Weights  A weight per update would be a second stream as wide as a float32 Gram and twice a 16-bit one, out of L2. So
//          each quad keeps only a ceiling in shared memory: its largest weight, rounded up to bf16. A quad whose largest
//          |p|·ceiling does not exceed what is known to be reached holds no best atom; products round monotonically,
//          so this is exact. What is known to be reached: the new score of the last step's runner-up, which costs one
//          load a warp and is nearly always the new maximum itself. The few quads above it fetch their weights.
// Step     Each warp publishes its best candidate (two reductions of a warp, one 16-byte store to each block of the
//          team); one barrier; each warp finds the best of the at most 32 candidates by itself, so that no second
//          barrier is needed to spread it. Candidates alternate between two buffers: one is free again after the
//          barrier of the next step. The picked row's first loads are under way before the coefficient is known.
// Stops    A row that stops ends its block. Blocks are as many as rows, and others take the freed places.
// Tolerances  need the true residual, for its norm tracked by ‖r‖² −= c²‖D_j‖² cancels: it is kept in global memory
//          (d numbers, against n of the Gram's row), updated by its owners beside the correlations, and its squares are
//          summed in double. Without tolerances none of this happens, and the residual is computed from the tape.
// Bytes    A row and step read n Gram elements; correlations are read and written on the chip. Before the first step
//          8·n bytes of products and weights.
// Flops    2·n a row and step; about 3.5 instructions an atom in float32 and 4.5 in 16 bits, of the 27 and 13 that an
//          H200 can issue while it fetches one.
#pragma once
#include "best_atom.cuh"
#include "quads.cuh"
#include "reductions.cuh"
#include "residuals.cuh"

enum class Keep { SHARED, GLOBAL };

// FORMAT: the Gram's. LOADS: 16-byte loads that a thread keeps under way.
template <int FORMAT, int THREADS, int CLUSTER, int LOADS, Keep KEEP>
struct GramPursuit {
  static constexpr int WARPS = THREADS / 32, TEAM = CLUSTER * WARPS, QUADS = FORMAT == FORMAT_F32 ? 1 : 2, UNIT = 4 * QUADS;
  static_assert(TEAM <= 32, "a warp reads all candidates at once");
  static_assert(LOADS * QUADS <= 32, "a word marks a batch of quads");

  // What a block's shared memory begins with. Then: correlations, 16 bytes a quad, where they are kept here; ceilings,
  // 2 bytes a quad; picks, 4 bytes a step, where a repeated pick stops. Quads are counted up to whole rounds.
  struct Exchange {
    Candidate best[2][TEAM];
    double squares[2][TEAM];
  };
  static_assert(sizeof(Exchange) == 48 * TEAM, "what the host counts for each warp");

  const PursueArguments& a;
  const int thread, rank, row;
  Exchange& exchange;
  int first, units, rounds;  // of the block's slice
  float4* correlations;
  unsigned short* ceilings;
  int* picks;

  __device__ __forceinline__ explicit GramPursuit(const PursueArguments& a)
      : a(a),
        thread((int)threadIdx.x),
        rank(CLUSTER > 1 ? (int)cluster_rank() : 0),
        row((int)(blockIdx.x / CLUSTER)),
        exchange(shared_memory<Exchange>()) {
    int all = (a.n + UNIT - 1) / UNIT, slice = (all + CLUSTER - 1) / CLUSTER;
    first = rank * slice * UNIT;
    units = max(0, min(slice, all - rank * slice));
    rounds = (units + THREADS - 1) / THREADS;
    int quads = (slice + THREADS - 1) / THREADS * THREADS * QUADS;
    unsigned kept = KEEP == Keep::SHARED ? (unsigned)quads * 16 : 0;
    correlations = KEEP == Keep::SHARED
                       ? shared_array<float4>(sizeof(Exchange))
                       : reinterpret_cast<float4*>(a.correlations + row * a.correlationStride + first);
    ceilings = shared_array<unsigned short>((unsigned)sizeof(Exchange) + kept);
    picks = shared_array<int>((unsigned)sizeof(Exchange) + kept + (unsigned)quads * 2);
  }

  __device__ __forceinline__ int unit(int round) const { return round * THREADS + thread; }
  __device__ __forceinline__ int atom(int round, int q) const { return first + unit(round) * UNIT + 4 * q; }

  // Where a quad's correlation is kept, in quads.
  __device__ __forceinline__ int place(int round, int q) const {
    return KEEP == Keep::SHARED ? (round * QUADS + q) * THREADS + thread : unit(round) * QUADS + q;
  }

  __device__ __forceinline__ void synchronise() const {
    if constexpr (CLUSTER > 1)
      cluster_sync();
    else
      __syncthreads();
  }

  // Takes over the products of the row, excludes atoms, and finds the best of the others.
  template <bool MAGNITUDES>
  __device__ __forceinline__ void load(Best& best) const {
    constexpr int BATCH = 2;
    const float* products = a.correlations + row * a.correlationStride;
    for (int base = 0; base < rounds; base += BATCH) {
      float4 p[BATCH * QUADS], w[BATCH * QUADS];
      UNROLL for (int l = 0; l < BATCH; l++) {
        UNROLL for (int q = 0; q < QUADS; q++) {
          // Past the end nothing is read: in place, another thread may write there.
          bool in = unit(base + l) < units;
          int at = in ? atom(base + l, q) : first;
          p[l * QUADS + q] = in ? *reinterpret_cast<const float4*>(products + at) : make_float4(0, 0, 0, 0);
          w[l * QUADS + q] = __ldg(reinterpret_cast<const float4*>(a.weights + at));
        }
      }
      UNROLL for (int l = 0; l < BATCH; l++) {
        if (unit(base + l) < units) {
          UNROLL for (int q = 0; q < QUADS; q++) {
            keep(base + l, q, p[l * QUADS + q], w[l * QUADS + q]);
            best.offer<MAGNITUDES>(atom(base + l, q), p[l * QUADS + q], w[l * QUADS + q]);
          }
        }
      }
    }
  }

  static __device__ __forceinline__ float included(float correlation, float weight) {
    return weight > 0 ? correlation : not_a_number();
  }

  __device__ __forceinline__ void keep(int round, int q, float4 p, float4 w) const {
    correlations[place(round, q)] =
        make_float4(included(p.x, w.x), included(p.y, w.y), included(p.z, w.z), included(p.w, w.w));
    float highest = fmaxf(0.0f, fmaxf(fmaxf(w.x, w.y), fmaxf(w.z, w.w)));
    ceilings[place(round, q)] = (unsigned short)((__float_as_uint(highest) + 0xffffu) >> 16);
  }

  __device__ __forceinline__ uint4 fetch(const uint4* gramRow, int round) const {
    return unit(round) < units ? load_stream(gramRow + unit(round)) : make_uint4(0, 0, 0, 0);
  }

  // The slice of an atom's row of the Gram.
  __device__ __forceinline__ const uint4* gram_row(int atom) const {
    return static_cast<const uint4*>(a.gram) + (atom * a.gramStride + first) / UNIT;
  }

  static __device__ __forceinline__ float4 gram_quad(uint4 unit, int q) {
    return widened(q ? make_uint4(unit.z, unit.w, 0, 0) : unit, FORMAT);
  }

  // p −= c·g for the slice, and the best atom of the results; `stored` holds the first LOADS units.
  template <bool MAGNITUDES>
  __device__ __forceinline__ void sweep(const uint4* gramRow, uint4 (&stored)[LOADS], float c, Best& best) const {
    for (int base = 0; base < rounds; base += LOADS) {
      float reached = best.score > 0 ? best.score : -infinity();  // a ceiling bounds positive scores only
      unsigned above = 0;
      UNROLL for (int l = 0; l < LOADS; l++) {
        if (unit(base + l) < units) {
          UNROLL for (int q = 0; q < QUADS; q++) {
            float4 p = without(correlations[place(base + l, q)], c, gram_quad(stored[l], q));
            correlations[place(base + l, q)] = p;
            float highest = MAGNITUDES ? fmaxf(fmaxf(fabsf(p.x), fabsf(p.y)), fmaxf(fabsf(p.z), fabsf(p.w)))
                                       : fmaxf(fmaxf(p.x, p.y), fmaxf(p.z, p.w));
            if (highest * widen_bf16(ceilings[place(base + l, q)]) > reached) above |= 1u << (l * QUADS + q);
          }
          stored[l] = fetch(gramRow, base + l + LOADS);
        }
      }
      for (; above; above &= above - 1) {
        int hit = __ffs((int)above) - 1, round = base + hit / QUADS, q = hit % QUADS;
        float4 w = __ldg(reinterpret_cast<const float4*>(a.weights + atom(round, q)));
        best.offer<MAGNITUDES>(atom(round, q), correlations[place(round, q)], w);
      }
    }
  }

  // r −= c·D_pick for this thread's elements of the residual; the sum of their squares.
  __device__ __forceinline__ double subtract(int pick, float c) const {
    InRows atoms = rows_in(a.atoms, a.atomStride, a.d, a.atomFormat);
    return subtract_atom(a.residual, a.residualStride, row, atoms, pick, c, rank * THREADS + thread, CLUSTER * THREADS);
  }

  __device__ __forceinline__ Exchange& exchange_of(int peer) const {
    if constexpr (CLUSTER > 1)
      return *cluster_map(&exchange, (unsigned)peer);
    else
      return exchange;
  }

  // Gives this warp's best candidate, and its sum of squares, to every block of the team.
  __device__ __forceinline__ void publish(int step, const Best& best, double squares) const {
    Candidate own = best.candidate();
    int lane = best_lane(own), slot = rank * WARPS + thread / 32;
    if (a.residual) squares = warp_sum(squares);
    if (thread % 32 == lane) {
      UNROLL for (int peer = 0; peer < CLUSTER; peer++) {
        Exchange& theirs = exchange_of(peer);
        theirs.best[step & 1][slot] = own;
        if (a.residual) theirs.squares[step & 1][slot] = squares;
      }
    }
  }

  __device__ __forceinline__ Candidate published(int step) const {
    int lane = thread % 32;
    return lane < TEAM ? exchange.best[step & 1][lane] : Candidate{0, -1, 0, 0};
  }

  __device__ __forceinline__ bool within_tolerance(int step) const {
    int lane = thread % 32;
    double squares = warp_sum(lane < TEAM ? exchange.squares[step & 1][lane] : 0), tolerance = a.tolerances[row];
    return tolerance > 0 && squares <= tolerance * tolerance;
  }

  // Whether the row took `pick` before; every lane gives the same answer.
  __device__ __forceinline__ bool picked_before(int pick, int steps) const {
    bool found = false;
    for (int s = thread % 32; s < steps; s += 32) found |= picks[s] == pick;
    return __any_sync(ALL_LANES, found);
  }

  __device__ __forceinline__ void record(int step, int pick, float c) const {
    if (thread != 0) return;
    if (a.reselection == RESELECTION_STOP) picks[step] = pick;
    if (rank == 0) {
      a.indices[(long long)row * a.steps + step] = pick;
      a.values[(long long)row * a.steps + step] = c;
    }
  }

  // From now on `pick` has no correlation.
  __device__ __forceinline__ void exclude(int pick) const {
    int at = pick - first, round = at / (UNIT * THREADS);
    if (at < 0 || at >= units * UNIT || at / UNIT % THREADS != thread) return;
    reinterpret_cast<float*>(correlations + place(round, at / 4 % QUADS))[at % 4] = not_a_number();
  }

  // What some atom reaches after the step, so that lower scores need no look; the start where that is not positive.
  template <bool MAGNITUDES>
  __device__ __forceinline__ float reached_by(const Candidate& other, int pick, float c) const {
    float start = start_score(a.sign);
    if (other.key == 0) return start;
    float product = fmaf(-c, element(a.gram, FORMAT, pick * a.gramStride + other.index), other.correlation) * other.weight;
    float score = MAGNITUDES ? fabsf(product) : product;
    return score > 0 ? __uint_as_float(__float_as_uint(score) - 1) : start;  // the next lower one may be exceeded by it
  }

  template <bool MAGNITUDES>
  __device__ __forceinline__ int pursue() const {
    Best best(start_score(a.sign));
    load<MAGNITUDES>(best);
    if constexpr (CLUSTER > 1) cluster_sync();  // the peers have begun, so that their memory may be written to
    double squares = 0;
    for (int step = 0;;) {
      publish(step, best, squares);
      synchronise();
      if (a.residual && step > 0 && within_tolerance(step)) return step;
      Candidate lane = published(step);
      int winner = best_lane(lane);
      Candidate pick = of_lane(lane, winner);
      if (pick.key == 0) return step;

      const uint4* slice = gram_row(pick.index);
      uint4 stored[LOADS];
      UNROLL for (int l = 0; l < LOADS; l++) stored[l] = fetch(slice, l);
      float c = coefficient(pick.correlation, __ldg(a.squares + pick.index), a.normalised);
      if (c == 0) return step;
      bool last = a.reselection == RESELECTION_STOP && picked_before(pick.index, step);
      record(step++, pick.index, c);
      if (a.residual) squares = subtract(pick.index, c);
      if (last || step == a.steps) return step;

      if (a.reselection == RESELECTION_FORBID) exclude(pick.index);
      if (thread % 32 == winner) lane.key = 0;
      best = Best(reached_by<MAGNITUDES>(of_lane(lane, best_lane(lane)), pick.index, c));
      sweep<MAGNITUDES>(slice, stored, c, best);
    }
  }

  static __device__ __forceinline__ void run(const PursueArguments& a) {
    GramPursuit pursuit(a);
    if (!a.running[pursuit.row]) return;
    int steps = a.sign == SIGN_MAGNITUDE ? pursuit.pursue<true>() : pursuit.pursue<false>();
    if (pursuit.rank == 0 && pursuit.thread == 0) a.counts[pursuit.row] = steps;
  }
};
