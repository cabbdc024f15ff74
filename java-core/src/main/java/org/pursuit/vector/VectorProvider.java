package org.pursuit.vector;

import java.util.Locale;
import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.spi.BackendProvider;
import org.pursuit.spi.Probe;

/** Announces the vector backend, or says what it lacks. */
public final class VectorProvider implements BackendProvider {
  static final String NAME = "vector";

  private static final String MODULE = "jdk.incubator.vector";

  /**
   * Asked for once: a second attempt to load the Vector API would hide why the first one failed.
   */
  private static final Probe PROBE = examine();

  /** For the service loader. */
  public VectorProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Probe probe() {
    return PROBE;
  }

  @Override
  public Backend open(BackendOptions options) {
    return new VectorBackend(options, PROBE.device());
  }

  private static Probe examine() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return Probe.unusable(
          "module " + MODULE + " is not readable", "start java with --add-modules " + MODULE);
    }
    String mode = System.getProperty("java.vm.info", "");
    if (mode.contains("emulated-client") || mode.contains("interpreted")) {
      return Probe.unusable(
          "the JVM runs without its optimising compiler C2 ("
              + mode
              + "), and vectors are slow there",
          "start java without -XX:TieredStopAtLevel and without -Xint");
    }
    try {
      return examineWidth(Lanes.bits());
    } catch (LinkageError e) {
      return Probe.unusable(
          "the Vector API does not start: " + e, "use a JDK 25 with module " + MODULE);
    }
  }

  private static Probe examineWidth(int bits) {
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    int needed = arch.equals("aarch64") ? 128 : 256;
    if (bits < needed) {
      return Probe.unusable(
          "vectors have " + bits + " bits on " + arch + ", fewer than " + needed,
          "use a processor with AVX2, and start java without -XX:UseAVX below 2");
    }
    return Probe.usable(bits + "-bit vectors (" + arch + ")");
  }
}
