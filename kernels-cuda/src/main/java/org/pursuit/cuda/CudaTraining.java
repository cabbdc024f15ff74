package org.pursuit.cuda;

import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Adam;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;

/**
 * Dense steps on the device: {@code training.cu}, {@code solve.cu}, {@code gates.cu} and {@code
 * gaussian.cu}.
 */
final class CudaTraining extends Training {
  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;

  private final Cuda cuda;
  private final Kernels kernels;
  private final CudaMultiply multiply;
  private final CudaSolve solve;
  private final CudaGates gates;
  private final CudaGaussian gaussian;

  CudaTraining(Memory memory, Cuda cuda) {
    super(memory);
    this.cuda = cuda;
    this.kernels = cuda.kernels();
    this.multiply = new CudaMultiply(cuda, this);
    this.solve = new CudaSolve(cuda);
    this.gates = new CudaGates(cuda, this);
    this.gaussian = new CudaGaussian(cuda);
  }

  @Override
  protected void axpbyKernel(float alpha, Matrix x, float beta, Matrix y) {
    axpby(0, alpha, DeviceRows.of(x), beta, DeviceRows.of(y), y.rows());
  }

  @Override
  protected void scaleKernel(Floats factor, Matrix x, Matrix y) {
    axpby(CudaFloats.address(factor), 0, DeviceRows.of(x), 0, DeviceRows.of(y), y.rows());
  }

  /**
   * {@code y = α·x + β·y}.
   *
   * @param alpha address of α, 0 where it is the number
   */
  void axpby(long alpha, float alphaNumber, DeviceRows x, float beta, DeviceRows y, int rows) {
    kernels
        .kernel("axpby")
        .arguments()
        .pointer(x.address())
        .pointer(y.address())
        .pointer(alpha)
        .int64(x.stride())
        .int64(y.stride())
        .int64(rows)
        .int32(y.columns())
        .int32(x.format())
        .int32(y.format())
        .float32(alphaNumber)
        .float32(beta)
        .launch(RowTiles.blocks(rows, y.columns()), 1, RowTiles.THREADS, 0);
  }

  @Override
  protected void multiplyKernel(Matrix a, Matrix b, Multiply options, Matrix c) {
    multiply.multiply((CudaMatrix) a, (CudaMatrix) b, options, (CudaMatrix) c);
  }

  @Override
  protected void solveKernel(Matrix a, float ridge, Matrix b, Matrix x) {
    solve.solve((CudaMatrix) a, ridge, (CudaMatrix) b, (CudaMatrix) x);
  }

  @Override
  protected void columnSumsKernel(Matrix x, float factor, Write write, Floats out) {
    CudaMatrix from = (CudaMatrix) x;
    ColumnChunks chunks = ColumnChunks.of(from.rows());
    long parts = cuda.workspace().address(Slot.PARTS, chunks.bytes(from.columns()));
    kernels
        .kernel("column_sums")
        .arguments()
        .pointer(from.address())
        .pointer(parts)
        .int64(from.stride())
        .int64(from.rows())
        .int64(chunks.chunkRows())
        .int32(from.columns())
        .int32(from.format())
        .launch(chunks.blocks(from.columns()), 1, ColumnChunks.THREADS, ColumnChunks.SHARED_BYTES);
    kernels
        .kernel("add_chunks")
        .arguments()
        .pointer(parts)
        .pointer(CudaFloats.address(out))
        .int32(chunks.chunks())
        .int32(from.columns())
        .float32(factor)
        .int32(accumulates(write))
        .launch(Math.ceilDiv(from.columns(), THREADS), 1, THREADS, 0);
  }

  @Override
  protected void gatherRowsKernel(Matrix x, Ints rows, Matrix out) {
    CudaMatrix from = (CudaMatrix) x;
    CudaMatrix to = (CudaMatrix) out;
    kernels
        .kernel("gather_rows")
        .arguments()
        .pointer(from.address())
        .pointer(((CudaInts) rows).address())
        .pointer(to.address())
        .pointer(cuda.flags().address(Flag.ROW_OUT_OF_RANGE))
        .int64(from.stride())
        .int64(to.stride())
        .int64(to.rows())
        .int32(from.rows())
        .int32(from.columns())
        .int32(from.format())
        .int32(to.format())
        .launch(RowTiles.blocks(to.rows(), to.columns()), 1, RowTiles.THREADS, 0);
  }

  @Override
  protected void scatterRowsKernel(Matrix x, Ints rows, Write write, Matrix out) {
    CudaMatrix from = (CudaMatrix) x;
    CudaMatrix to = (CudaMatrix) out;
    long words = (long) to.rows() * Integer.BYTES;
    long owners = cuda.workspace().address(Slot.OWNERS, 2 * words);
    cuda.stream().zero(owners, 2 * words);
    kernels
        .kernel("claim_rows")
        .arguments()
        .pointer(((CudaInts) rows).address())
        .pointer(owners)
        .pointer(owners + words)
        .pointer(cuda.flags().address(Flag.ROW_OUT_OF_RANGE))
        .int64(from.rows())
        .int32(to.rows())
        .launch(Math.ceilDiv(from.rows(), THREADS), 1, THREADS, 0);
    kernels
        .kernel("scatter_rows")
        .arguments()
        .pointer(from.address())
        .pointer(((CudaInts) rows).address())
        .pointer(owners)
        .pointer(owners + words)
        .pointer(to.address())
        .int64(from.stride())
        .int64(to.stride())
        .int64(from.rows())
        .int32(to.rows())
        .int32(to.columns())
        .int32(from.format())
        .int32(to.format())
        .int32(accumulates(write))
        .launch(RowTiles.blocks(from.rows(), from.columns()), 1, RowTiles.THREADS, 0);
  }

  @Override
  protected void gateKernel(Matrix a, Gate gate, Floats threshold, Matrix out) {
    gates.gate((CudaMatrix) a, gate, threshold, (CudaMatrix) out);
  }

  @Override
  protected void gateBackwardKernel(
      Matrix a,
      Gate gate,
      Floats threshold,
      Matrix g,
      Write write,
      Matrix gradientA,
      Floats gradientThreshold) {
    gates.backward(
        (CudaMatrix) a,
        gate,
        threshold,
        (CudaMatrix) g,
        write,
        (CudaMatrix) gradientA,
        gradientThreshold);
  }

  @Override
  protected void sumOfSquaresKernel(Matrix x, Ints count, Write write, Floats out) {
    CudaMatrix from = (CudaMatrix) x;
    long blocks = RowTiles.blocks(from.rows(), from.columns());
    long parts = cuda.workspace().address(Slot.PARTS, blocks * Float.BYTES);
    kernels
        .kernel("sum_squares")
        .arguments()
        .pointer(from.address())
        .pointer(count == null ? 0 : ((CudaInts) count).address())
        .pointer(parts)
        .int64(from.stride())
        .int64(from.rows())
        .int32(from.columns())
        .int32(from.format())
        .launch(blocks, 1, RowTiles.THREADS, WARPS * Float.BYTES);
    addParts(parts, blocks, write, (CudaFloats) out);
  }

  /** Adds up numbers at an address, in a fixed order. */
  void addParts(long parts, long count, Write write, CudaFloats out) {
    kernels
        .kernel("add_parts")
        .arguments()
        .pointer(parts)
        .pointer(out.address())
        .int64(count)
        .int32(accumulates(write))
        .launch(1, 1, THREADS, WARPS * Double.BYTES);
  }

  @Override
  protected void exponentialsKernel(Floats x, Floats out) {
    kernels
        .kernel("exponentials")
        .arguments()
        .pointer(CudaFloats.address(x))
        .pointer(CudaFloats.address(out))
        .int64(x.length())
        .launch(Math.ceilDiv(x.length(), THREADS), 1, THREADS, 0);
  }

  @Override
  protected void clipFactorKernel(Floats sumOfSquares, float maxNorm, Floats norm, Floats factor) {
    kernels
        .kernel("clip_factor")
        .arguments()
        .pointer(CudaFloats.address(sumOfSquares))
        .pointer(CudaFloats.address(norm))
        .pointer(CudaFloats.address(factor))
        .float32(maxNorm)
        .launch(1, 1, 1, 0);
  }

  @Override
  protected void adamKernel(
      Adam options,
      long step,
      Matrix gradient,
      Ints rowIds,
      Ints count,
      Floats factor,
      Matrix m,
      Matrix v,
      Matrix parameters) {
    CudaMatrix from = (CudaMatrix) gradient;
    CudaMatrix first = (CudaMatrix) m;
    CudaMatrix second = (CudaMatrix) v;
    CudaMatrix moved = (CudaMatrix) parameters;
    kernels
        .kernel("adam")
        .arguments()
        .pointer(from.address())
        .pointer(rowIds == null ? 0 : ((CudaInts) rowIds).address())
        .pointer(count == null ? 0 : ((CudaInts) count).address())
        .pointer(CudaFloats.address(factor))
        .pointer(first.address())
        .pointer(second.address())
        .pointer(moved.address())
        .int64(from.stride())
        .int64(first.stride())
        .int64(second.stride())
        .int64(moved.stride())
        .int64(from.rows())
        .int32(from.columns())
        .int32(from.format())
        .int32(first.format())
        .int32(second.format())
        .int32(moved.format())
        .float32(options.beta1())
        .float32(options.beta2())
        .float32(options.epsilon())
        .float32(options.stepSize(step))
        .float32(options.rootCorrection(step))
        .float32(options.kept())
        .launch(RowTiles.blocks(from.rows(), from.columns()), 1, RowTiles.THREADS, 0);
  }

  @Override
  protected void sampleKernel(Matrix mean, Matrix logVariance, Gaussian options, Matrix out) {
    gaussian.sample((CudaMatrix) mean, (CudaMatrix) logVariance, options, (CudaMatrix) out);
  }

  @Override
  protected void sampleBackwardKernel(
      Matrix logVariance, Gaussian options, Matrix g, Write write, Matrix out) {
    gaussian.sampleBackward(
        (CudaMatrix) logVariance, options, (CudaMatrix) g, write, (CudaMatrix) out);
  }

  @Override
  protected void divergenceKernel(Matrix mean, Matrix logVariance, Gaussian options, Floats out) {
    gaussian.divergence((CudaMatrix) mean, (CudaMatrix) logVariance, options, out);
  }

  @Override
  protected void divergenceBackwardKernel(
      Matrix mean,
      Matrix logVariance,
      Gaussian options,
      float factor,
      Write write,
      Matrix gradientMean,
      Matrix gradientLogVariance) {
    gaussian.divergenceBackward(
        (CudaMatrix) mean,
        (CudaMatrix) logVariance,
        options,
        factor,
        write,
        (CudaMatrix) gradientMean,
        (CudaMatrix) gradientLogVariance);
  }

  private static int accumulates(Write write) {
    return write == Write.ACCUMULATE ? 1 : 0;
  }
}
