package org.pursuit;

/** A device reported an error during a call. */
public final class KernelException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int nativeCode;

  /**
   * @param operation the call that failed, or that reported an earlier failure
   * @param nativeCode the device library's code, and {@code nativeName} its name
   */
  public KernelException(String operation, String backend, int nativeCode, String nativeName) {
    super(
        operation + " on backend " + backend + " failed: " + nativeName + " (" + nativeCode + ")");
    this.nativeCode = nativeCode;
  }

  /** The device library's code. */
  public int nativeCode() {
    return nativeCode;
  }
}
