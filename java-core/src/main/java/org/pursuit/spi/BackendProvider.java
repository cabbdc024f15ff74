package org.pursuit.spi;

import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.BackendUnavailableException;

/** Announces a backend; found by {@link java.util.ServiceLoader}. */
public interface BackendProvider {
  /** The name to ask for: "scalar", "vector", "cuda". */
  String name();

  /** Backends of higher priority are preferred. */
  int priority();

  /**
   * Whether the backend can be used here. Never throws, and gives the same answer every time it is
   * asked; the reason is that of the first failure.
   */
  Probe probe();

  /**
   * Opens the backend. Called only when the probe says usable.
   *
   * @throws BackendUnavailableException if it cannot be used with these options
   */
  Backend open(BackendOptions options);
}
