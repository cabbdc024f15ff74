package org.pursuit.cuda;

import org.pursuit.data.DType;

/**
 * The launch shapes of a pursuit with a Gram, and which one a device takes: the first of which as
 * many blocks as it wants fit on a multiprocessor. More blocks than one hide each other's barriers;
 * short rows of correlations need many, long ones keep a multiprocessor's memory busy alone.
 *
 * <p>An H200 takes up to 8192 atoms to a block of 128, up to 16384 to one of 256, up to 51200
 * (49152 with a 16-bit Gram) to one of 512, and more to a cluster, which has three blocks a
 * multiprocessor up to 65536 atoms.
 */
enum PursuitShape {
  BLOCK_128("pursue_128", 128, 1, true, 6),
  BLOCK_256("pursue_256", 256, 1, true, 3),
  BLOCK_512("pursue_512", 512, 1, true, 1),
  CLUSTER("pursue_cluster", 256, 4, true, 1),
  /** Correlations stay in global memory. */
  GLOBAL("pursue_global", 512, 1, false, 1);

  private static final int QUAD = 4;
  private static final int CORRELATION_BYTES = QUAD * Float.BYTES;
  private static final int CEILING_BYTES = Short.BYTES;

  /** A candidate and a sum of squares for each warp, twice. */
  private static final int EXCHANGE_BYTES = 2 * (16 + Double.BYTES);

  private final String kernel;
  private final int threads;
  private final int cluster;
  private final boolean shared;
  private final int wanted;

  PursuitShape(String kernel, int threads, int cluster, boolean shared, int wanted) {
    this.kernel = kernel;
    this.threads = threads;
    this.cluster = cluster;
    this.shared = shared;
    this.wanted = wanted;
  }

  /**
   * The shape for {@code n} atoms, or null if not even their ceilings fit.
   *
   * @param picks steps whose picks a block keeps
   */
  static PursuitShape of(Device device, int n, DType gram, int picks) {
    for (PursuitShape shape : values()) {
      boolean known = shape.cluster == 1 || device.clusters();
      if (known && shape.sharedBytes(n, gram, picks) <= device.sharedBytesPerBlock(shape.wanted)) {
        return shape;
      }
    }
    return null;
  }

  /** Shared memory of a block. */
  long sharedBytes(int n, DType gram, int picks) {
    int unit = 16 / gram.bytes();
    int units = Math.ceilDiv(Math.ceilDiv(n, unit), cluster);
    long quads = (long) Math.ceilDiv(units, threads) * threads * (unit / QUAD);
    return (long) EXCHANGE_BYTES * cluster * (threads / 32)
        + quads * ((shared ? CORRELATION_BYTES : 0) + CEILING_BYTES)
        + (long) picks * Integer.BYTES;
  }

  /** Name of the kernel for a Gram of this format. */
  String kernel(DType gram) {
    return switch (gram) {
      case F32 -> kernel + "_f32";
      case BF16 -> kernel + "_bf16";
      case F16 -> kernel + "_f16";
    };
  }

  int threads() {
    return threads;
  }

  /** Blocks a row. */
  int cluster() {
    return cluster;
  }
}
