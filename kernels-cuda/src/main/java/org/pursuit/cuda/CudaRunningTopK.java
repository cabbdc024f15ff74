package org.pursuit.cuda;

import java.util.List;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.TopK;

/**
 * Running selections by {@code running_consume} and {@code topk_merge}. A selector's state lies in
 * scratch: for each row a floor and a count, which begin at 0, and a list of ranks.
 */
final class CudaRunningTopK implements RunningTopK {
  /** Selectors that a launch serves; more are served by another one. */
  private static final int SELECTORS_PER_LAUNCH = 4;

  /** Of {@code running_consume}, a row's. */
  private static final int THREADS = 128;

  private static final int STATE_BYTES = Long.BYTES + Integer.BYTES;

  private final SelectionKernels kernels;
  private final Workspace workspace;
  private final Stream stream;
  private List<? extends Selector> selectors = List.of();
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

  @Override
  public void begin(List<? extends Selector> selectors, int firstRow, int rows, int columns) {
    this.selectors = selectors;
    this.firstRow = firstRow;
    this.rows = rows;
    this.columns = columns;
    long stateBytes = (long) selectors.size() * rows * STATE_BYTES;
    long listsAt = (stateBytes + Long.BYTES - 1) & -Long.BYTES;
    state = workspace.address(Slot.RUNNING, listsAt + rows * listBytesPerRow(selectors, columns));
    lists = state + listsAt;
    stream.zero(state, stateBytes);
  }

  @Override
  public void consume(
      long scores, long stride, int firstColumn, int columns, long bias, boolean relu) {
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

  @Override
  public void finish() {
    for (int i = 0; i < selectors.size(); i++) {
      TopK options = options(i);
      kernels.merge(
          null,
          options,
          ((Selector.RowTopK) selectors.get(i)).out(),
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

  private static long listBytesPerRow(List<? extends Selector> selectors, int columns) {
    long ranks = 0;
    for (Selector selector : selectors) {
      ranks += listCapacity(((Selector.RowTopK) selector).options(), columns);
    }
    return ranks * Long.BYTES;
  }

  /** Room for what a narrowing leaves, and for as much again before the next one. */
  private static int listCapacity(TopK options, int columns) {
    return 2 * CandidateRoom.window(SelectionKernels.wants(options, columns));
  }

  private TopK options(int which) {
    return ((Selector.RowTopK) selectors.get(which)).options();
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
