package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Write;

/**
 * Gradients of a matching pursuit: the launches of {@code pursuit_gradients.cu}. The steps' numbers
 * come first; then, for the atoms, the slots are sorted and slices of columns summed, each as wide
 * as lets its contributions lie in L2.
 */
final class CudaPursuitGradients {
  private static final int THREADS = 256;
  private static final int ROW_THREADS = 128;
  private static final int SUM_BYTES = 2 * (ROW_THREADS / 32) * Float.BYTES;

  /** The longest row of a gradient, with its sums, that a block keeps in shared memory. */
  private static final int SHARED_BYTES = 48 << 10;

  /** Rows whose gradients lie in global memory at once. */
  private static final long SCRATCH_BYTES = 64L << 20;

  private static final int SCAN_THREADS = 1024;
  private static final int SCAN_BYTES = 2 * 32 * Long.BYTES;
  private static final int SORT_WARPS = 4;

  /** Slots that a warp sorts, if there are not too many atoms or chunks. */
  private static final int CHUNK_SLOTS = 1024;

  private static final int MOST_CHUNKS = 256;
  private static final int MOST_TALLIES = 1 << 24;

  /** What a slice's contributions take: they should lie in L2 beside a slice of the atoms. */
  private static final long CONTRIBUTION_BYTES = 32L << 20;

  /** The narrowest slice, in quads of columns: one that is read in whole sectors of memory. */
  private static final int LEAST_QUADS = 8;

  private static final int QUAD_BYTES = 4 * Float.BYTES;
  private static final int TILE = 64;

  private final Cuda cuda;
  private final Kernels kernels;

  /** Tells which rows of a row-sparse gradient are active. */
  private final CudaGradients activeRows;

  private final int sharedBytes;
  private final int chunkSlots;
  private final long contributionBytes;

  private PursuitTape tape;
  private DeviceRows residual;
  private DeviceRows atoms;
  private int n;
  private int normalised;
  private DeviceRows gResidual;
  private long steps;
  private long tallies;
  private long starts;
  private long order;

  CudaPursuitGradients(Cuda cuda) {
    this(cuda, SHARED_BYTES, CHUNK_SLOTS, CONTRIBUTION_BYTES);
  }

  CudaPursuitGradients(Cuda cuda, int sharedBytes, int chunkSlots, long contributionBytes) {
    this.cuda = cuda;
    this.kernels = cuda.kernels();
    this.activeRows = new CudaGradients(cuda, AtomSlices.of(cuda.device()), new EntrySort(cuda));
    this.sharedBytes = sharedBytes;
    this.chunkSlots = chunkSlots;
    this.contributionBytes = contributionBytes;
  }

  void compute(
      PursuitTape tape,
      Matrix residual,
      Matrix atoms,
      AtomScaling scaling,
      Matrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    RowSparseMatrix active = gradients.activeAtoms();
    if (active != null) {
      activeRows.sort(
          DeviceCodes.of(tape), atoms.rows(), active, gradients.atomsWrite() == Write.ACCUMULATE);
    }
    if (atoms.columns() == 0) {
      return;
    }
    this.tape = tape;
    this.residual = DeviceRows.of(residual);
    this.atoms = DeviceRows.of(atoms);
    this.n = atoms.rows();
    this.normalised = scaling == AtomScaling.NORMALISED ? 1 : 0;
    this.gResidual = gResidual == null ? null : DeviceRows.of(gResidual);
    steps =
        cuda.workspace()
            .address(Slot.PURSUIT_STEPS, Math.max(1, tape.values().length()) * Float.BYTES);
    stepBack(gValues, gradients);
    if (gradients.atoms() != null) {
      sortPicks();
      sumSlices(DeviceRows.of(gradients.atoms()), null, gradients.atomsWrite());
    } else if (active != null) {
      sortPicks();
      sumSlices(DeviceRows.of(active.elements()), active, gradients.atomsWrite());
    }
  }

  private void stepBack(Floats gValues, PursuitGradients gradients) {
    int d = atoms.columns();
    long rowBytes = DeviceRows.alignedBytes(1, d, DType.F32);
    boolean shared = SUM_BYTES + rowBytes <= sharedBytes;
    int most = shared ? Integer.MAX_VALUE : Math.clamp(SCRATCH_BYTES / rowBytes, 1, 1 << 20);
    DeviceRows gX = gradients.x() == null ? null : DeviceRows.of(gradients.x());
    for (int row = 0, rows; row < tape.rows(); row += rows) {
      rows = Math.min(most, tape.rows() - row);
      long slot = (long) row * tape.k();
      kernels
          .kernel("step_back")
          .arguments()
          .pointer(indices() + slot * Integer.BYTES)
          .pointer(counts() + (long) row * Integer.BYTES)
          .pointer(atoms.address())
          .pointer(gResidual == null ? 0 : gResidual.at(row, 0))
          .pointer(gValues == null ? 0 : CudaFloats.address(gValues) + slot * Float.BYTES)
          .pointer(steps + slot * Float.BYTES)
          .pointer(shared ? 0 : cuda.workspace().address(Slot.RESIDUALS, rows * rowBytes))
          .pointer(gX == null ? 0 : gX.at(row, 0))
          .pointer(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE))
          .int64(atoms.stride())
          .int64(gResidual == null ? 0 : gResidual.stride())
          .int64(DeviceRows.alignedStride(d, DType.F32))
          .int64(gX == null ? 0 : gX.stride())
          .int32(n)
          .int32(d)
          .int32(tape.k())
          .int32(atoms.format())
          .int32(gResidual == null ? 0 : gResidual.format())
          .int32(gX == null ? 0 : gX.format())
          .int32(normalised)
          .int32(gradients.xWrite() == Write.ACCUMULATE ? 1 : 0)
          .launch(rows, 1, ROW_THREADS, SUM_BYTES + (shared ? (int) rowBytes : 0));
    }
  }

  /** Where the picks of each atom stand, in the order of slots. */
  private void sortPicks() {
    long slots = tape.values().length();
    int most = Math.clamp(MOST_TALLIES / Math.max(1, n), 1, MOST_CHUNKS);
    int chunks = Math.clamp(slots / chunkSlots, 1, most);
    long size = Math.ceilDiv(Math.max(1, Math.ceilDiv(slots, chunks)), 32) * 32L;
    long tallyBytes = (long) n * chunks * Integer.BYTES;
    starts =
        cuda.workspace()
            .address(Slot.SORTED_PICKS, (n + 1L) * Long.BYTES + slots * Long.BYTES + tallyBytes);
    order = starts + (n + 1L) * Long.BYTES;
    tallies = order + slots * Long.BYTES;
    cuda.stream().zero(tallies, tallyBytes);
    sorting("count_picks", size, chunks).launch(chunks, 1, THREADS, 0);
    sorting("total_picks", size, chunks).launch(Math.ceilDiv(n, THREADS), 1, THREADS, 0);
    sorting("scan_picks", size, chunks).launch(1, 1, SCAN_THREADS, SCAN_BYTES);
    sorting("sort_picks", size, chunks)
        .launch(Math.ceilDiv(chunks, SORT_WARPS), 1, SORT_WARPS * 32, 0);
  }

  private Kernel sorting(String name, long chunkSlots, int chunks) {
    return kernels
        .kernel(name)
        .arguments()
        .pointer(indices())
        .pointer(tallies)
        .pointer(starts)
        .pointer(order)
        .int64(tape.values().length())
        .int64(chunkSlots)
        .int32(chunks)
        .int32(n);
  }

  private void sumSlices(DeviceRows gAtoms, RowSparseMatrix active, Write write) {
    long slots = tape.values().length();
    int allQuads = Math.ceilDiv(atoms.columns(), 4);
    long fit = contributionBytes / (Math.max(1, slots) * QUAD_BYTES);
    int most = Math.clamp(fit, LEAST_QUADS, Math.max(LEAST_QUADS, allQuads));
    long tiles = slots / TILE;
    for (int quad = 0, quads; quad < allQuads; quad += quads) {
      quads = Math.min(most, allQuads - quad);
      long contributions =
          cuda.workspace()
              .address(Slot.CONTRIBUTIONS, Math.max(1, slots + tiles) * quads * QUAD_BYTES);
      long sums = contributions + slots * quads * QUAD_BYTES;
      contribute(contributions, 4 * quad, quads);
      summing("sum_tiles", contributions, sums, gAtoms, active, write, 4 * quad, quads)
          .launch(Math.ceilDiv(tiles * quads, THREADS), 1, THREADS, 0);
      summing("sum_picks", contributions, sums, gAtoms, active, write, 4 * quad, quads)
          .launch(Math.ceilDiv((long) n * quads, THREADS), 1, THREADS, 0);
    }
  }

  private void contribute(long contributions, int firstColumn, int quads) {
    kernels
        .kernel("contribute")
        .arguments()
        .pointer(indices())
        .pointer(CudaFloats.address(tape.values()))
        .pointer(counts())
        .pointer(steps)
        .pointer(atoms.address())
        .pointer(residual.address())
        .pointer(gResidual == null ? 0 : gResidual.address())
        .pointer(contributions)
        .int64(atoms.stride())
        .int64(residual.stride())
        .int64(gResidual == null ? 0 : gResidual.stride())
        .int64(tape.rows())
        .int32(n)
        .int32(atoms.columns())
        .int32(tape.k())
        .int32(atoms.format())
        .int32(residual.format())
        .int32(gResidual == null ? 0 : gResidual.format())
        .int32(normalised)
        .int32(firstColumn)
        .int32(quads)
        .int32(0)
        .launch(Math.ceilDiv((long) tape.rows() * quads, THREADS), 1, THREADS, 0);
  }

  private Kernel summing(
      String name,
      long contributions,
      long sums,
      DeviceRows gAtoms,
      RowSparseMatrix active,
      Write write,
      int firstColumn,
      int quads) {
    return kernels
        .kernel(name)
        .arguments()
        .pointer(indices())
        .pointer(starts)
        .pointer(order)
        .pointer(contributions)
        .pointer(sums)
        .pointer(gAtoms.address())
        .pointer(active == null ? 0 : ((CudaInts) active.count()).address())
        .pointer(active == null ? 0 : activeRows.positions())
        .pointer(active == null ? 0 : activeRows.oldPositions())
        .pointer(active == null ? 0 : activeRows.old())
        .int64(gAtoms.stride())
        .int32(n)
        .int32(atoms.columns())
        .int32(gAtoms.format())
        .int32(write == Write.ACCUMULATE ? 1 : 0)
        .int32(firstColumn)
        .int32(quads);
  }

  private long indices() {
    return ((CudaInts) tape.indices()).address();
  }

  private long counts() {
    return ((CudaInts) tape.counts()).address();
  }
}
