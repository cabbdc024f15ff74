package org.pursuit.cuda;

import java.util.ArrayList;
import java.util.List;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.Write;

/**
 * Scores by {@link Products}, cut into chunks that stay in L2; selections read them there. {@code
 * score} and {@code encode} cut alike.
 */
final class CudaScoring extends Scoring {
  private final Products products;
  private final ScoringKernels kernels;
  private final CudaRunningTopK running;
  private final CudaSweep sweep;
  private final ScoreChunks chunks;
  private final ScoreFactors factors;

  /** The row selectors of a call. */
  private final List<Selector.RowTopK> rowSelectors = new ArrayList<>();

  CudaScoring(Memory memory, Selection selection, CudaRunningTopK running, Cuda cuda) {
    this(memory, selection, running, cuda, ScoreChunks.of(cuda.device()));
  }

  CudaScoring(
      Memory memory, Selection selection, CudaRunningTopK running, Cuda cuda, ScoreChunks chunks) {
    super(memory, selection);
    this.products = cuda.products();
    this.kernels = cuda.products().kernels();
    this.running = running;
    this.sweep = new CudaSweep(cuda);
    this.chunks = chunks;
    this.factors = new ScoreFactors(cuda, products, kernels);
  }

  @Override
  protected void normaliseKernel(
      Matrix x,
      RowNormalisation normalisation,
      Floats preBias,
      Matrix out,
      Floats centre,
      Floats scale) {
    kernels.normalise(
        DeviceRows.of(x),
        0,
        x.rows(),
        normalisation,
        CudaFloats.address(preBias),
        DeviceRows.of(out),
        CudaFloats.address(centre),
        CudaFloats.address(scale));
  }

  @Override
  protected void normaliseBackwardKernel(
      Matrix x, RowNormalisation normalisation, Matrix g, Write write, Matrix out) {
    kernels.normaliseBackward(
        DeviceRows.of(x),
        x.rows(),
        normalisation,
        DeviceRows.of(g),
        write == Write.ACCUMULATE,
        DeviceRows.of(out));
  }

  @Override
  protected void weighKernel(
      Matrix z, Floats columnWeights, Matrix gradientScores, float beta, Matrix out) {
    kernels.step(
        ScoringKernels.Step.WEIGH,
        (CudaMatrix) z,
        (CudaMatrix) gradientScores,
        CudaFloats.address(columnWeights),
        beta,
        false,
        (CudaMatrix) out);
  }

  @Override
  protected void closenessKernel(Matrix cosines, Matrix out) {
    kernels.step(
        ScoringKernels.Step.CLOSENESS, (CudaMatrix) cosines, null, 0, 0, false, (CudaMatrix) out);
  }

  @Override
  protected void closenessBackwardKernel(Matrix cosines, Matrix g, Write write, Matrix out) {
    kernels.step(
        ScoringKernels.Step.CLOSENESS_BACKWARD,
        (CudaMatrix) cosines,
        (CudaMatrix) g,
        0,
        0,
        write == Write.ACCUMULATE,
        (CudaMatrix) out);
  }

  @Override
  protected void scoreKernel(Matrix x, Matrix weights, Floats bias, Score options, Matrix out) {
    boolean relu = options.activation() == Activation.RELU;
    DeviceRows target = DeviceRows.of(out);
    factors.of(x, weights, bias, options, x.rows() > chunks.rows());
    for (int row = 0, rows; row < x.rows(); row += rows) {
      rows = Math.min(chunks.rows(), x.rows() - row);
      factors.tile(row, rows);
      for (int atom = 0, atoms; atom < weights.rows(); atom += atoms) {
        atoms = Math.min(chunks.atoms(rows), weights.rows() - atom);
        factors.chunk(atom, atoms);
        products.score(
            factors.rows(),
            factors.firstRow(),
            rows,
            factors.weights(),
            factors.firstAtom(),
            atoms,
            factors.precision(),
            factors.bias() == 0 ? 0 : factors.bias() + (long) atom * Float.BYTES,
            relu,
            target,
            row,
            atom);
      }
    }
  }

  @Override
  protected void encodeKernel(
      Matrix x, Matrix weights, Floats bias, Score options, List<? extends Selector> selectors) {
    boolean relu = options.activation() == Activation.RELU;
    rowSelectors.clear();
    for (int i = 0; i < selectors.size(); i++) {
      if (selectors.get(i) instanceof Selector.RowTopK topK) {
        rowSelectors.add(topK);
      }
    }
    sweep.begin(selectors, x.rows(), weights.rows(), chunks);
    factors.of(x, weights, bias, options, x.rows() > chunks.rows());
    for (int row = 0, rows; row < x.rows(); row += rows) {
      rows = Math.min(chunks.rows(), x.rows() - row);
      factors.tile(row, rows);
      running.begin(rowSelectors, row, rows, weights.rows());
      int width = Math.min(chunks.atoms(rows), weights.rows());
      long scores = products.scores(rows, width);
      long stride = Products.scoresStride(width);
      for (int atom = 0, atoms; atom < weights.rows(); atom += atoms) {
        atoms = Math.min(width, weights.rows() - atom);
        factors.chunk(atom, atoms);
        products.multiply(
            factors.rows(),
            factors.firstRow(),
            rows,
            factors.weights(),
            factors.firstAtom(),
            atoms,
            factors.precision(),
            scores,
            stride);
        running.consume(scores, stride, atom, atoms, factors.bias(), relu);
        sweep.consume(scores, stride, row, rows, atom, atoms, factors.bias(), relu);
      }
      running.finish();
    }
    sweep.finish();
  }
}
