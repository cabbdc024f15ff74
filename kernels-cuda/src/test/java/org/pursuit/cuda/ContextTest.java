package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import jcuda.driver.CUcontext;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.Test;
import org.pursuit.KernelException;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;

/** The context is current during a call and never after one, whatever thread makes it. */
@OnEmulator
class ContextTest {
  @Test
  void noCallLeavesAContextBehind() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3)) {
      assertNoneCurrent();
      backend.training().axpby(2, x, 0, x);
      assertNoneCurrent();
      x.download();
      assertNoneCurrent();
      Emulator.set("failLaunch", 1);
      assertThat(catchThrowable(() -> backend.training().axpby(2, x, 0, x))).isNotNull();
      assertNoneCurrent();
      backend.capture(() -> backend.training().axpby(2, x, 0, x)).close();
      assertNoneCurrent();
      backend.trim();
      assertNoneCurrent();
    }
    assertNoneCurrent();
  }

  @Test
  void manyVirtualThreadsInTurn() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CompletableFuture<?> last = CompletableFuture.completedFuture(null);
      for (int i = 0; i < 100; i++) {
        last =
            last.thenRunAsync(
                () -> {
                  backend.training().axpby(1, x, 1, y);
                  y.download();
                  assertNoneCurrent();
                },
                threads);
      }
      last.join();
      assertThat(y.download()).containsExactly(100, 200, 300);
    }
  }

  @Test
  void aContextThatCannotBecomeCurrentLeavesAnothersAlone() {
    Device device = Device.read(0);
    Driver driver = new Driver(device);
    driver.enter();
    driver.enter();
    assertThat(catchThrowable(() -> driver.leave("test", CUresult.CUDA_ERROR_LAUNCH_FAILED)))
        .isInstanceOf(KernelException.class);
    Driver.check(
        "cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device.handle()));
    List<String> calls = new ArrayList<>();
    driver.free(
        "test",
        () -> {
          calls.add("free");
          return CUresult.CUDA_SUCCESS;
        });
    assertThat(calls).isEmpty();
    CUcontext remaining = new CUcontext();
    Driver.check("cuCtxPopCurrent", JCudaDriver.cuCtxPopCurrent(remaining));
    assertThat(remaining).isNotEqualTo(new CUcontext());
    assertNoneCurrent();
  }

  private static void assertNoneCurrent() {
    CUcontext current = new CUcontext();
    Driver.check("cuCtxGetCurrent", JCudaDriver.cuCtxGetCurrent(current));
    assertThat(current).isEqualTo(new CUcontext());
  }
}
