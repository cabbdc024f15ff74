package org.pursuit.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A matrix in Java arrays, for backends that compute on the host.
 *
 * <p>The rows lie in blocks of {@code float[]} (F32) or {@code short[]} (16-bit formats); there is
 * one block unless the matrix has 2³¹ elements or more. A kernel asks for a row's array and offset
 * and then works on plain arrays.
 */
public final class HostMatrix extends Matrix {
  /**
   * Bytes before a block's first row. The JVM lays large arrays at the beginning of a region of its
   * heap (G1), their elements 16 bytes into it: rows of whole cache lines then begin with a line,
   * and a vector is read from one line instead of two.
   */
  private static final int LEAD_BYTES = 48;

  /** The most elements in rows of a block: the largest array that every JVM allows has the lead. */
  static final int MAX_BLOCK = Integer.MAX_VALUE - 8 - LEAD_BYTES / Short.BYTES;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private Object[] blocks;
  private final HostMatrix root;

  /** Where the elements are those of numbers, which may be closed: they are asked each time. */
  private final HostFloats viewed;

  private final int rowsPerBlock;
  private final int stride;

  /** Elements before a block's first row. */
  private final int lead;

  private HostMatrix(
      Memory memory, int rows, int columns, DType dtype, int maxBlock, int leadBytes) {
    super(memory, rows, columns, dtype);
    this.root = this;
    this.viewed = null;
    this.lead = leadBytes / dtype.bytes();
    this.rowsPerBlock = columns == 0 ? Math.max(rows, 1) : Math.max(1, maxBlock / columns);
    this.stride = columns;
  }

  private HostMatrix(HostMatrix viewed, int fromRow, int toRow, int fromColumn, int toColumn) {
    super(viewed, fromRow, toRow, fromColumn, toColumn);
    this.root = viewed.root;
    this.viewed = null;
    this.rowsPerBlock = viewed.rowsPerBlock;
    this.stride = viewed.stride;
    this.lead = viewed.lead;
  }

  private HostMatrix(HostFloats viewed) {
    super(viewed);
    this.root = this;
    this.rowsPerBlock = 1;
    this.stride = columns();
    this.lead = 0;
    this.viewed = viewed;
  }

  /** A view of numbers as a matrix of one row. */
  static HostMatrix over(HostFloats viewed) {
    return new HostMatrix(viewed);
  }

  /** A zeroed matrix owned by {@code memory}. */
  public static HostMatrix allocate(Memory memory, int rows, int columns, DType dtype) {
    return allocate(memory, rows, columns, dtype, MAX_BLOCK);
  }

  static HostMatrix allocate(Memory memory, int rows, int columns, DType dtype, int maxBlock) {
    HostMatrix matrix = new HostMatrix(memory, rows, columns, dtype, maxBlock, LEAD_BYTES);
    HostArrays.allocating(matrix, () -> matrix.blocks = matrix.newBlocks());
    return matrix;
  }

  static HostMatrix over(Memory memory, float[] values, int rows, int columns) {
    if (!(memory instanceof HostMemory)) {
      throw new IllegalArgumentException(
          "memory: expected a backend that computes on the host, found " + memory.name());
    }
    if (values == null) {
      throw new IllegalArgumentException("values: expected an array, found null");
    }
    HostMatrix matrix = new HostMatrix(memory, rows, columns, DType.F32, MAX_BLOCK, 0);
    if (values.length < matrix.size()) {
      matrix.close();
      throw new IllegalArgumentException(
          "values: expected "
              + matrix.size()
              + " elements for "
              + matrix
              + ", found "
              + values.length);
    }
    matrix.blocks = new Object[] {values};
    return matrix;
  }

  private Object[] newBlocks() {
    int count = Math.ceilDiv(rows(), rowsPerBlock);
    Object[] made = new Object[count];
    for (int b = 0; b < count; b++) {
      int blockRows = Math.min(rowsPerBlock, rows() - b * rowsPerBlock);
      int length = lead + blockRows * stride;
      made[b] = dtype() == DType.F32 ? new float[length] : new short[length];
    }
    return made;
  }

  /**
   * The array that holds row {@code row} as float32, from {@link #floatOffset} on: the storage
   * itself for F32, else {@code scratch}, into which the row has been widened.
   *
   * @param scratch room for a row; unused for F32
   */
  public float[] floats(int row, float[] scratch) {
    if (dtype() == DType.F32) {
      return floats(row);
    }
    dtype().widen(shorts(row), offset(row), scratch, 0, columns());
    return scratch;
  }

  /** Where row {@code row} begins in the array that {@link #floats(int, float[])} returns. */
  public int floatOffset(int row) {
    return dtype() == DType.F32 ? offset(row) : 0;
  }

  /** The F32 storage that holds row {@code row} from {@link #offset} on. */
  public float[] floats(int row) {
    if (root.viewed != null) {
      Objects.checkIndex(row, rows());
      return root.viewed.array();
    }
    return (float[]) root.blocks[(firstRow() + Objects.checkIndex(row, rows())) / rowsPerBlock];
  }

  /** The 16-bit storage that holds row {@code row} from {@link #offset} on. */
  public short[] shorts(int row) {
    return (short[]) root.blocks[(firstRow() + Objects.checkIndex(row, rows())) / rowsPerBlock];
  }

  /** Where row {@code row} begins in its storage array. */
  public int offset(int row) {
    return lead + (firstRow() + row) % rowsPerBlock * stride + firstColumn();
  }

  /** Copies columns {@code from … from + count} of a row, widened to float32, into an array. */
  public void readRow(int row, int from, int count, float[] target, int targetAt) {
    if (dtype() == DType.F32) {
      System.arraycopy(floats(row), offset(row) + from, target, targetAt, count);
    } else {
      dtype().widen(shorts(row), offset(row) + from, target, targetAt, count);
    }
  }

  /** Copies an array into columns {@code from … from + count} of a row, rounded to its format. */
  public void writeRow(int row, int from, int count, float[] source, int sourceAt) {
    if (dtype() == DType.F32) {
      System.arraycopy(source, sourceAt, floats(row), offset(row) + from, count);
    } else {
      dtype().narrow(source, sourceAt, shorts(row), offset(row) + from, count);
    }
  }

  @Override
  protected Matrix view(int fromRow, int toRow, int fromColumn, int toColumn) {
    return new HostMatrix(this, fromRow, toRow, fromColumn, toColumn);
  }

  @Override
  protected void copyFrom(float[] values) {
    for (int row = 0; row < rows(); row++) {
      writeRow(row, 0, columns(), values, row * columns());
    }
  }

  @Override
  protected void copyFrom(short[] bits) {
    for (int row = 0; row < rows(); row++) {
      System.arraycopy(bits, row * columns(), shorts(row), offset(row), columns());
    }
  }

  @Override
  protected void copyFrom(MemorySegment elements) {
    for (int row = 0; row < rows(); row++) {
      long at = (long) row * columns() * dtype().bytes();
      if (dtype() == DType.F32) {
        MemorySegment.copy(elements, FLOAT, at, floats(row), offset(row), columns());
      } else {
        MemorySegment.copy(elements, SHORT, at, shorts(row), offset(row), columns());
      }
    }
  }

  @Override
  protected void copyTo(float[] values) {
    for (int row = 0; row < rows(); row++) {
      readRow(row, 0, columns(), values, row * columns());
    }
  }

  @Override
  protected void copyTo(short[] bits) {
    for (int row = 0; row < rows(); row++) {
      System.arraycopy(shorts(row), offset(row), bits, row * columns(), columns());
    }
  }

  @Override
  protected void copyTo(MemorySegment elements) {
    for (int row = 0; row < rows(); row++) {
      long at = (long) row * columns() * dtype().bytes();
      if (dtype() == DType.F32) {
        MemorySegment.copy(floats(row), offset(row), elements, FLOAT, at, columns());
      } else {
        MemorySegment.copy(shorts(row), offset(row), elements, SHORT, at, columns());
      }
    }
  }

  @Override
  protected void free() {
    blocks = null;
  }
}
