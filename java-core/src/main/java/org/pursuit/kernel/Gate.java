package org.pursuit.kernel;

/**
 * What becomes of a pre-activation a with the threshold θ, and of its gradient g:
 *
 * <pre>
 *   RELU        y = max(a, 0)      ∂a = g·1[a > 0]
 *   JUMP_RELU   y = a·1[a > θ]     ∂a = g·1[a > θ]     ∂θ = −Σ_b g·(θ/ε)·1[|a − θ| &lt; ε/2]
 *   STEP        y = 1[a > θ]       ∂a = 0              ∂θ = −Σ_b g·(1/ε)·1[|a − θ| &lt; ε/2]
 * </pre>
 *
 * <p>The thresholds' gradients are straight-through estimators with a rectangle of width ε, an open
 * interval (Rajamanoharan et al. 2024, "Jumping Ahead"); a − θ is rounded to float32. {@code STEP}
 * summed over a row is the number of active latents, the L0 of JumpReLU's penalty. A NaN is above
 * every threshold, and its {@code JUMP_RELU} and {@code RELU} are NaN; above a threshold that is
 * NaN there is nothing.
 *
 * @param kind which gate
 * @param bandwidth ε, the width of the rectangle, above 0; not used by {@code RELU}. SAELens takes
 *     0.05, dictionary_learning 0.001
 * @param logThreshold whether the thresholds' gradient is that of log θ, which is θ times as large:
 *     for trainers that learn the logarithm, of which {@link Training#exponentials} makes the
 *     thresholds; default false
 */
public record Gate(Kind kind, float bandwidth, boolean logThreshold) {
  /** The gates. */
  public enum Kind {
    /** Zero or more. */
    RELU,
    /** What lies above the threshold, as it is. */
    JUMP_RELU,
    /** One above the threshold. */
    STEP
  }

  public Gate {
    Check.required(kind, "kind");
    if (!(bandwidth > 0 && bandwidth < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "bandwidth: expected a finite number above 0, found " + bandwidth);
    }
  }

  /** Zero or more; no threshold. */
  public static Gate relu() {
    return new Gate(Kind.RELU, 1, false);
  }

  /** What lies above the threshold, with a rectangle of width ε. */
  public static Gate jumpRelu(float bandwidth) {
    return new Gate(Kind.JUMP_RELU, bandwidth, false);
  }

  /** One above the threshold, with a rectangle of width ε. */
  public static Gate step(float bandwidth) {
    return new Gate(Kind.STEP, bandwidth, false);
  }

  /** With the gradient of the thresholds' logarithms. */
  public Gate withLogThreshold() {
    return new Gate(kind, bandwidth, true);
  }
}
