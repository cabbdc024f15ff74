package org.pursuit.kernel;

/**
 * Options of a selection that keeps as much of each row as comes closest to a target: top-AFA
 * (arXiv 2503.24277). The energies {@code e_i = (f_i·norm_i)²} are ranked, larger first, equal ones
 * by lower index; with C_j the sum of the first j of them a row keeps its first
 *
 * <pre>  k = 1 + argmin_j |√C_{j+1} − t|,   j = 0 … n − 1,   the smallest j on ties.</pre>
 *
 * <p>A distance that is no number counts as infinite: a row with an infinite energy or NaN keeps
 * one entry. {@link EnergySums} tells how energies are summed.
 *
 * @param endSentinel whether C_n is 10⁸, as in the published code, so that a whole row is kept only
 *     for targets above about 10⁴/2; default false
 */
public record RowPrefix(boolean endSentinel) {
  /** What the end sentinel puts in the place of √C_n. */
  public static final double END_ROOT = 1e4;

  /** Every prefix is compared alike. */
  public static RowPrefix plain() {
    return new RowPrefix(false);
  }

  /** With the end sentinel of the published code. */
  public RowPrefix withEndSentinel() {
    return new RowPrefix(true);
  }
}
