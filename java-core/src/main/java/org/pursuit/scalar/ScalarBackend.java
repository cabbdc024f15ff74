package org.pursuit.scalar;

import org.pursuit.BackendInfo;
import org.pursuit.BackendOptions;
import org.pursuit.Families;
import org.pursuit.HostBackend;

/** Plain Java on one thread. */
final class ScalarBackend extends HostBackend {
  static final String NAME = "scalar";
  static final String DEVICE = "plain Java (" + System.getProperty("os.arch") + ")";

  private final Scratch scratch = new Scratch();
  private final Families families;

  ScalarBackend(BackendOptions options) {
    super(new BackendInfo(NAME, DEVICE, 1), options);
    ScalarSelection selection = new ScalarSelection(this, scratch);
    families =
        new Families(
            new ScalarScoring(this, selection, scratch),
            selection,
            new ScalarSparseAlgebra(this, scratch),
            new ScalarPursuits(this, scratch),
            new ScalarTraining(this, scratch),
            new ScalarStatistics(this, scratch));
  }

  @Override
  protected Families families() {
    return families;
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
