package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;

@OnEmulator
class KernelTest {
  private static final int CALLS = 200;

  /** Bytes of a few records, which the JVM's compiler does away with once a call is hot. */
  private static final long SMALL = 300;

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
          "expected arguments of 72, found 8",
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
  void aCallAllocatesNextToNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Matrix atoms = backend.upload(new float[] {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}, 4, 3);
        Matrix scores = backend.matrix(2, 4, DType.F32);
        Matrix out = backend.matrix(2, 3, DType.F32);
        FixedWidthCodes codes = backend.fixedWidthCodes(2, 2);
        FixedWidthCodes merged = backend.fixedWidthCodes(2, 2);
        PursuitTape tape = backend.pursuitTape(2, 2);
        CsrCodes passing = backend.csrCodes(2, 4, 8);
        CsrCodes first = backend.csrCodes(2, 4, 3);
        Gram gram = backend.gram(4);
        Floats dots = backend.floats(4);
        Floats errors = backend.floats(2)) {
      Score plain = Score.plain();
      TopK two = TopK.of(2);
      List<Selector> selectors =
          List.of(
              two.into(merged),
              ThresholdSelect.above(dots).into(passing),
              ThresholdSelect.atLeast(dots).into(codes, null),
              GlobalTopK.of(3).into(first, null, null));
      MatchingPursuit steps = MatchingPursuit.steps(2);
      Map<String, Runnable> calls = new LinkedHashMap<>();
      calls.put("axpby", () -> backend.training().axpby(1, x, 0, out));
      calls.put("squaredErrors", () -> backend.statistics().squaredErrors(x, out, errors));
      calls.put("score", () -> backend.scoring().score(x, atoms, null, plain, scores));
      calls.put(
          "normalise",
          () -> backend.scoring().normalise(x, RowNormalisation.UNIT, null, out, null, null));
      calls.put("topK", () -> backend.selection().topK(scores, two, codes));
      calls.put("encode", () -> backend.scoring().encode(x, atoms, null, plain, selectors));
      calls.put("decode", () -> backend.sparseAlgebra().decode(codes, atoms, null, out));
      calls.put("sampledDot", () -> backend.sparseAlgebra().sampledDot(x, atoms, codes, dots));
      calls.put("gram", () -> backend.pursuits().gram(atoms, gram));
      calls.put(
          "matchingPursuit", () -> backend.pursuits().matchingPursuit(x, atoms, steps, tape, out));
      calls.put(
          "matchingPursuit with Gram",
          () -> backend.pursuits().matchingPursuit(x, atoms, gram, steps, tape, out));
      calls.put("coalesce", () -> backend.sparseAlgebra().coalesce(tape, merged));
      calls.values().forEach(Runnable::run);
      backend.synchronize();
      calls.forEach(
          (name, call) -> {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
              call.run();
            }
            final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(allocated / CALLS).as("bytes a call of " + name).isLessThan(SMALL);
          });
      assertThat(errors.download()).hasSize(2);
    }
  }

  private static Kernel filled(Kernel axpby) {
    axpby.arguments().pointer(0).pointer(0).pointer(0).int64(0).int64(0).int64(0);
    return axpby.int32(0).int32(0).int32(0).float32(0).float32(0);
  }

  /** x = 2·x, where x has one row. */
  private static Kernel doubling(CudaBackend backend, CudaMatrix x) {
    Kernel axpby = backend.cuda().kernels().kernel("axpby").arguments();
    axpby.pointer(x.address()).pointer(x.address()).pointer(0);
    axpby.int64(x.stride()).int64(x.stride()).int64(1);
    return axpby.int32(x.columns()).int32(x.format()).int32(x.format()).float32(2).float32(0);
  }

  private static void refuses(String message, Runnable launch) {
    assertThatIllegalStateException()
        .isThrownBy(launch::run)
        .withMessage("kernel axpby: " + message);
  }
}
