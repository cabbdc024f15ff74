package org.pursuit.vector;

import java.util.Arrays;
import org.pursuit.data.HostMatrix;

/**
 * The dense product of rows with atoms, tile by tile: each finished tile goes to a consumer while
 * it is in cache, and the whole product is never stored.
 *
 * <p>Rows and atoms are repacked into panels ({@link MicroKernel}). A chunk of atoms is packed once
 * for a group of rows; threads take blocks of rows. The depth is cut into pieces whose panels stay
 * in the innermost cache, always at the same places, so that a result does not depend on the rows
 * beside it or on the threads.
 */
final class Product {
  /** Gives the rows of the left factor. */
  interface Rows {
    /** Writes row {@code row} to {@code target[0 … d)}. */
    void read(int row, float[] target);
  }

  /** Gives the atoms, the rows of the right factor. */
  interface Atoms {
    /** Writes elements {@code from … from + count} of an atom to {@code target[at …]}. */
    void read(int atom, int from, int count, float[] target, int at);
  }

  /**
   * Takes the product's rows in pieces, ascending in the column; one thread at a time for a row.
   */
  interface Consumer {
    /**
     * Takes {@code tile[at … at + count)}: columns {@code firstColumn} and on of row {@code row}.
     * May overwrite it.
     */
    void accept(int worker, int row, float[] tile, int at, int firstColumn, int count);
  }

  /** Most rows for which a packed chunk of atoms serves. */
  private static final int GROUP_ROWS = 1024;

  /** Elements of a packed group of rows, where rows are long. */
  private static final int GROUP_ELEMENTS = 1 << 26;

  private static final int ROWS = MicroKernel.ROWS;
  private static final int COLUMNS = MicroKernel.COLUMNS;

  /** Most rows of a tile: a multiple of the panel's height. */
  private static final int TILE_ROWS = 60;

  /** Most columns of a tile. */
  private static final int TILE_COLUMNS = 1024;

  /** Depth whose panels of rows and atoms fit the innermost cache together. */
  private static final int DEPTH = 256;

  /** Depth of the piece of a panel that is packed at a time: it stays in the innermost cache. */
  private static final int PACK_DEPTH = 128;

  /** Elements of a packed chunk of atoms, where atoms are long. */
  private static final int CHUNK_ELEMENTS = 1 << 20;

  private final Workers workers;
  private final Workers.Task packRows = this::packRowPanels;
  private final Workers.Task packAtoms = this::packAtomPanels;
  private final Workers.Task multiplyTiles = this::multiplyTiles;
  private final Atoms matrixRows =
      (atom, from, count, target, at) -> this.matrix.readRow(atom, from, count, target, at);
  private final float[][] tiles;
  private final float[][] lines;
  private float[] rowPanels = {};
  private float[] atomPanels = {};

  private HostMatrix matrix;
  private Rows rows;
  private int firstRow;
  private int rowCount;
  private Atoms atoms;
  private int firstAtom;
  private int atomCount;
  private int d;
  private float[] bias;
  private Consumer consumer;

  Product(Workers workers) {
    this.workers = workers;
    this.tiles = new float[workers.count()][];
    this.lines = new float[workers.count()][];
    trim();
  }

  void trim() {
    Arrays.fill(tiles, new float[0]);
    Arrays.fill(lines, new float[0]);
    rowPanels = new float[0];
    atomPanels = new float[0];
  }

  /** Most rows of width d that one call may multiply. */
  static int groupRows(int d) {
    return Math.clamp(GROUP_ELEMENTS / Math.max(1, d), TILE_ROWS, GROUP_ROWS);
  }

  /**
   * Multiplies rows {@code from … to}, at most {@link #groupRows} of them, with all atoms.
   *
   * @param bias added to every row of the product, or null
   */
  void multiply(Rows rows, int from, int to, HostMatrix atoms, float[] bias, Consumer consumer) {
    this.matrix = atoms;
    multiply(rows, from, to, matrixRows, atoms.rows(), atoms.columns(), bias, consumer);
  }

  /**
   * Multiplies rows {@code from … to}, at most {@link #groupRows} of them, with atoms of width d.
   *
   * @param bias added to every row of the product, or null
   */
  void multiply(
      Rows rows,
      int from,
      int to,
      Atoms atoms,
      int allAtoms,
      int d,
      float[] bias,
      Consumer consumer) {
    this.rows = rows;
    this.firstRow = from;
    this.rowCount = to - from;
    this.atoms = atoms;
    this.d = d;
    this.bias = bias;
    this.consumer = consumer;
    int panels = Math.ceilDiv(rowCount, ROWS);
    rowPanels = Grow.floats(rowPanels, panels * ROWS * d);
    workers.run(packRows, panels, 8);
    int chunk = chunkAtoms();
    atomPanels = Grow.floats(atomPanels, Math.min(chunk, roundUp(allAtoms)) * d);
    int block = blockRows();
    for (firstAtom = 0; firstAtom < allAtoms; firstAtom += chunk) {
      atomCount = Math.min(chunk, allAtoms - firstAtom);
      workers.run(packAtoms, Math.ceilDiv(atomCount, COLUMNS), 4);
      workers.run(multiplyTiles, rowCount, block);
    }
  }

  private int chunkAtoms() {
    int fitting = CHUNK_ELEMENTS / Math.max(1, d) / COLUMNS * COLUMNS;
    return Math.clamp(fitting, 2 * COLUMNS, TILE_COLUMNS);
  }

  /** Rows of a tile: enough tiles for all threads, none taller than it may be. */
  private int blockRows() {
    int share = Math.ceilDiv(rowCount, workers.count());
    return Math.clamp((long) Math.ceilDiv(share, ROWS) * ROWS, ROWS, TILE_ROWS);
  }

  private static int roundUp(int columns) {
    return Math.ceilDiv(columns, COLUMNS) * COLUMNS;
  }

  private void packRowPanels(int worker, int from, int to) {
    float[] line = lines[worker] = Grow.floats(lines[worker], Math.max(d, COLUMNS * PACK_DEPTH));
    for (int panel = from; panel < to; panel++) {
      int base = panel * ROWS * d;
      int filled = Math.min(ROWS, rowCount - panel * ROWS);
      if (filled < ROWS) {
        Arrays.fill(rowPanels, base, base + ROWS * d, 0);
      }
      for (int r = 0; r < filled; r++) {
        rows.read(firstRow + panel * ROWS + r, line);
        for (int i = 0; i < d; i++) {
          rowPanels[base + i * ROWS + r] = line[i];
        }
      }
    }
  }

  private void packAtomPanels(int worker, int from, int to) {
    float[] line = lines[worker] = Grow.floats(lines[worker], Math.max(d, COLUMNS * PACK_DEPTH));
    for (int panel = from; panel < to; panel++) {
      int filled = Math.min(COLUMNS, atomCount - panel * COLUMNS);
      for (int depth = 0; depth < d; depth += PACK_DEPTH) {
        int depths = Math.min(PACK_DEPTH, d - depth);
        for (int c = 0; c < filled; c++) {
          atoms.read(firstAtom + panel * COLUMNS + c, depth, depths, line, c * PACK_DEPTH);
        }
        Arrays.fill(line, filled * PACK_DEPTH, COLUMNS * PACK_DEPTH, 0);
        interleave(line, depths, atomPanels, (panel * d + depth) * COLUMNS);
      }
    }
  }

  /** Writes element i of all lines side by side, for one i after another. */
  private static void interleave(float[] lines, int count, float[] panels, int at) {
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < COLUMNS; c++) {
        panels[at + i * COLUMNS + c] = lines[c * PACK_DEPTH + i];
      }
    }
  }

  private void multiplyTiles(int worker, int from, int to) {
    int stride = roundUp(atomCount);
    int tileRows = Math.ceilDiv(to - from, ROWS) * ROWS;
    float[] tile = tiles[worker] = Grow.floats(tiles[worker], TILE_ROWS * TILE_COLUMNS);
    for (int r = 0; r < tileRows; r++) {
      if (bias == null) {
        Arrays.fill(tile, r * stride, (r + 1) * stride, 0);
      } else {
        System.arraycopy(bias, firstAtom, tile, r * stride, atomCount);
      }
    }
    for (int depth = 0; depth < d; depth += DEPTH) {
      multiplyDepths(from, tileRows, depth, Math.min(DEPTH, d - depth), tile, stride);
    }
    for (int r = 0; r < to - from; r++) {
      consumer.accept(worker, firstRow + from + r, tile, r * stride, firstAtom, atomCount);
    }
  }

  private void multiplyDepths(
      int from, int tileRows, int depth, int depths, float[] tile, int stride) {
    for (int column = 0; column < stride; column += COLUMNS) {
      for (int r = 0; r < tileRows; r += ROWS) {
        MicroKernel.multiply(
            rowPanels,
            (from + r) * d + depth * ROWS,
            atomPanels,
            column * d + depth * COLUMNS,
            depths,
            tile,
            r * stride + column,
            stride);
      }
    }
  }
}
