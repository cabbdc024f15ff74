package org.pursuit.cuda;

import jcuda.JCudaVersion;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasStatus;
import jcuda.libraryPropertyType;

/**
 * Which cuBLAS there is. JCublas asks for version 12; where only 13 is installed, a bridge of ours
 * that calls itself version 12 passes the calls on.
 */
enum Cublas {
  /** Version 12 itself. */
  VERSION_12("cuBLAS 12"),
  /** Version 13 through the bridge. */
  VERSION_13("cuBLAS 13 through Pursuit's bridge"),
  /** None; the products are our own. */
  ABSENT("no cuBLAS");

  /** System property: "none" leaves an installed cuBLAS alone. */
  static final String PROPERTY = "pursuit.cuda.cublas";

  private static final String BRIDGE = "/org/pursuit/natives/bridge/libpursuit-cublas-bridge.so";

  private final String text;

  Cublas(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }

  /** What was found, and why nothing was; asked once, for JCublas can be initialised once. */
  record Finding(Cublas found, String reason) {
    /** For who asks what the machine lacks. */
    @Override
    public String toString() {
      return found == ABSENT
          ? found
              + ", so products run on Pursuit's own, slower kernel ("
              + reason
              + "; cure: install the cuBLAS of CUDA 12 or 13, or put its folder on LD_LIBRARY_PATH)"
          : found.toString();
    }
  }

  /** Finds cuBLAS, and initialises JCublas if there is one. */
  static Finding finding() {
    return Once.FINDING;
  }

  private static final class Once {
    static final Finding FINDING = find();
  }

  private static Finding find() {
    if ("none".equals(System.getProperty(PROPERTY))) {
      return new Finding(ABSENT, "-D" + PROPERTY + "=none");
    }
    String no12 = SharedLibrary.problem("libcublas.so.12");
    if (no12 == null) {
      return initialised(VERSION_12);
    }
    String noBridge = Natives.load(BRIDGE);
    Finding bridged = noBridge == null ? initialised(VERSION_13) : new Finding(ABSENT, noBridge);
    if (bridged.found() == ABSENT) {
      return new Finding(ABSENT, no12 + "; " + bridged.reason());
    }
    // The bridge looks for version 13 when it is loaded; its status text tells what it did not
    // find.
    int status = JCublas2.cublasGetProperty(libraryPropertyType.MAJOR_VERSION, new int[1]);
    return status == cublasStatus.CUBLAS_STATUS_SUCCESS
        ? bridged
        : new Finding(ABSENT, no12 + "; " + JCublas2.cublasGetStatusString(status));
  }

  private static Finding initialised(Cublas version) {
    String problem =
        Natives.initialise(
            JCublas2.class, "libJCublas2-" + JCudaVersion.get() + "-linux-x86_64.so");
    return problem == null ? new Finding(version, "") : new Finding(ABSENT, problem);
  }
}
