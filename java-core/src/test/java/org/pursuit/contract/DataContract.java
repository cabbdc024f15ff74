package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** What a backend's memory keeps is what was put there. */
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

  private static int[] rawBits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
