package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostMatrix;
import org.pursuit.kernel.MatchingPursuit.Sign;

/**
 * The residuals of a group of rows and the best atom of each, without a Gram: those of the rows
 * that run are multiplied with all atoms, and the product's tiles are searched as they come.
 */
final class ResidualSearch {
  /** Keeps atoms from being picked. */
  interface Excluded {
    /**
     * Sets to NaN what a row may not pick of {@code tile[at … at + count)}, its correlations with
     * atoms {@code first} and on.
     */
    void exclude(int row, float[] tile, int at, int first, int count);
  }

  private final Product product;
  private final Product.Rows activeRows = this::readActive;
  private final Product.Consumer search = this::searchTile;

  /** The group's residuals, and by row the best atom found and whether it goes on. */
  float[] residuals = {};

  Correlations.Best[] bests = {};
  boolean[] running = {};

  /** The rows whose residuals are multiplied. */
  private int[] active = {};

  private int d;
  private float[] weights;
  private boolean magnitude;
  private Excluded excluded;

  ResidualSearch(Product product) {
    this.product = product;
  }

  void trim() {
    residuals = new float[0];
    bests = new Correlations.Best[0];
    running = new boolean[0];
    active = new int[0];
  }

  /** Makes room for a group. */
  void grow(int rows, int d) {
    this.d = d;
    residuals = Grow.floats(residuals, rows * d);
    active = Grow.ints(active, rows);
    if (running.length < rows) {
      running = new boolean[rows];
    }
    int had = bests.length;
    if (had < rows) {
      bests = Arrays.copyOf(bests, rows);
      for (int i = had; i < rows; i++) {
        bests[i] = new Correlations.Best();
      }
    }
  }

  /** The score that a pick must exceed. */
  static float start(Sign sign) {
    return sign == Sign.SIGNED ? Float.NEGATIVE_INFINITY : 0;
  }

  /**
   * Finds the best atoms of those of {@code rows} that run; false if none does.
   *
   * @param excluded null if every atom may be picked
   */
  boolean find(int rows, HostMatrix atoms, float[] weights, Sign sign, Excluded excluded) {
    int count = 0;
    for (int i = 0; i < rows; i++) {
      if (running[i]) {
        active[count++] = i;
        bests[i].reset(start(sign));
      }
    }
    if (count == 0) {
      return false;
    }
    this.weights = weights;
    this.magnitude = sign == Sign.MAGNITUDE;
    this.excluded = excluded;
    product.multiply(activeRows, 0, count, atoms, null, search);
    return true;
  }

  private void readActive(int row, float[] target) {
    System.arraycopy(residuals, active[row] * d, target, 0, d);
  }

  private void searchTile(int worker, int row, float[] tile, int at, int column, int count) {
    int i = active[row];
    if (excluded != null) {
      excluded.exclude(i, tile, at, column, count);
    }
    Correlations.Best best = bests[i];
    int before = best.atom;
    Correlations.find(tile, at, weights, column, count, magnitude, best);
    if (best.atom != before) {
      best.product = tile[at + best.atom - column];
    }
  }
}
