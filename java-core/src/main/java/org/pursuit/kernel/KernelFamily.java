package org.pursuit.kernel;

import org.pursuit.data.Memory;

/** What every family has: the memory whose handles it works on, and the frame around a call. */
public abstract class KernelFamily {
  private final Memory memory;
  private final String family;

  KernelFamily(Memory memory, String family) {
    this.memory = memory;
    this.family = family;
  }

  /** The memory whose handles this family works on. */
  public final Memory memory() {
    return memory;
  }

  /** Claims the backend for a call; returns the JFR event, or null when none is recorded. */
  final KernelEvent begin() {
    KernelEvent event = KernelEvent.started();
    memory.enter();
    return event;
  }

  /** Ends a call that {@link #begin()} began. */
  final void end(KernelEvent event, String kernel, int rows, int width, int k) {
    memory.exit();
    if (event != null) {
      event.family = family;
      event.kernel = kernel;
      event.backend = memory.name();
      event.rows = rows;
      event.width = width;
      event.k = k;
      event.commit();
    }
  }
}
