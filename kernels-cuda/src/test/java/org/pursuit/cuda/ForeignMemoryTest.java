package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;

/** Memory and a stream of another library, which here is this test. Nothing runs before a wait. */
@OnEmulator
class ForeignMemoryTest {
  private static final int WORDS = 64;
  private static final int FIVE = Float.floatToIntBits(5);

  private CudaBackend backend;
  private Driver driver;
  private final OpenStream stream = new OpenStream();
  private final DevicePointer memory = new DevicePointer();

  /** A stream whose handle can be read, as other libraries hand it out. */
  private static final class OpenStream extends CUstream {
    long address() {
      return getNativePointer();
    }
  }

  @BeforeEach
  void allocate() {
    backend = Emulator.open();
    driver = backend.cuda().driver();
    driver.enter();
    int made = JCudaDriver.cuStreamCreate(stream, 1);
    driver.leave("stream", made == 0 ? JCudaDriver.cuMemAlloc(memory, WORDS * 4L) : made);
    fill(0);
  }

  @AfterEach
  void free() {
    driver.enter();
    int freed = JCudaDriver.cuMemFree(memory);
    driver.leave("free", freed == 0 ? JCudaDriver.cuStreamDestroy(stream) : freed);
    backend.close();
  }

  @Test
  void whatItsOwnerHasQueuedComesFirst() {
    fill(FIVE);
    try (Matrix matrix = wrap(2, 3, 4)) {
      assertThat(matrix.download()).containsOnly(5).hasSize(6);
    }
  }

  @Test
  void whatItsOwnerQueuesAfterClosingComesLast() {
    try (Matrix x = backend.upload(new float[] {1, 2, 3, 4, 5, 6}, 2, 3)) {
      backend.training().axpby(1, x, 0, x);
      try (Matrix matrix = wrap(2, 3, 4)) {
        backend.training().axpby(2, x, 0, matrix);
      }
      assertThat(copied()).startsWith(2, 4, 6, 0, 8, 10, 12, 0);
    }
  }

  @Test
  void theStreamsCanBeOrderedInBetween() {
    try (Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix matrix = wrap(1, 3, 3)) {
      backend.training().axpby(2, x, 0, matrix);
      backend.runBefore(stream.address());
      assertThat(copied()).startsWith(2, 4, 6);
      fill(FIVE);
      backend.runAfter(stream.address());
      assertThat(matrix.download()).containsExactly(5, 5, 5);
    }
  }

  @Test
  void theDefaultStreamIsOneTooAndViewsShareTheMemory() {
    Matrix matrix = backend.wrap(memory.address(), DType.BF16, 3, 4, 5, 0);
    try (Matrix whole = backend.wrap(memory.address(), DType.BF16, 1, 15, 15, 0)) {
      whole.upload(new float[] {1, 2, 3, 4, -1, 5, 6, 7, 8, -1, 9, 10, 11, 12, -1});
      assertThat(matrix.download()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
      assertThat(matrix.rows(1, 3).columns(2, 4).download()).containsExactly(7, 8, 11, 12);
      matrix.rows(1, 2).upload(new float[4]);
      matrix.close();
      assertThat(whole.download())
          .containsExactly(1, 2, 3, 4, -1, 0, 0, 0, 0, -1, 9, 10, 11, 12, -1);
    }
  }

  @Test
  void closingFreesNothing() {
    wrap(2, 3, 4).close();
    assertThat(backend.liveHandles()).isZero();
    try (Matrix again = wrap(2, 3, 4)) {
      assertThat(again.download()).containsOnly(0);
    }
  }

  @Test
  void wrongArgumentsAreRefused() {
    refuses(
        "devicePointer: expected an address that is a multiple of 4, found 0x0",
        () -> backend.wrap(0, DType.F32, 1, 1, 1, 0));
    refuses(
        "devicePointer: expected an address that is a multiple of 2, found 0x"
            + Long.toHexString(memory.address() + 1),
        () -> backend.wrap(memory.address() + 1, DType.F16, 1, 1, 1, 0));
    refuses(
        "stride: expected at least 3 elements, found 2",
        () -> backend.wrap(memory.address(), DType.F32, 1, 3, 2, 0));
    refuses(
        "shape: expected non-negative sizes, found [-1, 3]",
        () -> backend.wrap(memory.address(), DType.F32, -1, 3, 3, 0));
    refuses(
        "devicePointer: 0x10 is no memory of SIMT emulator",
        () -> backend.wrap(16, DType.F32, 1, 3, 3, 0));
    assertThat(backend.liveHandles()).isZero();
  }

  private Matrix wrap(int rows, int columns, long stride) {
    return backend.wrap(memory.address(), DType.F32, rows, columns, stride, stream.address());
  }

  /** Queues a fill of the memory on its owner's stream. */
  private void fill(int word) {
    driver.enter();
    driver.leave("fill", JCudaDriver.cuMemsetD32Async(memory, word, WORDS, stream));
  }

  /** The memory as its owner's stream sees it now. */
  private float[] copied() {
    try (Matrix copy = backend.matrix(1, WORDS, DType.F32)) {
      backend.runBefore(stream.address());
      driver.enter();
      driver.leave(
          "copy",
          JCudaDriver.cuMemcpyDtoDAsync(
              new DevicePointer(((CudaMatrix) copy).address()), memory, WORDS * 4L, stream));
      backend.runAfter(stream.address());
      return copy.download();
    }
  }

  private static void refuses(String message, Runnable call) {
    assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
  }
}
