package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.pursuit.BackendMemoryException;
import org.pursuit.BackendOptions;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Lab;

/** A backend's memory keeps its books, and refuses what does not fit or is closed. */
class HandleContract {
  @EveryBackend
  void malformedCsrEntriesAreRefused(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      CsrCodes csr = lab.keep(lab.backend().csrCodes(2, 7, 3));
      String shape = "entries: expected 3 offsets from 0 to at most 3 entries";
      rejectsEntries(csr, shape, new long[] {0, 1}, 4);
      rejectsEntries(csr, shape, new long[] {1, 1, 1}, 4);
      rejectsEntries(csr, shape, new long[] {0, 1, 2}, 4);
      rejectsEntries(csr, shape, new long[] {0, 2, 4}, 1, 2, 3, 4);
      rejectsEntries(csr, "offsets: row 0 ends before it begins", new long[] {0, -1, 1}, 4);
      rejectsEntries(csr, "offsets: row 1 ends before it begins", new long[] {0, 2, 1}, 4);
      rejectsEntries(csr, "offsets: row 1 ends before it begins", new long[] {0, 9, 2}, 4, 5);
      String ascending = "columns: row 0 expects ascending columns below 7, found ";
      rejectsEntries(csr, ascending + "7 after -1", new long[] {0, 1, 1}, 7);
      rejectsEntries(csr, ascending + "-1 after -1", new long[] {0, 1, 1}, -1);
      rejectsEntries(csr, ascending + "4 after 4", new long[] {0, 2, 2}, 4, 4);
      assertThat(csr.nnz()).as("entries after refusals").isZero();
    }
  }

  private static void rejectsEntries(CsrCodes csr, String message, long[] offsets, int... columns) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> csr.upload(offsets, columns, new float[columns.length]))
        .withMessage(message);
  }

  @EveryBackend
  void wrongSizesAndRangesAreRefused(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Memory memory = lab.backend();
      rejects(
          "shape: expected non-negative sizes, found [-1, 2]",
          () -> memory.matrix(-1, 2, DType.F32));
      rejects(
          "shape: expected non-negative sizes, found [2, -1]", () -> memory.fixedWidthCodes(2, -1));
      rejects("shape: expected non-negative sizes, found [-2, 1]", () -> memory.pursuitTape(-2, 1));
      rejects("shape: expected non-negative sizes, found [-2, 1]", () -> memory.csrCodes(-2, 1, 3));
      rejects("length: expected 0 or more, found -1", () -> memory.mask(-1));

      Matrix matrix = lab.matrix(Dense.zeros(2, 3));
      rejects("rows: expected 0 <= from <= to <= 2, found -1 to 1", () -> matrix.rows(-1, 1));
      rejects("rows: expected 0 <= from <= to <= 2, found 2 to 1", () -> matrix.rows(2, 1));
      rejects("rows: expected 0 <= from <= to <= 2, found 0 to 3", () -> matrix.rows(0, 3));
      rejects("columns: expected 0 <= from <= to <= 3, found 1 to 4", () -> matrix.columns(1, 4));
      rejects(
          "rows: expected 0 <= from <= to <= 1, found 0 to 2", () -> matrix.rows(1, 2).rows(0, 2));
      rejects(
          "values: expected 6 elements for matrix F32 [2, 3], found 5",
          () -> matrix.upload(new float[5]));
      rejects(
          "values: expected 6 elements for matrix F32 [2, 3], found 7",
          () -> matrix.download(new float[7]));
      rejects(
          "bits: 16-bit patterns cannot be copied to or from matrix F32 [2, 3]",
          () -> matrix.upload(new short[6]));
      rejects(
          "bits: 16-bit patterns cannot be copied to or from matrix F32 [2, 3]",
          () -> memory.upload(new short[6], 2, 3, DType.F32));
      rejects(
          "elements: expected 24 bytes for matrix F32 [2, 3], found 23",
          () -> matrix.upload(MemorySegment.ofArray(new byte[23])));
      Matrix half = lab.matrix(Dense.zeros(2, 3), DType.F16);
      rejects(
          "bits: expected 6 elements for matrix F16 [2, 3], found 5",
          () -> half.upload(new short[5]));
      rejects(
          "elements: expected 12 bytes for matrix F16 [2, 3], found 24",
          () -> half.download(MemorySegment.ofArray(new byte[24])));

      rejects(
          "values: expected 3 elements for floats [3], found 2",
          () -> lab.floats(new float[3]).upload(new float[2]));
      rejects(
          "values: expected 3 elements for ints [3], found 4",
          () -> lab.ints(new int[3]).download(new int[4]));
      rejects(
          "values: expected 3 elements for mask [3], found 0",
          () -> lab.mask(new boolean[3]).upload(new boolean[0]));
    }
  }

  private static void rejects(String message, ThrowingCallable call) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @EveryBackend
  void closedHandlesAreRefusedAndCloseTwice(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix matrix = lab.matrix(Dense.zeros(2, 3));
      Matrix view = matrix.rows(0, 1);
      Floats floats = lab.floats(new float[3]);
      view.close();
      assertThat(matrix.isClosed()).as("closing a view does nothing").isFalse();
      int live = lab.backend().liveHandles();
      matrix.close();
      matrix.close();
      floats.close();
      assertThat(lab.backend().liveHandles()).isEqualTo(live - 2);
      assertThat(view.isClosed()).isTrue();
      assertThatIllegalStateException()
          .isThrownBy(matrix::download)
          .withMessage("matrix F32 [2, 3] is closed");
      assertThatIllegalStateException()
          .isThrownBy(() -> view.upload(new float[3]))
          .withMessage("matrix F32 [1, 3] is closed");
      assertThatIllegalStateException()
          .isThrownBy(floats::download)
          .withMessage("floats [3] is closed");
    }
  }

  @EveryBackend
  void aClosedBackendIsRefusedAndClosesTwice(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix matrix = lab.matrix(Dense.zeros(2, 3));
      lab.backend().close();
      lab.backend().close();
      assertThat(lab.backend().isClosed()).isTrue();
      String message = "backend " + backend.name() + " is closed";
      assertThatIllegalStateException().isThrownBy(matrix::download).withMessage(message);
      assertThatIllegalStateException()
          .isThrownBy(() -> lab.backend().floats(3))
          .withMessage(message);
      matrix.close();
    }
  }

  @EveryBackend
  void countsHandlesAndBytes(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Memory memory = lab.backend();
      try (Matrix matrix = memory.matrix(3, 5, DType.BF16);
          var codes = memory.fixedWidthCodes(2, 4);
          var tape = memory.pursuitTape(2, 4);
          var csr = memory.csrCodes(2, 9, 4);
          var columns = memory.columnCodes(3, 2);
          var sparse = memory.rowSparseMatrix(10, 4, 3);
          var gram = memory.gram(6)) {
        assertThat(memory.liveHandles()).isEqualTo(1 + 3 + 3 + 3 + 3 + 3 + 1);
        assertThat(memory.usedBytes())
            .isEqualTo(30 + 72 + 72 + (24 + 32) + (48 + 24 + 12) + (12 + 48 + 4) + 144);
        matrix.rows(0, 1);
        assertThat(memory.liveHandles()).as("a view is no handle").isEqualTo(17);
        assertThat(tape.isClosed() || csr.isClosed() || gram.isClosed()).isFalse();
        assertThat(columns.memory()).isSameAs(sparse.memory()).isSameAs(codes.memory());
      }
      assertThat(memory.liveHandles()).isZero();
      assertThat(memory.usedBytes()).isZero();
    }
  }

  @EveryBackend
  void anAllocationOverTheLimitLeavesEverythingIntact(BackendUnderTest backend) {
    try (Lab lab = backend.open(BackendOptions.defaults().memoryLimitBytes(1000))) {
      Matrix matrix = lab.matrix(Dense.ofRows(new float[] {1, 2, 3}));
      runsOut(lab, "matrix F32 [10, 100]", 4000, 988, m -> m.matrix(10, 100, DType.F32));
      runsOut(lab, "floats [248]", 992, 988, m -> m.floats(248));
      lab.keep(lab.backend().floats(247)).close();
      runsOut(lab, "longs [124]", 992, 988, m -> m.longs(124));
      runsOut(lab, "mask [989]", 989, 988, m -> m.mask(989));
      runsOut(lab, "floats [200]", 800, 188, m -> m.fixedWidthCodes(20, 10));
      runsOut(lab, "ints [122]", 488, 12, m -> m.fixedWidthCodes(122, 1));
      runsOut(lab, "matrix F32 [300000, 300000]", 360_000_000_000L, 988, m -> m.gram(300_000));
      runsOut(
          lab,
          "matrix BF16 [1048576, 1048576]",
          1L << 41,
          988,
          m -> m.matrix(1 << 20, 1 << 20, DType.BF16));
      assertThat(matrix.download()).containsExactly(1, 2, 3);
    }
  }

  @EveryBackend
  void sizesBeyondSixtyFourBitsAreRefused(BackendUnderTest backend) {
    int most = Integer.MAX_VALUE;
    try (Lab lab = backend.open(BackendOptions.defaults().memoryLimitBytes(1 << 20))) {
      assertThatExceptionOfType(BackendMemoryException.class)
          .isThrownBy(() -> lab.backend().matrix(most, most, DType.F32))
          .withMessageNotContaining("needs -");
      assertThat(lab.backend().liveHandles()).isZero();
      assertThat(lab.backend().usedBytes()).isZero();
    }
  }

  private static void runsOut(
      Lab lab, String what, long asked, long free, Function<Memory, AutoCloseable> allocation) {
    int live = lab.backend().liveHandles();
    long used = lab.backend().usedBytes();
    assertThatExceptionOfType(BackendMemoryException.class)
        .isThrownBy(() -> lab.keep(allocation.apply(lab.backend())))
        .withMessage(
            "backend %s is out of memory: %s needs %d bytes, %d are free",
            lab.backend().name(), what, asked, free)
        .satisfies(
            e -> {
              assertThat(e.askedBytes()).isEqualTo(asked);
              assertThat(e.freeBytes()).isEqualTo(free);
            });
    assertThat(lab.backend().liveHandles()).as("handles after " + what).isEqualTo(live);
    assertThat(lab.backend().usedBytes()).as("bytes after " + what).isEqualTo(used);
  }
}
