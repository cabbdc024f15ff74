package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.TopK;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Seed;

/** A backend is used by one thread at a time, and says so to a second one. */
class ThreadRuleContract {
  @EveryBackend
  void aSecondCallIsRefusedWhileOneIsInProgress(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix scores = lab.matrix(Inputs.normal(2, 10, Seed.random(130)));
      FixedWidthCodes out = lab.codes(2, 3);
      CompletableFuture.runAsync(lab.backend()::enter).join();
      refuses(backend, () -> lab.selection().topK(scores, TopK.of(3), out));
      refuses(backend, () -> lab.selection().topK(scores, TopK.of(3), out));
      refuses(backend, scores::download);
      refuses(backend, () -> out.counts().download());
      refuses(backend, () -> lab.backend().upload(new float[3]));
      refuses(backend, lab.backend()::close);
      lab.backend().exit();
      assertThat(lab.backend().isClosed()).isFalse();
      lab.selection().topK(scores, TopK.of(3), out);
      assertThat(out.counts().download()).containsExactly(3, 3);
    }
  }

  @EveryBackend
  void aKernelThatRunsIsACallInProgress(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = lab.matrix(Inputs.normal(64, 256, Seed.random(131)));
      Matrix weights = lab.matrix(Inputs.normal(512, 256, Seed.random(132)));
      Matrix out = lab.output(64, 512);
      Matrix small = lab.matrix(Dense.zeros(1, 1));
      AtomicBoolean enough = new AtomicBoolean();
      CompletableFuture<Boolean> kernels =
          CompletableFuture.supplyAsync(
              () -> {
                boolean refused = false;
                while (!enough.get() && !refused) {
                  refused =
                      wasRefused(
                          backend, () -> lab.scoring().score(x, weights, null, Score.plain(), out));
                }
                return refused;
              });
      boolean refused = false;
      while (!refused && !kernels.isDone()) {
        refused = wasRefused(backend, small::download);
      }
      enough.set(true);
      assertThat(kernels.join() || refused).as("one of the two was refused").isTrue();
    }
  }

  @EveryBackend
  void backendsSideBySideDoNotDisturbEachOther(BackendUnderTest backend) {
    CompletableFuture<?>[] threads = new CompletableFuture<?>[3];
    for (int t = 0; t < threads.length; t++) {
      Dense scores = Inputs.normal(20, 700, Seed.random(140 + t));
      threads[t] = CompletableFuture.runAsync(() -> selectOften(backend, scores));
    }
    CompletableFuture.allOf(threads).join();
  }

  @EveryBackend
  void aBackendMayMoveToAnotherThread(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix matrix = lab.matrix(Dense.ofRows(new float[] {1, 2}));
      float[] found = CompletableFuture.supplyAsync(matrix::download).join();
      assertThat(found).containsExactly(1, 2);
    }
  }

  private static void selectOften(BackendUnderTest backend, Dense scores) {
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(scores);
      FixedWidthCodes out = lab.codes(20, 32);
      float[] first = null;
      for (int run = 0; run < 50; run++) {
        lab.selection().topK(uploaded, TopK.of(32), out);
        first = first == null ? out.values().download() : first;
        assertThat(out.values().download()).containsExactly(first);
      }
    }
  }

  private static boolean wasRefused(BackendUnderTest backend, Runnable call) {
    try {
      call.run();
      return false;
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage(message(backend));
      return true;
    }
  }

  private static void refuses(BackendUnderTest backend, ThrowingCallable call) {
    assertThatIllegalStateException().isThrownBy(call).withMessage(message(backend));
  }

  private static String message(BackendUnderTest backend) {
    return "backend "
        + backend
        + " is used by one thread at a time; another call is in progress (open a backend for each"
        + " thread)";
  }
}
