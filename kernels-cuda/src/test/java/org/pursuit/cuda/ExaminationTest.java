package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pursuit.BackendOptions;
import org.pursuit.BackendUnavailableException;
import org.pursuit.Backends;
import org.pursuit.spi.Probe;

/** What a user is told to lack. */
@OnEmulator
class ExaminationTest {
  private final String images = System.getProperty(Images.PROPERTY);

  @AfterEach
  void restore() {
    System.setProperty(Examination.EMULATOR, "allow");
    System.setProperty(Images.PROPERTY, images);
  }

  @Test
  void everythingIsThere() {
    Probe probe = Examination.ofMachine();
    assertThat(probe.usable()).isTrue();
    assertThat(probe.device())
        .startsWith("SIMT emulator (sm_90, 4 multiprocessors, 8192 MiB), ")
        .endsWith(Cublas.finding().toString());
  }

  @Test
  void theEmulatorIsNeverTheDefault() {
    assertThat(Backends.diagnose().getLast().name()).isEqualTo(CudaProvider.NAME);
    try (var backend = Backends.open()) {
      assertThat(backend.info().name()).isNotEqualTo(CudaProvider.NAME);
    }
    System.clearProperty(Examination.EMULATOR);
    lacks("the device is Pursuit's emulator", "LD_LIBRARY_PATH");
    assertThat(new CudaProvider().priority()).isEqualTo(200);
  }

  @Test
  void theDriverIsTooOld() {
    Emulator.set("driverVersion", 12090);
    lacks(
        "NVIDIA's driver is too old: it supports CUDA 12.9, and the kernels need CUDA 13.0",
        "install NVIDIA's driver 580 or newer");
  }

  @Test
  void theDriverNeedsNoMoreThanTheToolkitThatMadeTheKernels(@TempDir Path folder)
      throws IOException {
    String manifest = Files.readString(Path.of(images, Images.MANIFEST));
    System.setProperty(Images.PROPERTY, folder.toString());
    Emulator.set("driverVersion", 12090);
    Path made = folder.resolve(Images.MANIFEST);
    Files.writeString(made, manifest.replace("\"13.0\"", "\"12.8\""));
    assertThat(Examination.ofMachine().usable()).isTrue();
    Emulator.set("driverVersion", 11080);
    lacks(
        "NVIDIA's driver is too old: it supports CUDA 11.8, and the kernels need CUDA 12.0",
        "install a driver of NVIDIA's for CUDA 12.0 or newer");
    Emulator.set("driverVersion", 13000);
    Files.writeString(made, manifest.replace("\"13.0\"", "\"13.2\""));
    assertThat(Examination.ofMachine().usable()).isTrue();
  }

  @Test
  void oneUsableDeviceWillDo() {
    Probe old = Probe.unusable("old", "buy a new one");
    Probe older = Probe.unusable("older", "buy a new one");
    Probe good = Probe.usable("good");
    assertThat(firstUsable(old, good, older)).isEqualTo(good);
    assertThat(firstUsable(good, old)).isEqualTo(good);
    assertThat(firstUsable(old, older)).isEqualTo(old);
  }

  private static Probe firstUsable(Probe... probes) {
    return Examination.firstUsable(probes.length, ordinal -> probes[ordinal]);
  }

  @Test
  void thereIsNoDevice() {
    Emulator.set("deviceCount", 0);
    lacks("NVIDIA's driver finds no device", "CUDA_VISIBLE_DEVICES");
  }

  @Test
  void thereIsNoSuchDevice() {
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> Emulator.open(BackendOptions.defaults().device(1)))
        .withMessage(
            "backend cuda is unavailable: device 1 was asked for, and there are 1 (cure: ask for a"
                + " device below 1)");
  }

  @Test
  void theKernelsAreNotBuiltForTheDevice() {
    Emulator.set("computeCapability", 75);
    lacks(
        "the kernels are not built for SIMT emulator (sm_75, 4 multiprocessors, 8192 MiB), only"
            + " for compute_80, ",
        "build Pursuit for yours");
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(Emulator::open)
        .withMessageContaining("the kernels are not built for SIMT emulator (sm_75");
  }

  @Test
  void theBuildHasNoKernels(@TempDir Path empty) {
    System.setProperty(Images.PROPERTY, empty.toString());
    lacks(
        "this build has no kernels: " + empty.resolve(Images.MANIFEST) + " is missing",
        "build Pursuit where nvcc 13 and CMake are installed");
  }

  @Test
  void theDeviceOfAnOlderGenerationHasNoClusters() {
    Emulator.set("computeCapability", 80);
    assertThat(Examination.ofMachine().usable()).isTrue();
    try (CudaBackend backend = Emulator.open()) {
      assertThat(backend.cuda().device().clusters()).isFalse();
      assertThat(backend.cuda().device().sharedBytesPerBlock()).isEqualTo(163 << 10);
    }
  }

  private static void lacks(String reason, String cure) {
    Probe probe = Examination.ofMachine();
    assertThat(probe.usable()).isFalse();
    assertThat(probe.reason()).startsWith(reason);
    assertThat(probe.cure()).contains(cure);
  }
}
