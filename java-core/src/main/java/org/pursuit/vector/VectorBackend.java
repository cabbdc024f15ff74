package org.pursuit.vector;

import org.pursuit.BackendInfo;
import org.pursuit.BackendOptions;
import org.pursuit.HostBackend;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;

/** Vector kernels on a few threads. */
final class VectorBackend extends HostBackend {
  private final Workers workers;
  private final Product product;
  private final VectorSelection selection;
  private final VectorScoring scoring;
  private final VectorSparseAlgebra sparseAlgebra;
  private final VectorPursuits pursuits;

  VectorBackend(BackendOptions options, String device) {
    super(new BackendInfo(VectorProvider.NAME, device, options.threads()), options);
    workers = new Workers(options.threads());
    product = new Product(workers);
    selection = new VectorSelection(this, workers);
    scoring = new VectorScoring(this, selection, workers, product);
    sparseAlgebra = new VectorSparseAlgebra(this, workers);
    pursuits = new VectorPursuits(this, workers, product);
  }

  @Override
  public Scoring scoring() {
    return scoring;
  }

  @Override
  public Selection selection() {
    return selection;
  }

  @Override
  public SparseAlgebra sparseAlgebra() {
    return sparseAlgebra;
  }

  @Override
  public Pursuits pursuits() {
    return pursuits;
  }

  @Override
  protected void freeScratch() {
    product.trim();
    selection.trim();
    scoring.trim();
    sparseAlgebra.trim();
    pursuits.trim();
  }

  @Override
  protected void release() {
    workers.close();
    freeScratch();
  }
}
