package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.pursuit.BackendMemoryException;
import org.pursuit.BackendOptions;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** What a backend's memory keeps is what was put there, and its books are right. */
class DataContract {
  private static final DType[] SIXTEEN_BIT = {DType.BF16, DType.F16};

  @EveryBackend
  void beginsWithZeros(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        Matrix matrix = lab.keep(lab.backend().matrix(7, 9, dtype));
        assertThat(matrix.download()).hasSize(63).containsOnly(0);
      }
      assertThat(lab.keep(lab.backend().floats(9)).download()).containsOnly(0);
      assertThat(lab.keep(lab.backend().ints(9)).download()).containsOnly(0);
      assertThat(lab.keep(lab.backend().longs(9)).download()).containsOnly(0);
      assertThat(lab.keep(lab.backend().mask(9)).download()).containsOnly(false);
    }
  }

  @EveryBackend
  void keepsEveryFloatBitForBit(BackendUnderTest backend) {
    Dense values = Inputs.everyKind(50, Seed.random(100));
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        Matrix matrix = lab.matrix(values, DType.F32, placement);
        assertThat(rawBits(matrix.download())).containsExactly(rawBits(values.values()));
      }
    }
  }

  @EveryBackend
  void keepsEverySixteenBitPattern(BackendUnderTest backend) {
    short[] patterns = new short[1 << 16];
    for (int i = 0; i < patterns.length; i++) {
      patterns[i] = (short) i;
    }
    try (Lab lab = backend.open()) {
      for (DType dtype : SIXTEEN_BIT) {
        Matrix matrix = lab.keep(lab.backend().upload(patterns, 256, 256, dtype));
        short[] found = new short[patterns.length];
        matrix.download(found);
        assertThat(found).containsExactly(patterns);
      }
    }
  }

  @EveryBackend
  void roundsFloatsOnTheWayIn(BackendUnderTest backend) {
    Dense values = Inputs.everyKind(300, Seed.random(101));
    try (Lab lab = backend.open()) {
      for (DType dtype : SIXTEEN_BIT) {
        Matrix matrix = lab.keep(lab.backend().matrix(values.rows(), values.columns(), dtype));
        matrix.upload(values.values());
        Same.bits(matrix.download(), values.stored(dtype).values(), dtype.toString());
      }
    }
  }

  @EveryBackend
  void copiesSegmentsOfAnyKind(BackendUnderTest backend) {
    Random random = Seed.random(102);
    try (Lab lab = backend.open();
        Arena arena = Arena.ofConfined()) {
      for (DType dtype : DType.values()) {
        byte[] elements = new byte[5 * 7 * dtype.bytes()];
        random.nextBytes(elements);
        MemorySegment unaligned = arena.allocate(elements.length + 8).asSlice(1, elements.length);
        for (MemorySegment segment :
            new MemorySegment[] {
              MemorySegment.ofArray(new byte[elements.length]),
              MemorySegment.ofArray(new long[elements.length]).asSlice(3, elements.length),
              arena.allocate(elements.length, 64),
              unaligned
            }) {
          MemorySegment.copy(elements, 0, segment, ValueLayout.JAVA_BYTE, 0, elements.length);
          Matrix matrix = lab.keep(lab.backend().upload(segment, 5, 7, dtype));
          segment.fill((byte) 0);
          matrix.download(segment);
          assertThat(segment.toArray(ValueLayout.JAVA_BYTE))
              .as(dtype + " by " + segment)
              .containsExactly(elements);
        }
      }
    }
  }

  @EveryBackend
  void segmentsHoldTheNativeByteOrder(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix matrix = lab.matrix(Dense.ofRows(new float[] {1.5f, -2}));
      float[] found = new float[2];
      matrix.download(MemorySegment.ofArray(found));
      assertThat(found).containsExactly(1.5f, -2);
      matrix.upload(MemorySegment.ofArray(new float[] {3, 4}));
      assertThat(matrix.download()).containsExactly(3, 4);
    }
  }

  @EveryBackend
  void viewsAreWindows(BackendUnderTest backend) {
    Dense values = Inputs.normal(9, 11, Seed.random(103));
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        Dense stored = values.stored(dtype);
        Matrix whole = lab.matrix(values, dtype);
        Matrix view = whole.rows(2, 8).columns(3, 7).rows(1, 5).columns(1, 4);
        assertThat(view.rows()).isEqualTo(4);
        assertThat(view.columns()).isEqualTo(3);
        assertThat(view.size()).isEqualTo(12);
        assertThat(view.dtype()).isEqualTo(dtype);
        Dense expected = stored.window(3, 7, 4, 7);
        Same.bits(view.download(), expected.values(), "read through a view");

        float[] ones = new float[12];
        Arrays.fill(ones, 1);
        view.upload(ones);
        float[] written = whole.download();
        for (int i = 0; i < written.length; i++) {
          int row = i / 11;
          int column = i % 11;
          boolean inside = row >= 3 && row < 7 && column >= 4 && column < 7;
          assertThat(written[i]).isEqualTo(inside ? 1 : stored.values()[i]);
        }
      }
    }
  }

  @EveryBackend
  void emptyViewsAreLegal(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix whole = lab.matrix(Dense.zeros(3, 4));
      assertThat(whole.rows(3, 3).download()).isEmpty();
      assertThat(whole.columns(0, 0).download()).isEmpty();
      assertThat(whole.rows(1, 1).columns(2, 4).size()).isZero();
      assertThat(lab.matrix(Dense.zeros(0, 0)).download()).isEmpty();
      assertThat(lab.matrix(Dense.zeros(5, 0)).rows(1, 4).download()).isEmpty();
    }
  }

  @EveryBackend
  void writesCountAsVersions(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix whole = lab.matrix(Dense.zeros(3, 4));
      long first = whole.version();
      whole.rows(0, 1).upload(new float[4]);
      assertThat(whole.version()).isGreaterThan(first);
      long second = whole.version();
      whole.download();
      assertThat(whole.rows(1, 2).version()).isEqualTo(second);
    }
  }

  @EveryBackend
  void vectorsKeepWhatTheyAreGiven(BackendUnderTest backend) {
    Random random = Seed.random(104);
    try (Lab lab = backend.open()) {
      for (int length : new int[] {0, 1, 1000}) {
        float[] numbers = Inputs.normal(length, random);
        Floats floats = lab.floats(numbers);
        assertThat(floats.length()).isEqualTo(length);
        assertThat(floats.download()).containsExactly(numbers);

        int[] integers = random.ints(length).toArray();
        Ints ints = lab.ints(integers);
        assertThat(ints.length()).isEqualTo(length);
        assertThat(ints.download()).containsExactly(integers);

        long[] long64 = random.longs(length).toArray();
        Longs longs = lab.keep(lab.backend().upload(long64));
        assertThat(longs.length()).isEqualTo(length);
        assertThat(longs.download()).containsExactly(long64);

        boolean[] flags = Inputs.flags(length, 0.5, random);
        Mask mask = lab.mask(flags);
        assertThat(mask.length()).isEqualTo(length);
        assertThat(mask.download()).containsExactly(flags);
      }
    }
  }

  @EveryBackend
  void uploadsAreCopies(BackendUnderTest backend) {
    float[] values = {1, 2};
    try (Lab lab = backend.open()) {
      Matrix matrix = lab.keep(lab.backend().upload(values, 1, 2));
      Floats floats = lab.floats(values);
      values[0] = 9;
      assertThat(matrix.download()).containsExactly(1, 2);
      assertThat(floats.download()).containsExactly(1, 2);
    }
  }

  @EveryBackend
  void wrapIsNoCopy(BackendUnderTest backend) {
    float[] values = {1, 2, 3, 4, 5, 6, 7};
    try (Lab lab = backend.open()) {
      if (!lab.onHost()) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> Matrix.wrap(lab.backend(), values, 2, 3))
            .withMessage(
                "memory: expected a backend that computes on the host, found " + backend.name());
        return;
      }
      Matrix wrapped = lab.keep(Matrix.wrap(lab.backend(), values, 2, 3));
      values[0] = 9;
      assertThat(wrapped.download()).containsExactly(9, 2, 3, 4, 5, 6);
      wrapped.columns(1, 2).upload(new float[] {-1, -2});
      assertThat(values).containsExactly(9, -1, 3, 4, -2, 6, 7);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Matrix.wrap(lab.backend(), values, 2, 4))
          .withMessage("values: expected 8 elements for matrix F32 [2, 4], found 7");
    }
  }

  @EveryBackend
  void newCodesAreZeroed(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      var codes = lab.keep(lab.backend().fixedWidthCodes(3, 4));
      assertThat(codes.counts().download()).containsExactly(0, 0, 0);
      assertThat(codes.values().download()).hasSize(12).containsOnly(0);
      assertThat(codes.indices().length()).isEqualTo(12);
      CsrCodes csr = lab.keep(lab.backend().csrCodes(3, 7, 5));
      assertThat(csr.offsets().download()).containsExactly(0, 0, 0, 0);
      assertThat(csr.nnz()).isZero();
      assertThat(csr.capacity()).isEqualTo(5);
      assertThat(csr.columnCount()).isEqualTo(7);
    }
  }

  @EveryBackend
  void csrEntriesAreKept(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      CsrCodes csr = lab.keep(lab.backend().csrCodes(3, 7, 5));
      csr.upload(new long[] {0, 2, 2, 3}, new int[] {1, 6, 0}, new float[] {4, 5, 6});
      assertThat(csr.nnz()).isEqualTo(3);
      assertThat(csr.offsets().download()).containsExactly(0, 2, 2, 3);
      assertThat(csr.columns().download()).startsWith(1, 6, 0);
      assertThat(csr.values().download()).startsWith(4, 5, 6);
    }
  }

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

  private static int[] rawBits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
