package org.pursuit.kernel;

/** How the selected entries of a row are arranged. */
public enum OutputOrder {
  /** Descending by score, equal scores by ascending index. */
  BY_SCORE,
  /** Ascending by index. */
  BY_INDEX
}
