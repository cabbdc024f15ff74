package org.pursuit.cuda;

import java.util.List;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.TopK;

/**
 * The row selections of a fused encode: scores arrive in chunks of columns and are gone afterwards;
 * each row's threshold and candidates stay on the device between the chunks.
 *
 * <p>One tile of rows at a time: {@link #begin}, {@link #consume} for every chunk in ascending
 * order of columns, {@link #finish}. All selectors read a chunk in the same sweep. Every call is
 * ordered by the backend's stream and returns at once. Nothing is allocated once the workspace has
 * grown to the largest tile.
 *
 * <p>The kernels are {@code running_consume} and {@code topk_merge}. A selector's state lies in
 * scratch: for each row a floor and a count, which begin at 0, and a list of ranks.
 */
class CudaRunningTopK {
  /** Selectors that a launch serves; more are served by another one. */
  private static final int SELECTORS_PER_LAUNCH = 4;

  /** Of {@code running_consume}, a row's. */
  private static final int THREADS = 128;

  private static final int STATE_BYTES = Long.BYTES + Integer.BYTES;

  private final SelectionKernels kernels;
  private final Workspace workspace;
  private final Stream stream;
  private List<Selector.RowTopK> selectors = List.of();
  private int firstRow;
  private int rows;
  private int columns;
  private long state;
  private long lists;

  CudaRunningTopK(Cuda cuda) {
    this.kernels = new SelectionKernels(cuda);
    this.workspace = cuda.workspace();
    this.stream = cuda.stream();
  }

  /**
   * Begins the selections of a tile of rows.
   *
   * @param selectors what is selected, and the codes it goes to
   * @param firstRow row of the codes that row 0 of the tile is
   * @param rows rows of the tile
   * @param columns columns of all chunks together
   */
  void begin(List<Selector.RowTopK> selectors, int firstRow, int rows, int columns) {
    this.selectors = selectors;
    this.firstRow = firstRow;
    this.rows = rows;
    this.columns = columns;
    if (selectors.isEmpty()) {
      return;
    }
    long stateBytes = (long) selectors.size() * rows * STATE_BYTES;
    long listsAt = (stateBytes + Long.BYTES - 1) & -Long.BYTES;
    state = workspace.address(Slot.RUNNING, listsAt + rows * listBytesPerRow(selectors, columns));
    lists = state + listsAt;
    stream.zero(state, stateBytes);
  }

  /**
   * Takes the scores of columns {@code firstColumn … firstColumn + columns} into account: {@code
   * activation(scores + bias)}, computed as they are read; the chunk stays as it is.
   *
   * @param scores device address of float32 scores [rows, columns]; fastest when a multiple of 16
   * @param stride elements between rows; fastest when a multiple of 4
   * @param firstColumn column of the first score; the chunks before it have been consumed
   * @param columns columns of the chunk, any number
   * @param bias device address of float32 [columns of all chunks], or 0
   * @param relu whether max(0, a) is taken, NaN staying NaN
   */
  void consume(long scores, long stride, int firstColumn, int columns, long bias, boolean relu) {
    for (int from = 0; from < selectors.size(); from += SELECTORS_PER_LAUNCH) {
      int count = Math.min(SELECTORS_PER_LAUNCH, selectors.size() - from);
      int wants = 0;
      for (int i = from; i < from + count; i++) {
        wants = Math.max(wants, SelectionKernels.wants(options(i), this.columns));
      }
      CandidateRoom room = CandidateRoom.ofScores(THREADS, 1, wants, kernels.device());
      Kernel kernel = kernels.running().arguments();
      kernel
          .pointer(scores)
          .pointer(bias)
          .int64(stride)
          .int32(columns)
          .int32(firstColumn)
          .int32(relu ? 1 : 0)
          .int32(room.capacity())
          .int32(room.stash())
          .int32(count);
      for (int i = 0; i < SELECTORS_PER_LAUNCH; i++) {
        if (i < count) {
          selector(kernel, from + i);
        } else {
          noSelector(kernel);
        }
      }
      kernel.launch(rows, 1, THREADS, room.sharedBytes());
    }
  }

  private void selector(Kernel kernel, int which) {
    TopK options = options(which);
    kernel
        .pointer(lists(which))
        .pointer(floors(which))
        .pointer(counts(which))
        .pointer(SelectionKernels.address(options.mask()))
        .pointer(SelectionKernels.rowK(options, firstRow))
        .int32(SelectionKernels.keeps(options, columns))
        .int32(SelectionKernels.flags(options))
        .int32(listCapacity(options, columns));
  }

  private static void noSelector(Kernel kernel) {
    kernel.pointer(0).pointer(0).pointer(0).pointer(0).pointer(0).int32(0).int32(0).int32(0);
  }

  /** Writes the rows of every selector's codes. */
  void finish() {
    for (int i = 0; i < selectors.size(); i++) {
      TopK options = options(i);
      kernels.merge(
          null,
          options,
          SelectionKernels.rowK(options, firstRow),
          selectors.get(i).out(),
          firstRow,
          rows,
          columns,
          lists(i),
          counts(i),
          1,
          listCapacity(options, columns));
    }
    selectors = List.of();
  }

  private static long listBytesPerRow(List<Selector.RowTopK> selectors, int columns) {
    long ranks = 0;
    for (Selector.RowTopK selector : selectors) {
      ranks += listCapacity(selector.options(), columns);
    }
    return ranks * Long.BYTES;
  }

  /** Room for what a narrowing leaves, and for as much again before the next one. */
  private static int listCapacity(TopK options, int columns) {
    return 2 * CandidateRoom.window(SelectionKernels.wants(options, columns));
  }

  private TopK options(int which) {
    return selectors.get(which).options();
  }

  private long floors(int which) {
    return state + (long) which * rows * Long.BYTES;
  }

  private long counts(int which) {
    return floors(selectors.size()) + (long) which * rows * Integer.BYTES;
  }

  private long lists(int which) {
    long at = lists;
    for (int i = 0; i < which; i++) {
      at += SelectionKernels.listBytes(rows, 1, listCapacity(options(i), columns));
    }
    return at;
  }
}
