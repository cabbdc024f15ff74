package org.pursuit.kernel;

/** Function applied to the scores. */
public enum Activation {
  /** The pre-activation itself. */
  IDENTITY,
  /** max(0, a); NaN stays NaN. */
  RELU
}
