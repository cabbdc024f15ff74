package org.pursuit.scalar;

import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.spi.BackendProvider;
import org.pursuit.spi.Probe;

/** Announces the scalar backend, which is always usable. */
public final class ScalarProvider implements BackendProvider {
  /** For the service loader. */
  public ScalarProvider() {}

  @Override
  public String name() {
    return ScalarBackend.NAME;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Probe probe() {
    return Probe.usable(ScalarBackend.DEVICE);
  }

  @Override
  public Backend open(BackendOptions options) {
    return new ScalarBackend(options);
  }
}
