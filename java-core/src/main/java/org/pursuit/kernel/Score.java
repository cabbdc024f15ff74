package org.pursuit.kernel;

import org.pursuit.data.Floats;

/**
 * Options of the score product: {@code activation((normalise(x) − preBias)·Wᵀ + bias)}.
 *
 * @param normalisation of the rows of x; default {@link RowNormalisation#NONE}
 * @param preBias subtracted from every normalised row [d], in float32 whatever the storage of x;
 *     null for none
 * @param activation of the result; default {@link Activation#IDENTITY}
 * @param precision to which the two factors of the product, {@code normalise(x) − preBias} and the
 *     weights, may be rounded; default {@link Precision#FLOAT32}, which host backends always
 *     compute
 */
public record Score(
    RowNormalisation normalisation, Floats preBias, Activation activation, Precision precision) {
  public Score {
    Check.required(normalisation, "normalisation");
    Check.required(activation, "activation");
    Check.required(precision, "precision");
  }

  /** x·Wᵀ + bias. */
  public static Score plain() {
    return new Score(RowNormalisation.NONE, null, Activation.IDENTITY, Precision.FLOAT32);
  }

  /** With normalised rows. */
  public Score normalisation(RowNormalisation normalisation) {
    return new Score(normalisation, preBias, activation, precision);
  }

  /** With {@code preBias} subtracted from every row; null for none. */
  public Score preBias(Floats preBias) {
    return new Score(normalisation, preBias, activation, precision);
  }

  /** With an activation. */
  public Score activation(Activation activation) {
    return new Score(normalisation, preBias, activation, precision);
  }

  /** With factors of the product rounded to no less than {@code precision}. */
  public Score precision(Precision precision) {
    return new Score(normalisation, preBias, activation, precision);
  }
}
