package org.pursuit.vector;

import org.pursuit.BackendInfo;
import org.pursuit.BackendOptions;
import org.pursuit.Families;
import org.pursuit.HostBackend;

/** Vector kernels on a few threads. */
final class VectorBackend extends HostBackend {
  private final Workers workers;
  private final Product product;
  private final VectorScoring scoring;
  private final VectorSelection selection;
  private final VectorSparseAlgebra sparseAlgebra;
  private final VectorPursuits pursuits;
  private final VectorTraining training;
  private final VectorStatistics statistics;
  private final Families families;

  VectorBackend(BackendOptions options, String device) {
    super(new BackendInfo(VectorProvider.NAME, device, options.threads()), options);
    workers = new Workers(options.threads());
    product = new Product(workers);
    selection = new VectorSelection(this, workers);
    scoring = new VectorScoring(this, selection, workers, product);
    sparseAlgebra = new VectorSparseAlgebra(this, workers);
    pursuits = new VectorPursuits(this, workers, product);
    training = new VectorTraining(this, workers, product);
    statistics = new VectorStatistics(this, workers);
    families = new Families(scoring, selection, sparseAlgebra, pursuits, training, statistics);
  }

  @Override
  protected Families families() {
    return families;
  }

  @Override
  protected void freeScratch() {
    product.trim();
    selection.trim();
    scoring.trim();
    sparseAlgebra.trim();
    pursuits.trim();
    training.trim();
    statistics.trim();
  }

  @Override
  protected void release() {
    workers.close();
    freeScratch();
  }
}
