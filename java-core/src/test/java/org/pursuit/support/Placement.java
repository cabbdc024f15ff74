package org.pursuit.support;

/** Where an input lies. */
public enum Placement {
  /** In a matrix of its own. */
  WHOLE,
  /** In some rows and some columns of a larger matrix. */
  VIEW,
  /**
   * In a Java array, without a copy; in a matrix of its own where the backend is not the host's.
   */
  WRAPPED
}
