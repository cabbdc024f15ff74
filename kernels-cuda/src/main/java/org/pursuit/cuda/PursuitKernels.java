package org.pursuit.cuda;

import org.pursuit.data.Ints;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;

/**
 * The launches of {@code pursuits.cu}: grids, shared memory, the order of the arguments, and the
 * scratch that only these kernels read.
 *
 * <p>A pursuit calls {@link #measure} once, then for each tile of rows {@link #begin} and either
 * {@link #pursue}, {@link #pursueOrthogonally}, {@link #pursueGradient} or, step by step, {@link
 * #search} for every chunk of atoms and {@link #step}, {@link #stepOrthogonally} or {@link
 * #stepGradient}; {@link #subtractTape} ends a tile whose residuals were not kept. What one call is
 * told the later ones find here, because nothing is to be allocated a call.
 */
final class PursuitKernels {
  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;
  private static final int SUBTRACT_THREADS = 128;
  private static final int SUBTRACT_COLUMNS = 512;
  private static final int TILE = 64;
  private static final int TILE_BYTES = TILE * (TILE + 1) * Float.BYTES;

  /** Best atom so far, tolerance, whether the row runs. */
  private static final int CANDIDATE_BYTES = 16;

  /** Sums and candidates of a block; three doubles a step, and what a row keeps. */
  private static final int ORTHOGONAL_BYTES = WARPS * (2 * Double.BYTES + CANDIDATE_BYTES);

  private static final int ORTHOGONAL_STEP_BYTES = 3 * Double.BYTES;
  private static final int ORTHOGONAL_KEPT_BYTES = 3 * Double.BYTES;
  private static final int ORTHOGONAL_BLOCKS = 3;

  /** Sums, candidates and a count of a block; a double a step, and what a row keeps. */
  private static final int GRADIENT_BYTES = ORTHOGONAL_BYTES + 16;

  private static final int GRADIENT_STEP_BYTES = Double.BYTES;
  private static final int GRADIENT_KEPT_BYTES = Double.BYTES;

  /** A value and an atom. */
  private static final int SLOT_BYTES = Float.BYTES + Integer.BYTES;

  private static final int ROW_BYTES = CANDIDATE_BYTES + Float.BYTES + Integer.BYTES;

  /** Atoms whose weights a thread may read at once. */
  private static final int ATOM_UNIT = 8;

  private final Kernels kernels;
  private final Workspace workspace;
  private MatchingPursuit options;
  private DeviceRows atoms;
  private int n;
  private SlottedCodes tape;
  private long squares;
  private long weights;
  private int firstRow;
  private int rows;
  private long best;
  private long tolerances;
  private long running;
  private DeviceRows residual;
  private int residualRow;

  PursuitKernels(Kernels kernels, Workspace workspace) {
    this.kernels = kernels;
    this.workspace = workspace;
  }

  /** {@code n} atoms, up to a whole number of what is read at once. */
  static int padded(int n) {
    return Math.ceilDiv(n, ATOM_UNIT) * ATOM_UNIT;
  }

  /** Begins a pursuit: norms and weights of its atoms. */
  void measure(DeviceRows atoms, int n, MatchingPursuit options, SlottedCodes tape) {
    this.atoms = atoms;
    this.n = n;
    this.options = options;
    this.tape = tape;
    int padded = padded(n);
    squares = workspace.address(Slot.PURSUIT_ATOMS, 2L * padded * Float.BYTES);
    weights = squares + (long) padded * Float.BYTES;
    kernels
        .kernel("measure_atoms")
        .arguments()
        .pointer(atoms.address())
        .pointer(options.atomMask() == null ? 0 : ((CudaMask) options.atomMask()).address())
        .pointer(squares)
        .pointer(weights)
        .int64(atoms.stride())
        .int32(n)
        .int32(padded)
        .int32(atoms.columns())
        .int32(atoms.format())
        .int32(normalised())
        .int32(0)
        .launch(Math.ceilDiv(padded, WARPS), 1, THREADS, 0);
  }

  /**
   * Begins a tile of rows.
   *
   * @param residual receives the rows as the first residual; null if not wanted yet
   * @param residualRow where the tile begins in it
   */
  void begin(DeviceRows x, int firstRow, int rows, DeviceRows residual, int residualRow) {
    this.firstRow = firstRow;
    this.rows = rows;
    this.residual = residual;
    this.residualRow = residualRow;
    best = workspace.address(Slot.PURSUIT_ROWS, (long) rows * ROW_BYTES);
    tolerances = best + (long) rows * CANDIDATE_BYTES;
    running = tolerances + (long) rows * Float.BYTES;
    kernels
        .kernel("begin_rows")
        .arguments()
        .pointer(x.at(firstRow, 0))
        .pointer(residualAddress())
        .pointer(indices())
        .pointer(values())
        .pointer(counts())
        .pointer(tolerances)
        .pointer(running)
        .pointer(best)
        .int64(x.stride())
        .int64(residualStride())
        .int32(x.columns())
        .int32(x.format())
        .int32(options.steps())
        .float32(options.toleranceAbsolute())
        .float32(options.toleranceRelative())
        .int32(0)
        .launch(rows, 1, THREADS, WARPS * Double.BYTES);
  }

  /**
   * Takes all steps of the tile's rows; residuals are kept if the tile began with them.
   *
   * @param correlations address of float32 [rows, {@link #padded}] products, which are used up
   */
  void pursue(PursuitShape shape, DeviceRows gram, long correlations) {
    long sharedBytes = shape.sharedBytes(n, gram.dtype(), picksKept(options));
    kernels
        .kernel(shape.kernel(gram.dtype()))
        .arguments()
        .pointer(gram.address())
        .pointer(correlations)
        .pointer(weights)
        .pointer(squares)
        .pointer(atoms.address())
        .pointer(residualAddress())
        .pointer(tolerances)
        .pointer(running)
        .pointer(indices())
        .pointer(values())
        .pointer(counts())
        .int64(gram.stride())
        .int64(padded(n))
        .int64(atoms.stride())
        .int64(residualStride())
        .int32(n)
        .int32(atoms.columns())
        .int32(atoms.format())
        .int32(options.steps())
        .int32(sign())
        .int32(reselection())
        .int32(normalised())
        .int32(0)
        .launch((long) rows * shape.cluster(), 1, shape.threads(), Math.toIntExact(sharedBytes));
  }

  /**
   * Takes all steps of the tile's rows orthogonally.
   *
   * @param correlations address of float32 [rows, {@link #padded}] products, which are used up
   * @param factors address of {@link #factorBytes} a row; 0 where shared memory is to hold them
   */
  void pursueOrthogonally(
      DeviceRows x, DeviceRows gram, long correlations, boolean nonNegative, long factors) {
    int steps = options.steps();
    long bytes =
        ORTHOGONAL_BYTES + orthogonalStepBytes(steps) + (factors == 0 ? factorBytes(steps) : 0);
    String kernel =
        switch (gram.dtype()) {
          case F32 -> "pursue_orthogonal_f32";
          case BF16 -> "pursue_orthogonal_bf16";
          case F16 -> "pursue_orthogonal_f16";
        };
    orthogonal(kernel, x, gram, correlations, nonNegative, factors, 0, false, bytes);
  }

  /**
   * Takes a step of the tile's rows orthogonally, to the best atoms found, without a Gram. The tile
   * has begun with residuals.
   *
   * @param kept address of {@link #orthogonalKeptBytes} a row
   */
  void stepOrthogonally(DeviceRows x, boolean nonNegative, long kept, boolean last) {
    int steps = options.steps();
    long numbers = kept + rows * factorBytes(steps);
    long bytes = ORTHOGONAL_BYTES + (long) steps * ORTHOGONAL_STEP_BYTES;
    orthogonal("step_orthogonal", x, null, 0, nonNegative, kept, numbers, last, bytes);
  }

  private void orthogonal(
      String kernel,
      DeviceRows x,
      DeviceRows gram,
      long correlations,
      boolean nonNegative,
      long factors,
      long numbers,
      boolean last,
      long sharedBytes) {
    kernels
        .kernel(kernel)
        .arguments()
        .pointer(gram == null ? 0 : gram.address())
        .pointer(correlations)
        .pointer(weights)
        .pointer(x.at(firstRow, 0))
        .pointer(atoms.address())
        .pointer(tolerances)
        .pointer(running)
        .pointer(factors)
        .pointer(numbers)
        .pointer(best)
        .pointer(residualAddress())
        .pointer(indices())
        .pointer(values())
        .pointer(counts())
        .int64(gram == null ? 0 : gram.stride())
        .int64(gram == null ? 0 : padded(n))
        .int64(x.stride())
        .int64(atoms.stride())
        .int64(residualStride())
        .int32(n)
        .int32(atoms.columns())
        .int32(x.format())
        .int32(atoms.format())
        .int32(options.steps())
        .int32(sign())
        .int32(nonNegative ? 1 : 0)
        .int32(last ? 1 : 0)
        .launch(rows, 1, THREADS, Math.toIntExact(sharedBytes));
  }

  /**
   * Takes all steps of the tile's rows along gradients. With a Gram of 16 bits the tile has begun
   * with residuals.
   *
   * @param correlations address of float32 [rows, {@link #padded}] products
   */
  void pursueGradient(DeviceRows x, DeviceRows gram, long correlations, GradientPursuit options) {
    int kept = options.steps() * (GRADIENT_KEPT_BYTES + SLOT_BYTES);
    String kernel =
        switch (gram.dtype()) {
          case F32 -> "pursue_gradient_f32";
          case BF16 -> "pursue_gradient_bf16";
          case F16 -> "pursue_gradient_f16";
        };
    gradient(kernel, x, gram, correlations, options, 0, 0, kept);
  }

  /**
   * Takes a step of the tile's rows along gradients, after adding the best atoms found, without a
   * Gram. The tile has begun with residuals.
   *
   * @param kept address of {@link #gradientKeptBytes} a row
   */
  void stepGradient(DeviceRows x, GradientPursuit options, long kept, int step) {
    gradient("step_gradient", x, null, 0, options, kept, step, 0);
  }

  private void gradient(
      String kernel,
      DeviceRows x,
      DeviceRows gram,
      long correlations,
      GradientPursuit gradient,
      long numbers,
      int step,
      int keptBytes) {
    Ints rowSteps = gradient.rowSteps();
    kernels
        .kernel(kernel)
        .arguments()
        .pointer(gram == null ? 0 : gram.address())
        .pointer(correlations)
        .pointer(weights)
        .pointer(x.at(firstRow, 0))
        .pointer(atoms.address())
        .pointer(tolerances)
        .pointer(running)
        .pointer(
            rowSteps == null
                ? 0
                : ((CudaInts) rowSteps).address() + (long) firstRow * Integer.BYTES)
        .pointer(numbers)
        .pointer(best)
        .pointer(residualAddress())
        .pointer(indices())
        .pointer(values())
        .pointer(counts())
        .int64(gram == null ? 0 : gram.stride())
        .int64(gram == null ? 0 : padded(n))
        .int64(x.stride())
        .int64(atoms.stride())
        .int64(residualStride())
        .int32(n)
        .int32(atoms.columns())
        .int32(x.format())
        .int32(atoms.format())
        .int32(options.steps())
        .int32(sign())
        .int32(gradient.nonNegative() ? 1 : 0)
        .int32(gradient.support() == GradientPursuit.Support.PERSISTENT ? 1 : 0)
        .float32(gradient.epsilon())
        .int32(step)
        .launch(
            rows, 1, THREADS, GRADIENT_BYTES + options.steps() * GRADIENT_STEP_BYTES + keptBytes);
  }

  /** Bytes that a row keeps between orthogonal steps: its factor, and numbers of each slot. */
  static long orthogonalKeptBytes(int steps) {
    return factorBytes(steps) + (long) steps * ORTHOGONAL_KEPT_BYTES;
  }

  /** Bytes that a row keeps between steps along gradients. */
  static long gradientKeptBytes(int steps) {
    return (long) steps * GRADIENT_KEPT_BYTES;
  }

  private static long orthogonalStepBytes(int steps) {
    return (long) steps * (ORTHOGONAL_STEP_BYTES + ORTHOGONAL_KEPT_BYTES + SLOT_BYTES);
  }

  /** Bytes of a row's factor. */
  static long factorBytes(int steps) {
    return (long) steps * (steps + 1) / 2 * Double.BYTES;
  }

  /** Whether so many blocks fit on a multiprocessor as hide each other's barriers, with factors. */
  static boolean sharedFactors(Device device, int steps) {
    return ORTHOGONAL_BYTES + orthogonalStepBytes(steps) + factorBytes(steps)
        <= device.sharedBytesPerBlock(ORTHOGONAL_BLOCKS);
  }

  /** Steps whose picks a block keeps to recognise a repeated one. */
  static int picksKept(MatchingPursuit options) {
    return options.reselection() == MatchingPursuit.Reselection.STOP ? options.steps() : 0;
  }

  /**
   * Looks for better atoms among {@code columns} from {@code firstColumn} on.
   *
   * @param products address of the tile's correlations with them; some may be overwritten
   */
  void search(long products, long stride, int firstColumn, int columns) {
    kernels
        .kernel("search_products")
        .arguments()
        .pointer(products)
        .pointer(weights + (long) firstColumn * Float.BYTES)
        .pointer(best)
        .pointer(indices())
        .pointer(running)
        .int64(stride)
        .int32(firstColumn)
        .int32(columns)
        .int32(options.steps())
        .int32(sign())
        .int32(reselection())
        .int32(0)
        .launch(rows, 1, THREADS, WARPS * CANDIDATE_BYTES);
  }

  /** Takes one step of the tile's rows, to the best atoms found. */
  void step() {
    kernels
        .kernel("take_steps")
        .arguments()
        .pointer(atoms.address())
        .pointer(squares)
        .pointer(residualAddress())
        .pointer(best)
        .pointer(tolerances)
        .pointer(running)
        .pointer(indices())
        .pointer(values())
        .pointer(counts())
        .int64(atoms.stride())
        .int64(residualStride())
        .int32(atoms.columns())
        .int32(atoms.format())
        .int32(options.steps())
        .int32(reselection())
        .int32(normalised())
        .int32(0)
        .launch(rows, 1, THREADS, WARPS * Double.BYTES);
  }

  /** What the tile's steps leave of its rows. */
  void subtractTape(DeviceRows x, DeviceRows residual) {
    kernels
        .kernel("subtract_tape")
        .arguments()
        .pointer(x.at(firstRow, 0))
        .pointer(atoms.address())
        .pointer(indices())
        .pointer(values())
        .pointer(counts())
        .pointer(residual.at(firstRow, 0))
        .int64(x.stride())
        .int64(atoms.stride())
        .int64(residual.stride())
        .int32(x.columns())
        .int32(x.format())
        .int32(atoms.format())
        .int32(options.steps())
        .launch((long) rows * Math.ceilDiv(x.columns(), SUBTRACT_COLUMNS), 1, SUBTRACT_THREADS, 0);
  }

  /**
   * Stores rows of products in a Gram, and mirrors them.
   *
   * @param products address of the products of atoms {@code firstRow … firstRow + rows} with those
   *     before {@code firstRow + rows}
   */
  void storeGram(long products, long stride, DeviceRows gram, int firstRow, int rows) {
    kernels
        .kernel("store_gram")
        .arguments()
        .pointer(products)
        .pointer(gram.address())
        .int64(stride)
        .int64(gram.stride())
        .int32(firstRow)
        .int32(rows)
        .int32(gram.format())
        .int32(0)
        .launch(Math.ceilDiv(firstRow + rows, TILE), Math.ceilDiv(rows, TILE), THREADS, TILE_BYTES);
  }

  private long residualAddress() {
    return residual == null ? 0 : residual.at(residualRow, 0);
  }

  private long residualStride() {
    return residual == null ? 0 : residual.stride();
  }

  private long indices() {
    return ((CudaInts) tape.indices()).address() + slotBytes();
  }

  private long values() {
    return ((CudaFloats) tape.values()).address() + slotBytes();
  }

  private long slotBytes() {
    return (long) firstRow * options.steps() * Integer.BYTES;
  }

  private long counts() {
    return ((CudaInts) tape.counts()).address() + (long) firstRow * Integer.BYTES;
  }

  private int normalised() {
    return options.scaling() == AtomScaling.NORMALISED ? 1 : 0;
  }

  private int sign() {
    return switch (options.sign()) {
      case SIGNED -> 0;
      case POSITIVE -> 1;
      case MAGNITUDE -> 2;
    };
  }

  private int reselection() {
    return switch (options.reselection()) {
      case ALLOW -> 0;
      case FORBID -> 1;
      case STOP -> 2;
    };
  }
}
