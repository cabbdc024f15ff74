package org.pursuit.data;

/** Closes several resources, the rest too when one of them fails. */
final class Closing {
  private Closing() {}

  /** Closes all; throws the first failure with the later ones suppressed. */
  static void all(AutoCloseable... resources) {
    Throwable first = null;
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Throwable t) {
        if (first == null) {
          first = t;
        } else {
          first.addSuppressed(t);
        }
      }
    }
    switch (first) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(first);
    }
  }
}
