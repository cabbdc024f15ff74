package org.pursuit.kernel;

/**
 * The total order by which every selection ranks: by score, larger first, then by lower index. −0.0
 * equals +0.0; NaN, of any sign and payload, ranks above +∞.
 *
 * <p>A score's <em>key</em> is an int that orders as the score does. A <em>rank</em> joins it with
 * the index in one long, so that all ranks of a row differ and a larger rank comes first.
 */
public final class ScoreOrder {
  /** Key of every NaN: the largest. */
  public static final int NAN = Integer.MAX_VALUE;

  private ScoreOrder() {}

  /** The key of a score. */
  public static int key(float score, SelectionKey by) {
    return by == SelectionKey.SIGNED ? signedKey(score) : magnitudeKey(score);
  }

  /** The key of a score ranked by itself. */
  public static int signedKey(float score) {
    if (Float.isNaN(score)) {
      return NAN;
    }
    int bits = Float.floatToRawIntBits(score + 0.0f); // turns −0.0 into +0.0
    return bits ^ ((bits >> 31) & 0x7fffffff);
  }

  /** The key of a score ranked by its absolute value. */
  public static int magnitudeKey(float score) {
    return Float.isNaN(score) ? NAN : Float.floatToRawIntBits(score) & 0x7fffffff;
  }

  /**
   * The score that {@link #signedKey} gives the key of, or the magnitude that {@link #magnitudeKey}
   * does; −0.0 comes back as +0.0 and NaN as the canonical one.
   */
  public static float score(int key) {
    return key == NAN ? Float.NaN : Float.intBitsToFloat(key ^ ((key >> 31) & 0x7fffffff));
  }

  /** The rank of the entry at {@code index}. */
  public static long rank(int key, int index) {
    return ((long) key << 32) | (~index & 0xffffffffL);
  }

  /** The key in a rank. */
  public static int keyOf(long rank) {
    return (int) (rank >> 32);
  }

  /** The index in a rank. */
  public static int indexOf(long rank) {
    return ~(int) rank;
  }
}
