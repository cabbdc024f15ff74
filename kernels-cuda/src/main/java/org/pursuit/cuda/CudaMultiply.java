package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.Precision;

/**
 * Dense products with either factor transposed: by cuBLAS, which takes them so, or by our own
 * kernel after transposing. Where the result is 16-bit, or our own kernel's is scaled or added to
 * something, it goes through scratch, some rows at a time.
 */
final class CudaMultiply {
  /** Scratch for results, which should stay in L2. */
  private static final long SCRATCH_BYTES = 16L << 20;

  private static final int THREADS = 256;
  private static final int SIDE = 32;
  private static final int TILE_BYTES = SIDE * (SIDE + 1) * Float.BYTES;

  private final Cuda cuda;
  private final Products products;
  private final CudaTraining steps;

  CudaMultiply(Cuda cuda, CudaTraining steps) {
    this.cuda = cuda;
    this.products = cuda.products();
    this.steps = steps;
  }

  void multiply(CudaMatrix a, CudaMatrix b, Multiply options, CudaMatrix c) {
    if (c.rows() == 0 || c.columns() == 0) {
      return;
    }
    int depth = options.transposeA() ? a.rows() : a.columns();
    long largest = Math.max(c.stride(), Math.max(a.stride(), b.stride()));
    if (products.blas().absent() || depth == 0 || largest > Integer.MAX_VALUE) {
      byOwnKernel(a, b, options, c);
    } else {
      byBlas(a, b, options, depth, c);
    }
  }

  private void byBlas(CudaMatrix a, CudaMatrix b, Multiply options, int depth, CudaMatrix c) {
    DType type = DType.F32;
    if (a.dtype() == b.dtype()) {
      type = a.dtype();
    }
    if (type == DType.F32 && options.precision() == Precision.BF16) {
      type = DType.BF16;
    }
    DeviceRows left = as(type, a, Slot.ROWS);
    DeviceRows right = as(type, b, Slot.WEIGHTS);
    Precision precision =
        options.precision() == Precision.BF16X3 ? Precision.FLOAT32 : options.precision();
    boolean direct = c.dtype() == DType.F32;
    int most = direct ? c.rows() : rowsAtOnce(c.columns());
    for (int row = 0, rows; row < c.rows(); row += rows) {
      rows = Math.min(most, c.rows() - row);
      long from = options.transposeA() ? left.at(0, row) : left.at(row, 0);
      products
          .blas()
          .multiply(
              from,
              left.stride(),
              options.transposeA(),
              right.address(),
              right.stride(),
              options.transposeB(),
              type,
              rows,
              c.columns(),
              depth,
              precision,
              direct ? options.alpha() : 1,
              direct ? options.beta() : 0,
              direct ? c.address() : products.scores(rows, c.columns()),
              direct ? c.stride() : Products.scoresStride(c.columns()));
      if (!direct) {
        store(options, row, rows, c);
      }
    }
  }

  /** The factor in a format: itself, or a copy. */
  private DeviceRows as(DType type, CudaMatrix factor, Slot slot) {
    DeviceRows stored = DeviceRows.of(factor);
    if (type == factor.dtype()) {
      return stored;
    }
    DeviceRows made = scratch(slot, factor.rows(), factor.columns(), type);
    products
        .kernels()
        .convert(
            stored.address(),
            stored.stride(),
            stored.dtype(),
            factor.rows(),
            factor.columns(),
            0,
            false,
            made.address(),
            made.stride(),
            type);
    return made;
  }

  private void byOwnKernel(CudaMatrix a, CudaMatrix b, Multiply options, CudaMatrix c) {
    DeviceRows left = options.transposeA() ? transposed(a, Slot.ROWS) : DeviceRows.of(a);
    DeviceRows right = options.transposeB() ? DeviceRows.of(b) : transposed(b, Slot.WEIGHTS);
    boolean direct = options.alpha() == 1 && options.beta() == 0;
    int most = direct ? c.rows() : rowsAtOnce(c.columns());
    for (int row = 0, rows; row < c.rows(); row += rows) {
      rows = Math.min(most, c.rows() - row);
      products
          .kernels()
          .product(
              left,
              row,
              rows,
              right,
              0,
              c.columns(),
              0,
              false,
              direct ? c.address() : products.scores(rows, c.columns()),
              direct ? c.stride() : Products.scoresStride(c.columns()),
              direct ? c.dtype() : DType.F32);
      if (!direct) {
        store(options, row, rows, c);
      }
    }
  }

  private DeviceRows transposed(CudaMatrix matrix, Slot slot) {
    DeviceRows made = scratch(slot, matrix.columns(), matrix.rows(), matrix.dtype());
    long tiles = (long) Math.ceilDiv(matrix.rows(), SIDE) * Math.ceilDiv(matrix.columns(), SIDE);
    cuda.kernels()
        .kernel("transpose")
        .arguments()
        .pointer(matrix.address())
        .pointer(made.address())
        .int64(matrix.stride())
        .int64(made.stride())
        .int32(matrix.rows())
        .int32(matrix.columns())
        .int32(matrix.format())
        .launch(tiles, 1, THREADS, TILE_BYTES);
    return made;
  }

  private DeviceRows scratch(Slot slot, int rows, int columns, DType type) {
    long bytes = DeviceRows.alignedBytes(rows, columns, type);
    return DeviceRows.aligned(cuda.workspace().address(slot, bytes), columns, type);
  }

  private static int rowsAtOnce(int columns) {
    long fitting = SCRATCH_BYTES / DeviceRows.alignedBytes(1, columns, DType.F32);
    return Math.clamp(fitting, SIDE, Integer.MAX_VALUE);
  }

  /** {@code c[row …] = α·scratch + β·c[row …]}. */
  private void store(Multiply options, int row, int rows, CudaMatrix c) {
    DeviceRows product =
        new DeviceRows(
            products.scores(rows, c.columns()),
            Products.scoresStride(c.columns()),
            c.columns(),
            DType.F32);
    DeviceRows all = DeviceRows.of(c);
    DeviceRows to = new DeviceRows(all.at(row, 0), all.stride(), all.columns(), all.dtype());
    steps.axpby(0, options.alpha(), product, options.beta(), to, rows);
  }
}
