package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pursuit.KernelException;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;

/** A kernel that fails while it runs breaks the device's context for the whole process. */
@OnEmulator
class BrokenContextTest {
  private static final String BROKEN =
      "the CUDA context of SIMT emulator is broken for this process: ";

  @Test
  void theNextWaitNamesTheSuspectsAndOnlyClosingIsLeft() {
    CudaBackend backend = Emulator.open();
    Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
    backend.synchronize();
    Emulator.set("failKernel", 1);
    backend.training().axpby(2, x, 0, x);
    String failure =
        "wait for a copy after axpby, download on backend cuda failed: CUDA_ERROR_LAUNCH_FAILED"
            + " (719)";
    assertThatExceptionOfType(KernelException.class).isThrownBy(x::download).withMessage(failure);

    String broken = BROKEN + failure + "; close the backend and start the program again";
    assertThatIllegalStateException().isThrownBy(x::download).withMessage(broken);
    assertThatIllegalStateException().isThrownBy(backend::synchronize).withMessage(broken);
    assertThatIllegalStateException().isThrownBy(() -> backend.floats(3)).withMessage(broken);
    assertThatIllegalStateException()
        .isThrownBy(() -> backend.training().axpby(2, x, 0, x))
        .withMessage(broken);
    x.close();
    assertThat(backend.liveHandles()).isZero();
    assertThat(backend.usedBytes()).isZero();
    backend.close();
  }

  /** Illegal address, time-out, assertion, stack, instruction, alignment, ECC, NVLink, unknown. */
  @ParameterizedTest
  @ValueSource(ints = {700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 214, 220, 999})
  void everyErrorThatLasts(int code) {
    CudaBackend backend = Emulator.open();
    Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
    Emulator.set("failKernel", 1);
    Emulator.set("failKernelCode", code);
    backend.training().axpby(2, x, 0, x);
    assertThatExceptionOfType(KernelException.class)
        .isThrownBy(backend::synchronize)
        .satisfies(e -> assertThat(e.nativeCode()).isEqualTo(code));
    assertThatIllegalStateException().isThrownBy(x::download).withMessageStartingWith(BROKEN);
    x.close();
    backend.close();
  }

  @Test
  void whoElseUsesTheDeviceIsToldToo() {
    CudaBackend first = Emulator.open();
    CudaBackend second = Emulator.open();
    Matrix x = first.upload(new float[] {1, 2, 3}, 1, 3);
    Matrix y = second.upload(new float[] {4, 5, 6}, 1, 3);
    Emulator.set("failKernel", 1);
    Emulator.set("failKernelCode", 700);
    first.training().axpby(2, x, 0, x);
    assertThatExceptionOfType(KernelException.class)
        .isThrownBy(first::synchronize)
        .withMessageEndingWith("failed: CUDA_ERROR_ILLEGAL_ADDRESS (700)");
    assertThatExceptionOfType(KernelException.class)
        .isThrownBy(y::download)
        .withMessageEndingWith("failed: CUDA_ERROR_ILLEGAL_ADDRESS (700)");
    assertThatIllegalStateException().isThrownBy(y::download).withMessageStartingWith(BROKEN);
    first.close();
    second.close();
    x.close();
    y.close();
  }

  @Test
  void anErrorThatSurfacesOnClosingIsThrownThere() {
    CudaBackend backend = Emulator.open();
    Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
    Emulator.set("failKernel", 1);
    backend.training().axpby(2, x, 0, x);
    assertThatExceptionOfType(KernelException.class)
        .isThrownBy(backend::close)
        .withMessageStartingWith("wait after ")
        .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
    assertThat(backend.isClosed()).isTrue();
    backend.close();
    x.close();
  }

  @Test
  void aGraphInABrokenContextCloses() {
    CudaBackend backend = Emulator.open();
    Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
    backend.training().axpby(2, x, 0, x);
    CudaGraph graph = backend.capture(() -> backend.training().axpby(2, x, 0, x));
    Emulator.set("failKernel", 1);
    graph.launch();
    assertThatExceptionOfType(KernelException.class)
        .isThrownBy(backend::synchronize)
        .withMessageContaining("graph");
    assertThatIllegalStateException().isThrownBy(graph::launch).withMessageStartingWith(BROKEN);
    graph.close();
    x.close();
    backend.close();
  }

  @Test
  void debugModeNamesTheCallItself() {
    System.setProperty(Driver.DEBUG, "true");
    try {
      CudaBackend backend = Emulator.open();
      Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
      backend.training().axpby(2, x, 0, x);
      Emulator.set("failKernel", 1);
      assertThatExceptionOfType(KernelException.class)
          .isThrownBy(() -> backend.training().axpby(2, x, 0, x))
          .withMessage("wait after axpby on backend cuda failed: CUDA_ERROR_LAUNCH_FAILED (719)");
      x.close();
      backend.close();
    } finally {
      System.clearProperty(Driver.DEBUG);
    }
  }

  @Test
  void aBackendOpenedAfterwardsWorksOnceTheContextIsGone() {
    CudaBackend broken = Emulator.open();
    Matrix lost = broken.upload(new float[] {1, 2, 3}, 1, 3);
    Emulator.set("failKernel", 1);
    broken.training().axpby(2, lost, 0, lost);
    assertThatExceptionOfType(KernelException.class).isThrownBy(lost::download);
    broken.close();
    lost.close();
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32)) {
      backend.training().axpby(2, x, 0, y);
      assertThat(y.download()).containsExactly(2, 4, 6);
    }
  }
}
