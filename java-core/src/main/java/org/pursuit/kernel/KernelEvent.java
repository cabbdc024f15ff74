package org.pursuit.kernel;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One kernel call in a JFR recording. */
@Name("org.pursuit.Kernel")
@Label("Kernel")
@Category("Pursuit")
@StackTrace(false)
final class KernelEvent extends Event {
  private static final EventType TYPE = EventType.getEventType(KernelEvent.class);

  @Label("Family")
  String family;

  @Label("Kernel")
  String kernel;

  @Label("Backend")
  String backend;

  @Label("Rows")
  int rows;

  @Label("Width")
  int width;

  @Label("k")
  int k;

  /** An event that has begun, or null when no recording wants it. */
  static KernelEvent started() {
    if (!TYPE.isEnabled()) {
      return null;
    }
    KernelEvent event = new KernelEvent();
    event.begin();
    return event;
  }
}
