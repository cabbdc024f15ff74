package org.pursuit.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/**
 * The kernels by name. A family's image is loaded when the first of its kernels is asked for; what
 * the manifest says of a kernel is checked then.
 */
final class Kernels implements AutoCloseable {
  private final Driver driver;
  private final Device device;
  private final Stream stream;
  private final Images images;
  private final Manifest manifest;
  private final Map<String, CUmodule> modules = new HashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();

  Kernels(Driver driver, Device device, Stream stream, Images images, Manifest manifest) {
    this.driver = driver;
    this.device = device;
    this.stream = stream;
    this.images = images;
    this.manifest = manifest;
  }

  /**
   * The kernel called {@code name}, the same at every call.
   *
   * @throws IllegalStateException if there is none, or none for this device, or if it is asked for
   *     the first time while a graph is captured
   */
  Kernel kernel(String name) {
    Kernel known = kernels.get(name);
    if (known == null) {
      known = load(name);
      kernels.put(name, known);
    }
    return known;
  }

  private Kernel load(String name) {
    stream.requireNoCapture("loading kernel " + name);
    Manifest.Entry entry = manifest == null ? null : manifest.entry(name);
    if (entry == null) {
      throw new IllegalStateException(
          "kernel " + name + " is missing in " + images.where(Images.MANIFEST));
    }
    if (!entry.runsOn(device)) {
      throw new IllegalStateException(
          "kernel "
              + name
              + " has no image for "
              + device.architecture()
              + " ("
              + device.name()
              + "), only for "
              + String.join(", ", entry.architectures()));
    }
    CUfunction function = new CUfunction();
    CUmodule module = module(entry.family());
    driver.enter();
    driver.leave(
        "cuModuleGetFunction of " + name, JCudaDriver.cuModuleGetFunction(function, module, name));
    return new Kernel(entry, function, driver, stream, device);
  }

  private CUmodule module(String family) {
    CUmodule known = modules.get(family);
    if (known != null) {
      return known;
    }
    byte[] image = images.image(family);
    CUmodule module = new CUmodule();
    driver.enter();
    driver.leave(
        "cuModuleLoadData of the kernels of " + family,
        JCudaDriver.cuModuleLoadData(module, image));
    modules.put(family, module);
    return module;
  }

  @Override
  public void close() {
    List<CUmodule> loaded = new ArrayList<>(modules.values());
    modules.clear();
    kernels.clear();
    Frees.all(
        loaded, module -> driver.free("cuModuleUnload", () -> JCudaDriver.cuModuleUnload(module)));
  }
}
