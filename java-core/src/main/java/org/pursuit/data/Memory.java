package org.pursuit.data;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The memory of one backend: it allocates handles, owns them and counts them.
 *
 * <p>A memory and all its handles are used by one thread at a time. Calls from two threads at once
 * throw {@link IllegalStateException}; open a backend for each thread instead.
 */
public abstract class Memory implements AutoCloseable {
  private static final VarHandle USER;

  static {
    try {
      USER = MethodHandles.lookup().findVarHandle(Memory.class, "user", Thread.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String name;
  private final long limitBytes;
  private long usedBytes;
  private int liveHandles;
  private boolean closed;

  @SuppressWarnings("unused") // written through USER
  private volatile Thread user;

  /**
   * @param name the backend's name, for messages
   * @param limitBytes the most that its handles may occupy together
   */
  protected Memory(String name, long limitBytes) {
    this.name = name;
    this.limitBytes = limitBytes;
  }

  /** Name of the backend that owns this memory. */
  public final String name() {
    return name;
  }

  /** Number of allocated handles that have not been closed. */
  public final int liveHandles() {
    return liveHandles;
  }

  /** Bytes occupied by the handles that have not been closed. */
  public final long usedBytes() {
    return usedBytes;
  }

  /** Allocates a zeroed row-major matrix [rows, columns]. */
  public abstract Matrix matrix(int rows, int columns, DType dtype);

  /** Allocates zeroed float32 numbers. */
  public abstract Floats floats(long length);

  /** Allocates zeroed 32-bit integers. */
  public abstract Ints ints(long length);

  /** Allocates zeroed 64-bit integers. */
  public abstract Longs longs(long length);

  /** Allocates a mask with every position clear. */
  public abstract Mask mask(int length);

  /** Waits until every call made so far has finished, and throws what one of them has flagged. */
  public abstract void synchronize();

  /** Frees scratch buffers that kernels keep between calls. */
  public final void trim() {
    enter();
    try {
      freeScratch();
    } finally {
      exit();
    }
  }

  /** A new float32 matrix with a copy of {@code values}, row-major [rows, columns]. */
  public final Matrix upload(float[] values, int rows, int columns) {
    return uploaded(matrix(rows, columns, DType.F32), m -> m.upload(values));
  }

  /**
   * A new 16-bit matrix with a copy of the bit patterns {@code bits}, row-major [rows, columns].
   */
  public final Matrix upload(short[] bits, int rows, int columns, DType dtype) {
    return uploaded(matrix(rows, columns, dtype), m -> m.upload(bits));
  }

  /** A new matrix with a copy of a segment's elements, row-major [rows, columns], native order. */
  public final Matrix upload(MemorySegment elements, int rows, int columns, DType dtype) {
    return uploaded(matrix(rows, columns, dtype), m -> m.upload(elements));
  }

  /** New float32 numbers with a copy of {@code values}. */
  public final Floats upload(float[] values) {
    return uploaded(floats(values.length), f -> f.upload(values));
  }

  /** New 32-bit integers with a copy of {@code values}. */
  public final Ints upload(int[] values) {
    return uploaded(ints(values.length), i -> i.upload(values));
  }

  /** New 64-bit integers with a copy of {@code values}. */
  public final Longs upload(long[] values) {
    return uploaded(longs(values.length), l -> l.upload(values));
  }

  /** A new mask with a copy of {@code values}. */
  public final Mask upload(boolean[] values) {
    return uploaded(mask(values.length), m -> m.upload(values));
  }

  /** Allocates empty codes of at most {@code k} entries a row. */
  public final FixedWidthCodes fixedWidthCodes(int rows, int k) {
    return FixedWidthCodes.allocate(this, rows, k);
  }

  /** Allocates an empty tape of at most {@code steps} pursuit steps a row. */
  public final PursuitTape pursuitTape(int rows, int steps) {
    return PursuitTape.allocate(this, rows, steps);
  }

  /**
   * Allocates empty row-compressed codes [rows, columns] with room for {@code capacity} entries.
   */
  public final CsrCodes csrCodes(int rows, int columns, long capacity) {
    return CsrCodes.allocate(this, rows, columns, capacity);
  }

  /** Allocates empty column lists: at most {@code m} rows for each of {@code columns} columns. */
  public final ColumnCodes columnCodes(int columns, int m) {
    return ColumnCodes.allocate(this, columns, m);
  }

  /** Allocates an empty row-sparse matrix with room for {@code capacity} active rows. */
  public final RowSparseMatrix rowSparseMatrix(int rows, int columns, int capacity) {
    return RowSparseMatrix.allocate(this, rows, columns, capacity);
  }

  /**
   * Allocates a float32 Gram matrix with room for {@code capacity} atoms; it describes no
   * dictionary yet.
   */
  public final Gram gram(int capacity) {
    return gram(capacity, DType.F32);
  }

  /**
   * Allocates a Gram matrix with room for {@code capacity} atoms, its products rounded to {@code
   * dtype}; what that costs a pursuit is said at {@link Gram}.
   */
  public final Gram gram(int capacity, DType dtype) {
    return Gram.allocate(this, capacity, dtype);
  }

  /**
   * Marks the calling thread as the user of this memory until {@link #exit()}.
   *
   * @throws IllegalStateException if the backend is closed, or another call is in progress
   */
  public final void enter() {
    claim();
    if (closed) {
      USER.setRelease(this, null);
      throw new IllegalStateException("backend " + name + " is closed");
    }
  }

  /** {@link #enter()} on a backend that may be closed. */
  private void claim() {
    if (!USER.compareAndSet(this, null, Thread.currentThread())) {
      throw new IllegalStateException(
          "backend "
              + name
              + " is used by one thread at a time; another call is in progress (open a backend for"
              + " each thread)");
    }
  }

  /** Ends what {@link #enter()} began. */
  public final void exit() {
    USER.setRelease(this, null);
  }

  /**
   * Closes the backend; its handles must not be used afterwards, but may still be closed. A second
   * call does nothing.
   */
  @Override
  public final void close() {
    if (!closed) {
      enter();
      closed = true;
      try {
        release();
      } finally {
        exit();
      }
    }
  }

  /** Whether {@link #close()} has been called. */
  public final boolean isClosed() {
    return closed;
  }

  /** Frees scratch buffers; called by {@link #trim()}. */
  protected abstract void freeScratch();

  /** Frees what the backend itself holds: scratch, workers, contexts. Called once. */
  protected abstract void release();

  /**
   * The exception for an allocation that does not fit.
   *
   * @param what the thing that was asked for, with its shape
   */
  protected abstract RuntimeException outOfMemory(String what, long askedBytes, long freeBytes);

  final void reserve(String what, long bytes) {
    enter();
    try {
      if (bytes > limitBytes - usedBytes) {
        throw outOfMemory(what, bytes, limitBytes - usedBytes);
      }
      usedBytes += bytes;
      liveHandles++;
    } finally {
      exit();
    }
  }

  /** Frees a handle's storage, also after the backend has been closed. */
  final void release(long bytes, Runnable free) {
    claim();
    try {
      usedBytes -= bytes;
      liveHandles--;
      free.run();
    } finally {
      exit();
    }
  }

  private interface Filler<T> {
    void fill(T target);
  }

  private static <T extends AutoCloseable> T uploaded(T target, Filler<T> filler) {
    try (Together parts = new Together()) {
      filler.fill(parts.add(target));
      return parts.complete(target);
    }
  }
}
