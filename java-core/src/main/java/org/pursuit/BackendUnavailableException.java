package org.pursuit;

/** A backend that was asked for by name cannot be used here; the message says why and the cure. */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String reason;
  private final String cure;

  /** The backend {@code name} cannot be used because of {@code reason}. */
  public BackendUnavailableException(String name, String reason, String cure) {
    super("backend " + name + " is unavailable: " + reason + " (cure: " + cure + ")");
    this.reason = reason;
    this.cure = cure;
  }

  /** Why it cannot be used. */
  public String reason() {
    return reason;
  }

  /** What the user can do about it. */
  public String cure() {
    return cure;
  }
}
