package org.pursuit.scalar;

import org.pursuit.BackendInfo;
import org.pursuit.BackendOptions;
import org.pursuit.HostBackend;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;

/** Plain Java on one thread. */
final class ScalarBackend extends HostBackend {
  static final String NAME = "scalar";
  static final String DEVICE = "plain Java (" + System.getProperty("os.arch") + ")";

  private final Scratch scratch = new Scratch();
  private final ScalarSelection selection = new ScalarSelection(this, scratch);
  private final Scoring scoring = new ScalarScoring(this, selection, scratch);
  private final SparseAlgebra sparseAlgebra = new ScalarSparseAlgebra(this, scratch);
  private final Pursuits pursuits = new ScalarPursuits(this, scratch);

  ScalarBackend(BackendOptions options) {
    super(new BackendInfo(NAME, DEVICE, 1), options);
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
    scratch.free();
  }

  @Override
  protected void release() {
    scratch.free();
  }
}
