package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.data.Matrix;

/**
 * Row-major elements on the device, whoever owns them: a matrix, or scratch.
 *
 * @param address where the first element lies
 * @param stride elements from a row's beginning to the next one's
 * @param columns elements of a row that count
 */
record DeviceRows(long address, long stride, int columns, DType dtype) {
  /** The rows of a matrix. */
  static DeviceRows of(Matrix matrix) {
    CudaMatrix on = (CudaMatrix) matrix;
    return new DeviceRows(on.address(), on.stride(), on.columns(), on.dtype());
  }

  /** Rows that begin at multiples of 16 bytes, as scratch is laid out. */
  static DeviceRows aligned(long address, int columns, DType dtype) {
    return new DeviceRows(address, alignedStride(columns, dtype), columns, dtype);
  }

  /** Bytes that {@code rows} rows take when they begin at multiples of 16 bytes. */
  static long alignedBytes(long rows, int columns, DType dtype) {
    return rows * alignedStride(columns, dtype) * dtype.bytes();
  }

  static long alignedStride(int columns, DType dtype) {
    int unit = 16 / dtype.bytes();
    return ((long) columns + unit - 1) / unit * unit;
  }

  /** The elements' format as kernels number it. */
  int format() {
    return CudaMatrix.format(dtype);
  }

  /**
   * Bytes from a row to the next where every row begins at a multiple of 16 bytes; 0 where kernels
   * have to read them element by element.
   */
  int vectorPitch() {
    long pitch = stride * dtype.bytes();
    boolean whole = ((address | pitch) & 15) == 0 && pitch >>> Integer.SIZE == 0;
    return whole ? (int) pitch : 0;
  }

  /** Where an element lies. */
  long at(long row, int column) {
    return address + (row * stride + column) * dtype.bytes();
  }
}
