package org.pursuit.cuda;

import jcuda.driver.CUcontext;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.pursuit.KernelException;

/**
 * The frame around every call of the driver: the device's primary context is current between {@link
 * #enter} and {@link #leave}, and only there, for a virtual thread may continue on another carrier
 * after any call. {@link #leave} checks the call's result.
 *
 * <p>Most calls are queued and fail later than they were made; the message of a failure names the
 * calls that were queued before it. With {@code -Dpursuit.cuda.debug=true} every queued call is
 * waited for, so that the one that fails is named.
 *
 * <p>Some errors break the context for good, for everybody in this process who uses the device. The
 * context is not ours to reset; from then on every call throws and only closing is possible.
 */
final class Driver implements AutoCloseable {
  /** System property: wait for every queued call. */
  static final String DEBUG = "pursuit.cuda.debug";

  private final Device device;
  private final CUcontext context = new CUcontext();
  private final CUcontext popped = new CUcontext();
  private final OperationLog log = new OperationLog();
  private final boolean debug = Boolean.getBoolean(DEBUG);
  private String broken;

  /** Retains the device's primary context. */
  Driver(Device device) {
    this.device = device;
    check(
        "cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device.handle()));
  }

  /** Throws what a call outside any context returned. */
  static void check(String operation, int result) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure(operation, result);
    }
  }

  static KernelException failure(String operation, int result) {
    return new KernelException(operation, CudaProvider.NAME, result, CUresult.stringFor(result));
  }

  /**
   * Makes the context current.
   *
   * @throws IllegalStateException if an earlier error has broken it
   */
  void enter() {
    if (broken != null) {
      throw new IllegalStateException(broken);
    }
    check("cuCtxPushCurrent", JCudaDriver.cuCtxPushCurrent(context));
  }

  /** Makes the context current no longer, and throws if {@code operation} returned an error. */
  void leave(String operation, int result) {
    int popResult = JCudaDriver.cuCtxPopCurrent(popped);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failed(operation, result);
    }
    check("cuCtxPopCurrent", popResult);
  }

  /** Notes a queued operation, for the message of a later failure. */
  void queued(String operation) {
    log.add(operation);
  }

  /** Notes that everything queued has succeeded. */
  void succeeded() {
    log.clear();
  }

  /** Whether every queued call is to be waited for. */
  boolean debug() {
    return debug;
  }

  /** Whether an error has broken the context. */
  boolean isBroken() {
    return broken != null;
  }

  private KernelException failed(String operation, int result) {
    KernelException failure = failure(operation + log.after(), result);
    if (breaks(result)) {
      broken =
          "the CUDA context of "
              + device.name()
              + " is broken for this process: "
              + failure.getMessage()
              + "; close the backend and start the program again";
    }
    return failure;
  }

  /** Whether an error leaves the context unusable. */
  private static boolean breaks(int result) {
    return switch (result) {
      case CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED,
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_UNKNOWN ->
          true;
      default -> false;
    };
  }

  /** Gives up a broken context, whatever the driver says to it. */
  void abandon() {
    JCudaDriver.cuDevicePrimaryCtxRelease(device.handle());
  }

  @Override
  public void close() {
    check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device.handle()));
  }
}
