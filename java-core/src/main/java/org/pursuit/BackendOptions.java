package org.pursuit;

/**
 * How to open a backend.
 *
 * @param device number of the device, for backends that have several; default 0
 * @param threads worker threads of a host backend, the caller's included; default: all processors
 *     that the JVM sees
 * @param memoryLimitBytes the most that the backend's handles may occupy together; scratch that
 *     kernels keep between calls does not count; default: no limit
 */
public record BackendOptions(int device, int threads, long memoryLimitBytes) {
  public BackendOptions {
    require(device >= 0, "device: expected 0 or more, found ", device);
    require(threads >= 1, "threads: expected 1 or more, found ", threads);
    require(
        memoryLimitBytes >= 0, "memoryLimitBytes: expected 0 or more, found ", memoryLimitBytes);
  }

  private static void require(boolean condition, String text, long found) {
    if (!condition) {
      throw new IllegalArgumentException(text + found);
    }
  }

  /** Device 0, all processors, no memory limit. */
  public static BackendOptions defaults() {
    return new BackendOptions(0, Runtime.getRuntime().availableProcessors(), Long.MAX_VALUE);
  }

  /** On the given device. */
  public BackendOptions device(int device) {
    return new BackendOptions(device, threads, memoryLimitBytes);
  }

  /** With the given number of worker threads. */
  public BackendOptions threads(int threads) {
    return new BackendOptions(device, threads, memoryLimitBytes);
  }

  /** With a limit on the bytes that handles may occupy. */
  public BackendOptions memoryLimitBytes(long bytes) {
    return new BackendOptions(device, threads, bytes);
  }
}
