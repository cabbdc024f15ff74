package org.pursuit.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.driver.CUstream;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;

/**
 * A matrix on the device, or a view of one. Rows lie {@link #stride} elements apart; those of an
 * allocated matrix begin at multiples of 16 bytes, those of a view or of foreign memory anywhere.
 */
final class CudaMatrix extends Matrix {
  private static final int ROW_ALIGNMENT = 16;

  /** 16-bit elements that are rounded or widened at a time. */
  private static final int CONVERTED = 4096;

  private final Cuda cuda;
  private final CudaMatrix root;
  private final long stride;
  private Block block = Block.EMPTY;

  /** The stream of foreign memory's owner; null for our own memory. */
  private CUstream ownersStream;

  private CudaMatrix(Memory memory, Cuda cuda, int rows, int columns, DType dtype) {
    super(memory, rows, columns, dtype);
    this.cuda = cuda;
    this.root = this;
    int unit = ROW_ALIGNMENT / dtype.bytes();
    this.stride = ((long) columns + unit - 1) / unit * unit;
  }

  private CudaMatrix(Memory memory, Cuda cuda, int rows, int columns, DType dtype, long stride) {
    super(memory, rows, columns, dtype);
    this.cuda = cuda;
    this.root = this;
    this.stride = stride;
  }

  private CudaMatrix(CudaMatrix viewed, int fromRow, int toRow, int fromColumn, int toColumn) {
    super(viewed, fromRow, toRow, fromColumn, toColumn);
    this.cuda = viewed.cuda;
    this.root = viewed.root;
    this.stride = viewed.stride;
  }

  private CudaMatrix(CudaFloats viewed, Cuda cuda, Block block) {
    super(viewed);
    this.cuda = cuda;
    this.root = this;
    this.stride = columns();
    this.block = block;
  }

  /** A view of numbers as a matrix of one row. */
  static CudaMatrix over(CudaFloats viewed, Cuda cuda, Block block) {
    return new CudaMatrix(viewed, cuda, block);
  }

  /** A zeroed matrix. */
  static CudaMatrix allocate(Memory memory, Cuda cuda, int rows, int columns, DType dtype) {
    CudaMatrix made = new CudaMatrix(memory, cuda, rows, columns, dtype);
    Storage.fill(made, () -> made.block = Storage.zeroed(cuda, made, made.storageBytes()));
    return made;
  }

  /**
   * A matrix on foreign memory.
   *
   * @param owner the stream on which its owner works
   */
  static CudaMatrix over(
      Memory memory,
      Cuda cuda,
      long address,
      int rows,
      int columns,
      DType dtype,
      long stride,
      CUstream owner) {
    CudaMatrix made = new CudaMatrix(memory, cuda, rows, columns, dtype, stride);
    Storage.fill(
        made,
        () -> {
          if (!cuda.driver().owns(address)) {
            throw new IllegalArgumentException(
                "devicePointer: 0x"
                    + Long.toHexString(address)
                    + " is no memory of "
                    + cuda.device().name());
          }
          cuda.stream().runAfter(owner);
          made.block = new Block(new DevicePointer(address), made.storageBytes());
          made.ownersStream = owner;
        });
    return made;
  }

  /** Where the first element lies. */
  long address() {
    return root.block.address() + (firstRow() * stride + firstColumn()) * dtype().bytes();
  }

  /** Elements from a row's beginning to the next one's. */
  long stride() {
    return stride;
  }

  /** The elements' format as kernels number them. */
  int format() {
    return format(dtype());
  }

  /** A format as kernels number it. */
  static int format(DType dtype) {
    return switch (dtype) {
      case F32 -> 0;
      case BF16 -> 1;
      case F16 -> 2;
    };
  }

  private long storageBytes() {
    long most = Long.MAX_VALUE / dtype().bytes();
    return rows() > 0 && stride > most / rows()
        ? Long.MAX_VALUE
        : rows() * stride * dtype().bytes();
  }

  @Override
  protected Matrix view(int fromRow, int toRow, int fromColumn, int toColumn) {
    return new CudaMatrix(this, fromRow, toRow, fromColumn, toColumn);
  }

  @Override
  protected void copyFrom(float[] values) {
    if (dtype() == DType.F32) {
      upload(
          (from, count, to) ->
              MemorySegment.copy(
                  values, element(from), to, ValueLayout.JAVA_FLOAT, 0, element(count)));
      return;
    }
    short[] rounded = new short[CONVERTED];
    upload(
        (from, count, to) -> {
          for (int at = 0; at < element(count); at += CONVERTED) {
            int some = Math.min(CONVERTED, element(count) - at);
            dtype().narrow(values, element(from) + at, rounded, 0, some);
            MemorySegment.copy(
                rounded, 0, to, ValueLayout.JAVA_SHORT, (long) at * Short.BYTES, some);
          }
        });
  }

  @Override
  protected void copyFrom(short[] bits) {
    upload(
        (from, count, to) ->
            MemorySegment.copy(bits, element(from), to, ValueLayout.JAVA_SHORT, 0, element(count)));
  }

  @Override
  protected void copyFrom(MemorySegment elements) {
    upload((from, count, to) -> MemorySegment.copy(elements, from, to, 0, count));
  }

  @Override
  protected void copyTo(float[] values) {
    if (dtype() == DType.F32) {
      download(
          (from, count, segment) ->
              MemorySegment.copy(
                  segment, ValueLayout.JAVA_FLOAT, 0, values, element(from), element(count)));
      return;
    }
    short[] bits = new short[CONVERTED];
    download(
        (from, count, segment) -> {
          for (int at = 0; at < element(count); at += CONVERTED) {
            int some = Math.min(CONVERTED, element(count) - at);
            MemorySegment.copy(
                segment, ValueLayout.JAVA_SHORT, (long) at * Short.BYTES, bits, 0, some);
            dtype().widen(bits, 0, values, element(from) + at, some);
          }
        });
  }

  @Override
  protected void copyTo(short[] bits) {
    download(
        (from, count, segment) ->
            MemorySegment.copy(
                segment, ValueLayout.JAVA_SHORT, 0, bits, element(from), element(count)));
  }

  @Override
  protected void copyTo(MemorySegment elements) {
    download((from, count, segment) -> MemorySegment.copy(segment, 0, elements, from, count));
  }

  private void upload(Staging.Source source) {
    int bytes = dtype().bytes();
    cuda.staging().upload(address(), stride * bytes, (long) columns() * bytes, rows(), source);
  }

  private void download(Staging.Sink sink) {
    int bytes = dtype().bytes();
    cuda.staging().download(address(), stride * bytes, (long) columns() * bytes, rows(), sink);
    cuda.flags().await();
  }

  private int element(long bytes) {
    return (int) (bytes / dtype().bytes());
  }

  @Override
  protected void free() {
    if (ownersStream == null) {
      cuda.allocator().free(block);
    } else if (!memory().isClosed() && !cuda.driver().isBroken()) {
      cuda.stream().runBefore(ownersStream);
    }
  }
}
