package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.kernel.Precision;

/**
 * Dense products {@code a·bᵀ} of row-major factors, summed in float32; the one place that chooses
 * between cuBLAS and our own kernel.
 *
 * <p>cuBLAS wants both factors in one format. Two of the same 16-bit format are multiplied as they
 * are, on tensor cores and exactly. Else both are BF16 where the caller lets them be rounded or
 * split, and otherwise float32, as which every format is exact. Our own kernel takes factors as
 * they are and never rounds one: it serves without cuBLAS, and where converting all atoms would
 * cost more than multiplying a few rows with them.
 */
final class Products implements AutoCloseable {
  /**
   * Rows up to which no factor is converted: so few are multiplied about as fast as atoms are read,
   * and converted atoms are read and written once more.
   */
  private static final int FEW_ROWS = 64;

  private final Blas blas;
  private final ScoringKernels kernels;
  private final Workspace workspace;

  Products(Blas blas, ScoringKernels kernels, Workspace workspace) {
    this.blas = blas;
    this.kernels = kernels;
    this.workspace = workspace;
  }

  /**
   * The format in which {@link #multiply} wants a factor.
   *
   * @param own the format it is stored in, and {@code other} that of the other factor
   * @param rows of the whole product
   */
  DType format(DType own, DType other, Precision precision, int rows) {
    if (takenAsStored(own, other, rows)) {
      return own;
    }
    return switch (precision) {
      case FLOAT32, TF32 -> DType.F32;
      case BF16X3, BF16 -> DType.BF16;
    };
  }

  /**
   * Whether {@link #multiply} wants the two factors split into parts, each row thrice as long: see
   * {@link ScoringKernels#split}. Then their product is the sum of three.
   */
  boolean splits(DType own, DType other, Precision precision, int rows) {
    return precision == Precision.BF16X3 && !takenAsStored(own, other, rows);
  }

  private boolean takenAsStored(DType own, DType other, int rows) {
    boolean exact = own == other && own != DType.F32;
    return exact || rows <= FEW_ROWS || blas.absent();
  }

  /**
   * {@code out[r, j] = Σ a[aRow + r, i]·b[bRow + j, i]}.
   *
   * @param a rows [·, d], in the {@link #format} that goes with {@code precision}; as {@code b}
   * @param out address of float32 numbers [rows, columns]
   * @param outStride elements from row to row
   */
  void multiply(
      DeviceRows a,
      int aRow,
      int rows,
      DeviceRows b,
      int bRow,
      int columns,
      Precision precision,
      long out,
      long outStride) {
    if (byBlas(a, b, outStride)) {
      blas.multiply(a, aRow, rows, b, bRow, columns, precision, out, outStride);
    } else {
      kernels.product(a, aRow, rows, b, bRow, columns, 0, false, out, outStride, DType.F32);
    }
  }

  /**
   * {@code out = activation(a·bᵀ + bias)}, rounded once where out is 16-bit. cuBLAS leaves bias,
   * activation and rounding to a second pass: hand it pieces that stay in L2.
   *
   * @param bias address of the first number, 0 for none
   * @param outRow where the result begins in {@code out}, as {@code outColumn}
   */
  void score(
      DeviceRows a,
      int aRow,
      int rows,
      DeviceRows b,
      int bRow,
      int columns,
      Precision precision,
      long bias,
      boolean relu,
      DeviceRows out,
      int outRow,
      int outColumn) {
    long target = out.at(outRow, outColumn);
    if (!byBlas(a, b, out.stride())) {
      kernels.product(
          a, aRow, rows, b, bRow, columns, bias, relu, target, out.stride(), out.dtype());
      return;
    }
    boolean inPlace = out.dtype() == DType.F32;
    long sums = inPlace ? target : scores(rows, columns);
    long stride = inPlace ? out.stride() : scoresStride(columns);
    blas.multiply(a, aRow, rows, b, bRow, columns, precision, sums, stride);
    if (bias != 0 || relu || !inPlace) {
      kernels.convert(
          sums, stride, DType.F32, rows, columns, bias, relu, target, out.stride(), out.dtype());
    }
  }

  /** Scratch for float32 scores [rows, columns], {@link #scoresStride} elements apart. */
  long scores(int rows, int columns) {
    return workspace.address(Slot.SCORES, DeviceRows.alignedBytes(rows, columns, DType.F32));
  }

  /** Elements from row to row of {@link #scores}. */
  static long scoresStride(int columns) {
    return DeviceRows.alignedStride(columns, DType.F32);
  }

  /** cuBLAS, which may be absent. */
  Blas blas() {
    return blas;
  }

  /** The kernels around a product. */
  ScoringKernels kernels() {
    return kernels;
  }

  private boolean byBlas(DeviceRows a, DeviceRows b, long outStride) {
    return !blas.absent() && Blas.takes(a, b, outStride);
  }

  @Override
  public void close() {
    blas.close();
  }
}
