package org.pursuit.kernel;

/**
 * How {@link Statistics#segmentReduce} brings the entries of a segment's column together. Absent
 * elements are 0.
 *
 * @param kind what is computed
 * @param fired which entries {@link Kind#COUNT} counts; unused by the others
 */
public record Reduction(Kind kind, Fired fired) {
  /** What a reduction computes. */
  public enum Kind {
    /** {@code max(0, entries)}, NaN above all: what pooling activations keeps. */
    MAXIMUM,
    /** The entries' sum, a chain of float32 additions in the order of the rows. */
    SUM,
    /** The number of entries that fire; exact up to 2²⁴. */
    COUNT
  }

  public Reduction {
    Check.required(kind, "kind");
    Check.required(fired, "fired");
  }

  /** The largest entry, not below 0. */
  public static Reduction maximum() {
    return new Reduction(Kind.MAXIMUM, Fired.selected());
  }

  /** The sum of the entries. */
  public static Reduction sum() {
    return new Reduction(Kind.SUM, Fired.selected());
  }

  /** The number of entries that fire. */
  public static Reduction count(Fired fired) {
    return new Reduction(Kind.COUNT, fired);
  }
}
