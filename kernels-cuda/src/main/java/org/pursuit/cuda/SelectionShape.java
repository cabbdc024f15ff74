package org.pursuit.cuda;

import org.pursuit.data.DType;

/**
 * The launch shapes of row selections: how many threads share a row, and which rows they are for.
 * The first that serves a call is taken, so that the order is part of the table.
 *
 * <p>All give the same result; the choice is about speed only, but for the room that the candidates
 * need in shared memory.
 */
enum SelectionShape {
  //       kernel           threads, rows a block, blocks a row, longest row, most ranks
  WARP("topk_warp", /*     */ 128, 4, 1, 4 << 10, 128),
  BLOCK128("topk_block128", 128, 1, 1, 16 << 10, 512),
  BLOCK512("topk_block512", 512, 1, 1, 64 << 10, Integer.MAX_VALUE),
  CLUSTER2("topk_cluster2", 512, 1, 2, Integer.MAX_VALUE, Integer.MAX_VALUE),
  CLUSTER4("topk_cluster4", 512, 1, 4, Integer.MAX_VALUE, Integer.MAX_VALUE),
  CLUSTER8("topk_cluster8", 512, 1, 8, Integer.MAX_VALUE, Integer.MAX_VALUE),
  /** Blocks of any number a row, each with a list in memory; {@link #MERGE} follows. */
  SPLIT("topk_split", /*    */ 512, 1, 0, Integer.MAX_VALUE, Integer.MAX_VALUE),
  STREAM("topk_stream", /*  */ 256, 1, 1, Integer.MAX_VALUE, Integer.MAX_VALUE),

  /** Not for rows but for lists of ranks: of {@link #SPLIT}, and of the running selections. */
  MERGE("topk_merge", /*    */ 256, 1, 1, 0, Integer.MAX_VALUE),
  /** Not for rows but for chunks of them. */
  RUNNING("running_consume", 128, 1, 1, 0, Integer.MAX_VALUE);

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

  /** Blocks that a multiprocessor should at least have: in number, and by their shared memory. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 2;

  /** A block's share of a row is not below the first tile of its stream. */
  private static final int LEAST_SLICE_BYTES = 32 << 10;

  private static final int MOST_SLICES = 64;

  private final String kernel;
  private final String f32;
  private final String bf16;
  private final String f16;
  private final int threads;
  private final int teams;
  private final int blocks;
  private final long longestRowBytes;
  private final int mostRanks;

  SelectionShape(
      String kernel, int threads, int teams, int blocks, long longestRowBytes, int mostRanks) {
    this.kernel = kernel;
    this.f32 = kernel + "_f32";
    this.bf16 = kernel + "_bf16";
    this.f16 = kernel + "_f16";
    this.threads = threads;
    this.teams = teams;
    this.blocks = blocks;
    this.longestRowBytes = longestRowBytes;
    this.mostRanks = mostRanks;
  }

  /**
   * The shape for rows of {@code rowBytes} bytes.
   *
   * @param wants ranks that a row's selection needs, see {@link #wants}
   */
  static SelectionShape of(Device device, int rows, long rowBytes, int wants) {
    int slices = slices(device, rows, rowBytes);
    for (SelectionShape shape : values()) {
      if (rowBytes <= shape.longestRowBytes
          && wants <= shape.mostRanks
          && shape.serves(slices, device.clusters())) {
        return shape;
      }
    }
    throw new AssertionError("STREAM serves every row");
  }

  /** Blocks that should share a row: as many as keep the device busy, a power of two. */
  static int slices(Device device, int rows, long rowBytes) {
    long busy = (long) BLOCKS_PER_MULTIPROCESSOR * device.multiprocessors() / Math.max(1, rows);
    long most = Math.min(Math.min(busy, rowBytes / LEAST_SLICE_BYTES), MOST_SLICES);
    return (int) Long.highestOneBit(Math.max(1, most));
  }

  private boolean serves(int slices, boolean clusters) {
    return switch (this) {
      case WARP, BLOCK128, BLOCK512 -> true;
      case CLUSTER2, CLUSTER4, CLUSTER8 -> clusters && slices == blocks;
      case SPLIT -> slices > 1;
      case STREAM -> true;
      case MERGE, RUNNING -> false;
    };
  }

  /** Ranks that tell which {@code k} a row keeps: with ties dropped, the next one too. */
  static int wants(int k, boolean dropTies) {
    return dropTies && k > 0 ? k + 1 : k;
  }

  /** What a selection of {@code wants} ranks is narrowed to when it need not be exact. */
  static int window(int wants) {
    return wants + wants / 4;
  }

  /**
   * Ranks that a team has room for: a narrowed selection, as many again as the next stretch of
   * scores in no particular order brings, and a step of all threads; less where shared memory is
   * short.
   */
  int capacity(int wants, Device device) {
    int step = RANKS_PER_THREAD * threads / teams;
    int sorted = Math.max(LEAST_SORTED, nextPowerOfTwo(wants));
    int least = Math.max(window(wants) + step, sorted);
    int ample = Math.max(window(wants) + wants + step, sorted);
    int capacity = Math.max(least, Math.min(ample, budget(device) / 2 / Long.BYTES));
    return capacity + (capacity & 1);
  }

  /**
   * Vectors of scores that a team stashes between two looks at them: half as many again as the next
   * stretch brings, or less where shared memory is short.
   *
   * @param capacity ranks that the team has room for
   */
  int stash(int wants, int capacity, Device device) {
    if (this == MERGE) {
      return 0;
    }
    int fits = (budget(device) - capacity * Long.BYTES) / STASHED_BYTES;
    return Math.max(LEAST_STASH, Math.min(LEAST_STASH + wants + wants / 2, fits) & -STASH_UNIT);
  }

  /** What a team's ranks and stash should share, so that several blocks fit on a multiprocessor. */
  private int budget(Device device) {
    return device.sharedBytesPerBlock() / BLOCKS_PER_MULTIPROCESSOR / teams - HEADER_BYTES;
  }

  /** Shared memory of a block whose teams have room for so many ranks and stashed vectors. */
  int sharedBytes(int capacity, int stash) {
    return teams * (HEADER_BYTES + capacity * Long.BYTES + stash * STASHED_BYTES);
  }

  /** Blocks for {@code rows} rows, each in {@code slices} slices where the shape leaves it open. */
  long grid(int rows, int slices) {
    return Math.ceilDiv((long) rows, teams) * (blocks == 0 ? slices : blocks);
  }

  /** Name of the kernel, where it is the same for all formats of scores. */
  String kernel() {
    return kernel;
  }

  /** Name of the kernel for scores of a format. */
  String kernel(DType scores) {
    return switch (scores) {
      case F32 -> f32;
      case BF16 -> bf16;
      case F16 -> f16;
    };
  }

  int threads() {
    return threads;
  }

  private static int nextPowerOfTwo(int n) {
    return n <= 1 ? 1 : Integer.highestOneBit(n - 1) << 1;
  }
}
