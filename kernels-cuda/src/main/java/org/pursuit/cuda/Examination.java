package org.pursuit.cuda;

import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import jcuda.JCudaVersion;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.pursuit.spi.Probe;

/** What the backend needs, rung by rung; the first rung that is missing is the reason. */
final class Examination {
  /** System property: "allow" lets tests use the emulated device. */
  static final String EMULATOR = "pursuit.cuda.emulator";

  /** The first driver that loads what nvcc 13 makes, as released builds are made. */
  private static final String DRIVER = "install NVIDIA's driver 580 or newer";

  private Examination() {}

  /** Everything: whether there is a device that can be used. The reason is that of the first. */
  static Probe ofMachine() {
    List<Supplier<Probe>> rungs =
        List.of(
            Examination::platform,
            Examination::library,
            Examination::jcuda,
            Examination::version,
            Examination::initialisation);
    for (Supplier<Probe> rung : rungs) {
      Probe missing = rung.get();
      if (missing != null) {
        return missing;
      }
    }
    return count() == 0 ? noDevice() : firstUsable(count(), Examination::probe);
  }

  private static Probe probe(int ordinal) {
    Probe missing = ofDevice(ordinal);
    return missing == null ? Probe.usable(Device.read(ordinal) + ", " + Cublas.finding()) : missing;
  }

  /** The first device's probe that is usable, else that of device 0. */
  static Probe firstUsable(int count, IntFunction<Probe> probe) {
    Probe first = probe.apply(0);
    Probe found = first;
    for (int ordinal = 1; ordinal < count && !found.usable(); ordinal++) {
      found = probe.apply(ordinal);
    }
    return found.usable() ? found : first;
  }

  /** What one device lacks, or null; the driver has been initialised. */
  static Probe ofDevice(int ordinal) {
    int count = count();
    if (count == 0) {
      return noDevice();
    }
    if (ordinal >= count) {
      return Probe.unusable(
          "device " + ordinal + " was asked for, and there are " + count,
          "ask for a device below " + count);
    }
    Device device = Device.read(ordinal);
    if (device.emulated() && !emulatorAllowed()) {
      return Probe.unusable(
          "the device is Pursuit's emulator, which is there for tests",
          "take the emulator's folder off LD_LIBRARY_PATH");
    }
    return images(device);
  }

  private static int count() {
    int[] count = new int[1];
    Driver.check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count));
    return count[0];
  }

  /** Whether tests have allowed the emulated device. */
  static boolean emulatorAllowed() {
    return "allow".equals(System.getProperty(EMULATOR));
  }

  private static Probe platform() {
    String system = System.getProperty("os.name", "");
    String processor = System.getProperty("os.arch", "");
    if (system.toLowerCase(Locale.ROOT).equals("linux") && processor.equals("amd64")) {
      return null;
    }
    return Probe.unusable(
        "it is built for Linux on x86-64, and this is " + system + " on " + processor,
        "use an x86-64 Linux machine");
  }

  private static Probe library() {
    try {
      String problem = SharedLibrary.problem("libcuda.so.1");
      return problem == null
          ? null
          : Probe.unusable(
              "NVIDIA's driver is not found: " + problem,
              DRIVER + "; in a container, also give it the GPU (docker run --gpus all)");
    } catch (IllegalCallerException e) {
      return Probe.unusable(
          "native access is denied: " + e.getMessage(),
          "start java with --enable-native-access=ALL-UNNAMED");
    }
  }

  private static Probe jcuda() {
    String problem =
        Natives.initialise(
            JCudaDriver.class, "libJCudaDriver-" + JCudaVersion.get() + "-linux-x86_64.so");
    return problem == null
        ? null
        : Probe.unusable(
            "JCuda does not load: " + problem,
            "start java with -Djava.io.tmpdir=<a folder that allows programs to run from it>");
  }

  private static Probe version() {
    int[] version = new int[1];
    int result = JCudaDriver.cuDriverGetVersion(version);
    if (result != CUresult.CUDA_SUCCESS) {
      return failed("cuDriverGetVersion", result);
    }
    Manifest manifest = Images.chosen().manifest();
    // Machine code runs with every driver for the toolkit's major release.
    return manifest == null || version[0] / 1000 >= manifest.toolkit()
        ? null
        : Probe.unusable(
            "NVIDIA's driver is too old: it supports CUDA "
                + version[0] / 1000
                + "."
                + version[0] % 1000 / 10
                + ", and the kernels need CUDA "
                + manifest.toolkit()
                + ".0",
            manifest.toolkit() == 13
                ? DRIVER
                : "install a driver of NVIDIA's for CUDA " + manifest.toolkit() + ".0 or newer");
  }

  private static Probe initialisation() {
    int result = JCudaDriver.cuInit(0);
    return switch (result) {
      case CUresult.CUDA_SUCCESS -> null;
      case CUresult.CUDA_ERROR_NO_DEVICE -> noDevice();
      default -> failed("cuInit", result);
    };
  }

  private static Probe noDevice() {
    return Probe.unusable(
        "NVIDIA's driver finds no device",
        "see what nvidia-smi lists and whether CUDA_VISIBLE_DEVICES hides it; in a container, give"
            + " it the GPU (docker run --gpus all)");
  }

  private static Probe failed(String call, int result) {
    return Probe.unusable(
        call + " failed: " + CUresult.stringFor(result) + " (" + result + ")",
        "see whether nvidia-smi works; after an update of the driver, restart the machine");
  }

  private static Probe images(Device device) {
    Images images = Images.chosen();
    Manifest manifest = images.manifest();
    if (manifest == null) {
      return Probe.unusable(
          "this build has no kernels: " + images.where(Images.MANIFEST) + " is missing",
          "build Pursuit where nvcc 13 and CMake are installed");
    }
    Manifest.Entry missing = manifest.missingOn(device);
    return missing == null
        ? null
        : Probe.unusable(
            "the kernels are not built for "
                + device
                + ", only for "
                + String.join(", ", missing.architectures()),
            "use a GPU of one of these architectures, or build Pursuit for yours");
  }
}
