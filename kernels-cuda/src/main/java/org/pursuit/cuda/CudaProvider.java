package org.pursuit.cuda;

import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.spi.BackendProvider;
import org.pursuit.spi.Probe;

/** Announces the CUDA backend, or says what it lacks. */
public final class CudaProvider implements BackendProvider {
  static final String NAME = "cuda";

  /** For the service loader. */
  public CudaProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 200;
  }

  @Override
  public Probe probe() {
    return Probe.unusable("its kernels are not complete", "use another backend");
  }

  @Override
  public Backend open(BackendOptions options) {
    return new CudaBackend(
        Cuda.open(Device.read(options.device()), Images.chosen(), options.memoryLimitBytes()),
        options);
  }
}
