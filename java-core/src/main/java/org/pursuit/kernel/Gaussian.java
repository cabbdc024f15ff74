package org.pursuit.kernel;

/**
 * Options of a diagonal Gaussian whose mean and logarithm of the variance are given element by
 * element, as a variational autoencoder's are (arXiv 2509.22994):
 *
 * <pre>
 *   ℓ = clamp(logVariance, minLogVariance, maxLogVariance)     σ = exp(ℓ / 2)
 *   z = μ + ε·σ                       ε from N(0, 1), drawn by {@link Philox} from seed and offset
 *   KL_b = ½·Σ_i (clamp(μ, ±maxMean)² + exp(ℓ) − 1 − ℓ)
 * </pre>
 *
 * <p>Where no variance is given it is 1. The noise depends on seed, offset, row and column alone:
 * the backward pass draws it again, and nothing is stored.
 *
 * @param seed of the noise
 * @param offset of the noise: another one for every batch, the step's number for example
 * @param minLogVariance default −6
 * @param maxLogVariance default 2
 * @param maxMean bound of means in the divergence, above 0; default 10
 */
public record Gaussian(
    long seed, long offset, float minLogVariance, float maxLogVariance, float maxMean) {
  public Gaussian {
    if (!(minLogVariance <= maxLogVariance)) {
      throw new IllegalArgumentException(
          "logVariance: expected bounds in order, found " + minLogVariance + ", " + maxLogVariance);
    }
    if (!(maxMean > 0)) {
      throw new IllegalArgumentException("maxMean: expected more than 0, found " + maxMean);
    }
  }

  /** With the published clamps. */
  public static Gaussian noise(long seed, long offset) {
    return new Gaussian(seed, offset, -6, 2, 10);
  }

  /** With logarithms of the variance clamped so. */
  public Gaussian logVariances(float min, float max) {
    return new Gaussian(seed, offset, min, max, maxMean);
  }

  /** With means clamped to ±{@code most} in the divergence. */
  public Gaussian maxMean(float most) {
    return new Gaussian(seed, offset, minLogVariance, maxLogVariance, most);
  }
}
