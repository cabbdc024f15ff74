package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pursuit.BackendMemoryException;
import org.pursuit.KernelException;

/**
 * A fault at every place of a tour through the library, one at a time: the first allocation fails,
 * then the second, and so on until there is none left to fail. Each time the call throws what is
 * documented, nothing is lost, and the rest goes on.
 */
@OnEmulator
class EveryFaultTest {
  private static final String MEMORY =
      "backend cuda is out of memory: \\w.* needs \\d+ bytes, \\d+ are free";

  /** The fault, the least number of places where it must be met, and the message. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "failAllocation; 30; " + MEMORY,
        "failPinned; 4; cuMemAllocHost on backend cuda failed: CUDA_ERROR_OUT_OF_MEMORY \\(2\\)",
        "failLoad; 6; cuModuleLoadData of the kernels of \\w+ on backend cuda failed:"
            + " CUDA_ERROR_OUT_OF_MEMORY \\(2\\)",
        "failLaunch; 20; \\w+ on backend cuda failed:"
            + " CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES \\(701\\)",
        "failProduct; 0; cublas\\w+ on backend cuda failed:"
            + " CUBLAS_STATUS_EXECUTION_FAILED \\(13\\)",
        "failCall; 100; .* on backend cuda failed:"
            + " (CUDA_ERROR_OPERATING_SYSTEM \\(304\\)|CUBLAS_STATUS_\\w+ \\(\\d+\\))",
      })
  void theBackendGoesOn(String fault, int least, String message) {
    int places = 0;
    for (Tour tour : Tour.values()) {
      List<String> expected = undisturbed(tour);
      places +=
          atEveryPlace(
              fault,
              backend -> {
                try {
                  assertThat(tour.of(backend)).isEqualTo(expected);
                } catch (BackendMemoryException | KernelException e) {
                  assertThat(e.getMessage()).matches(message);
                  assertThat(e.getSuppressed()).isEmpty();
                }
              },
              backend -> assertThat(tour.of(backend)).isEqualTo(expected));
    }
    assertThat(places).isGreaterThanOrEqualTo(least);
  }

  @Test
  void whatBreaksTheContextLeavesOnlyClosing() {
    int places = 0;
    for (Tour tour : Tour.values()) {
      List<String> expected = undisturbed(tour);
      places +=
          atEveryPlace(
              "failKernel",
              backend -> {
                try {
                  assertThat(tour.of(backend)).isEqualTo(expected);
                } catch (KernelException e) {
                  assertThat(e.getMessage())
                      .matches(".* after .* on backend cuda failed: CUDA_ERROR_LAUNCH_FAILED .*");
                }
              },
              backend ->
                  assertThatIllegalStateException()
                      .isThrownBy(() -> tour.of(backend))
                      .withMessageStartingWith("the CUDA context of SIMT emulator is broken"));
      assertThat(undisturbed(tour)).as("in a new context").isEqualTo(expected);
    }
    assertThat(places).isGreaterThanOrEqualTo(60);
  }

  @Test
  void openingFailsWithoutATrace() {
    Emulator.set("failCall", 1);
    assertThatExceptionOfType(KernelException.class)
        .isThrownBy(Emulator::open)
        .withMessage("cuStreamCreate on backend cuda failed: CUDA_ERROR_OPERATING_SYSTEM (304)");
  }

  /** One thing that cannot be freed stays behind alone, whichever it is. */
  @Test
  void closingFreesTheRest() {
    // Another backend keeps the device's context, which would take everything along.
    try (CudaBackend other = Emulator.open()) {
      long before = Emulator.alive();
      long places;
      int n = 0;
      do {
        n++;
        CudaBackend backend = Emulator.open();
        Tour.PURSUITS.of(backend);
        CudaGraph graph = backend.capture(() -> {});
        places = Emulator.alive() - before - 1;
        Emulator.set("failFree", n);
        assertThatExceptionOfType(KernelException.class)
            .as("at place %d of %d", n, places)
            .isThrownBy(backend::close)
            .withMessageEndingWith("failed: CUDA_ERROR_OPERATING_SYSTEM (304)")
            .satisfies(e -> assertThat(e.getSuppressed()).isEmpty());
        graph.close();
        before++;
        assertThat(Emulator.alive()).as("at place %d of %d", n, places).isEqualTo(before);
      } while (n < places);
      assertThat(places).isGreaterThanOrEqualTo(20);
      other.synchronize();
    }
  }

  @Test
  void trimFreesTheRest() {
    List<String> expected = undisturbed(Tour.PURSUITS);
    int n = 0;
    boolean met;
    do {
      n++;
      try (CudaBackend backend = Emulator.open()) {
        Tour.PURSUITS.of(backend);
        Emulator.set("failFree", n);
        Throwable thrown = catchThrowable(backend::trim);
        met = Emulator.get("failFree") == 0;
        Emulator.set("failFree", 0);
        if (met) {
          assertThat(thrown).as("at place %d", n).isInstanceOf(KernelException.class);
        } else {
          assertThat(thrown).isNull();
        }
        assertThat(Emulator.get("pinned") + Emulator.get("events") + Emulator.get("allocations"))
            .as("after place %d", n)
            .isEqualTo(met ? 1 : 0);
        assertThat(Tour.PURSUITS.of(backend)).as("after place %d", n).isEqualTo(expected);
      }
    } while (met);
    assertThat(n).isGreaterThan(10);
  }

  private static List<String> undisturbed(Tour tour) {
    try (CudaBackend backend = Emulator.open()) {
      return tour.of(backend);
    }
  }

  /**
   * Runs {@code disturbed} on a new backend with a fault at the first place, the second, … until
   * there is none, and {@code afterwards} where it was met; the number of places.
   */
  private static int atEveryPlace(
      String fault, Consumer<CudaBackend> disturbed, Consumer<CudaBackend> afterwards) {
    for (int n = 1; ; n++) {
      boolean met;
      try (CudaBackend backend = Emulator.open()) {
        Emulator.set(fault, n);
        disturbed.accept(backend);
        met = Emulator.get(fault) == 0;
        Emulator.set(fault, 0);
        assertThat(backend.liveHandles()).isZero();
        assertThat(backend.usedBytes()).isZero();
        if (met) {
          assertThatCode(() -> afterwards.accept(backend))
              .as("after %s at place %d", fault, n)
              .doesNotThrowAnyException();
        }
      }
      Emulator.assertNothingAlive();
      if (!met) {
        return n - 1;
      }
    }
  }
}
