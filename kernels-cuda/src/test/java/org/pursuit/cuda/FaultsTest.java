package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pursuit.KernelException;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;

/** Faults that leave the device well: one call throws, nothing is lost, the backend goes on. */
@OnEmulator
class FaultsTest {
  @Test
  void pinnedMemoryThatCannotBeHad() {
    try (CudaBackend backend = Emulator.open();
        Floats floats = backend.floats(3)) {
      for (int n = 1; n <= 2; n++) {
        backend.trim();
        Emulator.set("failPinned", n);
        boolean refused = false;
        for (int call = 1; call <= 2; call++) {
          try {
            floats.upload(new float[] {n, call, 3});
          } catch (KernelException e) {
            refused = true;
            assertThat(e)
                .hasMessage("cuMemAllocHost on backend cuda failed: CUDA_ERROR_OUT_OF_MEMORY (2)");
          }
        }
        assertThat(refused).isTrue();
        floats.upload(new float[] {n, 2, 3});
        assertThat(floats.download()).containsExactly(n, 2, 3);
      }
    }
  }

  @Test
  void aLaunchThatIsRefused() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32)) {
      backend.training().axpby(1, x, 0, y);
      backend.synchronize();
      Emulator.set("failLaunch", 1);
      assertThatExceptionOfType(KernelException.class)
          .isThrownBy(() -> backend.training().axpby(2, x, 0, y))
          .withMessage("axpby on backend cuda failed: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701)")
          .satisfies(e -> assertThat(e.nativeCode()).isEqualTo(701));
      assertThat(y.download()).containsExactly(1, 2, 3);
      backend.training().axpby(2, x, 0, y);
      assertThat(y.download()).containsExactly(2, 4, 6);
    }
  }

  @Test
  void kernelsThatDoNotLoad() {
    try (CudaBackend backend = Emulator.open();
        Matrix x = backend.upload(new float[] {1, 2, 3}, 1, 3);
        Matrix y = backend.matrix(1, 3, DType.F32)) {
      Emulator.set("failLoad", 1);
      assertThatExceptionOfType(KernelException.class)
          .isThrownBy(() -> backend.training().axpby(2, x, 0, y))
          .withMessage(
              "cuModuleLoadData of the kernels of training on backend cuda failed:"
                  + " CUDA_ERROR_OUT_OF_MEMORY (2)");
      backend.training().axpby(2, x, 0, y);
      assertThat(y.download()).containsExactly(2, 4, 6);
    }
  }

  @Test
  void aTruncatedImage(@TempDir Path folder) throws IOException {
    copyImages(folder);
    Path image = folder.resolve("training.fatbin");
    byte[] whole = Files.readAllBytes(image);
    Files.write(image, Arrays.copyOf(whole, whole.length / 2));
    try (Cuda cuda = Cuda.open(Device.read(0), Images.in(folder), Long.MAX_VALUE)) {
      assertThatExceptionOfType(KernelException.class)
          .isThrownBy(() -> cuda.kernels().kernel("axpby"))
          .withMessage(
              "cuModuleLoadData of the kernels of training on backend cuda failed:"
                  + " CUDA_ERROR_INVALID_IMAGE (200)");
      assertThat(cuda.kernels().kernel("squared_errors").threads()).isEqualTo(256);
    }
  }

  @Test
  void aDamagedManifestHoldsNothing(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve(Images.MANIFEST), "{\"entries\": [");
    assertThatIllegalStateException()
        .isThrownBy(() -> Cuda.open(Device.read(0), Images.in(folder), Long.MAX_VALUE))
        .withMessageContaining(folder.resolve(Images.MANIFEST) + ": not a manifest of kernels");
    Emulator.assertNothingAlive();
  }

  @Test
  void aMissingImage(@TempDir Path folder) throws IOException {
    copyImages(folder);
    Files.delete(folder.resolve("training.fatbin"));
    try (Cuda cuda = Cuda.open(Device.read(0), Images.in(folder), Long.MAX_VALUE)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> cuda.kernels().kernel("axpby"))
          .withMessage("the kernels' image " + folder.resolve("training.fatbin") + " is missing");
      assertThat(cuda.kernels().kernel("squared_errors").threads()).isEqualTo(256);
    }
  }

  @Test
  void aKernelThatIsNotBuiltForTheDevice(@TempDir Path folder) throws IOException {
    copyImages(folder);
    Path manifest = folder.resolve(Images.MANIFEST);
    String text = Files.readString(manifest);
    Files.writeString(
        manifest,
        text.replaceAll(
            "(\"name\":\"axpby\".*\"architectures\":).*", "$1[{\"arch\":\"sm_70\"}]},"));
    try (Cuda cuda = Cuda.open(Device.read(0), Images.in(folder), Long.MAX_VALUE)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> cuda.kernels().kernel("axpby"))
          .withMessage("kernel axpby has no image for sm_90 (SIMT emulator), only for sm_70");
      assertThat(cuda.kernels().kernel("squared_errors").threads()).isEqualTo(256);
    }
  }

  private static void copyImages(Path folder) throws IOException {
    Path images = Path.of(System.getProperty(Images.PROPERTY));
    try (Stream<Path> files = Files.list(images)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
  }
}
