package org.pursuit.kernel;

/** What a score must be to pass a threshold, in the order of {@link ScoreOrder}. */
public enum Comparison {
  /** Above the threshold. NaN is above every number, and nothing is above NaN. */
  GREATER,
  /** Above the threshold or equal to it. Only NaN reaches NaN. */
  GREATER_OR_EQUAL
}
