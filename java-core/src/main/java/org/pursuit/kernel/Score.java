package org.pursuit.kernel;

import org.pursuit.data.Floats;

/**
 * Options of the score product: {@code activation((normalise(x) − preBias)·Wᵀ + bias)}.
 *
 * @param normalisation of the rows of x; default {@link RowNormalisation#NONE}
 * @param preBias subtracted from every normalised row [d], in float32 whatever the storage of x;
 *     null for none
 * @param activation of the result; default {@link Activation#IDENTITY}
 */
public record Score(RowNormalisation normalisation, Floats preBias, Activation activation) {
  public Score {
    Check.required(normalisation, "normalisation");
    Check.required(activation, "activation");
  }

  /** x·Wᵀ + bias. */
  public static Score plain() {
    return new Score(RowNormalisation.NONE, null, Activation.IDENTITY);
  }

  /** With normalised rows. */
  public Score normalisation(RowNormalisation normalisation) {
    return new Score(normalisation, preBias, activation);
  }

  /** With {@code preBias} subtracted from every row; null for none. */
  public Score preBias(Floats preBias) {
    return new Score(normalisation, preBias, activation);
  }

  /** With an activation. */
  public Score activation(Activation activation) {
    return new Score(normalisation, preBias, activation);
  }
}
