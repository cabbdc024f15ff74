package org.pursuit.kernel;

/**
 * Options of Adam (Kingma and Ba 2015), with decoupled weight decay (Loshchilov and Hutter 2019,
 * torch's {@code AdamW}). With the gradient g, scaled by the caller's factor, in step t:
 *
 * <pre>
 *   m = β₁·m + (1 − β₁)·g      v = β₂·v + (1 − β₂)·g²
 *   p = p − η·λ·p − η·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 * </pre>
 *
 * @param learningRate η
 * @param beta1 decay of the first moment, 0 to below 1; default 0.9
 * @param beta2 decay of the second moment, 0 to below 1; default 0.999
 * @param epsilon ε, 0 or more; default 10⁻⁸
 * @param weightDecay λ, 0 or more; default 0
 */
public record Adam(float learningRate, float beta1, float beta2, float epsilon, float weightDecay) {
  public Adam {
    requireFinite(learningRate, "learningRate");
    requireDecay(beta1, "beta1");
    requireDecay(beta2, "beta2");
    requireFinite(epsilon, "epsilon");
    requireFinite(weightDecay, "weightDecay");
  }

  private static void requireDecay(float beta, String name) {
    if (!(beta >= 0 && beta < 1)) {
      throw new IllegalArgumentException(name + ": expected 0 to below 1, found " + beta);
    }
  }

  private static void requireFinite(float value, String name) {
    if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + ": expected a finite number of 0 or more, found " + value);
    }
  }

  /** With the usual decays. */
  public static Adam learningRate(float learningRate) {
    return new Adam(learningRate, 0.9f, 0.999f, 1e-8f, 0);
  }

  /** With the given decays of the moments. */
  public Adam betas(float beta1, float beta2) {
    return new Adam(learningRate, beta1, beta2, epsilon, weightDecay);
  }

  /** With the given ε. */
  public Adam epsilon(float epsilon) {
    return new Adam(learningRate, beta1, beta2, epsilon, weightDecay);
  }

  /** With decoupled weight decay. */
  public Adam weightDecay(float weightDecay) {
    return new Adam(learningRate, beta1, beta2, epsilon, weightDecay);
  }

  /** {@code η / (1 − β₁ᵗ)}: what a step is multiplied with. */
  public float stepSize(long step) {
    return (float) (learningRate / (1 - Math.pow(beta1, (double) step)));
  }

  /** {@code 1 / √(1 − β₂ᵗ)}: what the second moment's root is multiplied with. */
  public float rootCorrection(long step) {
    return (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) step)));
  }

  /** {@code 1 − η·λ}: what a step leaves of a parameter before it is moved. */
  public float kept() {
    return (float) (1 - (double) learningRate * weightDecay);
  }
}
