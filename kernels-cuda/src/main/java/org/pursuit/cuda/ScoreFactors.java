package org.pursuit.cuda;

import org.pursuit.BackendMemoryException;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;

/**
 * The factors of a score product in the formats that {@link Products} wants: as they are stored
 * where that will do, else prepared in scratch, a tile of rows or a chunk of atoms at a time.
 * Factors that are split there have rows three times as long.
 *
 * <p>Rows in 16 bits that are not normalised keep their format: a pre-bias is then taken off the
 * bias, {@code x·Wᵀ + (bias − W·preBias)}, rather than rounded into x.
 *
 * <p>A product calls {@link #of} or {@link #plain} once, then {@link #tile} for each tile of rows
 * and within it {@link #chunk} for each chunk of atoms, and reads what these have made ready. One
 * object serves all products, because nothing is to be allocated a call.
 */
final class ScoreFactors {
  /** The share of the memory that this backend may use which converted weights may take. */
  private static final int WEIGHTS_SHARE = 4;

  private final Cuda cuda;
  private final Products products;
  private final ScoringKernels kernels;
  private DeviceRows x;
  private DeviceRows weights;
  private int atoms;
  private RowNormalisation normalisation;
  private Precision precision;
  private long preBias;
  private long bias;
  private boolean rowsAsStored;
  private DType rowsType;
  private DType weightsType;
  private boolean split;
  private boolean weightsReady;

  /** As many bytes of converted weights could not be had once. */
  private long refusedBytes = Long.MAX_VALUE;

  private DeviceRows tile;
  private int tileRow;
  private DeviceRows chunk;
  private int chunkAtom;

  ScoreFactors(Cuda cuda, Products products, ScoringKernels kernels) {
    this.cuda = cuda;
    this.products = products;
    this.kernels = kernels;
  }

  /**
   * Begins a product.
   *
   * @param manyTiles whether the weights will be read for more than one tile
   */
  void of(Matrix x, Matrix weights, Floats bias, Score options, boolean manyTiles) {
    this.bias = CudaFloats.address(bias);
    normalisation = options.normalisation();
    precision = options.precision();
    preBias = CudaFloats.address(options.preBias());
    begin(DeviceRows.of(x), x.rows(), DeviceRows.of(weights), weights.rows(), manyTiles);
  }

  /**
   * Begins a product of rows as they are, without a bias.
   *
   * @param rows of the whole product
   * @param manyTiles whether the weights will be read for more than one tile
   */
  void plain(
      DeviceRows x,
      int rows,
      DeviceRows weights,
      int atoms,
      Precision precision,
      boolean manyTiles) {
    bias = 0;
    normalisation = RowNormalisation.NONE;
    this.precision = precision;
    preBias = 0;
    begin(x, rows, weights, atoms, manyTiles);
  }

  private void begin(DeviceRows x, int rows, DeviceRows weights, int atoms, boolean manyTiles) {
    this.x = x;
    this.weights = weights;
    this.atoms = atoms;
    chooseFormats(rows);
    weightsReady = !split && weightsType == weights.dtype();
    if (manyTiles && !weightsReady) {
      prepareAllWeights();
    }
  }

  /**
   * Converts all weights at once where there is room. Where there is none, each tile converts them
   * anew, chunk by chunk: slower, to the same bits. What was refused is not asked for again, so
   * that a call which is repeated allocates nothing new, as a graph's capture demands.
   */
  private void prepareAllWeights() {
    long bytes = DeviceRows.alignedBytes(atoms, preparedColumns(), weightsType);
    long most = Math.min(cuda.device().memoryBytes(), cuda.allocator().limitBytes());
    if (bytes >= refusedBytes || bytes > most / WEIGHTS_SHARE) {
      return;
    }
    try {
      weights = preparedWeights(0, atoms);
      weightsReady = true;
    } catch (BackendMemoryException e) {
      refusedBytes = bytes;
    }
  }

  private void chooseFormats(int rows) {
    boolean plain = normalisation == RowNormalisation.NONE;
    DType stored = products.format(x.dtype(), weights.dtype(), precision, rows);
    boolean fold = plain && preBias != 0 && x.dtype() != DType.F32 && stored == x.dtype();
    rowsAsStored = plain && (preBias == 0 || fold);
    DType prepared = rowsAsStored ? x.dtype() : DType.F32;
    rowsType = products.format(prepared, weights.dtype(), precision, rows);
    weightsType = products.format(weights.dtype(), prepared, precision, rows);
    split = products.splits(prepared, weights.dtype(), precision, rows);
    if (fold) {
      long folded = cuda.workspace().address(Slot.BIAS, (long) atoms * Float.BYTES);
      kernels.fold(weights, atoms, preBias, bias, folded);
      bias = folded;
    }
  }

  private int preparedColumns() {
    return split ? Math.multiplyExact(3, x.columns()) : x.columns();
  }

  /** Makes rows {@code from … from + count} ready. */
  void tile(int from, int count) {
    boolean ready = rowsAsStored && !split && rowsType == x.dtype();
    tile = ready ? x : preparedRows(from, count);
    tileRow = ready ? from : 0;
  }

  private DeviceRows preparedRows(int from, int count) {
    if (rowsAsStored) {
      return split
          ? split(Slot.ROWS, x, from, count, true)
          : converted(Slot.ROWS, x, from, count, rowsType);
    }
    DeviceRows normalised =
        split
            ? scratch(Slot.NORMALISED, count, x.columns(), DType.F32)
            : scratch(Slot.ROWS, count, x.columns(), rowsType);
    kernels.normalise(x, from, count, normalisation, preBias, normalised, 0, 0);
    return split ? split(Slot.ROWS, normalised, 0, count, true) : normalised;
  }

  /** Makes atoms {@code from … from + count} ready. */
  void chunk(int from, int count) {
    chunk = weightsReady ? weights : preparedWeights(from, count);
    chunkAtom = weightsReady ? from : 0;
  }

  private DeviceRows preparedWeights(int from, int count) {
    return split
        ? split(Slot.WEIGHTS, weights, from, count, false)
        : converted(Slot.WEIGHTS, weights, from, count, weightsType);
  }

  private DeviceRows split(Slot slot, DeviceRows from, int row, int rows, boolean left) {
    DeviceRows made = scratch(slot, rows, preparedColumns(), DType.BF16);
    kernels.split(from, row, rows, left, made);
    return made;
  }

  private DeviceRows converted(Slot slot, DeviceRows from, int row, int rows, DType to) {
    DeviceRows made = scratch(slot, rows, from.columns(), to);
    kernels.convert(
        from.at(row, 0),
        from.stride(),
        from.dtype(),
        rows,
        from.columns(),
        0,
        false,
        made.address(),
        made.stride(),
        to);
    return made;
  }

  private DeviceRows scratch(Slot slot, int rows, int columns, DType dtype) {
    long bytes = DeviceRows.alignedBytes(rows, columns, dtype);
    return DeviceRows.aligned(cuda.workspace().address(slot, bytes), columns, dtype);
  }

  /** Where the tile's rows are. */
  DeviceRows rows() {
    return tile;
  }

  /** The tile's first row in {@link #rows}. */
  int firstRow() {
    return tileRow;
  }

  /** Where the chunk's atoms are. */
  DeviceRows weights() {
    return chunk;
  }

  /** The chunk's first atom in {@link #weights}. */
  int firstAtom() {
    return chunkAtom;
  }

  /** Address of what is added to the product [atoms], 0 for nothing. */
  long bias() {
    return bias;
  }

  Precision precision() {
    return precision;
  }
}
