package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.support.Same;

/** Transfers around the sizes of the staging ring, of whole matrices and of views. */
@OnEmulator
class StagingTest {
  /** Elements of a staging block as float32. */
  private static final int BLOCK = (2 << 20) / Float.BYTES;

  @Test
  void matricesOfAnyShape() {
    int[][] shapes = {
      {1, BLOCK - 1},
      {1, BLOCK},
      {1, BLOCK + 1},
      {3, BLOCK + 5},
      {1, 4 * BLOCK},
      {1, 4 * BLOCK + 1},
      {9 * BLOCK / 1000, 1000},
      {2 * BLOCK + 1, 1},
      {5, BLOCK - 3},
    };
    try (CudaBackend backend = Emulator.open()) {
      for (int[] shape : shapes) {
        float[] values = counting(shape[0] * shape[1]);
        try (Matrix matrix = backend.upload(values, shape[0], shape[1])) {
          Same.numbers(matrix.download(), values, matrix.toString());
        }
      }
    }
  }

  @Test
  void viewsLeaveTheirSurroundingsAlone() {
    int rows = 7;
    int columns = BLOCK / 3;
    try (CudaBackend backend = Emulator.open();
        Matrix whole = backend.matrix(rows, columns, DType.F32)) {
      float[] inner = counting((rows - 2) * (columns - 3));
      whole.rows(1, rows - 1).columns(2, columns - 1).upload(inner);
      float[] expected = new float[rows * columns];
      for (int r = 1; r < rows - 1; r++) {
        int from = (r - 1) * (columns - 3);
        System.arraycopy(inner, from, expected, r * columns + 2, columns - 3);
      }
      Same.numbers(whole.download(), expected, "whole");
      Same.numbers(whole.rows(1, rows - 1).columns(2, columns - 1).download(), inner, "view");
    }
  }

  @Test
  void sixteenBitElementsAreRoundedAndWidenedPieceByPiece() {
    int columns = BLOCK + 77;
    float[] values = new float[3 * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i % 1999 - 1000) * 1.001f;
    }
    try (CudaBackend backend = Emulator.open()) {
      for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
        short[] bits = new short[values.length];
        dtype.narrow(values, 0, bits, 0, values.length);
        float[] rounded = new float[values.length];
        dtype.widen(bits, 0, rounded, 0, values.length);
        try (Matrix matrix = backend.matrix(3, columns, dtype)) {
          matrix.upload(values);
          Same.numbers(matrix.download(), rounded, matrix.toString());
          short[] found = new short[values.length];
          matrix.download(found);
          assertThat(Arrays.mismatch(found, bits)).as(matrix.toString()).isEqualTo(-1);
          matrix.upload(new float[values.length]);
          matrix.upload(bits);
          Same.numbers(matrix.download(), rounded, matrix.toString());
        }
      }
    }
  }

  @Test
  void segmentsOnAndOffTheHeap() {
    float[] values = counting(2 * BLOCK + 10);
    try (CudaBackend backend = Emulator.open();
        Arena arena = Arena.ofConfined();
        Matrix matrix = backend.matrix(2, BLOCK + 5, DType.F32)) {
      matrix.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
      Same.numbers(matrix.download(), values, "upload");
      MemorySegment back = arena.allocate(values.length * 4L);
      matrix.download(back);
      Same.numbers(back.toArray(ValueLayout.JAVA_FLOAT), values, "download off the heap");
      matrix.upload(MemorySegment.ofArray(new float[values.length]));
      Same.numbers(matrix.download(), new float[values.length], "zeros");
      matrix.upload(MemorySegment.ofArray(values));
      float[] heap = new float[values.length];
      matrix.download(MemorySegment.ofArray(heap));
      Same.numbers(heap, values, "download on the heap");
    }
  }

  @Test
  void anUploadHasReadItsSourceWhenItReturns() {
    float[] values = counting(3 * BLOCK);
    float[] copy = values.clone();
    try (CudaBackend backend = Emulator.open();
        Matrix matrix = backend.upload(values, 1, values.length)) {
      Arrays.fill(values, -1);
      Same.numbers(matrix.download(), copy, "the source's old contents");
    }
  }

  private static float[] counting(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = i % (1 << 24);
    }
    return values;
  }
}
