package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;

/** Sums over the entries of codes, atom after atom, on the device: {@code gradients.cu}. */
final class CudaGradients {
  private static final String[] SUM_RUNS = {"sum_runs_f32", "sum_runs_bf16", "sum_runs_f16"};
  private static final int GATHER_THREADS = 128;
  private static final int THREADS = 256;

  /** Atoms of a block that finds or places runs, and its shared memory. */
  private static final int TILE = 256;

  private static final int TILE_BYTES = 128;

  /** Entries that one thread adds up. */
  private static final int PIECE = 128;

  private static final int CHUNK_ROWS = 256;
  private static final int CHUNK_COLUMNS = 128;
  private static final int CHUNK_BYTES = 4096;

  private final Cuda cuda;
  private final Kernels kernels;
  private final AtomSlices slices;
  private final EntrySort entries;

  private DeviceCodes codes;
  private int n;
  private long old;
  private long starts;
  private long pieceStarts;
  private long positions;
  private long oldPositions;

  CudaGradients(Cuda cuda, AtomSlices slices, EntrySort entries) {
    this.cuda = cuda;
    this.kernels = cuda.kernels();
    this.slices = slices;
    this.entries = entries;
  }

  /**
   * Finds the entries of each of {@code n} atoms, and which rows of {@code active} are active, if
   * there is one.
   *
   * @param keep whether rows that are active now stay so, with what they hold
   */
  void sort(DeviceCodes codes, int n, RowSparseMatrix active, boolean keep) {
    this.codes = codes;
    this.n = n;
    old = 0;
    if (active != null && keep) {
      old = copied(DeviceRows.of(active.elements()), active.capacity());
    }
    entries.sort(codes, n);
    findRuns(active, active != null && keep);
  }

  /** Where the place of each atom among the active rows lies, which matters for those alone. */
  long positions() {
    return positions;
  }

  /** Where the places that active rows had lie, −1 for none; 0 where they do not stay. */
  long oldPositions() {
    return oldPositions;
  }

  /** Where what active rows held lies; 0 where it does not stay. */
  long old() {
    return old;
  }

  /** {@code out[j] = Σ value·rows[b]} over the sorted entries of rows b with index j. */
  void outer(DeviceRows rows, Matrix out, boolean accumulate) {
    if (n > 0 && out.columns() > 0) {
      sumRuns(rows, DeviceRows.of(out), n, null, accumulate);
    }
  }

  /** The same of the active rows, with which the entries have been sorted. */
  void outer(DeviceRows rows, RowSparseMatrix out, boolean accumulate) {
    if (out.capacity() > 0 && out.columns() > 0) {
      sumRuns(rows, DeviceRows.of(out.elements()), out.capacity(), out, accumulate);
    }
  }

  /** Active rows move when others come between them. */
  private long copied(DeviceRows elements, int rows) {
    long bytes = rows * elements.stride() * elements.dtype().bytes();
    long copy = cuda.workspace().address(Slot.OLD_ROWS, bytes);
    cuda.stream().copy(copy, elements.address(), bytes);
    return copy;
  }

  private void findRuns(RowSparseMatrix active, boolean keep) {
    int tiles = Math.max(1, Math.ceilDiv(n, TILE));
    long words = 2 * (n + 1L) + 2L * tiles + (active == null ? 0 : 2L * n);
    starts = cuda.workspace().address(Slot.RUNS, words * Integer.BYTES);
    pieceStarts = starts + (n + 1L) * Integer.BYTES;
    long tilePieces = pieceStarts + (n + 1L) * Integer.BYTES;
    long tileActive = tilePieces + (long) tiles * Integer.BYTES;
    positions = active == null ? 0 : tileActive + (long) tiles * Integer.BYTES;
    oldPositions = keep ? positions + (long) n * Integer.BYTES : 0;
    for (String name : new String[] {"find_runs", "place_runs"}) {
      kernels
          .kernel(name)
          .arguments()
          .pointer(entries.indices())
          .pointer(entries.count())
          .pointer(starts)
          .pointer(pieceStarts)
          .pointer(tilePieces)
          .pointer(active == null ? 0 : tileActive)
          .pointer(positions)
          .pointer(oldPositions)
          .pointer(active == null ? 0 : ((CudaInts) active.rowIds()).address())
          .pointer(active == null ? 0 : ((CudaInts) active.count()).address())
          .pointer(active == null ? 0 : cuda.flags().address(Flag.ACTIVE_ROWS_EXCEEDED))
          .int32(n)
          .int32(tiles)
          .int32(active == null ? 0 : active.capacity())
          .int32(0)
          .launch(tiles, 1, THREADS, TILE_BYTES);
    }
  }

  /**
   * Adds up the runs.
   *
   * @param sums rows of {@code out}: all atoms, or those that may be active
   */
  private void sumRuns(
      DeviceRows rows, DeviceRows out, int sums, RowSparseMatrix active, boolean accumulate) {
    int d = out.columns();
    int pieces = (int) (codes.entries() / PIECE);
    int partStride = (int) DeviceRows.alignedStride(d, DType.F32);
    long parts = cuda.workspace().address(Slot.PIECES, 2L * pieces * partStride * Float.BYTES);
    int vectors = AtomSlices.vectors((long) d * rows.dtype().bytes());
    int width = slices.width(Math.min(codes.rows(), codes.entries()), vectors);
    long blocks = Math.ceilDiv(((long) sums + pieces) * width, GATHER_THREADS);
    Kernel sum = kernels.kernel(SUM_RUNS[rows.format()]);
    arguments(sum, rows, out, sums, active, accumulate, parts, pieces, width)
        .launch(Math.ceilDiv(vectors, width) * blocks, 1, GATHER_THREADS, 0);
    if (pieces > 0) {
      long quads = Math.ceilDiv(d, 4);
      Kernel fix = kernels.kernel("fix_runs");
      arguments(fix, rows, out, sums, active, accumulate, parts, pieces, width)
          .launch(Math.ceilDiv(pieces * quads, THREADS), 1, THREADS, 0);
    }
  }

  private Kernel arguments(
      Kernel kernel,
      DeviceRows rows,
      DeviceRows out,
      int sums,
      RowSparseMatrix active,
      boolean accumulate,
      long parts,
      int pieces,
      int width) {
    return kernel
        .arguments()
        .pointer(entries.rows())
        .pointer(entries.values())
        .pointer(rows.address())
        .pointer(starts)
        .pointer(pieceStarts)
        .pointer(out.address())
        .pointer(parts)
        .pointer(old)
        .pointer(active == null ? 0 : ((CudaInts) active.rowIds()).address())
        .pointer(active == null ? 0 : ((CudaInts) active.count()).address())
        .pointer(positions)
        .pointer(oldPositions)
        .pointer(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE))
        .int64(rows.stride())
        .int64(out.stride())
        .int32(rows.vectorPitch())
        .int32((int) DeviceRows.alignedStride(out.columns(), DType.F32))
        .int32(codes.rows())
        .int32(out.columns())
        .int32(out.format())
        .int32(accumulate ? 1 : 0)
        .int32(n)
        .int32(sums)
        .int32(pieces)
        .int32(width);
  }

  /**
   * {@code out[j] = Σ value} over the sorted entries with index j; where these sums lie apart from
   * what they are added to.
   *
   * @param out where they go; 0 for nowhere else
   */
  long sums(long out, boolean accumulate) {
    long sums = cuda.workspace().address(Slot.RUN_SUMS, (long) n * Float.BYTES);
    kernels
        .kernel("sum_values")
        .arguments()
        .pointer(entries.values())
        .pointer(starts)
        .pointer(sums)
        .pointer(out)
        .int32(n)
        .int32(accumulate ? 1 : 0)
        .launch(Math.ceilDiv(n, THREADS / 32), 1, THREADS, 0);
    return sums;
  }

  /** The codes without the entries whose values are ≤ 0, with other values. */
  DeviceCodes positive(DeviceCodes codes, long values) {
    long indices = cuda.workspace().address(Slot.POSITIVE_INDICES, codes.entries() * Integer.BYTES);
    kernels
        .kernel("positive")
        .arguments()
        .pointer(codes.indices())
        .pointer(codes.values())
        .pointer(indices)
        .int64(codes.entries())
        .launch(Math.ceilDiv(codes.entries(), THREADS), 1, THREADS, 0);
    return codes.with(indices, values);
  }

  /** {@code out = −Σ_j weight_j·rows[j]} over the atoms j with sorted entries. */
  void negativeWeightedSum(DeviceRows rows, long weights, long out, boolean accumulate) {
    columnSums(rows, n, weights, starts, -1, out, accumulate);
  }

  /** {@code out = Σ_b rows[b]}. */
  void columnSums(DeviceRows rows, int rowCount, long out, boolean accumulate) {
    columnSums(rows, rowCount, 0, 0, 1, out, accumulate);
  }

  /**
   * {@code out = ±Σ_b weight_b·rows[b]}.
   *
   * @param weights where they lie; 0: all are 1
   * @param counting where runs begin, of which rows without one do not count; 0: all count
   */
  private void columnSums(
      DeviceRows rows,
      int rowCount,
      long weights,
      long counting,
      float sign,
      long out,
      boolean accumulate) {
    int d = rows.columns();
    if (d == 0) {
      return;
    }
    int chunks = Math.ceilDiv(rowCount, CHUNK_ROWS);
    long parts =
        cuda.workspace().address(Slot.COLUMN_SUMS, Math.max(1, chunks) * (long) d * Float.BYTES);
    kernels
        .kernel("weighted_rows")
        .arguments()
        .pointer(rows.address())
        .pointer(weights)
        .pointer(counting)
        .pointer(parts)
        .int64(rows.stride())
        .int32(rowCount)
        .int32(d)
        .int32(rows.format())
        .int32(0)
        .launch((long) chunks * Math.ceilDiv(d, CHUNK_COLUMNS), 1, THREADS, CHUNK_BYTES);
    kernels
        .kernel("sum_chunks")
        .arguments()
        .pointer(parts)
        .pointer(out)
        .int32(chunks)
        .int32(d)
        .int32(accumulate ? 1 : 0)
        .float32(sign)
        .launch(Math.ceilDiv(d, THREADS), 1, THREADS, 0);
  }
}
