package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;

@OnEmulator
class KernelTest {
  @Test
  void wrongLaunchesAreRefusedBeforeTheyReachTheDevice() {
    try (CudaBackend backend = Emulator.open()) {
      Kernels kernels = backend.cuda().kernels();
      assertThatIllegalStateException()
          .isThrownBy(() -> kernels.kernel("axpbi"))
          .withMessageStartingWith("kernel axpbi is missing in ");
      Kernel axpby = kernels.kernel("axpby");
      assertThat(kernels.kernel("axpby")).isSameAs(axpby);
      refuses(
          "expected arguments of 64, found 8",
          () -> axpby.arguments().pointer(0).launch(1, 1, 256, 0));
      refuses("expected threads up to 256, found 257", () -> filled(axpby).launch(1, 1, 257, 0));
      refuses("expected threads up to 256, found 0", () -> filled(axpby).launch(1, 1, 0, 0));
      refuses(
          "expected blocks along y up to 65535, found 65536",
          () -> filled(axpby).launch(1, 65536, 256, 0));
      refuses(
          "expected blocks along x up to 2147483647, found 2147483648",
          () -> filled(axpby).launch(1L << 31, 1, 256, 0));
      refuses(
          "expected shared bytes up to 232448, found 232449",
          () -> filled(axpby).launch(1, 1, 256, 232449));
      final long before = Emulator.get("launches");
      filled(axpby).launch(0, 1, 256, 0);
      filled(axpby).launch(1, 0, 256, 0);
      assertThat(Emulator.get("launches")).isEqualTo(before);
    }
  }

  @Test
  void sharedMemoryBeyondWhatABlockGetsIsAskedFor() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3)) {
      doubling(backend, (CudaMatrix) x).launch(1, 1, 256, 232448);
      doubling(backend, (CudaMatrix) x).launch(1, 1, 256, 100_000);
      assertThat(x.download()).containsExactly(4, 8, 12);
    }
  }

  @Test
  void aCallAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32)) {
      backend.training().axpby(1, x, 0, y);
      backend.synchronize();
      final long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 500; i++) {
        backend.training().axpby(1, x, 1, y);
      }
      final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(y.download()).containsExactly(501, 1002, 1503);
      assertThat(allocated).as("bytes for 500 calls").isLessThan(500);
    }
  }

  private static Kernel filled(Kernel axpby) {
    axpby.arguments().pointer(0).pointer(0).int64(0).int64(0).int64(0);
    return axpby.int32(0).int32(0).int32(0).float32(0).float32(0);
  }

  /** x = 2·x, where x has one row. */
  private static Kernel doubling(CudaBackend backend, CudaMatrix x) {
    Kernel axpby = backend.cuda().kernels().kernel("axpby").arguments();
    axpby.pointer(x.address()).pointer(x.address()).int64(x.stride()).int64(x.stride()).int64(1);
    return axpby.int32(x.columns()).int32(x.format()).int32(x.format()).float32(2).float32(0);
  }

  private static void refuses(String message, Runnable launch) {
    assertThatIllegalStateException()
        .isThrownBy(launch::run)
        .withMessage("kernel axpby: " + message);
  }
}
