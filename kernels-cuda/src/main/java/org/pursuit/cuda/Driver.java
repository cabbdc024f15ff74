package org.pursuit.cuda;

import java.util.function.IntSupplier;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUpointer_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.pursuit.KernelException;

/**
 * The frame around every call of the driver: the device's primary context is current between {@link
 * #enter} and {@link #leave}, and only there, for a virtual thread may continue on another carrier
 * after any call. {@link #leave} checks the call's result.
 *
 * <p>A queued call that fails while it runs is reported by a later one; the message then names the
 * calls that were queued before. With {@code -Dpursuit.cuda.debug=true} every queued call is waited
 * for, so that the one that fails is named.
 *
 * <p>Such errors break the context for good, for everybody in this process who uses the device. The
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
  private Thread capturing;

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
   * @throws IllegalStateException if an earlier error has broken it, or if another thread captures
   */
  void enter() {
    if (broken != null) {
      throw new IllegalStateException(broken);
    }
    if (capturing != null && capturing != Thread.currentThread()) {
      throw new IllegalStateException(
          "backend "
              + CudaProvider.NAME
              + " is used by one thread at a time; another captures a graph (open a backend"
              + " for each thread)");
    }
    check("cuCtxPushCurrent", JCudaDriver.cuCtxPushCurrent(context));
  }

  /** Makes the context current no longer, and throws if {@code operation} returned an error. */
  void leave(String operation, int result) {
    int popResult = JCudaDriver.cuCtxPopCurrent(popped);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failed(operation, result);
    }
    if (broken == null) {
      check("cuCtxPopCurrent", popResult);
    }
  }

  /**
   * Makes a call that frees something, in a broken context too: that answers every call with its
   * error. Where the context cannot become current any more, there is nothing left to free.
   */
  void free(String operation, IntSupplier call) {
    int entered = JCudaDriver.cuCtxPushCurrent(context);
    if (entered == CUresult.CUDA_SUCCESS) {
      int result = call.getAsInt();
      leave(operation, broken == null ? result : CUresult.CUDA_SUCCESS);
    } else if (broken == null) {
      throw failure("cuCtxPushCurrent", entered);
    }
  }

  /**
   * Keeps other threads from entering: their calls would become part of what one captures.
   *
   * @param thread that which may enter; null for all
   */
  void capturing(Thread thread) {
    capturing = thread;
  }

  /** Whether an address is memory of this device. */
  boolean owns(long address) {
    int[] ordinal = new int[1];
    enter();
    int result =
        JCudaDriver.cuPointerGetAttribute(
            Pointer.to(ordinal),
            CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL,
            new DevicePointer(address));
    boolean unknown = result == CUresult.CUDA_ERROR_INVALID_VALUE;
    leave("cuPointerGetAttribute", unknown ? CUresult.CUDA_SUCCESS : result);
    return !unknown && ordinal[0] == device.ordinal();
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
    if (!breaks(result)) {
      return failure(operation, result);
    }
    KernelException failure = failure(operation + log.after(), result);
    if (broken == null) {
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
          CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
          CUresult.CUDA_ERROR_UNKNOWN ->
          true;
      default -> false;
    };
  }

  /** Gives up our hold on the context. */
  @Override
  public void close() {
    int result = JCudaDriver.cuDevicePrimaryCtxRelease(device.handle());
    if (broken == null) {
      check("cuDevicePrimaryCtxRelease", result);
    }
  }
}
