package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.kernel.RowNormalisation;

/** The launches of {@code scoring.cu}: grids, shared memory and the order of the arguments. */
final class ScoringKernels {
  /** Rows longer than this are normalised by a block each, shorter ones by a warp. */
  private static final int WARP_COLUMNS = 1024;

  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;

  private final Kernels kernels;
  private final int multiprocessors;

  ScoringKernels(Kernels kernels, Device device) {
    this.kernels = kernels;
    this.multiprocessors = device.multiprocessors();
  }

  /**
   * {@code out = normalise(x) − preBias}.
   *
   * @param xRow the first of the rows
   * @param preBias its address, 0 for none; as {@code centre} and {@code scale}
   */
  void normalise(
      DeviceRows x,
      int xRow,
      int rows,
      RowNormalisation normalisation,
      long preBias,
      DeviceRows out,
      long centre,
      long scale) {
    boolean warp = x.columns() <= WARP_COLUMNS;
    kernels
        .kernel(warp ? "normalise_warp" : "normalise_block")
        .arguments()
        .pointer(x.at(xRow, 0))
        .pointer(preBias)
        .pointer(out.address())
        .pointer(centre)
        .pointer(scale)
        .int64(x.stride())
        .int64(out.stride())
        .int64(rows)
        .int32(x.columns())
        .int32(x.format())
        .int32(out.format())
        .int32(number(normalisation))
        .launch(
            warp ? Math.ceilDiv(rows, WARPS) : rows, 1, THREADS, warp ? 0 : WARPS * Double.BYTES);
  }

  /** The gradient of {@link #normalise}. */
  void normaliseBackward(
      DeviceRows x,
      int rows,
      RowNormalisation normalisation,
      DeviceRows g,
      boolean accumulate,
      DeviceRows out) {
    boolean warp = x.columns() <= WARP_COLUMNS;
    kernels
        .kernel(warp ? "normalise_backward_warp" : "normalise_backward_block")
        .arguments()
        .pointer(x.address())
        .pointer(g.address())
        .pointer(out.address())
        .int64(x.stride())
        .int64(g.stride())
        .int64(out.stride())
        .int64(rows)
        .int32(x.columns())
        .int32(x.format())
        .int32(g.format())
        .int32(out.format())
        .int32(number(normalisation))
        .int32(accumulate ? 1 : 0)
        .launch(
            warp ? Math.ceilDiv(rows, WARPS) : rows, 1, THREADS, warp ? 0 : WARPS * Double.BYTES);
  }

  /** {@code STEP_…} of {@code scoring.h}. */
  enum Step {
    WEIGH,
    CLOSENESS,
    CLOSENESS_BACKWARD
  }

  /**
   * An element-wise step on scores.
   *
   * @param g a second matrix, or null
   * @param weights address of a number a column, 0 for none
   */
  void step(
      Step step,
      CudaMatrix z,
      CudaMatrix g,
      long weights,
      float beta,
      boolean accumulate,
      CudaMatrix out) {
    kernels
        .kernel("score_step")
        .arguments()
        .pointer(z.address())
        .pointer(g == null ? 0 : g.address())
        .pointer(weights)
        .pointer(out.address())
        .int64(z.stride())
        .int64(g == null ? 0 : g.stride())
        .int64(out.stride())
        .int64(z.rows())
        .int32(z.columns())
        .int32(z.format())
        .int32(g == null ? 0 : g.format())
        .int32(out.format())
        .int32(
            switch (step) {
              case WEIGH -> 0;
              case CLOSENESS -> 1;
              case CLOSENESS_BACKWARD -> 2;
            })
        .int32(accumulate ? 1 : 0)
        .float32(beta)
        .int32(0)
        .launch(RowTiles.blocks(z.rows(), z.columns()), 1, RowTiles.THREADS, 0);
  }

  private static int number(RowNormalisation normalisation) {
    return switch (normalisation) {
      case NONE -> 0;
      case UNIT -> 1;
      case LAYER_NORM -> 2;
    };
  }

  /**
   * {@code out = activation(in + bias)}, from any format to any.
   *
   * @param in address of the first element, of {@code columns} a row; as {@code out}
   * @param bias its address, 0 for none
   */
  void convert(
      long in,
      long inStride,
      DType inType,
      int rows,
      int columns,
      long bias,
      boolean relu,
      long out,
      long outStride,
      DType outType) {
    kernels
        .kernel("convert_rows")
        .arguments()
        .pointer(in)
        .pointer(bias)
        .pointer(out)
        .int64(inStride)
        .int64(outStride)
        .int64(rows)
        .int32(columns)
        .int32(CudaMatrix.format(inType))
        .int32(CudaMatrix.format(outType))
        .int32(relu ? 1 : 0)
        .launch(RowTiles.blocks(rows, columns), 1, RowTiles.THREADS, 0);
  }

  /**
   * Splits numbers into bfloat16 parts, {@code a ≈ high + low}, such that a product of two split
   * rows is that of the numbers but for {@code low·low} and what the parts round away: the left
   * factor's rows become {@code high high low}, the right one's {@code high low high}.
   *
   * @param out rows of thrice as many columns, BF16
   */
  void split(DeviceRows in, int inRow, int rows, boolean left, DeviceRows out) {
    kernels
        .kernel("split_rows")
        .arguments()
        .pointer(in.at(inRow, 0))
        .pointer(out.address())
        .int64(in.stride())
        .int64(out.stride())
        .int64(rows)
        .int32(in.columns())
        .int32(in.format())
        .int32(left ? 2 : 1)
        .int32(0)
        .launch(RowTiles.blocks(rows, in.columns()), 1, RowTiles.THREADS, 0);
  }

  /** {@code out[j] = bias[j] − ⟨preBias, weights_j⟩}; {@code bias} is 0 for none. */
  void fold(DeviceRows weights, int atoms, long preBias, long bias, long out) {
    kernels
        .kernel("fold_pre_bias")
        .arguments()
        .pointer(weights.address())
        .pointer(preBias)
        .pointer(bias)
        .pointer(out)
        .int64(weights.stride())
        .int64(atoms)
        .int32(weights.columns())
        .int32(weights.format())
        .launch(Math.ceilDiv(atoms, WARPS), 1, THREADS, 0);
  }

  /** {@code out = activation(a·bᵀ + bias)}, summed in float32; {@code bias} is 0 for none. */
  void product(
      DeviceRows a,
      int aRow,
      int rows,
      DeviceRows b,
      int bRow,
      int columns,
      long bias,
      boolean relu,
      long out,
      long outStride,
      DType outType) {
    ProductTile tile = ProductTile.of(rows, columns, multiprocessors);
    kernels
        .kernel(tile.kernel())
        .arguments()
        .pointer(a.at(aRow, 0))
        .pointer(b.at(bRow, 0))
        .pointer(bias)
        .pointer(out)
        .int64(a.stride())
        .int64(b.stride())
        .int64(outStride)
        .int64(rows)
        .int32(columns)
        .int32(a.columns())
        .int32(a.format())
        .int32(b.format())
        .int32(CudaMatrix.format(outType))
        .int32(relu ? 1 : 0)
        .launch(tile.blocks(rows, columns), 1, tile.threads(), tile.sharedBytes());
  }

  /** How a kernel splits its result; every tile gives the same bits. */
  private enum ProductTile {
    LARGE("product_128", 128, 128, 256, 16_896),
    SMALL("product_32", 32, 64, 128, 13_312);

    private final String kernel;
    private final int rows;
    private final int columns;
    private final int threads;
    private final int sharedBytes;

    ProductTile(String kernel, int rows, int columns, int threads, int sharedBytes) {
      this.kernel = kernel;
      this.rows = rows;
      this.columns = columns;
      this.threads = threads;
      this.sharedBytes = sharedBytes;
    }

    /** Large tiles where most of their rows are used and every multiprocessor gets one. */
    static ProductTile of(int rows, int columns, int multiprocessors) {
      return rows > LARGE.rows / 2 && LARGE.blocks(rows, columns) >= multiprocessors
          ? LARGE
          : SMALL;
    }

    String kernel() {
      return kernel;
    }

    long blocks(int outRows, int outColumns) {
      return (long) Math.ceilDiv(outRows, rows) * Math.ceilDiv(outColumns, columns);
    }

    int threads() {
      return threads;
    }

    int sharedBytes() {
      return sharedBytes;
    }
  }
}
