package org.pursuit.cuda;

import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.BackendUnavailableException;
import org.pursuit.spi.BackendProvider;
import org.pursuit.spi.Probe;

/** Announces the CUDA backend, or says what it lacks. */
public final class CudaProvider implements BackendProvider {
  static final String NAME = "cuda";

  private static final int PRIORITY = 200;

  /** Below every other backend: an emulated device is only for those who ask for it. */
  private static final int PRIORITY_EMULATED = -1;

  /** For the service loader. */
  public CudaProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return Examination.emulatorAllowed() ? PRIORITY_EMULATED : PRIORITY;
  }

  @Override
  public Probe probe() {
    return Once.PROBE;
  }

  @Override
  public Backend open(BackendOptions options) {
    Probe missing = Examination.ofDevice(options.device());
    if (missing != null) {
      throw new BackendUnavailableException(NAME, missing.reason(), missing.cure());
    }
    return CudaBackend.open(options);
  }

  /** Asked for once: a second attempt to load the driver would hide why the first one failed. */
  private static final class Once {
    static final Probe PROBE = probe();

    private static Probe probe() {
      try {
        return Examination.ofMachine();
      } catch (RuntimeException | Error e) {
        return Probe.unusable("it does not start: " + e, "see whether nvidia-smi works");
      }
    }
  }
}
