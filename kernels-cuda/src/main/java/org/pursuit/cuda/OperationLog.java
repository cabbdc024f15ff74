package org.pursuit.cuda;

/**
 * The last operations that were queued since the device was known to be well. An asynchronous error
 * surfaces at some later call; the log names those that may have caused it.
 */
final class OperationLog {
  private static final int LENGTH = 16;

  private final String[] names = new String[LENGTH];
  private long count;

  /** Notes a queued operation. */
  void add(String name) {
    names[(int) (count++ % LENGTH)] = name;
  }

  /** Forgets everything: the device has been waited for and reported no error. */
  void clear() {
    count = 0;
  }

  /** " after a, b, c", oldest first; empty when nothing is queued. */
  String after() {
    if (count == 0) {
      return "";
    }
    StringBuilder text = new StringBuilder(count > LENGTH ? " after …, " : " after ");
    for (long i = Math.max(0, count - LENGTH); i < count; i++) {
      text.append(names[(int) (i % LENGTH)]).append(i + 1 < count ? ", " : "");
    }
    return text.toString();
  }
}
