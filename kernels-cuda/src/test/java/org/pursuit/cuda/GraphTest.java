package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;

@OnEmulator
class GraphTest {
  @Test
  void aLaunchRunsTheCallsAgainOnWhatTheHandlesHoldThen() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32);
        Floats errors = backend.floats(1)) {
      step(backend, x, y, errors);
      assertThat(y.download()).containsExactly(2, 4, 6);
      try (CudaGraph graph = backend.capture(() -> step(backend, x, y, errors))) {
        assertThat(y.download()).as("captured, not run").containsExactly(2, 4, 6);
        graph.launch();
        assertThat(y.download()).containsExactly(4, 8, 12);
        assertThat(errors.download()).containsExactly(9 + 36 + 81);
        x.upload(new float[] {10, 0, 0});
        graph.launch();
        graph.launch();
        assertThat(y.download()).containsExactly(44, 8, 12);
      }
      step(backend, x, y, errors);
      assertThat(y.download()).containsExactly(64, 8, 12);
    }
  }

  @Test
  void whatCannotBeRecordedIsRefusedAndTheBackendGoesOn() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32);
        Floats errors = backend.floats(1)) {
      refuses(backend, "loading kernel axpby", () -> step(backend, x, y, errors));
      Kernels kernels = backend.cuda().kernels();
      kernels.kernel("convert_rows");
      refuses(backend, "loading kernel fold_pre_bias", () -> kernels.kernel("fold_pre_bias"));
      step(backend, x, y, errors);
      backend.synchronize();
      refuses(backend, "allocating floats [7]", () -> backend.floats(7));
      refuses(backend, "uploading", () -> x.upload(new float[3]));
      refuses(backend, "downloading", x::download);
      refuses(backend, "waiting", backend::synchronize);
      refuses(backend, "waiting", backend::trim);
      refuses(backend, "capturing", () -> backend.capture(() -> {}));
      step(backend, x, y, errors);
      assertThat(y.download()).containsExactly(4, 8, 12);
      assertThat(Emulator.get("graphs")).isZero();
    }
  }

  @Test
  void memoryThatIsFreedStaysWithTheGraph() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Floats errors = backend.floats(1)) {
      Matrix y = backend.matrix(1, 3, DType.F32);
      step(backend, x, y, errors);
      CudaGraph graph = backend.capture(() -> step(backend, x, y, errors));
      y.close();
      try (Matrix other = backend.upload(new float[] {7, 7, 7}, 1, 3)) {
        graph.launch();
        backend.trim();
        graph.launch();
        assertThat(other.download()).containsExactly(7, 7, 7);
        graph.close();
        backend.trim();
        assertThat(Emulator.get("allocations")).as("x, errors, other").isEqualTo(3);
      }
      assertThatIllegalStateException().isThrownBy(graph::launch).withMessage("graph is closed");
      graph.close();
    }
  }

  @Test
  void memoryThatNoGraphKnowsServesAgain() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Floats errors = backend.floats(1)) {
      Matrix y = backend.matrix(1, 3, DType.F32);
      step(backend, x, y, errors);
      try (CudaGraph graph = backend.capture(() -> step(backend, x, y, errors))) {
        y.close();
        long before = Emulator.get("allocatedBytes");
        for (int batch = 0; batch < 5; batch++) {
          backend.upload(new float[100], 4, 25).close();
          graph.launch();
          assertThat(Emulator.get("allocatedBytes")).isEqualTo(before + 4 * 28 * Float.BYTES);
        }
      }
    }
  }

  @Test
  void eachGraphKeepsWhatItKnowsAndNoMore() {
    try (CudaBackend backend = Emulator.open();
        CudaGraph lasting = backend.capture(() -> {})) {
      CudaGraph older = null;
      for (int batch = 0; batch < 5; batch++) {
        Floats known = backend.floats(10);
        CudaGraph newer = backend.capture(() -> {});
        known.close();
        if (older != null) {
          older.close();
        }
        older = newer;
        backend.trim();
        assertThat(Emulator.get("allocations")).as("in the newer graph").isEqualTo(1);
      }
      older.close();
      backend.trim();
      assertThat(Emulator.get("allocations")).isZero();
      lasting.launch();
    }
  }

  @Test
  void aGraphIsAHandleThatMayOutliveItsBackend() {
    CudaBackend backend = Emulator.open();
    CudaGraph graph = backend.capture(() -> {});
    assertThat(backend.liveHandles()).isEqualTo(1);
    graph.launch();
    backend.close();
    assertThat(Emulator.get("graphs")).isZero();
    graph.close();
    assertThat(backend.liveHandles()).isZero();
  }

  @Test
  void flagsOfRecordedCallsAreThrownAtEveryRun() {
    try (CudaBackend backend = Emulator.open()) {
      Cuda cuda = backend.cuda();
      long word = cuda.flags().address(Flag.INDEX_OUT_OF_RANGE);
      try (CudaGraph graph = backend.capture(() -> cuda.stream().fill(word, 1, 1))) {
        backend.synchronize();
        for (int run = 0; run < 2; run++) {
          graph.launch();
          assertThatThrownBy(backend::synchronize)
              .hasMessage("codes: index 0 lies outside the atoms");
        }
      }
    }
  }

  @Test
  void flagsOfRecordedCallsOutliveTrim() {
    try (CudaBackend backend = Emulator.open()) {
      Cuda cuda = backend.cuda();
      long word = cuda.flags().address(Flag.INDEX_OUT_OF_RANGE);
      try (CudaGraph graph = backend.capture(() -> cuda.stream().fill(word, 1, 1))) {
        backend.synchronize();
        backend.trim();
        graph.launch();
        assertThatThrownBy(backend::synchronize)
            .hasMessage("codes: index 0 lies outside the atoms");
      }
      backend.trim();
      assertThat(Emulator.get("allocations")).isZero();
    }
  }

  @Test
  void aBackendThatClosesDuringACaptureLeavesNothingBehind() {
    // Another backend keeps the device's context, which would take everything along.
    try (CudaBackend other = Emulator.open()) {
      CudaBackend backend = Emulator.open();
      Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
      Matrix y = backend.matrix(1, 3, DType.F32);
      backend.training().axpby(1, x, 0, y);
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  backend.capture(
                      () -> {
                        backend.training().axpby(1, x, 1, y);
                        backend.close();
                      }))
          .withMessage("backend cuda is closed");
      x.close();
      y.close();
      assertThat(backend.liveHandles()).isZero();
      assertThat(Emulator.get("allocations")).isZero();
      assertThat(Emulator.get("streams")).isEqualTo(1);
      assertThat(Emulator.get("graphs")).isZero();
      assertThat(Emulator.get("modules")).isZero();
      other.synchronize();
    }
  }

  @Test
  void callsFromAnotherThreadAreNotRecorded() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32)) {
      Runnable call = () -> backend.training().axpby(1, x, 1, y);
      call.run();
      Runnable calls =
          () -> {
            call.run();
            assertThatThrownBy(() -> CompletableFuture.runAsync(call).join())
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                    "backend cuda is used by one thread at a time; another captures a graph (open a"
                        + " backend for each thread)");
          };
      try (CudaGraph graph = backend.capture(calls)) {
        CompletableFuture.runAsync(graph::launch).join();
      }
      assertThat(y.download()).containsExactly(2, 4, 6);
    }
  }

  @Test
  void aVirtualThreadMayEndACaptureOnAnotherCarrier() throws InterruptedException {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32)) {
      backend.training().axpby(1, x, 0, y);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      AtomicBoolean moved = new AtomicBoolean();
      Thread thread =
          Thread.ofVirtual()
              .uncaughtExceptionHandler((t, e) -> failure.set(e))
              .start(
                  () -> {
                    Runnable calls =
                        () -> {
                          backend.training().axpby(1, x, 1, y);
                          moved.set(moves());
                          backend.training().axpby(1, x, 1, y);
                        };
                    try (CudaGraph graph = backend.capture(calls)) {
                      graph.launch();
                    }
                  });
      thread.join();
      assertThat(failure.get()).isNull();
      assertThat(y.download()).containsExactly(3, 6, 9);
      assumeTrue(moved.get(), "there was one carrier only");
    }
  }

  /** Tries to continue on another carrier: others are kept busy while this thread rests. */
  private static boolean moves() {
    String before = carrier();
    for (int attempt = 0; attempt < 50 && carrier().equals(before); attempt++) {
      AtomicBoolean busy = new AtomicBoolean(true);
      Thread.startVirtualThread(
          () -> {
            while (busy.get()) {
              Thread.onSpinWait();
            }
          });
      LockSupport.parkNanos(1_000_000);
      busy.set(false);
    }
    return !carrier().equals(before);
  }

  private static String carrier() {
    String thread = Thread.currentThread().toString();
    return thread.substring(thread.indexOf('@'));
  }

  /** y = 2·x + y, and the distance of the two. */
  private static void step(CudaBackend backend, Matrix x, Matrix y, Floats errors) {
    backend.training().axpby(2, x, 1, y);
    backend.statistics().squaredErrors(x, y, errors);
  }

  private static void refuses(CudaBackend backend, String doing, ThrowingCallable call) {
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                backend.capture(
                    () -> {
                      try {
                        call.call();
                      } catch (RuntimeException e) {
                        throw e;
                      } catch (Throwable t) {
                        throw new AssertionError(t);
                      }
                    }))
        .withMessage(
            doing + " is not possible while a graph is captured; make the same calls once before");
  }
}
