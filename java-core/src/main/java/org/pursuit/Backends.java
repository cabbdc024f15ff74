package org.pursuit;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.pursuit.spi.BackendProvider;
import org.pursuit.spi.Probe;

/**
 * Finds and opens backends.
 *
 * <p>{@link #open()} takes the best that can be used, with the options that it is given, and logs
 * what was chosen and why each better one was not. A backend that is asked for by name, by argument
 * or by the system property {@value #PROPERTY}, never falls back to another.
 */
public final class Backends {
  /** System property that names the backend which {@link #open()} must open. */
  public static final String PROPERTY = "pursuit.backend";

  private static final Logger LOG = System.getLogger("org.pursuit");

  private Backends() {}

  /** A backend and whether it can be used here. */
  public record Diagnosis(String name, Probe probe) {
    @Override
    public String toString() {
      return probe.usable()
          ? name + ": usable, " + probe.device()
          : name + ": " + probe.reason() + " (cure: " + probe.cure() + ")";
    }
  }

  /** Opens the best usable backend, or the one that {@value #PROPERTY} names. */
  public static Backend open() {
    return open(BackendOptions.defaults());
  }

  /** {@link #open()} with options. */
  public static Backend open(BackendOptions options) {
    String named = System.getProperty(PROPERTY);
    if (named != null) {
      return open(named, options);
    }
    return open(providers(), options);
  }

  /** Opens the first that can be used. */
  static Backend open(List<BackendProvider> providers, BackendOptions options) {
    List<String> passedOver = new ArrayList<>();
    for (BackendProvider provider : providers) {
      Probe probe = provider.probe();
      if (probe.usable()) {
        try {
          Backend backend = provider.open(options);
          LOG.log(
              Level.INFO,
              "backend "
                  + backend.info()
                  + passedOver.stream().map(s -> "; not " + s).collect(Collectors.joining()));
          return backend;
        } catch (BackendUnavailableException e) {
          probe = Probe.unusable(e.reason(), e.cure());
        }
      }
      passedOver.add(new Diagnosis(provider.name(), probe).toString());
    }
    throw new IllegalStateException("no backend is usable: " + String.join("; ", passedOver));
  }

  /**
   * Opens the backend called {@code name}.
   *
   * @throws BackendUnavailableException if it cannot be used here
   */
  public static Backend open(String name) {
    return open(name, BackendOptions.defaults());
  }

  /** {@link #open(String)} with options. */
  public static Backend open(String name, BackendOptions options) {
    List<BackendProvider> providers = providers();
    for (BackendProvider provider : providers) {
      if (provider.name().equals(name)) {
        Probe probe = provider.probe();
        if (!probe.usable()) {
          throw new BackendUnavailableException(name, probe.reason(), probe.cure());
        }
        return provider.open(options);
      }
    }
    throw new BackendUnavailableException(
        name,
        "no such backend on the class path",
        "choose one of "
            + providers.stream().map(BackendProvider::name).collect(Collectors.joining(", "))
            + ", or add the jar that brings it");
  }

  /** Every backend on the class path, best first: usable, or the exact reason why not. */
  public static List<Diagnosis> diagnose() {
    return providers().stream().map(p -> new Diagnosis(p.name(), p.probe())).toList();
  }

  private static List<BackendProvider> providers() {
    return ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader())
        .stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparingInt(BackendProvider::priority).reversed())
        .toList();
  }
}
