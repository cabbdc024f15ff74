package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.pursuit.BackendMemoryException;
import org.pursuit.BackendOptions;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;

@OnEmulator
class AllocatorTest {
  @Test
  void aFreedBlockServesTheNextHandleOfItsSize() {
    try (CudaBackend backend = Emulator.open()) {
      Floats first = backend.floats(1000);
      first.upload(new float[1000]);
      final long address = ((CudaFloats) first).address();
      first.close();
      assertThat(backend.cuda().allocator().idleBytes()).isEqualTo(4000);
      try (Floats other = backend.floats(999);
          Floats same = backend.floats(1000)) {
        assertThat(((CudaFloats) other).address()).isNotEqualTo(address);
        assertThat(((CudaFloats) same).address()).isEqualTo(address);
        assertThat(backend.cuda().allocator().idleBytes()).isZero();
        assertThat(backend.cuda().allocator().liveBlocks()).isEqualTo(2);
      }
    }
  }

  @Test
  void aBlockThatServesAgainIsZeroed() {
    try (CudaBackend backend = Emulator.open()) {
      try (Matrix dirty = backend.matrix(3, 5, DType.F32)) {
        dirty.upload(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
      }
      try (Matrix clean = backend.matrix(3, 5, DType.F32)) {
        assertThat(clean.download()).containsOnly(0);
      }
    }
  }

  @Test
  void idleBlocksGiveWayToTheMemoryLimit() {
    try (CudaBackend backend =
        Emulator.open(BackendOptions.defaults().memoryLimitBytes(1_000_000))) {
      backend.floats(200_000).close();
      try (Floats next = backend.floats(150_000)) {
        assertThat(next.length()).isEqualTo(150_000);
        assertThat(Emulator.get("allocatedBytes")).isEqualTo(600_000);
      }
    }
  }

  @Test
  void idleBlocksGiveWayToAFullDevice() {
    Emulator.set("memoryBytes", 1 << 20);
    try (CudaBackend backend = Emulator.open()) {
      backend.floats(200_000).close();
      try (Floats next = backend.floats(100_000)) {
        assertThat(next.length()).isEqualTo(100_000);
        assertThat(Emulator.get("allocatedBytes")).isEqualTo(400_000);
      }
    }
  }

  @Test
  void outOfMemorySaysWhatWasAskedAndWhatIsFreeAndHarmsNothing() {
    Emulator.set("memoryBytes", 1 << 20);
    try (CudaBackend backend = Emulator.open();
        Matrix kept = backend.upload(new float[] {1, 2, 3, 4}, 1, 4)) {
      Floats large = backend.floats(200_000);
      long free = (1 << 20) - 16 - 800_000;
      assertThatExceptionOfType(BackendMemoryException.class)
          .isThrownBy(() -> backend.matrix(1000, 100, DType.F32))
          .withMessage(
              "backend cuda is out of memory: matrix F32 [1000, 100] needs 400000 bytes, "
                  + free
                  + " are free")
          .satisfies(e -> assertThat(e.freeBytes()).isEqualTo(free));
      assertThat(backend.liveHandles()).isEqualTo(2);
      assertThat(kept.download()).containsExactly(1, 2, 3, 4);
      large.close();
      backend.matrix(1000, 100, DType.F32).close();
    }
  }

  @Test
  void trimGivesEverythingIdleBack() {
    try (CudaBackend backend = Emulator.open();
        Floats kept = backend.floats(10)) {
      backend.floats(1000).close();
      backend.trim();
      assertThat(Emulator.get("allocatedBytes")).isEqualTo(kept.length() * Float.BYTES);
      assertThat(Emulator.get("pinned")).isZero();
      kept.upload(new float[10]);
      assertThat(Emulator.get("pinned")).isPositive();
    }
  }

  @Test
  void emptyHandlesNeedNoMemory() {
    try (CudaBackend backend = Emulator.open();
        Matrix noRows = backend.matrix(0, 5, DType.BF16);
        Matrix noColumns = backend.matrix(5, 0, DType.F32);
        Floats none = backend.floats(0)) {
      assertThat(Emulator.get("allocations")).isZero();
      assertThat(noRows.download()).isEmpty();
      assertThat(noColumns.download()).isEmpty();
      assertThat(none.download()).isEmpty();
    }
  }

  @Test
  void aBackendThatClosesFirstTakesTheMemoryOfItsHandlesAlong() {
    CudaBackend backend = Emulator.open();
    Matrix matrix = backend.upload(new float[] {1, 2}, 1, 2);
    backend.close();
    assertThat(Emulator.get("allocations")).isZero();
    matrix.close();
    assertThat(backend.usedBytes()).isZero();
    backend.close();
  }
}
