package org.pursuit.data;

/**
 * The picks of a pursuit <em>in step order</em>: slot t of a row holds the atom and the coefficient
 * of step t. An atom may appear again; its coefficients add up. A prefix of the slots is the tape
 * of a run with fewer steps.
 */
public final class PursuitTape extends SlottedCodes {
  private PursuitTape(Parts parts) {
    super(parts);
  }

  static PursuitTape allocate(Memory memory, int rows, int steps) {
    return new PursuitTape(Parts.allocate(memory, rows, steps));
  }

  @Override
  public String toString() {
    return "tape [" + rows() + ", " + k() + "]";
  }
}
