package org.pursuit.data;

import java.lang.foreign.MemorySegment;

/**
 * A row-major matrix [rows, columns], or a view of some rows and columns of one.
 *
 * <p>Uploads copy from the host and downloads copy to it, row after row without gaps. float32
 * arrays may be copied to and from every {@link DType} (rounded to nearest even on the way in);
 * 16-bit patterns only to and from the 16-bit ones.
 */
public abstract class Matrix extends Handle {
  private final Matrix root;

  /** What owns the elements: the root, or the numbers that it shows as a row. */
  private final Handle storage;

  private final int firstRow;
  private final int firstColumn;
  private final int rows;
  private final int columns;
  private final DType dtype;
  private long version;

  /** A matrix with storage of its own. */
  protected Matrix(Memory memory, int rows, int columns, DType dtype) {
    super(memory, describe(rows, columns, dtype), bytes(rows, columns, dtype));
    this.root = this;
    this.storage = this;
    this.firstRow = 0;
    this.firstColumn = 0;
    this.rows = rows;
    this.columns = columns;
    this.dtype = dtype;
  }

  /** A view of rows {@code fromRow … toRow} and columns {@code fromColumn … toColumn}. */
  protected Matrix(Matrix viewed, int fromRow, int toRow, int fromColumn, int toColumn) {
    super(viewed);
    this.root = viewed.root;
    this.storage = viewed.storage;
    this.firstRow = viewed.firstRow + fromRow;
    this.firstColumn = viewed.firstColumn + fromColumn;
    this.rows = toRow - fromRow;
    this.columns = toColumn - fromColumn;
    this.dtype = viewed.dtype;
  }

  /** A view of numbers as a matrix [1, length]. */
  protected Matrix(Floats viewed) {
    super(viewed);
    this.root = this;
    this.storage = viewed;
    this.firstRow = 0;
    this.firstColumn = 0;
    this.rows = 1;
    this.columns = Math.toIntExact(viewed.length());
    this.dtype = DType.F32;
  }

  /**
   * A host matrix on the caller's array, row-major [rows, columns], without a copy: what a kernel
   * writes appears in the array; who writes to the array calls {@link #touch()}. Only for backends
   * that compute on the host.
   *
   * @throws IllegalArgumentException if the array is too short or {@code memory} is not on the host
   */
  public static Matrix wrap(Memory memory, float[] values, int rows, int columns) {
    return HostMatrix.over(memory, values, rows, columns);
  }

  /** Number of rows. */
  public final int rows() {
    return rows;
  }

  /** Number of columns. */
  public final int columns() {
    return columns;
  }

  /** Number of elements. */
  public final long size() {
    return (long) rows * columns;
  }

  /** Storage format of the elements. */
  public final DType dtype() {
    return dtype;
  }

  /** A view of rows {@code from} (inclusive) to {@code to} (exclusive). */
  public final Matrix rows(int from, int to) {
    requireRange("rows", from, to, rows);
    return view(from, to, 0, columns);
  }

  /** A view of columns {@code from} (inclusive) to {@code to} (exclusive). */
  public final Matrix columns(int from, int to) {
    requireRange("columns", from, to, columns);
    return view(0, rows, from, to);
  }

  /** Copies {@code size()} numbers into this matrix. */
  public final void upload(float[] values) {
    requireLength(values.length, "values");
    writing(() -> copyFrom(values));
  }

  /** Copies {@code size()} 16-bit patterns of this matrix's format into it. */
  public final void upload(short[] bits) {
    require16Bit();
    requireLength(bits.length, "bits");
    writing(() -> copyFrom(bits));
  }

  /** Copies {@code size()} elements of this matrix's format, in native byte order, into it. */
  public final void upload(MemorySegment elements) {
    requireBytes(elements);
    writing(() -> copyFrom(elements));
  }

  /** A copy of the elements as float32, row-major. */
  public final float[] download() {
    if (size() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          this + " does not fit into one array; download rows of it");
    }
    float[] values = new float[(int) size()];
    download(values);
    return values;
  }

  /** Copies the elements, widened to float32, into {@code values}. */
  public final void download(float[] values) {
    requireLength(values.length, "values");
    reading(() -> copyTo(values));
  }

  /** Copies the 16-bit patterns into {@code bits}. */
  public final void download(short[] bits) {
    require16Bit();
    requireLength(bits.length, "bits");
    reading(() -> copyTo(bits));
  }

  /** Copies the elements in this matrix's format and native byte order into a segment. */
  public final void download(MemorySegment elements) {
    requireBytes(elements);
    reading(() -> copyTo(elements));
  }

  /**
   * Counts the writes to this matrix and to the one it is a view of; what was derived from the
   * elements at an older version is stale.
   */
  public final long version() {
    return root.version;
  }

  /** Notes a write to the elements. Kernels do so for their outputs. */
  public final void touch() {
    root.version++;
  }

  /**
   * Whether the shorter of both matrices is the beginning of the other: they start at the same
   * element of the same allocated matrix and have the same columns.
   */
  public final boolean beginsLike(Matrix other) {
    return root == other.root
        && firstRow == other.firstRow
        && firstColumn == other.firstColumn
        && columns == other.columns;
  }

  /** Whether both show the same elements of the same storage. */
  public final boolean isSameAs(Matrix other) {
    return storage == other.storage
        && firstRow == other.firstRow
        && firstColumn == other.firstColumn
        && rows == other.rows
        && columns == other.columns;
  }

  /** Whether both have an element in common. */
  public final boolean overlaps(Matrix other) {
    return storage == other.storage
        && firstRow < other.firstRow + other.rows
        && other.firstRow < firstRow + rows
        && firstColumn < other.firstColumn + other.columns
        && other.firstColumn < firstColumn + columns;
  }

  /** First row in the allocated matrix that this is, or is a view of. */
  protected final int firstRow() {
    return firstRow;
  }

  /** First column in the allocated matrix that this is, or is a view of. */
  protected final int firstColumn() {
    return firstColumn;
  }

  /** A view in coordinates of this matrix; the ranges have been checked. */
  protected abstract Matrix view(int fromRow, int toRow, int fromColumn, int toColumn);

  /** Copies in; the length has been checked. */
  protected abstract void copyFrom(float[] values);

  /** Copies in; format and length have been checked. */
  protected abstract void copyFrom(short[] bits);

  /** Copies in; the size in bytes has been checked. */
  protected abstract void copyFrom(MemorySegment elements);

  /** Copies out; the length has been checked. */
  protected abstract void copyTo(float[] values);

  /** Copies out; format and length have been checked. */
  protected abstract void copyTo(short[] bits);

  /** Copies out; the size in bytes has been checked. */
  protected abstract void copyTo(MemorySegment elements);

  @Override
  public final String toString() {
    return describe(rows, columns, dtype);
  }

  private void writing(Runnable copy) {
    reading(
        () -> {
          touch();
          copy.run();
        });
  }

  private void reading(Runnable copy) {
    requireOpen();
    memory().enter();
    try {
      copy.run();
    } finally {
      memory().exit();
    }
  }

  private void requireLength(int length, String name) {
    if (length != size()) {
      throw new IllegalArgumentException(
          name + ": expected " + size() + " elements for " + this + ", found " + length);
    }
  }

  private void requireBytes(MemorySegment elements) {
    if (elements.byteSize() != size() * dtype.bytes()) {
      throw new IllegalArgumentException(
          "elements: expected "
              + size() * dtype.bytes()
              + " bytes for "
              + this
              + ", found "
              + elements.byteSize());
    }
  }

  private void require16Bit() {
    if (dtype == DType.F32) {
      throw new IllegalArgumentException(
          "bits: 16-bit patterns cannot be copied to or from " + this);
    }
  }

  private static void requireRange(String what, int from, int to, int size) {
    if (from < 0 || to < from || to > size) {
      throw new IllegalArgumentException(
          what + ": expected 0 <= from <= to <= " + size + ", found " + from + " to " + to);
    }
  }

  private static String describe(int rows, int columns, DType dtype) {
    return "matrix " + dtype + " [" + rows + ", " + columns + "]";
  }

  private static long bytes(int rows, int columns, DType dtype) {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException(
          "shape: expected non-negative sizes, found [" + rows + ", " + columns + "]");
    }
    if (dtype == null) {
      throw new IllegalArgumentException("dtype: expected a value, found null");
    }
    long elements = (long) rows * columns;
    boolean countable = elements <= Long.MAX_VALUE / dtype.bytes();
    return countable ? elements * dtype.bytes() : Long.MAX_VALUE;
  }
}
