package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.pursuit.data.Floats;

/** What the device flags is thrown at the next wait, once. */
@OnEmulator
class FlagsTest {
  private static final String MESSAGE = "codes: index 41 lies outside the atoms";

  @Test
  void synchronizeThrowsOnce() {
    try (CudaBackend backend = Emulator.open()) {
      backend.synchronize();
      raise(backend);
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(backend::synchronize)
          .withMessage(MESSAGE);
      backend.synchronize();
      raise(backend);
      assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(backend::synchronize);
    }
  }

  @Test
  void downloadsThrow() {
    try (CudaBackend backend = Emulator.open();
        Floats floats = backend.upload(new float[] {1, 2})) {
      raise(backend);
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(floats::download)
          .withMessage(MESSAGE);
      assertThat(floats.download()).containsExactly(1, 2);
    }
  }

  @Test
  void trimKeepsWhatHasNotBeenThrownYet() {
    try (CudaBackend backend = Emulator.open()) {
      raise(backend);
      backend.trim();
      assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(backend::synchronize);
      backend.trim();
      assertThat(Emulator.get("allocations")).isZero();
      raise(backend);
      assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(backend::synchronize);
    }
  }

  private static void raise(CudaBackend backend) {
    Cuda cuda = backend.cuda();
    cuda.stream().fill(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE), 42, 1);
  }
}
