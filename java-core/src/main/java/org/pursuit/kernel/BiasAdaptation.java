package org.pursuit.kernel;

/**
 * Options of {@link Statistics#adaptBias}, the bias update of Group Bias Adaptation (<a
 * href="https://arxiv.org/abs/2506.14002">arXiv 2506.14002</a>; the authors' code was not read, and
 * its defaults are not verified).
 *
 * @param decrease γ₋, by which an over-active latent's activation lowers its bias; default 0.01
 * @param increase γ₊, by which the group's activation raises a dead latent's bias; default 0.01
 * @param deadBelow frequency below which a latent is dead; default 10⁻⁶
 * @param floor the lowest bias that a decrease leads to; default −1
 * @param ceiling the highest bias that an increase leads to; default 0
 */
public record BiasAdaptation(
    float decrease, float increase, float deadBelow, float floor, float ceiling) {
  public BiasAdaptation {
    Check.notNegative(decrease, "decrease");
    Check.notNegative(increase, "increase");
    Check.notNegative(deadBelow, "deadBelow");
    Check.number(floor, "floor");
    Check.number(ceiling, "ceiling");
  }

  /** The published rule. */
  public static BiasAdaptation standard() {
    return new BiasAdaptation(0.01f, 0.01f, 1e-6f, -1, 0);
  }

  /** With other steps down and up. */
  public BiasAdaptation rates(float decrease, float increase) {
    return new BiasAdaptation(decrease, increase, deadBelow, floor, ceiling);
  }

  /** With another frequency below which a latent is dead. */
  public BiasAdaptation deadBelow(float frequency) {
    return new BiasAdaptation(decrease, increase, frequency, floor, ceiling);
  }

  /** With other bounds of the bias. */
  public BiasAdaptation bounds(float floor, float ceiling) {
    return new BiasAdaptation(decrease, increase, deadBelow, floor, ceiling);
  }
}
