package org.pursuit.cuda;

/**
 * The shared memory of a block whose teams of threads select ({@code candidates.cuh}): how many
 * ranks and how many stashed vectors of scores each team has room for.
 *
 * @param capacity ranks
 * @param stash vectors
 * @param sharedBytes of the block, for all of its teams
 */
record CandidateRoom(int capacity, int stash, int sharedBytes) {
  /** A team's shared memory without its ranks and its stash. */
  private static final int HEADER_BYTES = 1200;

  /** A stashed vector of scores, and where it comes from. */
  private static final int STASHED_BYTES = 16 + Integer.BYTES;

  private static final int LEAST_STASH = 64;

  /** The number of stashed vectors is a multiple of it, so that the next team is aligned. */
  private static final int STASH_UNIT = 4;

  /** Ranks that a thread adds between two looks at the room left. */
  private static final int RANKS_PER_THREAD = 4;

  /** The fewest ranks that sorting takes room for. */
  private static final int LEAST_SORTED = 128;

  /** Blocks that should fit on a multiprocessor. */
  private static final int BLOCKS = 2;

  /**
   * Room to select {@code wants} ranks of scores: for a narrowed selection, for what the next
   * stretch of scores in no particular order brings, and for a step of all threads; and a stash for
   * half as many vectors again as that stretch brings. Less where shared memory is short.
   *
   * @param threads of a team
   * @param teams of a block
   */
  static CandidateRoom ofScores(int threads, int teams, int wants, Device device) {
    int budget = device.sharedBytesPerBlock(BLOCKS) / teams - HEADER_BYTES;
    int capacity = capacity(threads, wants, budget / 2);
    int fits = (budget - capacity * Long.BYTES) / STASHED_BYTES;
    int ample = LEAST_STASH + wants + wants / 2;
    int stash = Math.max(LEAST_STASH, Math.min(ample, fits) & -STASH_UNIT);
    int bytes = HEADER_BYTES + capacity * Long.BYTES + stash * STASHED_BYTES;
    return new CandidateRoom(capacity, stash, teams * bytes);
  }

  /** Room to select {@code wants} ranks of lists of ranks, where nothing is stashed. */
  static CandidateRoom ofRanks(int threads, int wants, Device device) {
    int budget = device.sharedBytesPerBlock(BLOCKS) - HEADER_BYTES;
    int capacity = capacity(threads, wants, budget);
    return new CandidateRoom(capacity, 0, HEADER_BYTES + capacity * Long.BYTES);
  }

  /** What a selection of {@code wants} ranks is narrowed to when it need not be exact. */
  static int window(int wants) {
    return wants + wants / 4;
  }

  private static int capacity(int threads, int wants, int bytes) {
    int step = RANKS_PER_THREAD * threads;
    int sorted = Math.max(LEAST_SORTED, nextPowerOfTwo(wants));
    int least = Math.max(window(wants) + step, sorted);
    int ample = Math.max(window(wants) + wants + step, sorted);
    int capacity = Math.max(least, Math.min(ample, bytes / Long.BYTES));
    return capacity + (capacity & 1);
  }

  private static int nextPowerOfTwo(int n) {
    return n <= 1 ? 1 : Integer.highestOneBit(n - 1) << 1;
  }
}
