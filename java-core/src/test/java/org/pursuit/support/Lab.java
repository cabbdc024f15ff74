package org.pursuit.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.pursuit.Backend;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.HostMemory;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Training;

/**
 * An open backend and what a test has put into it. Inputs lie where the test says; outputs begin
 * dirty, and output matrices lie in the middle of guarded ones.
 *
 * <p>Closing frees everything and then asserts what no test may forget: the surroundings of outputs
 * are unchanged, and no handle is left.
 */
public final class Lab implements AutoCloseable {
  private static final float JUNK = -123;

  private final Backend backend;
  private final Deque<AutoCloseable> kept = new ArrayDeque<>();
  private final List<Guard> guards = new ArrayList<>();

  Lab(Backend backend) {
    this.backend = backend;
  }

  /** The backend itself. */
  public Backend backend() {
    return backend;
  }

  public Selection selection() {
    return backend.selection();
  }

  public Scoring scoring() {
    return backend.scoring();
  }

  public SparseAlgebra sparseAlgebra() {
    return backend.sparseAlgebra();
  }

  public Pursuits pursuits() {
    return backend.pursuits();
  }

  public Training training() {
    return backend.training();
  }

  public Statistics statistics() {
    return backend.statistics();
  }

  /** Whether {@link Matrix#wrap} works here. */
  public boolean onHost() {
    return backend instanceof HostMemory;
  }

  /** Closes {@code handle} with this lab. */
  public <H extends AutoCloseable> H keep(H handle) {
    kept.push(handle);
    return handle;
  }

  /** A float32 copy. */
  public Matrix matrix(Dense values) {
    return matrix(values, DType.F32, Placement.WHOLE);
  }

  /** A copy rounded to {@code dtype}. */
  public Matrix matrix(Dense values, DType dtype) {
    return matrix(values, dtype, Placement.WHOLE);
  }

  /** A copy rounded to {@code dtype} that lies where {@code placement} says. */
  public Matrix matrix(Dense values, DType dtype, Placement placement) {
    if (placement == Placement.WRAPPED && dtype == DType.F32 && onHost()) {
      return keep(Matrix.wrap(backend, values.values(), values.rows(), values.columns()));
    }
    Matrix made =
        placement == Placement.VIEW
            ? guard(values.rows(), values.columns(), dtype).inner()
            : keep(backend.matrix(values.rows(), values.columns(), dtype));
    if (dtype == DType.F32) {
      made.upload(values.values());
    } else {
      made.upload(values.bits(dtype));
    }
    return made;
  }

  /** A guarded matrix to be written to, full of NaN. */
  public Matrix output(int rows, int columns, DType dtype) {
    Matrix inner = guard(rows, columns, dtype).inner();
    float[] dirt = new float[rows * columns];
    Arrays.fill(dirt, Float.NaN);
    inner.upload(dirt);
    return inner;
  }

  /** A guarded float32 matrix to be written to, full of NaN. */
  public Matrix output(int rows, int columns) {
    return output(rows, columns, DType.F32);
  }

  /** A copy, or null of null. */
  public Floats floats(float[] values) {
    return values == null ? null : keep(backend.upload(values));
  }

  /** Numbers to be written to, full of junk. */
  public Floats floatsOutput(long length) {
    Floats made = keep(backend.floats(length));
    dirty(made);
    return made;
  }

  /** A copy, or null of null. */
  public Ints ints(int[] values) {
    return values == null ? null : keep(backend.upload(values));
  }

  /** A copy. */
  public Longs longs(long[] values) {
    return keep(backend.upload(values));
  }

  /** A copy, or null of null. */
  public Mask mask(boolean[] values) {
    return values == null ? null : keep(backend.upload(values));
  }

  /** Integers to be written to, full of junk. */
  public Ints intsOutput(long length) {
    int[] junk = new int[(int) length];
    Arrays.fill(junk, (int) JUNK);
    return ints(junk);
  }

  /** Codes to be written to, full of junk. */
  public FixedWidthCodes codes(int rows, int k) {
    return dirty(keep(backend.fixedWidthCodes(rows, k)));
  }

  /** A copy. */
  public FixedWidthCodes codes(Slots slots) {
    FixedWidthCodes made = keep(backend.fixedWidthCodes(slots.rows(), slots.k()));
    slots.upload(made);
    return made;
  }

  /** A tape to be written to, full of junk. */
  public PursuitTape tape(int rows, int steps) {
    return dirty(keep(backend.pursuitTape(rows, steps)));
  }

  /** A copy. */
  public PursuitTape tape(Slots slots) {
    PursuitTape made = keep(backend.pursuitTape(slots.rows(), slots.k()));
    slots.upload(made);
    return made;
  }

  /** Row-compressed codes [rows, columns] with the entries of {@code slots}, columns ascending. */
  public CsrCodes csr(Slots slots, int columns, long spare) {
    CsrEntries entries = CsrEntries.of(slots);
    CsrCodes made = keep(backend.csrCodes(slots.rows(), columns, entries.columns().length + spare));
    made.upload(entries.offsets(), entries.columns(), entries.values());
    return made;
  }

  /** A row-sparse matrix to be written to, full of junk. */
  public RowSparseMatrix rowSparse(int rows, int columns, int capacity) {
    RowSparseMatrix made = keep(backend.rowSparseMatrix(rows, columns, capacity));
    int[] ids = new int[capacity];
    Arrays.fill(ids, (int) JUNK);
    made.rowIds().upload(ids);
    float[] dirt = new float[capacity * columns];
    Arrays.fill(dirt, Float.NaN);
    made.elements().upload(dirt);
    made.count().upload(new int[] {(int) JUNK});
    return made;
  }

  /** Row-compressed codes to be written to, full of junk. */
  public CsrCodes csr(int rows, int columns, long capacity) {
    CsrCodes made = keep(backend.csrCodes(rows, columns, capacity));
    long[] offsets = new long[rows + 1];
    Arrays.fill(offsets, (long) JUNK);
    made.offsets().upload(offsets);
    int[] junk = new int[(int) capacity];
    Arrays.fill(junk, (int) JUNK);
    made.columns().upload(junk);
    dirty(made.values());
    return made;
  }

  /** Column codes to be written to, full of junk. */
  public ColumnCodes columnCodes(int columns, int m) {
    ColumnCodes made = keep(backend.columnCodes(columns, m));
    long[] ids = new long[columns * m];
    Arrays.fill(ids, (long) JUNK);
    made.rowIds().upload(ids);
    dirty(made.values());
    int[] counts = new int[columns];
    Arrays.fill(counts, (int) JUNK);
    made.counts().upload(counts);
    return made;
  }

  /** A Gram of nothing yet. */
  public Gram gram(int capacity) {
    return keep(backend.gram(capacity));
  }

  /** A Gram of nothing yet, in a format. */
  public Gram gram(int capacity, DType dtype) {
    return keep(backend.gram(capacity, dtype));
  }

  @Override
  public void close() {
    try {
      if (!backend.isClosed()) {
        backend.synchronize();
      }
      guards.forEach(Guard::check);
    } finally {
      closeAll();
    }
    assertThat(backend.liveHandles()).as("handles that nobody closed").isZero();
    assertThat(backend.usedBytes()).as("bytes that nobody freed").isZero();
  }

  private void closeAll() {
    try {
      for (AutoCloseable handle : kept) {
        handle.close();
      }
    } catch (Exception e) {
      throw new AssertionError("closing failed", e);
    } finally {
      backend.close();
    }
  }

  private Guard guard(int rows, int columns, DType dtype) {
    Guard guard = Guard.around(rows, columns, dtype, backend);
    keep(guard);
    guards.add(guard);
    return guard;
  }

  private static <C extends SlottedCodes> C dirty(C codes) {
    int[] indices = new int[codes.rows() * codes.k()];
    Arrays.fill(indices, (int) JUNK);
    codes.indices().upload(indices);
    dirty(codes.values());
    int[] counts = new int[codes.rows()];
    Arrays.fill(counts, (int) JUNK);
    codes.counts().upload(counts);
    return codes;
  }

  private static void dirty(Floats floats) {
    float[] junk = new float[(int) floats.length()];
    Arrays.fill(junk, JUNK);
    floats.upload(junk);
  }
}
