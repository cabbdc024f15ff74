package org.pursuit.kernel;

/** What a selection ranks by. */
public enum SelectionKey {
  /** The score itself. */
  SIGNED,
  /** The score's absolute value; the output keeps the sign (AbsTopK, arXiv 2510.00404). */
  MAGNITUDE
}
