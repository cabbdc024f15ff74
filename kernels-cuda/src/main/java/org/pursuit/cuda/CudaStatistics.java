package org.pursuit.cuda;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.BiasAdaptation;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Write;

/** Statistics on the device: {@code statistics.cu} and those that it is composed of. */
final class CudaStatistics extends Statistics {
  private static final int WARPS = RowSums.WARPS;
  private static final int THREADS = RowSums.THREADS;

  /** Numbers that a block of {@code sum_parts} adds up. */
  private static final int SUMMED = 16 * THREADS;

  /** Rows and columns that a block of {@code variance_parts} reads at once. */
  private static final int TILE_ROWS = 4 * WARPS;

  private static final int TILE_COLUMNS = 128;

  /** Blocks of rows whose moments are merged one after another. */
  private static final int MOST_ROW_BLOCKS = 256;

  /** What {@code variance_parts} keeps of a tile in shared memory. */
  private static final int MOMENT_BYTES = WARPS * (2 * TILE_COLUMNS + 1) * Float.BYTES;

  private final Kernels kernels;
  private final Workspace workspace;
  private final CudaColumnStatistics columns;
  private final CudaLatents latents;
  private final CudaUnitRows unitRows;
  private final CudaCooccurrence cooccurrence;

  CudaStatistics(Memory memory, Cuda cuda) {
    super(memory);
    this.kernels = cuda.kernels();
    this.workspace = cuda.workspace();
    this.columns = new CudaColumnStatistics(cuda);
    this.latents = new CudaLatents(cuda);
    this.unitRows = new CudaUnitRows(cuda);
    this.cooccurrence = new CudaCooccurrence(cuda);
  }

  @Override
  protected void squaredErrorsKernel(Matrix x, Matrix y, Floats out) {
    rowStatistic("squared_errors", x, y, out);
  }

  @Override
  protected void normsKernel(Matrix x, Floats out) {
    rowStatistic("row_norms", x, x, out);
  }

  @Override
  protected void cosinesKernel(Matrix x, Matrix y, Floats out) {
    rowStatistic("row_cosines", x, y, out);
  }

  private void rowStatistic(String name, Matrix x, Matrix y, Floats out) {
    CudaMatrix left = (CudaMatrix) x;
    CudaMatrix right = (CudaMatrix) y;
    int warps = RowSums.warpsPerRow(left.columns());
    kernels
        .kernel(name)
        .arguments()
        .pointer(left.address())
        .pointer(right.address())
        .pointer(((CudaFloats) out).address())
        .int64(left.stride())
        .int64(right.stride())
        .int64(left.rows())
        .int32(left.columns())
        .int32(left.format())
        .int32(right.format())
        .int32(warps)
        .launch(RowSums.blocks(left.rows(), warps), 1, THREADS, RowSums.SHARED_BYTES);
  }

  @Override
  protected void sumKernel(Floats values, Mask mask, Floats out) {
    long blocks = Math.ceilDiv(values.length(), SUMMED);
    long parts = workspace.address(Slot.STATISTICS, blocks * Double.BYTES);
    kernels
        .kernel("sum_parts")
        .arguments()
        .pointer(((CudaFloats) values).address())
        .pointer(SelectionKernels.address(mask))
        .pointer(parts)
        .int64(values.length())
        .launch(blocks, 1, THREADS, WARPS * Double.BYTES);
    sumTotal(parts, blocks, out);
  }

  private void sumTotal(long parts, long count, Floats out) {
    kernels
        .kernel("sum_total")
        .arguments()
        .pointer(parts)
        .pointer(((CudaFloats) out).address())
        .int64(count)
        .launch(1, 1, THREADS, WARPS * Double.BYTES);
  }

  @Override
  protected void quotientsKernel(float factor, Floats a, Floats b, Floats out) {
    kernels
        .kernel("quotients")
        .arguments()
        .pointer(CudaFloats.address(a))
        .pointer(((CudaFloats) b).address())
        .pointer(((CudaFloats) out).address())
        .int64(b.length())
        .float32(factor)
        .launch(Math.ceilDiv(b.length(), THREADS), 1, THREADS, 0);
  }

  @Override
  protected void totalVarianceKernel(Matrix x, Mask mask, Floats out) {
    CudaMatrix from = (CudaMatrix) x;
    int tiles = Math.ceilDiv(from.rows(), TILE_ROWS);
    int rowsPerBlock = TILE_ROWS * Math.max(1, Math.ceilDiv(tiles, MOST_ROW_BLOCKS));
    int rowBlocks = Math.ceilDiv(from.rows(), rowsPerBlock);
    int mergeBlocks = Math.ceilDiv(from.columns(), THREADS);
    long moments = (long) rowBlocks * from.columns() * Float.BYTES;
    long parts =
        workspace.address(
            Slot.STATISTICS,
            (long) mergeBlocks * Double.BYTES + 2 * moments + (long) rowBlocks * Float.BYTES);
    long means = parts + (long) mergeBlocks * Double.BYTES;
    long squares = means + moments;
    long counts = squares + moments;
    kernels
        .kernel("variance_parts")
        .arguments()
        .pointer(from.address())
        .pointer(SelectionKernels.address(mask))
        .pointer(counts)
        .pointer(means)
        .pointer(squares)
        .int64(from.stride())
        .int64(from.rows())
        .int32(from.columns())
        .int32(from.format())
        .int32(rowsPerBlock)
        .launch(
            (long) rowBlocks * Math.ceilDiv(from.columns(), TILE_COLUMNS),
            1,
            THREADS,
            MOMENT_BYTES);
    kernels
        .kernel("variance_merge")
        .arguments()
        .pointer(counts)
        .pointer(means)
        .pointer(squares)
        .pointer(parts)
        .int32(from.columns())
        .int32(rowBlocks)
        .launch(mergeBlocks, 1, THREADS, WARPS * Double.BYTES);
    sumTotal(parts, mergeBlocks, out);
  }

  @Override
  protected void columnStatisticsKernel(
      Matrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    columns.compute((CudaMatrix) x, fired, write, fires, maxima, sums);
  }

  @Override
  protected void columnStatisticsKernel(
      SlottedCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    columns.compute(codes, fired, write, fires, maxima, sums);
  }

  @Override
  protected void columnStatisticsKernel(
      CsrCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    columns.compute(codes, fired, write, fires, maxima, sums);
  }

  @Override
  protected void sinceFiredKernel(Longs fires, long rows, Longs since) {
    latents.sinceFired(fires, rows, since);
  }

  @Override
  protected void deadLatentsKernel(Longs since, long limit, Mask dead, Ints count) {
    latents.deadLatents(since, limit, dead, count);
  }

  @Override
  protected void densityKernel(Longs fires, long rows, Floats out) {
    latents.density(fires, rows, out);
  }

  @Override
  protected void movingAverageKernel(Floats observed, float momentum, Floats average) {
    latents.movingAverage(observed, momentum, average);
  }

  @Override
  protected void adaptBiasKernel(
      BiasAdaptation options,
      Longs fires,
      Floats maxima,
      long rows,
      Ints groups,
      Floats targets,
      Floats bias) {
    latents.adaptBias(options, fires, maxima, rows, groups, targets, bias);
  }

  @Override
  protected void unitRowsKernel(Matrix x, float epsilon) {
    unitRows.unitRows((CudaMatrix) x, epsilon);
  }

  @Override
  protected void projectGradientKernel(Matrix atoms, Matrix gradient) {
    unitRows.project((CudaMatrix) atoms, (CudaMatrix) gradient);
  }

  @Override
  protected void projectGradientKernel(Matrix atoms, RowSparseMatrix gradient) {
    unitRows.project((CudaMatrix) atoms, gradient);
  }

  @Override
  protected void segmentReduceKernel(
      FixedWidthCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    cooccurrence.segmentReduce(codes, segments, firstColumn, reduction, write, out);
  }

  @Override
  protected void segmentReduceKernel(
      CsrCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    cooccurrence.segmentReduce(codes, segments, firstColumn, reduction, write, out);
  }

  @Override
  protected void cooccurrenceKernel(
      FixedWidthCodes x,
      FixedWidthCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    cooccurrence.cooccurrence(x, y, fired, firstColumn, columns, n, write, counts);
  }

  @Override
  protected void cooccurrenceKernel(
      CsrCodes x,
      CsrCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    cooccurrence.cooccurrence(x, y, fired, firstColumn, columns, n, write, counts);
  }

  @Override
  protected void neighboursKernel(Longs counts, int firstColumn, int n, ColumnCodes out) {
    cooccurrence.neighbours(counts, firstColumn, n, out);
  }

  @Override
  protected void jaccardKernel(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out) {
    cooccurrence.jaccard(counts, firstColumn, firesX, firesY, out);
  }

  @Override
  protected void npmiKernel(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out) {
    cooccurrence.npmi(counts, firstColumn, firesX, firesY, rows, out);
  }
}
