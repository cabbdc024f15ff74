package org.pursuit.spi;

/**
 * Whether a backend can be used in this JVM.
 *
 * @param usable whether it can
 * @param device what it would run on; empty when not usable
 * @param reason why not; empty when usable
 * @param cure what the user can do about it; empty when usable
 */
public record Probe(boolean usable, String device, String reason, String cure) {
  /** The backend can be used. */
  public static Probe usable(String device) {
    return new Probe(true, device, "", "");
  }

  /** The backend cannot be used. */
  public static Probe unusable(String reason, String cure) {
    return new Probe(false, "", reason, cure);
  }
}
