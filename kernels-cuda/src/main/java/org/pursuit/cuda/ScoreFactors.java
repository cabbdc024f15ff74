package org.pursuit.cuda;

import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;

/**
 * The factors of a score product in the formats that {@link Products} wants: as they are stored
 * where that will do, else prepared in scratch, a tile of rows or a chunk of atoms at a time.
 *
 * <p>Rows in 16 bits that are not normalised keep their format: a pre-bias is then taken off the
 * bias, {@code x·Wᵀ + (bias − W·preBias)}, rather than rounded into x.
 */
final class ScoreFactors {
  /** The share of the device's memory that converted weights may take. */
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
   * Begins a product of rows as they are, without a bias, as exact as float32 is.
   *
   * @param rows of the whole product
   * @param manyTiles whether the weights will be read for more than one tile
   */
  void plain(DeviceRows x, int rows, DeviceRows weights, int atoms, boolean manyTiles) {
    bias = 0;
    normalisation = RowNormalisation.NONE;
    precision = Precision.FLOAT32;
    preBias = 0;
    begin(x, rows, weights, atoms, manyTiles);
  }

  private void begin(DeviceRows x, int rows, DeviceRows weights, int atoms, boolean manyTiles) {
    this.x = x;
    this.weights = weights;
    this.atoms = atoms;
    chooseFormats(rows);
    if (manyTiles && weightsType != weights.dtype() && wholeWeightsFit()) {
      this.weights = converted(Slot.WEIGHTS, this.weights, 0, atoms, weightsType);
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
    if (fold) {
      long folded = cuda.workspace().address(Slot.BIAS, (long) atoms * Float.BYTES);
      kernels.fold(weights, atoms, preBias, bias, folded);
      bias = folded;
    }
  }

  private boolean wholeWeightsFit() {
    return DeviceRows.alignedBytes(atoms, weights.columns(), weightsType)
        <= cuda.device().memoryBytes() / WEIGHTS_SHARE;
  }

  /** Makes rows {@code from … from + count} ready. */
  void tile(int from, int count) {
    if (rowsAsStored && rowsType == x.dtype()) {
      tile = x;
      tileRow = from;
      return;
    }
    tileRow = 0;
    if (rowsAsStored) {
      tile = converted(Slot.ROWS, x, from, count, rowsType);
      return;
    }
    tile = scratch(Slot.ROWS, count, rowsType);
    kernels.normalise(x, from, count, normalisation, preBias, tile, 0, 0);
  }

  /** Makes atoms {@code from … from + count} ready. */
  void chunk(int from, int count) {
    boolean ready = weights.dtype() == weightsType;
    chunk = ready ? weights : converted(Slot.WEIGHTS, weights, from, count, weightsType);
    chunkAtom = ready ? from : 0;
  }

  private DeviceRows converted(Slot slot, DeviceRows from, int row, int rows, DType to) {
    DeviceRows made = scratch(slot, rows, to);
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

  private DeviceRows scratch(Slot slot, int rows, DType dtype) {
    long bytes = DeviceRows.alignedBytes(rows, x.columns(), dtype);
    return DeviceRows.aligned(cuda.workspace().address(slot, bytes), x.columns(), dtype);
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
