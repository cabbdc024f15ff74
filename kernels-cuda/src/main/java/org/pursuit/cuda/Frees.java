package org.pursuit.cuda;

import java.util.List;
import java.util.function.Consumer;

/** Frees many things, the rest too when one cannot be freed. */
final class Frees {
  private Frees() {}

  /**
   * Frees all of {@code things} in their order.
   *
   * @throws RuntimeException the first failure; the others are suppressed by it
   */
  static <T> void all(List<T> things, Consumer<? super T> free) {
    RuntimeException first = null;
    for (T thing : things) {
      try {
        free.accept(thing);
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
