package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.DType;
import org.pursuit.data.HostMatrix;

/**
 * The squared distances of a matrix's rows from their mean, in one reading of the matrix. A tile of
 * rows and columns, which a second-level cache holds, is read twice: for its own mean, and for the
 * distances from that. What the tiles' means lack of the whole mean is then added by the law of
 * total variance:
 *
 * <pre>
 *   Σ_b ‖x_b − mean‖² = Σ_t ( Σ_{b in t} ‖x_b − mean_t‖² + n_t·‖mean_t − mean‖² )
 * </pre>
 */
final class TotalVariance {
  private static final int ROWS = 64;
  private static final int COLUMNS = 1024;

  private final Workers workers;
  private final Workers.Task within = this::withinTiles;
  private final Workers.Task between = this::betweenTiles;
  private final Slot[] slots;
  private final double[][] means;

  private HostMatrix x;
  private boolean[] mask;
  private int blocks;
  private int rows;

  /** Rows of each tile that take part. */
  private int[] tileRows = {};

  /** [tiles, d]. */
  private float[] tileMeans = {};

  private double[] distances = {};
  private double[] betweenBlocks = {};

  /** The rows of a tile that take part, and their mean. */
  private static final class Slot {
    final float[][] rows = new float[ROWS][];
    final float[] mean = new float[COLUMNS];
    private final int[] at = new int[ROWS];
    private final float[][] eight = new float[8][];
    private final int[] eightAt = new int[8];
    private final float[] ones = new float[8];
    private float[] widened = {};
    private int count;

    Slot() {
      Arrays.fill(ones, 1);
    }

    void read(HostMatrix x, boolean[] mask, int from, int to, int column, int width) {
      count = 0;
      for (int row = from; row < to; row++) {
        if (mask != null && !mask[row]) {
          continue;
        }
        if (x.dtype() == DType.F32) {
          rows[count] = x.floats(row);
          at[count] = x.offset(row) + column;
        } else {
          widened = Grow.floats(widened, ROWS * COLUMNS);
          rows[count] = widened;
          at[count] = count * COLUMNS;
          x.readRow(row, column, width, widened, at[count]);
        }
        count++;
      }
    }

    void average(int width) {
      Arrays.fill(mean, 0, width, 0);
      int row = 0;
      for (; row <= count - 8; row += 8) {
        System.arraycopy(rows, row, eight, 0, 8);
        System.arraycopy(at, row, eightAt, 0, 8);
        Sums.add8(mean, ones, eight, eightAt, width);
      }
      Arrays.fill(eight, null);
      for (; row < count; row++) {
        Sums.add(mean, 0, 1, rows[row], at[row], width);
      }
      for (int i = 0; i < width; i++) {
        mean[i] /= Math.max(count, 1);
      }
    }

    double distance(int width) {
      double distance = 0;
      for (int row = 0; row < count; row++) {
        distance += Sums.squaredDistance(rows[row], at[row], mean, 0, width);
      }
      return distance;
    }
  }

  TotalVariance(Workers workers) {
    this.workers = workers;
    this.slots = new Slot[workers.count()];
    this.means = new double[workers.count()][0];
    trim();
  }

  void trim() {
    Arrays.setAll(slots, worker -> new Slot());
    Arrays.fill(means, new double[0]);
    tileRows = new int[0];
    tileMeans = new float[0];
    distances = new double[0];
    betweenBlocks = new double[0];
  }

  double of(HostMatrix x, boolean[] mask) {
    this.x = x;
    this.mask = mask;
    int tiles = Math.ceilDiv(x.rows(), ROWS);
    blocks = Math.ceilDiv(x.columns(), COLUMNS);
    tileRows = Grow.ints(tileRows, tiles);
    tileMeans = Grow.floats(tileMeans, Math.multiplyExact(tiles, x.columns()));
    distances = doubles(distances, tiles * blocks);
    betweenBlocks = doubles(betweenBlocks, blocks);
    rows = 0;
    for (int tile = 0; tile < tiles; tile++) {
      tileRows[tile] = taken(tile);
      rows += tileRows[tile];
    }
    try {
      workers.run(within, tiles * blocks, 1);
      workers.run(between, blocks, 1);
    } finally {
      this.mask = null;
    }
    double sum = 0;
    for (int i = 0; i < tiles * blocks; i++) {
      sum += distances[i];
    }
    for (int i = 0; i < blocks; i++) {
      sum += betweenBlocks[i];
    }
    return sum;
  }

  private static double[] doubles(double[] array, int length) {
    return array.length >= length ? array : new double[length];
  }

  private boolean takesPart(int row) {
    return mask == null || mask[row];
  }

  private int end(int tile) {
    return (int) Math.min((tile + 1L) * ROWS, x.rows());
  }

  private int taken(int tile) {
    int count = 0;
    for (int row = tile * ROWS; row < end(tile); row++) {
      count += takesPart(row) ? 1 : 0;
    }
    return count;
  }

  private void withinTiles(int worker, int from, int to) {
    Slot slot = slots[worker];
    for (int item = from; item < to; item++) {
      int tile = item / blocks;
      int column = item % blocks * COLUMNS;
      int width = Math.min(COLUMNS, x.columns() - column);
      slot.read(x, mask, tile * ROWS, end(tile), column, width);
      slot.average(width);
      System.arraycopy(slot.mean, 0, tileMeans, tile * x.columns() + column, width);
      distances[item] = slot.distance(width);
    }
    Arrays.fill(slot.rows, null);
  }

  private void betweenTiles(int worker, int from, int to) {
    double[] mean = means[worker] = doubles(means[worker], COLUMNS);
    int tiles = Math.ceilDiv(x.rows(), ROWS);
    for (int block = from; block < to; block++) {
      int column = block * COLUMNS;
      int width = Math.min(COLUMNS, x.columns() - column);
      Arrays.fill(mean, 0);
      for (int tile = 0; tile < tiles; tile++) {
        int at = tile * x.columns() + column;
        double share = (double) tileRows[tile] / Math.max(rows, 1);
        for (int i = 0; i < width; i++) {
          mean[i] += share * tileMeans[at + i];
        }
      }
      double sum = 0;
      for (int tile = 0; tile < tiles; tile++) {
        int at = tile * x.columns() + column;
        double distance = 0;
        for (int i = 0; i < width; i++) {
          double difference = tileMeans[at + i] - mean[i];
          distance += difference * difference;
        }
        sum += tileRows[tile] * distance;
      }
      betweenBlocks[block] = sum;
    }
  }
}
