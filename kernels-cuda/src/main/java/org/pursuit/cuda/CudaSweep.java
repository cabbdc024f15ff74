package org.pursuit.cuda;

import java.util.ArrayList;
import java.util.List;
import org.pursuit.kernel.Selector;

/**
 * The selections of a fused encode by thresholds and from all rows together: they read the same
 * chunks as {@link CudaRunningTopK}. {@link #begin} once, {@link #consume} for every chunk, {@link
 * #finish}. Every call is ordered by the backend's stream and returns at once; nothing is allocated
 * once the workspace has grown to the largest encode.
 */
final class CudaSweep {
  private final Cuda cuda;
  private final Marks marks;
  private final SweptChunk chunk;
  private final List<SweptList> lists = new ArrayList<>();
  private final List<SweptSlots> slots = new ArrayList<>();

  /** Those of the call. */
  private final List<Swept> selections = new ArrayList<>();

  CudaSweep(Cuda cuda) {
    this.cuda = cuda;
    this.marks = new Marks(cuda);
    this.chunk = new SweptChunk(cuda.kernels());
  }

  /** Begins with those of the selectors that are not of rows' first. */
  void begin(List<? extends Selector> selectors, int rows, int columns, ScoreChunks chunks) {
    selections.clear();
    if (rows == 0 || columns == 0) {
      clear(selectors);
      return;
    }
    chunk.cut(rows, columns, chunks);
    int listed = 0;
    int slotted = 0;
    for (int i = 0; i < selectors.size(); i++) {
      switch (selectors.get(i)) {
        case Selector.RowTopK ignored -> {}
        case Selector.Threshold s -> selections.add(list(listed++).of(s));
        case Selector.ThresholdSlots s -> selections.add(slots(slotted++).of(s));
        case Selector.Global s -> {
          if (s.options().k() == 0) {
            clear(s);
          } else {
            selections.add(list(listed++).of(s));
          }
        }
      }
    }
    if (!selections.isEmpty()) {
      share();
    }
  }

  /** Gives the counts and every selection their scratch. */
  private void share() {
    long bytes = Swept.aligned(chunk.countBytes());
    for (int i = 0; i < selections.size(); i++) {
      bytes += selections.get(i).layOut(0);
    }
    long address = cuda.workspace().address(Slot.SWEPT, bytes);
    chunk.countsAt(address);
    address += Swept.aligned(chunk.countBytes());
    for (int i = 0; i < selections.size(); i++) {
      address += selections.get(i).layOut(address);
      selections.get(i).begin();
    }
  }

  private SweptList list(int i) {
    if (i == lists.size()) {
      lists.add(new SweptList(cuda, chunk, marks));
    }
    return lists.get(i);
  }

  private SweptSlots slots(int i) {
    if (i == slots.size()) {
      slots.add(new SweptSlots(cuda, chunk));
    }
    return slots.get(i);
  }

  private void clear(List<? extends Selector> selectors) {
    for (int i = 0; i < selectors.size(); i++) {
      switch (selectors.get(i)) {
        case Selector.RowTopK ignored -> {}
        case Selector.Threshold s -> CudaThresholdSelect.clear(cuda.stream(), s.out());
        case Selector.ThresholdSlots s ->
            CudaThresholdSelect.clear(cuda.stream(), s.out(), s.totals());
        case Selector.Global s -> clear(s);
      }
    }
  }

  private void clear(Selector.Global s) {
    CudaGlobalTopK.clear(cuda.stream(), s.out(), s.threshold(), s.minPositive());
  }

  /**
   * Takes a chunk into account.
   *
   * @param firstRow row of all scores that row 0 of the chunk is; for the other parameters see
   *     {@link CudaRunningTopK#consume}
   */
  void consume(
      long scores,
      long stride,
      int firstRow,
      int rows,
      int firstColumn,
      int columns,
      long bias,
      boolean relu) {
    chunk.show(scores, stride, firstRow, rows, firstColumn, columns, bias, relu);
    for (int i = 0; i < selections.size(); i++) {
      selections.get(i).consume();
    }
  }

  /** Writes the codes of all selections. */
  void finish() {
    if (!selections.isEmpty()) {
      chunk.showEnd();
    }
    for (int i = 0; i < selections.size(); i++) {
      selections.get(i).finish();
    }
    selections.clear();
  }
}
