package org.pursuit.support;

import org.pursuit.Backend;
import org.pursuit.BackendOptions;
import org.pursuit.Backends;

/**
 * A usable backend; every test opens it anew.
 *
 * @param name to open it by
 */
public record BackendUnderTest(String name) {
  private static final int THREADS = 2;

  /** Opens the backend. */
  public Lab open() {
    return open(THREADS);
  }

  /** Opens the backend with a number of worker threads. */
  public Lab open(int threads) {
    return open(BackendOptions.defaults().threads(threads));
  }

  /** Opens the backend with options. */
  public Lab open(BackendOptions options) {
    return new Lab(Backends.open(name, options));
  }

  /** Whether the backend is made for speed, and its device is not emulated on the processor. */
  public boolean fast() {
    try (Backend backend = Backends.open(name)) {
      return !name.equals("scalar") && !backend.info().device().contains("emulator");
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
