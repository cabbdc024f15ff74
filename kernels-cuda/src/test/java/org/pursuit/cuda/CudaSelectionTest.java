package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pursuit.CapacityException;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.support.Dense;
import org.pursuit.support.Inputs;
import org.pursuit.support.Seed;

/** Selections whose size only the device knows: as part of graphs, and when they do not fit. */
@OnEmulator
class CudaSelectionTest {
  private static final int ROWS = 30;
  private static final int COLUMNS = 700;
  private static final int CALLS = 50;

  /** Bytes that JCuda may allocate in a call: a pointer or two for addresses not used lately. */
  private static final long SMALL = 300;

  private final Dense first = Inputs.integers(ROWS, COLUMNS, 50, Seed.random(240));
  private final Dense second = Inputs.normal(ROWS, COLUMNS, Seed.random(241));

  @Test
  void aGraphOfAllSelectionsRunsOnOtherScores() {
    try (CudaBackend backend = Emulator.open();
        Matrix scores = backend.matrix(ROWS, COLUMNS, DType.F32);
        Floats threshold = backend.upload(new float[] {1});
        Floats targets = backend.floats(ROWS);
        CsrCodes passing = backend.csrCodes(ROWS, COLUMNS, ROWS * COLUMNS);
        CsrCodes best = backend.csrCodes(ROWS, COLUMNS, 100);
        FixedWidthCodes prefixes = backend.fixedWidthCodes(ROWS, 5);
        Ints totals = backend.ints(ROWS);
        ColumnCodes columns = backend.columnCodes(COLUMNS, 3);
        ColumnCodes ofCodes = backend.columnCodes(COLUMNS, 2)) {
      Selection selection = backend.selection();
      Runnable calls =
          () -> {
            selection.thresholdSelect(scores, ThresholdSelect.above(threshold), passing);
            selection.globalTopK(
                scores, GlobalTopK.of(100).start(threshold), best, threshold, null);
            selection.columnTopK(scores, ColumnTopK.plain(), columns);
            selection.columnTopK(passing, ColumnTopK.plain(), ofCodes);
            selection.rowPrefixSelect(scores, null, targets, RowPrefix.plain(), prefixes, totals);
          };
      List<Runnable> uploads =
          List.of(
              () -> scores.upload(first.values()),
              () -> scores.upload(second.values()),
              () -> threshold.upload(new float[] {1}));
      String[] expected = new String[2];
      for (int i = 0; i < 2; i++) {
        uploads.get(i).run();
        uploads.get(2).run();
        calls.run();
        expected[i] = text(passing, best, columns, ofCodes, prefixes, threshold);
      }
      try (CudaGraph graph = backend.capture(calls)) {
        for (int i = 0; i < 2; i++) {
          uploads.get(i).run();
          uploads.get(2).run();
          graph.launch();
          assertThat(text(passing, best, columns, ofCodes, prefixes, threshold))
              .isEqualTo(expected[i]);
        }
      }
    }
  }

  private static String text(
      CsrCodes passing,
      CsrCodes best,
      ColumnCodes columns,
      ColumnCodes ofCodes,
      FixedWidthCodes prefixes,
      Floats threshold) {
    int entries = (int) passing.nnz();
    return Arrays.toString(passing.offsets().download())
        + Arrays.toString(Arrays.copyOf(passing.columns().download(), entries))
        + Arrays.toString(Arrays.copyOf(passing.values().download(), entries))
        + Arrays.toString(best.columns().download())
        + Arrays.toString(columns.rowIds().download())
        + Arrays.toString(ofCodes.rowIds().download())
        + Arrays.toString(prefixes.indices().download())
        + Arrays.toString(threshold.download());
  }

  @Test
  void callsAllocateNextToNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (CudaBackend backend = Emulator.open();
        Matrix scores = backend.upload(first.rows(0, 2).values(), 2, COLUMNS);
        Floats threshold = backend.upload(new float[] {1});
        Floats targets = backend.floats(2);
        CsrCodes csr = backend.csrCodes(2, COLUMNS, 2 * COLUMNS);
        FixedWidthCodes slots = backend.fixedWidthCodes(2, 5);
        ColumnCodes columns = backend.columnCodes(COLUMNS, 3)) {
      Selection selection = backend.selection();
      ThresholdSelect above = ThresholdSelect.above(threshold);
      GlobalTopK best = GlobalTopK.of(100);
      ColumnTopK more = ColumnTopK.plain().accumulating();
      RowPrefix closest = RowPrefix.plain();
      Map<String, Runnable> calls = new LinkedHashMap<>();
      calls.put("thresholdSelect", () -> selection.thresholdSelect(scores, above, csr));
      calls.put("with slots", () -> selection.thresholdSelect(scores, above, slots, null));
      calls.put("globalTopK", () -> selection.globalTopK(scores, best, csr, threshold, null));
      calls.put("columnTopK", () -> selection.columnTopK(scores, more, columns));
      calls.put("of entries", () -> selection.columnTopK(csr, more, columns));
      calls.put(
          "rowPrefixSelect",
          () -> selection.rowPrefixSelect(scores, null, targets, closest, slots, null));
      calls.values().forEach(Runnable::run);
      backend.synchronize();
      calls.forEach(
          (name, call) -> {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
              call.run();
            }
            final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            backend.synchronize();
            assertThat(allocated / CALLS).as("bytes a call of " + name).isLessThan(SMALL);
          });
    }
  }

  @Test
  void whatDoesNotFitIsToldAtTheNextWaitOnce() {
    try (CudaBackend backend = Emulator.open();
        Matrix scores = backend.upload(first.values(), ROWS, COLUMNS);
        Floats lowest = backend.upload(new float[] {-100});
        Floats highest = backend.upload(new float[] {100});
        CsrCodes out = backend.csrCodes(ROWS, COLUMNS, 10)) {
      Selection selection = backend.selection();
      selection.thresholdSelect(scores, ThresholdSelect.above(lowest), out);
      selection.thresholdSelect(scores, ThresholdSelect.above(highest), out);
      assertThatExceptionOfType(CapacityException.class)
          .isThrownBy(backend::synchronize)
          .satisfies(e -> assertThat(e.needed()).isEqualTo(ROWS * COLUMNS));
      backend.synchronize();
      assertThat(out.nnz()).isZero();
    }
  }
}
