package org.pursuit.cuda;

import org.pursuit.data.DType;

/**
 * The launch shapes of row selections: how many threads share a row, and which rows they are for.
 * The first that serves a call is taken, so that the order is part of the table. All give the same
 * result.
 */
enum SelectionShape {
  //       kernel           threads, rows a block, blocks a row, longest row, most ranks
  WARP("topk_warp", /*     */ 128, 4, 1, 4 << 10, 128),
  BLOCK128("topk_block128", 128, 1, 1, 16 << 10, 512),
  BLOCK512("topk_block512", 512, 1, 1, 64 << 10, Integer.MAX_VALUE),
  CLUSTER2("topk_cluster2", 512, 1, 2, Integer.MAX_VALUE, Integer.MAX_VALUE),
  CLUSTER4("topk_cluster4", 512, 1, 4, Integer.MAX_VALUE, Integer.MAX_VALUE),
  CLUSTER8("topk_cluster8", 512, 1, 8, Integer.MAX_VALUE, Integer.MAX_VALUE),
  /** Blocks of any number a row, each leaving a list of ranks to be merged. */
  SPLIT("topk_split", /*    */ 512, 1, 0, Integer.MAX_VALUE, Integer.MAX_VALUE),
  STREAM("topk_stream", /*  */ 256, 1, 1, Integer.MAX_VALUE, Integer.MAX_VALUE);

  /** Blocks that a multiprocessor should have while rows are few. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 2;

  /** A block's share of a row is not below the first tile of its stream. */
  private static final int LEAST_SLICE_BYTES = 32 << 10;

  private static final int MOST_SLICES = 64;

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
   * @param wants ranks that a row's selection needs, see {@link SelectionKernels#wants}
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
      case WARP, BLOCK128, BLOCK512, STREAM -> true;
      case CLUSTER2, CLUSTER4, CLUSTER8 -> clusters && slices == blocks;
      case SPLIT -> slices > 1;
    };
  }

  /** Shared memory of a block. */
  CandidateRoom room(int wants, Device device) {
    return CandidateRoom.ofScores(threads / teams, teams, wants, device);
  }

  /** Blocks for {@code rows} rows, each in {@code slices} slices where the shape leaves it open. */
  long grid(int rows, int slices) {
    return Math.ceilDiv((long) rows, teams) * (blocks == 0 ? slices : blocks);
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
}
