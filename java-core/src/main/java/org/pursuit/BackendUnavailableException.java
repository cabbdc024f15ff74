package org.pursuit;

/** A backend that was asked for by name cannot be used here; the message says why and the cure. */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The backend {@code name} cannot be used because of {@code reason}. */
  public BackendUnavailableException(String name, String reason, String cure) {
    super("backend " + name + " is unavailable: " + reason + " (cure: " + cure + ")");
  }
}
