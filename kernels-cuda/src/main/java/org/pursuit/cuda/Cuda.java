package org.pursuit.cuda;

/** What all families of a backend share. */
record Cuda(
    Device device,
    Driver driver,
    Stream stream,
    Graphs graphs,
    Kernels kernels,
    Allocator allocator,
    Workspace workspace,
    Staging staging,
    Flags flags,
    Products products)
    implements AutoCloseable {
  /** Opens a device. */
  static Cuda open(Device device, Images images, long limitBytes) {
    // Read first: nothing is held yet that a damaged manifest would have to give back.
    Manifest manifest = images.manifest();
    Driver driver = new Driver(device);
    Stream stream;
    try {
      stream = new Stream(driver);
    } catch (RuntimeException | Error e) {
      suppressing(e, driver::close);
      throw e;
    }
    Allocator allocator = new Allocator(driver, stream, limitBytes);
    Staging staging = new Staging(driver, stream);
    Kernels kernels = new Kernels(driver, device, stream, images, manifest);
    Workspace workspace = new Workspace(allocator);
    return new Cuda(
        device,
        driver,
        stream,
        new Graphs(driver, stream),
        kernels,
        allocator,
        workspace,
        staging,
        new Flags(allocator, stream, staging),
        new Products(
            new Blas(Cublas.finding(), driver, stream, workspace, device),
            new ScoringKernels(kernels, device),
            workspace));
  }

  /** Waits for what is queued and frees everything, the rest too when a part fails. */
  @Override
  public void close() {
    try {
      graphs.abandon();
      if (!driver.isBroken()) {
        stream.await();
      }
    } catch (RuntimeException e) {
      suppressing(e, this::free);
      throw e;
    }
    free();
  }

  private void free() {
    try (driver;
        stream;
        kernels;
        allocator;
        staging;
        graphs) {
      products.close();
    }
  }

  private static void suppressing(Throwable cause, Runnable closing) {
    try {
      closing.run();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
