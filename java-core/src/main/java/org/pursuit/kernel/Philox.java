package org.pursuit.kernel;

/**
 * Philox4x32-10, the counter-based generator of Salmon et al. ("Parallel Random Numbers: As Easy as
 * 1, 2, 3", SC 2011), and normal numbers from it, as all backends draw them.
 *
 * <p>The numbers of columns 4q … 4q + 3 of a row come from one block of four words: key (seed's low
 * and high half), counter (q, row, offset's low and high half). Of words w₀ and w₁ the Box–Muller
 * transform makes the first two, of w₂ and w₃ the others:
 *
 * <pre>
 *   u = ((w₀ ≫ 8) + 1)·2⁻²⁴    v = (w₁ ≫ 8)·2⁻²⁴    √(−2·ln u)·(cos 2πv, sin 2πv)
 * </pre>
 */
public final class Philox {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * Replaces a counter of four words by the block that belongs to it.
   *
   * @param key0 first word of the key
   * @param key1 second word of the key
   */
  public static void block(int[] counter, int key0, int key1) {
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (counter[0] & LOW);
      long product1 = MULTIPLIER_1 * (counter[2] & LOW);
      counter[0] = (int) (product1 >>> 32) ^ counter[1] ^ k0;
      counter[2] = (int) (product0 >>> 32) ^ counter[3] ^ k1;
      counter[1] = (int) product1;
      counter[3] = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
  }

  /**
   * The normal numbers of a row's first {@code columns} columns.
   *
   * @param words scratch of four words
   */
  public static void normals(
      long seed, long offset, int row, int columns, int[] words, float[] out) {
    for (int at = 0; at < columns; at += 4) {
      words[0] = at >>> 2;
      words[1] = row;
      words[2] = (int) offset;
      words[3] = (int) (offset >>> 32);
      block(words, (int) seed, (int) (seed >>> 32));
      for (int i = 0; i < 4 && at + i < columns; i += 2) {
        double u = ((words[i] >>> 8) + 1) * 0x1p-24;
        double angle = 2 * Math.PI * ((words[i + 1] >>> 8) * 0x1p-24);
        double radius = Math.sqrt(-2 * Math.log(u));
        out[at + i] = (float) (radius * Math.cos(angle));
        if (at + i + 1 < columns) {
          out[at + i + 1] = (float) (radius * Math.sin(angle));
        }
      }
    }
  }
}
