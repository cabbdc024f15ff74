package org.pursuit.kernel;

/** What happens to equal scores at the boundary of a selection. */
public enum TieRule {
  /** The lower index wins: exactly k are kept where there are k. */
  LOWEST_INDEX,
  /**
   * Only scores strictly greater than the (k+1)-th are kept, so that a tie across the boundary is
   * dropped whole (the rule of VL-SAE's reference code).
   */
  DROP
}
