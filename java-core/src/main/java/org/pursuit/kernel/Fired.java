package org.pursuit.kernel;

/**
 * When an entry counts as an event of its latent: when its value does not lie in {@code low …
 * high}. NaN lies in no interval and so always fires.
 *
 * <p>OpenAI counts values {@code > 1e-3}, sparsify and dictionary_learning's TopK every selected
 * entry, SAELens values that are not 0.
 *
 * @param low the smallest value that is silent
 * @param high the largest value that is silent
 */
public record Fired(float low, float high) {
  public Fired {
    Check.number(low, "low");
    Check.number(high, "high");
  }

  /** Every entry fires, zeros too; of a dense matrix every element is an entry. */
  public static Fired selected() {
    return new Fired(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
  }

  /** Values other than 0 fire. */
  public static Fired nonZero() {
    return new Fired(0, 0);
  }

  /** Values {@code > epsilon} fire. */
  public static Fired above(float epsilon) {
    return new Fired(Float.NEGATIVE_INFINITY, epsilon);
  }

  /** Whether an entry with this value fires. */
  public boolean test(float value) {
    return !(low <= value && value <= high);
  }
}
